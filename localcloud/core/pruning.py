"""What the cloud forgets in the end: what was over long ago of orders, jobs, faults and backup tasks. Done at each start."""

from __future__ import annotations

from time import time

from localcloud.core.backups_records import BACKUP_TASKS
from localcloud.core.rds_records import MYSQL_JOBS
from localcloud.core.records import FAULTS, JOBS, ORDERS
from localcloud.core.store import Store
from localcloud.core.volumes_records import DISK_TASKS

KEPT_SECONDS = 7 * 24 * 3600.0  # longer than a training; a clientToken, which may lead to an order, is forgotten after a day
OPENING, RUNNING = "14", 0


def prune(store: Store) -> int:
    """Forget what ended or, where no end is noted, began before the time that is kept; how many records that were."""
    before = time() - KEPT_SECONDS
    orders = [order for order in store.find(ORDERS) if order.status != OPENING and order.created < before]
    jobs = [job for job in store.find(JOBS) if job.status != RUNNING and job.created < before]
    tasks = [task for task in store.find(BACKUP_TASKS) if task.finished is not None and task.finished < before]
    disk_tasks = [task for task in store.find(DISK_TASKS) if task.finished is not None and task.finished < before]
    mysql_jobs = [job for job in store.find(MYSQL_JOBS) if job.ended is not None and job.ended < before]
    faults = [fault for fault in store.find(FAULTS) if fault.undone is not None and fault.undone < before]
    with store.transaction():
        for order in orders:
            store.delete(ORDERS, order.id)
        for job in jobs:
            store.delete(JOBS, job.id)
        for task in tasks:
            store.delete(BACKUP_TASKS, task.id)
        for disk_task in disk_tasks:
            store.delete(DISK_TASKS, disk_task.id)
        for mysql_job in mysql_jobs:
            store.delete(MYSQL_JOBS, mysql_job.id)
        for fault in faults:
            store.delete(FAULTS, fault.id)
    return len(orders) + len(jobs) + len(tasks) + len(disk_tasks) + len(mysql_jobs) + len(faults)
