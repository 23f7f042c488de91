"""What the cloud forgets in the end: what was over long ago of orders, jobs, faults and backup tasks. Done at each start."""

from __future__ import annotations

from time import time
from typing import Any

from localcloud.records.backups import BACKUP_TASKS
from localcloud.records.compute import FAULTS, JOBS, ORDERS
from localcloud.records.databases import MYSQL_JOBS
from localcloud.records.store import Kind, Store
from localcloud.records.volumes import DISK_TASKS

KEPT_SECONDS = 7 * 24 * 3600.0  # longer than a training; a clientToken, which may lead to an order, is forgotten after a day
OPENING, RUNNING = "14", 0


def prune(store: Store) -> int:
    """Forget what ended or, where no end is noted, began before the time that is kept; how many records that were."""
    before = time() - KEPT_SECONDS
    over: list[tuple[Kind[Any], str]] = [
        *((ORDERS, order.id) for order in store.find(ORDERS) if order.status != OPENING and order.created < before),
        *((JOBS, job.id) for job in store.find(JOBS) if job.status != RUNNING and job.created < before),
        *((BACKUP_TASKS, task.id) for task in store.find(BACKUP_TASKS) if _ended(task.finished, before)),
        *((DISK_TASKS, task.id) for task in store.find(DISK_TASKS) if _ended(task.finished, before)),
        *((MYSQL_JOBS, job.id) for job in store.find(MYSQL_JOBS) if _ended(job.ended, before)),
        *((FAULTS, fault.id) for fault in store.find(FAULTS) if _ended(fault.undone, before)),
    ]
    with store.transaction():
        for kind, record_id in over:
            store.delete(kind, record_id)
    return len(over)


def _ended(at: float | None, before: float) -> bool:
    return at is not None and at < before
