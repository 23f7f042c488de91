"""Jobs: asynchronous tasks on one server."""

from __future__ import annotations

from time import time

from localcloud.records.compute import JOBS, Job
from localcloud.records.identifiers import long_id
from localcloud.records.store import Store

WORDS = {0: "executing", 1: "success", 2: "fail"}


def begin(store: Store, region: str, task: str, instance_id: str) -> Job:
    """A new job; `task` is one of start, stop, force-stop, reboot, force-reboot."""
    return store.put(JOBS, Job(long_id(), region, task, instance_id, 0, "", time()))
