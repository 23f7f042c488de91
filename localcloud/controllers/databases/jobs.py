"""Jobs on MySQL instances and their backups. Each reads what it needs from the records and may be done twice."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from time import time

from localcloud.controllers.databases.ha.decisions import why_not
from localcloud.controllers.databases.ha.memory import serves
from localcloud.controllers.databases.ha.model import DARK
from localcloud.controllers.databases.orders import Orders
from localcloud.controllers.databases.rounds import STOPPED, Rounds
from localcloud.controllers.databases.view import ASYNC, engine_nodes, nodes_of, now, standby_of
from localcloud.controllers.failures import log_failure
from localcloud.controllers.faults.power import must_have_power
from localcloud.engines.interface.engines import EngineError
from localcloud.records.databases import MYSQL_BACKUPS, MYSQL_JOBS, MYSQL_NODES, MYSQLS, Mysql, MysqlBackup, MysqlJob

log = logging.getLogger("localcloud")

SETTLE_SECONDS = 60.0
RESTORE_SECONDS = 180.0  # until the standby has been rebuilt as well
SWITCH_SECONDS = 15.0
EVENTS_SECONDS = 5.0  # what was disabled later than this before its primary died runs after a failover
BINLOG_SECONDS = 10.0  # a restore to a time loses no more than this when all nodes are lost for good
NEARLY = 1.0  # seconds that a standby may be behind with applying, for a backup to be taken from it
WAITING, RUNNING, DONE, BROKEN = 100, 101, 1, -1
RUNNING_STATUS = {"restart": 1, "restore": 3, "stop": 20, "start": 22}
STOPPED_STATUS = 21


class Jobs:
    """Carries them out."""

    def __init__(self, rounds: Rounds, orders: Orders) -> None:
        self._rounds, self._orders, self._store, self._engine = rounds, orders, rounds.store, rounds.engine
        self._tasks: dict[str, Callable[[MysqlJob], Awaitable[None]]] = {
            "restart": self._restart, "stop": self._stop, "start": self._start, "switch": self._switch, "restore": self._restore,
        }  # fmt: skip

    async def run(self, job_id: str) -> None:
        job, problem = self._store.require(MYSQL_JOBS, job_id), ""
        self._keep(job.mysql_id, running_status=RUNNING_STATUS.get(job.task, 0))
        try:
            await self._tasks[job.task](job)
        except Exception as error:
            problem = log_failure(f"job {job.id} ({job.task} of MySQL instance {job.mysql_id})", error)
        mysql = self._store.get(MYSQLS, job.mysql_id)
        with self._store.transaction():
            self._keep(job.mysql_id, running_status=STOPPED_STATUS if mysql and mysql.order_status == STOPPED else 0)
            if self._store.get(MYSQL_JOBS, job.id):  # not when the instance was removed meanwhile
                self._store.put(MYSQL_JOBS, replace(job, status=2 if problem else 0, problem=problem, ended=time()))

    async def _restart(self, job: MysqlJob) -> None:
        async with self._rounds.held(job.mysql_id) as mysql:
            await self._orders.shut_down(mysql)
        await self._rounds.settle(job.mysql_id, self._rounds.takes_writes, SETTLE_SECONDS, "to take writes again")

    async def _stop(self, job: MysqlJob) -> None:
        async with self._rounds.held(job.mysql_id) as mysql:
            self._want(mysql, "off", STOPPED)
            await self._orders.shut_down(mysql)

    async def _start(self, job: MysqlJob) -> None:
        async with self._rounds.held(job.mysql_id) as mysql:
            self._want(mysql, "on", 0)
        await self._rounds.settle(job.mysql_id, self._rounds.takes_writes, SETTLE_SECONDS, "to take writes again")

    def _want(self, mysql: Mysql, desired: str, order_status: int) -> None:
        with self._store.transaction():
            for node in nodes_of(self._store, mysql):
                self._store.put(MYSQL_NODES, replace(node, desired=desired))
            self._keep(mysql.id, order_status=order_status)

    # -- switching -----------------------------------------------------------------------------------------------------
    async def _switch(self, job: MysqlJob) -> None:
        mysql = self._store.require(MYSQLS, job.mysql_id)
        if mysql.primary != job.arguments["nodeId"]:  # another daemon may have done it before it died
            await self.switchover(job.mysql_id, job.arguments["nodeId"])

    async def switchover(self, mysql_id: str, node_id: str) -> None:
        async with self._rounds.held(mysql_id) as mysql:
            if mysql.step and mysql.candidate != node_id:
                raise EngineError(f"the roles of MySQL instance {mysql.name} are changing already: {mysql.verdict}")
            if not mysql.step:
                await self._begin_switchover(mysql, node_id)
            await self._rounds.change(mysql_id, SWITCH_SECONDS)

    async def _begin_switchover(self, mysql: Mysql, node_id: str) -> None:
        against: list[str] = []
        for _ in range(self._rounds.settings.threshold):  # a single look may find a node too slow
            view = await self._rounds.look(mysql)
            leader, standby = view.leader, view.standby
            if standby is None or standby.id != node_id:
                raise EngineError(f"node {node_id} is not the standby of MySQL instance {mysql.name}")
            against = why_not(view, standby, loss_accepted=mysql.sync_mode == ASYNC)
            if not serves(leader.seen, leader.fenced):
                against.insert(0, f"{leader.name} does not serve")
            if not against:
                self._rounds.steps.begin(mysql, node_id, "manual", "close", f"switchover to {standby.name}")
                return
        raise EngineError(f"the roles of MySQL instance {mysql.name} cannot be switched: {', '.join(against)}")

    # -- backups and restores ------------------------------------------------------------------------------------------
    async def back_up(self, backup_id: str) -> None:
        """From the standby where it has everything and has applied it, so that the primary has no work with it."""
        backup, size, problem = self._store.require(MYSQL_BACKUPS, backup_id), 0, ""
        self._store.put(MYSQL_BACKUPS, replace(backup, status=RUNNING))
        self._keep(backup.mysql_id, running_status=2)
        try:
            mysql = self._store.require(MYSQLS, backup.mysql_id)
            size = await self._engine.backups.back_up(self._source(mysql), backup.id)
            await self._engine.backups.keep_logs(mysql.primary, mysql.id)
        except Exception as error:
            problem = log_failure(f"backup {backup.id} of MySQL instance {backup.mysql_id}", error)
            await self._discard(backup)
        self._keep(backup.mysql_id, running_status=0)
        if self._store.get(MYSQL_BACKUPS, backup.id):
            ended = replace(backup, status=BROKEN if problem else DONE, size=size, problem=problem, ended=time())
            self._store.put(MYSQL_BACKUPS, ended)

    def _source(self, mysql: Mysql) -> str:
        standby = standby_of(self._store, mysql)
        seen = self._rounds.tracks[mysql.id].seen(standby.id) if standby and mysql.in_sync else DARK
        ready = seen.receiving and seen.applying and seen.behind is not None and seen.behind <= NEARLY
        return standby.id if standby and ready else mysql.primary

    async def _discard(self, backup: MysqlBackup) -> None:
        try:
            await self._engine.backups.remove(backup.id)
        except EngineError as error:
            log.warning("what there is of backup %s is not removed: %s", backup.id, error)

    async def keep_binlogs(self, mysql: Mysql) -> None:
        """Now and then, of instances that have a backup which a later moment can be restored from."""
        track = self._rounds.tracks[mysql.id]
        backups = self._store.find(MYSQL_BACKUPS, mysql_id=mysql.id, status=str(DONE))
        if backups and now() - track.binlogs_kept > BINLOG_SECONDS and track.seen(mysql.primary).writable:
            track.binlogs_kept = now()
            await self._engine.backups.keep_logs(mysql.primary, mysql.id)

    async def match_events(self, mysql: Mysql) -> None:
        """Now and then, so that a standby that is promoted leaves those alone that their owner has disabled."""
        track, standby = self._rounds.tracks[mysql.id], standby_of(self._store, mysql)
        if standby is None or mysql.step or now() - track.events_matched < EVENTS_SECONDS:
            return
        if track.seen(mysql.primary).writable and track.seen(standby.id).applying:
            track.events_matched = now()
            await self._engine.replication.match_events(standby.id, mysql.primary)

    async def _restore(self, job: MysqlJob) -> None:
        """The primary's data are replaced, then the standby is rebuilt from it."""
        source, until = job.arguments["sourceId"], job.arguments["until"]
        async with self._rounds.held(job.mysql_id) as mysql:
            must_have_power(self._store, self._store.require(MYSQL_NODES, mysql.primary))
            await self._keep_last(source)
            with self._store.durably():
                self._keep(mysql.id, in_sync=False)
                for node in nodes_of(self._store, mysql):
                    self._store.put(MYSQL_NODES, replace(node, fenced=True, reseed=node.id != mysql.primary))
            await self._orders.shut_down(mysql)
            await self._rounds.networks.change({mysql.vpc_id})
            primary = engine_nodes(self._store, mysql)[mysql.primary]
            await self._engine.backups.restore(primary, job.arguments["backupId"], source, float(until) if until else None)
            await self._rounds.steps.cut_if_dead(mysql.primary)
            await self._orders.prepare(mysql)
            await self._engine.backups.remove_logs(mysql.id)  # they do not belong to these data
        await self._rounds.settle(job.mysql_id, self._restored, RESTORE_SECONDS, "to be rebuilt")

    async def _keep_last(self, source_id: str) -> None:
        """What the source has written since its binary log was kept last; fine if it is dead."""
        source = self._store.get(MYSQLS, source_id)
        if source is not None and self._rounds.tracks[source.id].seen(source.primary).answers:
            await self._engine.backups.keep_logs(source.primary, source.id)

    def _restored(self, mysql: Mysql) -> bool:
        return self._rounds.takes_writes(mysql) and not any(node.reseed for node in nodes_of(self._store, mysql))

    def _keep(self, mysql_id: str, **changes: int | bool) -> None:
        mysql = self._store.get(MYSQLS, mysql_id)
        if mysql is not None:
            # what takes a dict of values cannot know which fields have which type
            self._store.put(MYSQLS, replace(mysql, updated=time(), **changes))  # type: ignore[arg-type]
