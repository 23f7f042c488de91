"""Jobs: asynchronous tasks on one server."""

from __future__ import annotations

from dataclasses import replace
from time import time

from localcloud.records.compute import JOBS, Job
from localcloud.records.identifiers import long_id
from localcloud.records.store import Store

RUNNING, DONE, FAILED = 0, 1, 2
WORDS = {RUNNING: "executing", DONE: "success", FAILED: "fail"}


def begin(store: Store, region: str, task: str, instance_id: str) -> Job:
    """A new job; `task` names what carries it out (`controllers.cloud.work_of`)."""
    return store.put(JOBS, Job(long_id(), region, task, instance_id, RUNNING, "", time()))


def end(store: Store, job: Job, problem: str = "") -> None:
    """It is done; or, with the reason, it failed."""
    store.put(JOBS, replace(job, status=FAILED if problem else DONE, problem=problem))
