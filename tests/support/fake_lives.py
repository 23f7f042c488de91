"""The lives of MySQL instances without any database: what is asked is done at once, and remembered. SQL is only listened to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import time
from typing import Any

from localcloud.engines.interface.databases import NodeState
from localcloud.engines.interface.engines import EngineError
from localcloud.records.compute import ORDERS
from localcloud.records.databases import MYSQL_BACKUPS, MYSQL_JOBS, MYSQL_NODES, MYSQLS
from localcloud.records.store import Store

RUNNING = NodeState(running=True, answers=True, reachable=True, writable=True)


@dataclass
class FakeLives:
    """Stands where `cloud.databases` does, and each of its parts. `rows` answers statements by the words they begin with."""

    store: Store
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)  # backups
    busy: set[str] = field(default_factory=set)  # "job", "backup", "upgrade": these stay under way
    fails: str = ""  # why SQL fails

    def __post_init__(self) -> None:
        self.orders = self.upgrades = self.jobs = self.backups = self

    async def build(self, order_id: str) -> None:
        self._order(order_id, order_status=0, in_sync=True)

    async def carry_out(self, order_id: str) -> None:
        wanted = self.store.require(ORDERS, order_id).wanted
        changes: dict[str, Any] = {"running_status": 0}
        if "nodeId" in wanted:
            changes |= {"kind": "pair", "prod_id": int(wanted["prodId"])}
        if "diskGib" in wanted:
            changes["disk_gib"] = int(wanted["diskGib"])
        if "spec" in wanted:
            changes |= {"spec": wanted["spec"], "cpus": int(wanted["cpus"]), "memory_mib": int(wanted["memoryMib"])}
        if "upgrade" not in self.busy:
            self._order(order_id, **changes)

    async def refund(self, order_id: str) -> None:
        self._order(order_id, order_status=8)

    async def release(self, order_id: str) -> None:
        [mysql_id] = self._order(order_id)
        for node in self.store.find(MYSQL_NODES, mysql_id=mysql_id):
            self.store.delete(MYSQL_NODES, node.id)
        self.store.delete(MYSQLS, mysql_id)

    def _order(self, order_id: str, **changes: Any) -> tuple[str, ...]:
        order = self.store.require(ORDERS, order_id)
        for mysql_id in order.resource_ids:
            self.store.put(MYSQLS, replace(self.store.require(MYSQLS, mysql_id), **changes))
        self.store.put(ORDERS, replace(order, status="3"))
        return order.resource_ids

    async def run(self, job_id: str) -> None:
        if "job" in self.busy:
            return
        job = self.store.require(MYSQL_JOBS, job_id)
        mysql = self.store.require(MYSQLS, job.mysql_id)
        changes: dict[str, Any] = {"running_status": 0}
        if job.task in ("stop", "start"):
            changes = {"order_status": 6, "running_status": 21} if job.task == "stop" else changes | {"order_status": 0}
        if job.task == "switch":
            changes["primary"] = job.arguments["nodeId"]
        self.store.put(MYSQLS, replace(mysql, **changes))
        self.store.put(MYSQL_JOBS, replace(job, status=0, ended=time()))

    async def back_up(self, backup_id: str) -> None:
        backup = self.store.require(MYSQL_BACKUPS, backup_id)
        done = {"status": 101} if "backup" in self.busy else {"status": 1, "size": 1536, "ended": time()}
        self.store.put(MYSQL_BACKUPS, replace(backup, **done))

    async def delete(self, backup_id: str) -> None:
        self.deleted.append(backup_id)
        self.store.delete(MYSQL_BACKUPS, backup_id)

    async def sql(
        self, mysql_id: str, statements: Sequence[tuple[str, Sequence[Any]]], log: bool = True
    ) -> list[tuple[Any, ...]]:
        if self.fails:
            raise EngineError(self.fails)
        self.statements += [(text, tuple(values)) for text, values in statements]
        last = statements[-1][0]
        return next((rows for words, rows in self.rows.items() if words in last), [])

    def written(self) -> list[str]:
        """What was said to change something, with its values in place."""
        said = [(text, values) for text, values in self.statements if not text.startswith(("SELECT", "SHOW"))]
        return [text % tuple(f"'{value}'" for value in values) if values else text for text, values in said]

    def states(self, mysql_id: str) -> Mapping[str, NodeState]:
        return {node.id: RUNNING for node in self.store.find(MYSQL_NODES, mysql_id=mysql_id)}

    async def apply(self, mysql_id: str) -> None:
        self.applied.append(mysql_id)

    async def watch(self) -> None:
        return None
