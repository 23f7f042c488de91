"""MySQL instances' lives: orders that build and remove them, jobs, backups, changes of roles, and the watch over them.

Handlers store what is wanted; what is here makes the engines do it and stores what came of it, step by step, so that another
daemon can carry on after any of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from localcloud.controllers.databases.backups import Backups
from localcloud.controllers.databases.control_loop import STEADY, ControlLoop
from localcloud.controllers.databases.jobs import Jobs
from localcloud.controllers.databases.orders import Orders
from localcloud.controllers.databases.roles import Roles
from localcloud.controllers.databases.upgrades import Upgrades
from localcloud.controllers.networks.networks import Networks, cut_from
from localcloud.controllers.tasks import Tasks
from localcloud.engines.interface.databases import DatabaseEngine, NodeState
from localcloud.engines.interface.engines import EngineError
from localcloud.records.databases import MYSQL_JOBS, MYSQLS, SWITCHES, Mysql
from localcloud.records.store import Store

log = logging.getLogger("localcloud")

JOB_RUNNING = "1"


class Databases:
    """The parts that work on MySQL instances; here is what concerns all of them."""

    def __init__(self, store: Store, engine: DatabaseEngine, networks: Networks) -> None:
        self._store, self._engine, self._networks = store, engine, networks
        self._loop = ControlLoop(store, engine, networks)
        self.orders, self.roles, self.backups = Orders(self._loop), Roles(self._loop), Backups(self._loop)
        self.upgrades = Upgrades(self._loop, self.orders, self.roles)
        self.jobs = Jobs(self._loop, self.orders, self.roles)

    # -- looking, and small changes ------------------------------------------------------------------------------------
    async def sql(
        self, mysql_id: str, statements: Sequence[tuple[str, Sequence[Any]]], log: bool = True
    ) -> list[tuple[Any, ...]]:
        """Statements as the administrator on the primary; the rows of the last one. Raises EngineError with MariaDB's words.

        An administrator is not kept from writing to a read-only node: what was written while roles changed counts as not done.
        """
        mysql = self._store.require(MYSQLS, mysql_id)
        if mysql.step or mysql.order_status not in STEADY:
            raise EngineError(f"MySQL instance {mysql.name} cannot be worked on now: {mysql.verdict or 'it is not running'}")
        before = self._roles(mysql_id)
        rows = await self._engine.sql(mysql.primary, statements, log)
        if self._roles(mysql_id) != before:
            raise EngineError(
                f"the roles of MySQL instance {mysql.name} changed meanwhile, and it is not known whether this was done; "
                "look, and ask again"
            )
        return rows

    def _roles(self, mysql_id: str) -> tuple[str, str, int]:
        """Differs from what it was as soon as roles have begun to change, and for ever."""
        mysql = self._store.get(MYSQLS, mysql_id)
        return (mysql.primary, mysql.step, self._store.count(SWITCHES, mysql_id=mysql_id)) if mysql else ("", "", 0)

    def states(self, mysql_id: str) -> Mapping[str, NodeState]:
        """What the last look saw of its nodes, by node id."""
        return self._loop.tracks[mysql_id].memory.seen

    async def apply(self, mysql_id: str) -> None:
        """Bring networks to what its records say: after changes of white list, group, EIP. Modes the watch notices by itself."""
        mysql = self._store.get(MYSQLS, mysql_id)
        if mysql is not None:
            await self._networks.change({mysql.vpc_id} | cut_from(self._store, mysql.vpc_id))

    # -- the whole cloud -----------------------------------------------------------------------------------------------
    def resume(self, tasks: Tasks) -> None:
        """Carry on what another daemon had begun besides orders, and keep watch."""
        for job in self._store.find(MYSQL_JOBS, status=JOB_RUNNING):
            tasks.spawn(self.jobs.run(job.id), f"carry on job {job.id}")
        for backup in self.backups.unfinished():
            tasks.spawn(self.backups.back_up(backup.id), f"carry on backup {backup.id}")
        tasks.spawn(self.watch(), "watch over the MySQL instances")

    def under_way(self) -> list[str]:
        """Jobs and backups that are not done."""
        jobs = [f"job {job.id} ({job.task} of a MySQL instance)" for job in self._store.find(MYSQL_JOBS, status=JOB_RUNNING)]
        return jobs + [f"backup {backup.id} (of a MySQL instance)" for backup in self.backups.unfinished()]

    async def watch(self) -> None:
        """Keep all instances as their owners want them, until the task is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._loop.watch())
            group.create_task(self._now_and_then(self.backups.keep_binlogs, "the binary log was not kept"))
            group.create_task(self._now_and_then(self.jobs.match_events, "its standby was not told which events are disabled"))

    async def _now_and_then(self, work: Callable[[Mysql], Awaitable[None]], failure: str) -> None:
        while True:
            for mysql in self._watched():
                try:
                    await work(mysql)
                except (EngineError, OSError) as error:  # a full disk of this machine, most likely
                    log.warning("MySQL instance %s: %s: %s", mysql.name, failure, error)
                except Exception:  # the controller ends with this task: it must not
                    log.exception("MySQL instance %s: %s: a fault of the local cloud itself", mysql.name, failure)
            await asyncio.sleep(1)

    async def suspend(self) -> list[str]:
        """Stop all instances in good order, keeping what their owners want; the nodes that the next start brings back."""
        running = await self._engine.nodes.all()
        names = []
        for mysql in self._store.find(MYSQLS):
            nodes = [node for node in self._loop.nodes(mysql) if running.get(node.id)]
            if nodes:
                await self.orders.shut_down(mysql)
                names += [node.name for node in nodes]
        return names

    def _watched(self) -> list[Mysql]:
        return [mysql for mysql in self._store.find(MYSQLS) if mysql.order_status in STEADY]
