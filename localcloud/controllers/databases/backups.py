"""Backups of MySQL instances, and the binary logs kept beside them for restores to a time."""

from __future__ import annotations

import logging
from dataclasses import replace
from time import time

from localcloud.controllers.databases.control_loop import ControlLoop
from localcloud.controllers.databases.ha.model import DARK
from localcloud.controllers.databases.view import now, standby_of
from localcloud.controllers.failures import log_failure
from localcloud.engines.interface.errors import EngineError
from localcloud.records.databases import MYSQL_BACKUPS, MYSQLS, Mysql, MysqlBackup, change_mysql

log = logging.getLogger("localcloud")

BINLOG_SECONDS = 10.0  # a restore to a time loses no more than this when all nodes are lost for good
NEARLY = 1.0  # seconds that a standby may be behind with applying, for a backup to be taken from it
WAITING, RUNNING, DONE, BROKEN = 100, 101, 1, -1


class Backups:
    """Takes and removes backups; what a job restores is `Jobs`'."""

    def __init__(self, loop: ControlLoop) -> None:
        self._loop, self._store, self._engine = loop, loop.store, loop.engine

    async def back_up(self, backup_id: str) -> None:
        """Carry out a stored MysqlBackup (status 100): 101 while it runs, then 1 with its size, or -1 with the problem.

        It is taken from the standby where that has everything and has applied it, so that the primary has no work with it.
        """
        backup, size, problem = self._store.require(MYSQL_BACKUPS, backup_id), 0, ""
        self._store.put(MYSQL_BACKUPS, replace(backup, status=RUNNING))
        change_mysql(self._store, backup.mysql_id, running_status=2)
        try:
            mysql = self._store.require(MYSQLS, backup.mysql_id)
            size = await self._engine.backups.back_up(self._source(mysql), backup.id)
            await self._engine.backups.keep_logs(mysql.primary, mysql.id)
        except Exception as error:
            problem = log_failure(f"backup {backup.id} of MySQL instance {backup.mysql_id}", error)
            await self._discard(backup)
        change_mysql(self._store, backup.mysql_id, running_status=0)
        if self._store.get(MYSQL_BACKUPS, backup.id):
            ended = replace(backup, status=BROKEN if problem else DONE, size=size, problem=problem, ended=time())
            self._store.put(MYSQL_BACKUPS, ended)

    def _source(self, mysql: Mysql) -> str:
        standby = standby_of(self._store, mysql)
        seen = self._loop.tracks[mysql.id].seen(standby.id) if standby and mysql.in_sync else DARK
        ready = seen.receiving and seen.applying and seen.behind is not None and seen.behind <= NEARLY
        return standby.id if standby and ready else mysql.primary

    async def _discard(self, backup: MysqlBackup) -> None:
        try:
            await self._engine.backups.remove(backup.id)
        except EngineError as error:
            log.warning("what there is of backup %s is not removed: %s", backup.id, error)

    async def delete(self, backup_id: str) -> None:
        """Remove a backup's files, then its record. Raises EngineError."""
        await self._engine.backups.remove(backup_id)
        self._store.delete(MYSQL_BACKUPS, backup_id)

    def unfinished(self) -> list[MysqlBackup]:
        """Those that have been asked for, and are not done."""
        return [backup for status in (WAITING, RUNNING) for backup in self._store.find(MYSQL_BACKUPS, status=str(status))]

    async def keep_binlogs(self, mysql: Mysql) -> None:
        """Now and then, of instances that have a backup which a later moment can be restored from."""
        track = self._loop.tracks[mysql.id]
        backups = self._store.find(MYSQL_BACKUPS, mysql_id=mysql.id, status=str(DONE))
        if backups and now() - track.binlogs_kept > BINLOG_SECONDS and track.seen(mysql.primary).writable:
            track.binlogs_kept = now()
            await self._engine.backups.keep_logs(mysql.primary, mysql.id)
