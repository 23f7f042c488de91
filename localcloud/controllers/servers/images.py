"""Private images' lives: the jobs that make and delete them. A job that a daemon died over is carried on by the next one."""

from __future__ import annotations

import logging
from dataclasses import replace
from time import time

from localcloud.controllers.failures import log_failure
from localcloud.engines.interface.errors import EngineError
from localcloud.engines.interface.images import ImageEngine
from localcloud.records import jobs
from localcloud.records.compute import INSTANCES, JOBS, PRIVATE_IMAGES, Job, PrivateImage
from localcloud.records.store import Store

log = logging.getLogger("localcloud")

JOB_TASKS = ("create-image", "delete-image")


class Images:
    """Makes and deletes private images."""

    def __init__(self, store: Store, engine: ImageEngine) -> None:
        self._store, self._engine = store, engine

    async def run_job(self, job_id: str) -> None:
        """The job ends at 1 or, with the reason, at 2; its image is then active or gone, or in state error."""
        job = self._store.require(JOBS, job_id)
        image = self._store.get(PRIVATE_IMAGES, job.instance_id)
        if image is None:  # deleted, and the daemon died before the job was closed
            self._end(job, "")
            return
        try:
            await (self._make(image) if job.task == "create-image" else self._engine.remove(image.id))
        except Exception as error:
            problem = log_failure(f"job {job.id} ({job.task} of image {image.id})", error)
            self._end(job, problem, replace(image, status="error", problem=problem, updated=time()))
            return
        made = job.task == "create-image"
        self._end(job, "", replace(image, status="active", updated=time()) if made else None)

    async def _make(self, image: PrivateImage) -> None:
        self._store.put(PRIVATE_IMAGES, replace(image, status="saving", updated=time()))
        try:
            pause = await self._engine.make(image.id, image.source, image.whole)
        except EngineError:
            await self._engine.remove(image.id)
            raise
        source = self._store.get(INSTANCES, image.source)
        name = source.name if source else "a server that is gone"
        log.info("image %s (%s) of server %s is made; the server stood still for %.2f s", image.name, image.id, name, pause)

    def _end(self, job: Job, problem: str, image: PrivateImage | None = None) -> None:
        """Close the job; without an image there is none any more."""
        with self._store.transaction():
            jobs.end(self._store, job, problem)
            if image is None:
                self._store.delete(PRIVATE_IMAGES, job.instance_id)
            else:
                self._store.put(PRIVATE_IMAGES, image)
