"""Jobs on MySQL instances. Each reads what it needs from the records and may be done twice."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from time import time

from localcloud.controllers.databases.control_loop import STOPPED, ControlLoop
from localcloud.controllers.databases.orders import Orders
from localcloud.controllers.databases.roles import Roles
from localcloud.controllers.databases.view import engine_nodes, nodes_of, now, standby_of
from localcloud.controllers.failures import log_failure
from localcloud.controllers.faults.power import must_have_power
from localcloud.records.databases import MYSQL_JOBS, MYSQL_NODES, MYSQLS, Mysql, MysqlJob, change_mysql

log = logging.getLogger("localcloud")

SETTLE_SECONDS = 60.0
RESTORE_SECONDS = 180.0  # until the standby has been rebuilt as well
EVENTS_SECONDS = 5.0  # what was disabled later than this before its primary died runs after a failover
RUNNING_STATUS = {"restart": 1, "restore": 3, "stop": 20, "start": 22}
STOPPED_STATUS = 21


class Jobs:
    """Carries them out."""

    def __init__(self, loop: ControlLoop, orders: Orders, roles: Roles) -> None:
        self._loop, self._orders, self._roles = loop, orders, roles
        self._store, self._engine = loop.store, loop.engine
        self._tasks: dict[str, Callable[[MysqlJob], Awaitable[None]]] = {
            "restart": self._restart, "stop": self._stop, "start": self._start, "switch": self._switch, "restore": self._restore,
        }  # fmt: skip

    async def run(self, job_id: str) -> None:
        """Carry out a stored MysqlJob, which ends at 0 or, with the reason, at 2; running_status shows it meanwhile.

        Tasks and arguments: "restart", "stop", "start": {}; "switch": {"nodeId"}; "restore": {"backupId", "sourceId", "until"}
        ("until": Unix seconds as text, "" for the backup's own moment; "sourceId": the instance that the backup is of).
        """
        job, problem = self._store.require(MYSQL_JOBS, job_id), ""
        change_mysql(self._store, job.mysql_id, running_status=RUNNING_STATUS.get(job.task, 0))
        try:
            await self._tasks[job.task](job)
        except Exception as error:
            problem = log_failure(f"job {job.id} ({job.task} of MySQL instance {job.mysql_id})", error)
        mysql = self._store.get(MYSQLS, job.mysql_id)
        with self._store.transaction():
            change_mysql(
                self._store, job.mysql_id, running_status=STOPPED_STATUS if mysql and mysql.order_status == STOPPED else 0
            )
            if self._store.get(MYSQL_JOBS, job.id):  # not when the instance was removed meanwhile
                self._store.put(MYSQL_JOBS, replace(job, status=2 if problem else 0, problem=problem, ended=time()))

    async def _restart(self, job: MysqlJob) -> None:
        async with self._loop.held(job.mysql_id) as mysql:
            await self._orders.shut_down(mysql)
        await self._loop.wait_until(job.mysql_id, self._loop.takes_writes, SETTLE_SECONDS, "to take writes again")

    async def _stop(self, job: MysqlJob) -> None:
        async with self._loop.held(job.mysql_id) as mysql:
            self._want(mysql, "off", STOPPED)
            await self._orders.shut_down(mysql)

    async def _start(self, job: MysqlJob) -> None:
        async with self._loop.held(job.mysql_id) as mysql:
            self._want(mysql, "on", 0)
        await self._loop.wait_until(job.mysql_id, self._loop.takes_writes, SETTLE_SECONDS, "to take writes again")

    def _want(self, mysql: Mysql, desired: str, order_status: int) -> None:
        with self._store.transaction():
            for node in nodes_of(self._store, mysql):
                self._store.put(MYSQL_NODES, replace(node, desired=desired))
            change_mysql(self._store, mysql.id, order_status=order_status)

    async def _switch(self, job: MysqlJob) -> None:
        mysql = self._store.require(MYSQLS, job.mysql_id)
        if mysql.primary != job.arguments["nodeId"]:  # another daemon may have done it before it died
            await self._roles.switchover(job.mysql_id, job.arguments["nodeId"])

    async def match_events(self, mysql: Mysql) -> None:
        """Now and then, so that a standby that is promoted leaves those alone that their owner has disabled."""
        track, standby = self._loop.tracks[mysql.id], standby_of(self._store, mysql)
        if standby is None or mysql.step or now() - track.events_matched < EVENTS_SECONDS:
            return
        if track.seen(mysql.primary).writable and track.seen(standby.id).applying:
            track.events_matched = now()
            await self._engine.replication.match_events(standby.id, mysql.primary)

    async def _restore(self, job: MysqlJob) -> None:
        """The primary's data are replaced, then the standby is rebuilt from it."""
        source, until = job.arguments["sourceId"], job.arguments["until"]
        async with self._loop.held(job.mysql_id) as mysql:
            must_have_power(self._store, self._store.require(MYSQL_NODES, mysql.primary))
            await self._keep_last(source)
            with self._store.durably():
                change_mysql(self._store, mysql.id, in_sync=False)
                for node in nodes_of(self._store, mysql):
                    self._store.put(MYSQL_NODES, replace(node, fenced=True, reseed=node.id != mysql.primary))
            await self._orders.shut_down(mysql)
            await self._loop.networks.change({mysql.vpc_id})
            primary = engine_nodes(self._store, mysql)[mysql.primary]
            await self._engine.backups.restore(primary, job.arguments["backupId"], source, float(until) if until else None)
            await self._loop.actions.cut_if_dead(mysql.primary)
            await self._orders.prepare(mysql)
            await self._engine.backups.remove_logs(mysql.id)  # they do not belong to these data
        await self._loop.wait_until(job.mysql_id, self._restored, RESTORE_SECONDS, "to be rebuilt")

    async def _keep_last(self, source_id: str) -> None:
        """What the source has written since its binary log was kept last; fine if it is dead."""
        source = self._store.get(MYSQLS, source_id)
        if source is not None and self._loop.tracks[source.id].seen(source.primary).answers:
            await self._engine.backups.keep_logs(source.primary, source.id)

    def _restored(self, mysql: Mysql) -> bool:
        return self._loop.takes_writes(mysql) and not any(node.reseed for node in nodes_of(self._store, mysql))
