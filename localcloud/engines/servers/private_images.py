"""Images made from servers: a Docker image of the system disk, and copies of the data disks beside it.

A running server is paused, its data disks are frozen, both are copied, and it goes on: all disks show the same instant.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.engines.context import Context
from localcloud.engines.disks import sparse
from localcloud.engines.disks.disks import Disks
from localcloud.engines.interface.engines import Disk, EngineError
from localcloud.engines.servers.layers import Layers
from localcloud.engines.servers.servers import Servers

log = logging.getLogger("localcloud")
COMPLETE = "complete.json"  # stands in an image's folder once all of it is there


@dataclass
class Source:
    """A server whose disks are copied. `pause`: for how many seconds it stood still, known at the end."""

    container: str
    disks: tuple[Disk, ...]
    pause: float = 0.0


class PrivateImages:
    """The images that were made in one cloud."""

    def __init__(self, context: Context, servers: Servers, disks: Disks, layers: Layers) -> None:
        self._context, self._servers, self._disks, self._layers = context, servers, disks, layers

    async def make(self, image_id: str, instance_id: str, whole: bool) -> float:
        """Make an image of a server, running or stopped; for how many seconds the server stood still."""
        folder = self._disks.image_folder(image_id)
        if (done := folder / COMPLETE).exists() and await self._context.docker.has_image(self.reference(image_id)):
            return float(json.loads(done.read_text(encoding="utf-8"))["pause"])
        await self.remove(image_id)  # what an interrupted attempt has left
        try:
            await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True)
            async with self.standing_still(instance_id) as source:
                await self._copy(image_id, source.container, source.disks if whole else ())
            await asyncio.to_thread(_complete, folder, {"instance": instance_id, "pause": source.pause})
        except OSError as exc:
            raise EngineError(f"image {image_id} cannot be kept in {folder}: {exc.strerror}") from exc
        return source.pause

    @asynccontextmanager
    async def standing_still(self, instance_id: str) -> AsyncIterator[Source]:
        """Nothing changes on any of the server's disks, and nobody switches or removes it. What a running one had to write is
        written before, so that the pause is short."""
        async with self._servers.held(instance_id):
            source = await self._source(instance_id)
            if source.disks and await self._servers.is_running(instance_id):
                await self._context.ask("disk.write_out", container=source.container, files=self._files(source.disks))
            began = time.monotonic()
            async with self._still(instance_id, source.container, source.disks) as stood_still:
                yield source
            source.pause = time.monotonic() - began if stood_still else 0.0

    async def remove(self, image_id: str) -> None:
        """Servers that were made from it keep what they have; fine if some or all of it is gone."""
        await self._layers.drop(image_id)
        await asyncio.to_thread(shutil.rmtree, self._disks.image_folder(image_id), ignore_errors=True)
        await self._layers.sweep()

    async def release_paused(self) -> None:
        """Let servers go on that a daemon has died over."""
        for found in await self._context.docker.containers({**self._context.naming.filters("server"), "status": ["paused"]}):
            instance_id = found["Labels"]["drlab.resource"]
            log.warning("server %s was paused for an image when the last daemon ended; it goes on", instance_id)
            record = self._context.records.get(instance_id)
            await self._go_on(found["Id"], record.disks if record else ())

    def reference(self, image_id: str) -> str:
        return self._layers.reference(image_id)

    async def _source(self, instance_id: str) -> Source:
        record = self._context.records.get(instance_id)
        found = await self._context.docker.inspect(self._context.naming.server(instance_id))
        if record is None or found is None:
            raise EngineError(f"server {instance_id} is gone, so its disks cannot be copied")
        return Source(str(found["Id"]), record.disks)

    @asynccontextmanager
    async def _still(self, instance_id: str, container: str, disks: tuple[Disk, ...]) -> AsyncIterator[bool]:
        """Nothing changes on the server's disks; whether that needed a pause."""
        if not await self._servers.is_running(instance_id):
            yield False
            return
        try:
            await self._context.docker.pause(container)
            if disks:
                await self._context.ask("disk.freeze", container=container, files=self._files(disks))
            yield True
        finally:
            await asyncio.shield(self._go_on(container, disks))

    async def _go_on(self, container: str, disks: tuple[Disk, ...]) -> None:
        """Thawed before anything runs again: a process that waits for a frozen disk cannot be paused or killed."""
        if disks:
            await self._context.ask("disk.thaw", container=container, files=self._files(disks))
        await self._context.docker.unpause(container)

    async def _copy(self, image_id: str, container: str, disks: tuple[Disk, ...]) -> None:
        copies = (
            asyncio.to_thread(sparse.copy, self._disks.file(disk), self._disks.image_file(image_id, disk.disk_id))
            for disk in disks
        )
        work = (self._layers.keep(image_id, container), *copies)
        results = await asyncio.gather(*work, return_exceptions=True)  # none may go on after the pause
        for result in results:
            if isinstance(result, OSError):
                raise EngineError(f"a data disk cannot be copied into image {image_id}: {result.strerror}") from result
            if isinstance(result, BaseException):
                raise result

    def _files(self, disks: tuple[Disk, ...]) -> list[str]:
        return [str(self._disks.file(disk)) for disk in disks]


def _complete(folder: Path, about: dict[str, Any]) -> None:
    """Say that all of an image is there, once it is on the disk; a daemon that dies meanwhile has said nothing."""
    sparse.sync(folder)
    with sparse.fresh(folder / COMPLETE) as writing:
        sparse.write(writing, json.dumps(about).encode(), 0)
        os.fsync(writing)
