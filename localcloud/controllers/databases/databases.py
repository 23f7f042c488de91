"""MySQL instances' lives: orders that build and remove them, jobs, backups, changes of roles, and the watch over them.

Handlers store what is wanted; what is here makes the engines do it and stores what came of it, step by step, so that another
daemon can carry on after any of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from localcloud.controllers.databases.ha.decisions import may_lack, trouble, why_not
from localcloud.controllers.databases.ha.memory import serves
from localcloud.controllers.databases.jobs import RUNNING, WAITING, Jobs
from localcloud.controllers.databases.orders import Orders
from localcloud.controllers.databases.rounds import STEADY, Rounds
from localcloud.controllers.databases.upgrades import Upgrades
from localcloud.controllers.networks.networks import Networks, cut_from
from localcloud.controllers.tasks import Tasks
from localcloud.engines.interface.databases import DatabaseEngine, NodeState
from localcloud.engines.interface.engines import EngineError
from localcloud.records.databases import MYSQL_BACKUPS, MYSQL_JOBS, MYSQLS, SWITCHES, Mysql, MysqlBackup
from localcloud.records.errors import LocalError
from localcloud.records.store import Store

log = logging.getLogger("localcloud")

PROMOTE_SECONDS = 60.0
JOB_RUNNING = "1"


class Databases:
    """Builds, watches and switches MySQL instances."""

    def __init__(self, store: Store, engine: DatabaseEngine, networks: Networks) -> None:
        self._store, self._engine, self._networks = store, engine, networks
        self._rounds = Rounds(store, engine, networks)
        self._orders = Orders(self._rounds)
        self._jobs = Jobs(self._rounds, self._orders)
        self._upgrades = Upgrades(self._rounds, self._orders, self._jobs)

    # -- orders, jobs, backups -----------------------------------------------------------------------------------------
    async def build(self, order_id: str) -> None:
        """Make an ordered instance (order kind "mysql-create", resource_ids = (its id,)).

        The handler has stored the order, the instance (order_status 3, step "", in_sync False, primary = id of the node in the
        master's zone, a replication user and password) and its nodes (fenced True, reseed False; of a read replica: reseed True).
        Afterwards order_status is 0 and the order finished; or 4 and the order failed with its problem, and no node is left.
        """
        await self._orders.build(order_id)

    async def upgrade(self, order_id: str) -> None:
        """Change an instance in place (order kind "mysql-upgrade"); running_status is 7 meanwhile, and the instance in use.

        The order's `wanted`: {"spec", "cpus", "memoryMib"}, or {"diskGib"}, or {"prodId", "nodeId"} of the standby that a single
        one gets, whose node the handler has stored (fenced, reseed True). One that fails leaves the instance as it was.
        """
        await self._upgrades.carry_out(order_id)

    async def refund(self, order_id: str) -> None:
        """End a subscription (order kind "mysql-refund"): the nodes stop; order_status 8, to be destroyed."""
        await self._orders.refund(order_id)

    async def release(self, order_id: str) -> None:
        """Remove an instance for good (order kind "mysql-destroy"): nodes, disks, backups, records; its EIP is unbound."""
        await self._orders.release(order_id)

    async def run_job(self, job_id: str) -> None:
        """Carry out a stored MysqlJob, which ends at 0 or, with the reason, at 2; running_status shows it meanwhile.

        Tasks and arguments: "restart", "stop", "start": {}; "switch": {"nodeId"}; "restore": {"backupId", "sourceId", "until"}
        ("until": Unix seconds as text, "" for the backup's own moment; "sourceId": the instance that the backup is of).
        """
        await self._jobs.run(job_id)

    async def back_up(self, backup_id: str) -> None:
        """Carry out a stored MysqlBackup (status 100): 101 while it runs, then 1 with its size, or -1 with the problem."""
        await self._jobs.back_up(backup_id)

    async def delete_backup(self, backup_id: str) -> None:
        """Remove its files; the record is gone already or goes with it. Raises EngineError."""
        await self._engine.backups.remove(backup_id)

    # -- roles ---------------------------------------------------------------------------------------------------------
    async def switchover(self, mysql_id: str, node_id: str) -> None:
        """Make this node the primary, nothing lost; returns when the roles have changed. Raises EngineError with the reason when
        it cannot: the old primary takes writes again then."""
        await self._jobs.switchover(mysql_id, node_id)

    async def promote(self, mysql_id: str, accept_loss: bool) -> str:
        """Promote the standby of a dead primary by hand; what was done, in a sentence. Raises LocalError when it is refused."""
        async with self._rounds.held(mysql_id) as mysql:
            if mysql.step:
                raise LocalError(409, f"the roles of {mysql.name} are changing already: {mysql.verdict}")
            view = await self._rounds.look(mysql)
            leader, standby = view.leader, view.standby if mysql.kind == "pair" else None
            if serves(leader.seen, leader.fenced):
                raise LocalError(409, f"{leader.name} is the primary of {mysql.name} and serves; use a switchover")
            against = why_not(view, standby, loss_accepted=accept_loss)
            if standby is None or against:
                raise LocalError(409, f"nothing of {mysql.name} is promoted: {', '.join(against)}")
            loss = may_lack(view, standby)
            detail = f"{trouble(leader)}; {standby.name} is promoted by hand" + (f"; {loss}" if loss else "")
            why = "unconsfailover" if loss else "failover"
            self._rounds.steps.begin(mysql, standby.id, why, "fence", detail, "" if loss else view.received)
            await self._rounds.change(mysql_id, PROMOTE_SECONDS)
            return detail

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
        return self._rounds.tracks[mysql_id].memory.seen

    async def apply(self, mysql_id: str) -> None:
        """Bring networks to what its records say: after changes of white list, group, EIP. Modes the watch notices by itself."""
        mysql = self._store.get(MYSQLS, mysql_id)
        if mysql is not None:
            await self._networks.change({mysql.vpc_id} | cut_from(self._store, mysql.vpc_id))

    # -- the whole cloud -----------------------------------------------------------------------------------------------
    def resume(self, tasks: Tasks) -> None:
        """Carry on what another daemon had begun besides orders, and keep watch."""
        for job in self._store.find(MYSQL_JOBS, status=JOB_RUNNING):
            tasks.spawn(self.run_job(job.id), f"carry on job {job.id}")
        for backup in self._unfinished_backups():
            tasks.spawn(self.back_up(backup.id), f"carry on backup {backup.id}")
        tasks.spawn(self.watch(), "watch over the MySQL instances")

    def under_way(self) -> list[str]:
        """Jobs and backups that are not done."""
        jobs = [f"job {job.id} ({job.task} of a MySQL instance)" for job in self._store.find(MYSQL_JOBS, status=JOB_RUNNING)]
        return jobs + [f"backup {backup.id} (of a MySQL instance)" for backup in self._unfinished_backups()]

    def _unfinished_backups(self) -> list[MysqlBackup]:
        return [backup for status in (WAITING, RUNNING) for backup in self._store.find(MYSQL_BACKUPS, status=str(status))]

    async def watch(self) -> None:
        """Keep all instances as their owners want them, until the task is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rounds.watch())
            group.create_task(self._now_and_then(self._jobs.keep_binlogs, "the binary log was not kept"))
            group.create_task(self._now_and_then(self._jobs.match_events, "its standby was not told which events are disabled"))

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
            nodes = [node for node in self._rounds.nodes(mysql) if running.get(node.id)]
            if nodes:
                await self._orders.shut_down(mysql)
                names += [node.name for node in nodes]
        return names

    def _watched(self) -> list[Mysql]:
        return [mysql for mysql in self._store.find(MYSQLS) if mysql.order_status in STEADY]
