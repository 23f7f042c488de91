"""What is over is forgotten after a week; what is under way never."""

from __future__ import annotations

from time import time

from localcloud.records.backups import BACKUP_TASKS, BackupTask
from localcloud.records.compute import ALL_KINDS, FAULTS, JOBS, ORDERS, Fault, Job, Order
from localcloud.records.databases import MYSQL_JOBS, MysqlJob
from localcloud.records.pruning import KEPT_SECONDS, prune
from localcloud.records.store import Store

LONG_AGO, LATELY = time() - KEPT_SECONDS - 60, time() - 60


def order(name: str, status: str, created: float) -> Order:
    return Order(name, "r", name, "ecs-create", status, "VM", (), "", "", created)


def fault(name: str, undone: float | None) -> Fault:
    return Fault(
        name, "cut", "server:a", {"instance": "a"}, "undone" if undone else "active", None, None, False, None, None, None, (), (),
        LONG_AGO, True, "", undone, LONG_AGO,
    )  # fmt: skip


def task(name: str, finished: float | None) -> BackupTask:
    status = "successed" if finished else "in-progress"
    return BackupTask(name, "r", "create", status, "i", "", "b", "", "v", "", "", "", "", LONG_AGO, finished)


def test_only_what_was_over_long_ago_is_forgotten() -> None:
    store = Store(None, ALL_KINDS)
    for name, status, created in (("old", "3", LONG_AGO), ("opening", "14", LONG_AGO), ("new", "5", LATELY)):
        store.put(ORDERS, order(name, status, created))
    for name, done, created in (("old", 1, LONG_AGO), ("running", 0, LONG_AGO), ("new", 2, LATELY)):
        store.put(JOBS, Job(name, "r", "start", "i", done, "", created))
    for name, undone in (("old", LONG_AGO), ("in-force", None), ("new", LATELY)):
        store.put(FAULTS, fault(name, undone))
    for name, finished in (("old", LONG_AGO), ("under-way", None), ("new", LATELY)):
        store.put(BACKUP_TASKS, task(name, finished))
        store.put(MYSQL_JOBS, MysqlJob(name, "r", "m", "restart", {}, 0 if finished else 1, "", LONG_AGO, finished))
    assert prune(store) == 5
    assert [record.id for record in store.find(MYSQL_JOBS)] == ["under-way", "new"]
    assert [record.id for record in store.find(BACKUP_TASKS)] == ["under-way", "new"]
    assert [record.id for record in store.find(ORDERS)] == ["opening", "new"]
    assert [record.id for record in store.find(JOBS)] == ["running", "new"]
    assert [record.id for record in store.find(FAULTS)] == ["in-force", "new"]
    assert prune(store) == 0
