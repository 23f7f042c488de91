"""Volume backups' lives: made, restored, deleted. Each is a task in the records, which the next daemon carries on after a kill.

Backups of one disk are worked on one after the other, since each may need the one before.
"""

from __future__ import annotations

from dataclasses import replace

from localcloud.controllers.failures import log_failure
from localcloud.controllers.locks import Locks
from localcloud.controllers.schedules.clock import Clock
from localcloud.controllers.volumes.disks import for_engines, mark_idle
from localcloud.controllers.volumes.volumes import chain_of
from localcloud.engines.interface.errors import EngineError
from localcloud.engines.interface.volumes import VolumeEngine
from localcloud.records.compute import DISKS, Disk
from localcloud.records.identifiers import hex_id
from localcloud.records.store import Store
from localcloud.records.volumes import (
    AVAILABLE,
    CREATING,
    DELETING,
    DISK_BACKUPS,
    DISK_TASKS,
    DISK_VAULTS,
    ERROR,
    FAILED,
    MERGING,
    RESTORING,
    RUNNING,
    SUCCEEDED,
    DiskBackup,
    DiskTask,
)


class VolumeBackups:
    """Makes, restores and deletes backups of disks."""

    def __init__(self, store: Store, engine: VolumeEngine, clock: Clock) -> None:
        self._store, self._engine, self._clock = store, engine, clock
        self._locks = Locks()  # by disk

    def begin(self, kind: str, backup: DiskBackup, status: str) -> DiskTask:
        """Store a backup with its new status and the task that is to be run; in the handler's transaction."""
        now = self._clock.now()
        self._store.put(DISK_BACKUPS, replace(backup, status=status, updated=now))
        vault = self._store.get(DISK_VAULTS, backup.vault_id)
        return self._store.put(DISK_TASKS, DiskTask(
            id=hex_id(), region=backup.region, kind=kind, status=RUNNING, backup_id=backup.id, backup_name=backup.name,
            disk_id=backup.disk_id, disk_name=backup.disk_name, vault_id=backup.vault_id,
            vault_name=vault.name if vault else "", full=backup.full, problem="", began=now, finished=None,
        ))  # fmt: skip

    async def run(self, task_id: str) -> None:
        """The task ends as it went; its backup is available, gone, or in state error with the reason."""
        task = self._store.require(DISK_TASKS, task_id)
        work, status = {
            "create": (self._create, CREATING), "restore": (self._restore, RESTORING), "delete": (self._delete, DELETING),
        }[task.kind]  # fmt: skip
        async with self._locks.held([task.disk_id]):
            backup, problem = self._store.get(DISK_BACKUPS, task.backup_id), ""
            if backup is not None and backup.status == status:  # else it is done, and the daemon died before the task was closed
                try:
                    await work(backup)
                except Exception as error:
                    problem = log_failure(f"to {task.kind} volume backup {backup.name} ({backup.id})", error)
                    status = AVAILABLE if task.kind == "restore" else ERROR
                    self._store.put(DISK_BACKUPS, replace(backup, status=status, problem=problem, updated=self._clock.now()))
            status = FAILED if problem else SUCCEEDED
            self._store.put(DISK_TASKS, replace(task, status=status, problem=problem, finished=self._clock.now()))

    # -- create --------------------------------------------------------------------------------------------------------
    async def _create(self, backup: DiskBackup) -> None:
        disk = self._store.get(DISKS, backup.disk_id)
        if disk is None:
            raise EngineError(f"disk {backup.disk_id} was released meanwhile")
        latest = None if backup.full else self.latest(disk, backup.vault_id)
        backup = replace(backup, base=latest.id if latest else "", full=latest is None)
        self._store.put(DISK_BACKUPS, backup)  # first: nobody may remove what it needs
        # Always anew: a copy that an interrupted attempt has completed may need another one.
        await self._engine.remove_copy(backup.id)
        try:
            used = await self._engine.copy_volume(backup.id, for_engines(disk), disk.instance_id, backup.base)
        except EngineError:
            await self._engine.remove_copy(backup.id)
            raise
        now = self._clock.now()
        self._store.put(DISK_BACKUPS, replace(backup, status=AVAILABLE, used=used, updated=now, finished=now))

    def latest(self, disk: Disk, vault_id: str) -> DiskBackup | None:
        """The newest backup of a disk in a vault that another one can be based on: none of when the disk was larger, as before
        its server was restored, since what was behind its end would come back when it grows."""
        backups = self._store.find(DISK_BACKUPS, disk_id=disk.id, vault_id=vault_id)
        usable = [backup for backup in backups if backup.status == AVAILABLE and backup.disk_size <= disk.size]
        return max(usable, key=lambda backup: backup.created, default=None)

    # -- restore -------------------------------------------------------------------------------------------------------
    async def _restore(self, backup: DiskBackup) -> None:
        """Over the disk that it was made of, which is in no server. Nothing of what it held comes back."""
        disk: Disk = self._store.require(DISKS, backup.disk_id)
        try:
            await self._engine.restore_volume(for_engines(disk), chain_of(self._store, backup.id))
        except Exception:  # not when the daemon is stopped: the next one goes on, and nobody may have the disk until then
            mark_idle(self._store, disk.id)
            raise
        now = self._clock.now()
        with self._store.transaction():
            mark_idle(self._store, disk.id)
            self._store.put(DISK_BACKUPS, replace(backup, status=AVAILABLE, updated=now, restored=now))

    # -- delete --------------------------------------------------------------------------------------------------------
    async def _delete(self, backup: DiskBackup) -> None:
        """Those that need it take over what they need first."""
        for other in self._store.find(DISK_BACKUPS, disk_id=backup.disk_id):
            # One that is being made has yet to choose what it needs, one that has failed needs nothing any more.
            if other.base == backup.id and other.status not in (CREATING, ERROR):
                await self._merge(other, backup)
        await self._engine.remove_copy(backup.id)
        self._store.delete(DISK_BACKUPS, backup.id)

    async def _merge(self, keep: DiskBackup, base: DiskBackup) -> None:
        before = AVAILABLE if keep.status == MERGING else keep.status
        self._store.put(DISK_BACKUPS, replace(keep, status=MERGING if before == AVAILABLE else before))
        try:
            used = await self._engine.merge_copies(keep.id, base.id)
        except EngineError:
            self._store.put(DISK_BACKUPS, replace(keep, status=before))
            raise
        self._store.put(DISK_BACKUPS, replace(keep, status=before, used=used, base=base.base, full=not base.base))
