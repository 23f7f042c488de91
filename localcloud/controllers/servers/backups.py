"""Server backups' lives: made, restored, deleted. Each is a task in the records, which the next daemon carries on after a kill.

Backups of one server are worked on one after the other, since each may need the one before.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from localcloud.controllers.failures import log_failure
from localcloud.controllers.locks import Locks
from localcloud.controllers.schedules.clock import Clock
from localcloud.controllers.servers.servers import RESTORING, Servers
from localcloud.controllers.volumes.disks import chain
from localcloud.engines.interface import engines as api
from localcloud.engines.interface.backups import DiskCopy
from localcloud.engines.interface.engines import EngineError
from localcloud.records import backups as records
from localcloud.records.backups import BACKUP_TASKS, BACKUPS, VAULTS, Backup, BackupTask
from localcloud.records.compute import DISKS, INSTANCES, Disk, Instance
from localcloud.records.identifiers import hex_id
from localcloud.records.store import Store

log = logging.getLogger("localcloud")


class Backups:
    """Makes, restores and deletes backups of servers."""

    def __init__(self, store: Store, engines: api.Engines, servers: Servers, clock: Clock) -> None:
        self._store, self._engines, self._servers, self._clock = store, engines, servers, clock
        self._locks = Locks()  # by server

    # -- begun by handlers and policies, in their transaction ------------------------------------------------------------
    def begin(self, kind: str, backup: Backup, status: str, policy_name: str = "") -> BackupTask:
        """Store a backup with its new status and the task that is to be run."""
        self._store.put(BACKUPS, replace(backup, status=status))
        return self._store.put(BACKUP_TASKS, self.task(kind, backup, policy_name))

    def task(self, kind: str, backup: Backup, policy_name: str = "") -> BackupTask:
        """A task that begins now, not stored yet."""
        vault = self._store.get(VAULTS, backup.vault_id)
        return BackupTask(
            id=hex_id(), region=backup.region, kind=kind, status=records.IN_PROGRESS, instance_id=backup.instance_id,
            instance_name=backup.instance_name, backup_id=backup.id, backup_name=backup.name, vault_id=backup.vault_id,
            vault_name=vault.name if vault else "", policy_id=backup.policy_id, policy_name=policy_name, problem="",
            began=self._clock.now(), finished=None,
        )  # fmt: skip

    # -- tasks ---------------------------------------------------------------------------------------------------------
    async def run(self, task_id: str) -> None:
        """The task ends as it went; its backup is ACTIVE, gone, or ERROR with the reason."""
        task = self._store.require(BACKUP_TASKS, task_id)
        async with self._locks.held([task.instance_id]):
            backup = self._store.get(BACKUPS, task.backup_id)
            work, status = {
                "create": (self._create, records.CREATING), "restore": (self._restore, records.RESTORING),
                "delete": (self._delete, records.DELETING),
            }[task.kind]  # fmt: skip
            if backup is None or backup.status != status:  # done, and the daemon died before the task was closed
                self._end(task, "")
                return
            try:
                await work(backup)
            except Exception as error:
                problem = log_failure(f"to {task.kind} backup {backup.name} ({backup.id})", error)
                await self._failed(task, self._store.get(BACKUPS, backup.id) or backup, problem)
                return
            self._end(task, "")

    async def _failed(self, task: BackupTask, backup: Backup, problem: str) -> None:
        """What a failed backup has left goes at once; of one that a policy made nothing is left but its task, which says
        why. Where something cannot be removed its record stays: so it can be deleted."""
        left = await self._cleared(backup) if task.kind == "create" else ""
        problem += left
        if task.kind == "restore":
            await self._servers.settle(backup.instance_id)
        status = records.ACTIVE if task.kind == "restore" else records.ERROR
        with self._store.transaction():
            if task.kind == "create" and backup.policy_id and not left:
                self._store.delete(BACKUPS, backup.id)
            else:
                self._change(backup.id, status=status, problem=problem)
            for other in self._of_server(backup.instance_id):
                if other.status == records.MERGING:
                    self._store.put(BACKUPS, replace(other, status=records.ACTIVE))
            self._end(task, problem)

    async def _cleared(self, backup: Backup) -> str:
        try:
            await self._engines.backups.remove(backup.id, [str(disk["copy"]) for disk in backup.disks])
        except Exception as error:
            return f"; what there is of it cannot be removed: {log_failure(f'clearing away backup {backup.id}', error)}"
        return ""

    def _end(self, task: BackupTask, problem: str) -> None:
        status = records.FAILED if problem else records.SUCCEEDED
        self._store.put(BACKUP_TASKS, replace(task, status=status, problem=problem, finished=self._clock.now()))

    # -- create --------------------------------------------------------------------------------------------------------
    async def _create(self, backup: Backup) -> None:
        server = self._store.get(INSTANCES, backup.instance_id)
        if server is None:
            raise EngineError(f"server {backup.instance_id} was released meanwhile")
        base = None if backup.kind == records.FULL else self.latest(backup.instance_id, backup.vault_id)
        spec = self._servers.spec(server)
        backup = self._store.put(BACKUPS, _planned(backup, server, self._store.find(DISKS, instance_id=server.id), base))
        wanted = [
            _copy(disk, next(api_disk for api_disk in spec.disks if api_disk.disk_id == disk["id"])) for disk in backup.disks
        ]
        kept = await self._engines.backups.back_up(backup.id, server.id, wanted)
        used = kept.system + sum(kept.copies.values())
        log.info(
            "%s backup %s of server %s is made: %d bytes; the server stood still for %.2f s",
            backup.kind, backup.name, server.name, used, kept.pause,
        )  # fmt: skip
        disks = tuple({**disk, "kept": kept.copies[str(disk["copy"])]} for disk in backup.disks)
        self._change(backup.id, status=records.ACTIVE, disks=disks, used=used, finished=self._clock.now())

    def _change(self, backup_id: str, **changes: Any) -> None:
        """Its record is read anew: name and description may have changed meanwhile."""
        self._store.put(BACKUPS, replace(self._store.require(BACKUPS, backup_id), **changes))

    def latest(self, instance_id: str, vault_id: str) -> Backup | None:
        """The newest backup of a server in a vault that another one can be based on."""
        usable = [
            backup
            for backup in self._of_server(instance_id)
            if backup.vault_id == vault_id and backup.status in (records.ACTIVE, records.MERGING)
        ]
        return max(usable, key=lambda backup: backup.created, default=None)

    def _of_server(self, instance_id: str) -> list[Backup]:
        return self._store.find(BACKUPS, instance_id=instance_id)

    # -- restore -------------------------------------------------------------------------------------------------------
    async def _restore(self, backup: Backup) -> None:
        """Over the server that it was made of, which keeps its id, name and address. Nothing of what it held comes back."""
        server = self._store.get(INSTANCES, backup.instance_id)
        if server is None:
            raise EngineError(f"server {backup.instance_id} was released meanwhile")
        if (
            server.status != "running"
        ):  # else it was restored, and the daemon died before that was stored: it may have written since
            self._prepare(backup, server)
            chains, depth = self._chains(backup), backup.depth
            await self._servers.restore(server.id, depth, lambda spec: self._engines.backups.restore(spec, backup.id, chains))
        self._change(backup.id, status=records.ACTIVE, restored=self._clock.now())

    def _prepare(self, backup: Backup, server: Instance) -> None:
        """The server is nobody else's from now on, and its disks have the sizes that they had."""
        with self._store.transaction():
            self._store.put(INSTANCES, replace(server, status=RESTORING))
            for kept in backup.disks:
                disk = self._store.get(DISKS, str(kept["id"]))
                if disk is None or disk.instance_id != server.id:
                    raise EngineError(f"disk {kept['id']} was taken from server {server.id} meanwhile")
                self._store.put(DISKS, replace(disk, size=int(kept["size"])))  # even if it has grown since

    def _chains(self, backup: Backup) -> dict[str, tuple[str, ...]]:
        """By data disk: the copies that it is put together from, the full one first."""
        bases = {str(disk["copy"]): str(disk["base"]) for other in self._of_server(backup.instance_id) for disk in other.disks}
        return {str(disk["id"]): chain(str(disk["copy"]), bases.get) for disk in backup.disks}

    # -- delete --------------------------------------------------------------------------------------------------------
    async def _delete(self, backup: Backup) -> None:
        """Backups that need it take over what they need first."""
        for other in self._of_server(backup.instance_id):
            if other.base == backup.id and other.status in (records.ACTIVE, records.MERGING):
                await self._merge(self._store.put(BACKUPS, replace(other, status=records.MERGING)), backup)
        await self._engines.backups.remove(backup.id, [str(disk["copy"]) for disk in backup.disks])
        self._store.delete(BACKUPS, backup.id)

    async def _merge(self, keep: Backup, base: Backup) -> None:
        below = {disk["copy"]: disk for disk in base.disks}
        disks, used = list(keep.disks), keep.used
        for number, disk in enumerate(keep.disks):
            if lower := below.get(disk["base"]):
                kept = await self._engines.backups.merge(str(disk["copy"]), str(lower["copy"]))
                used += kept - int(disk["kept"])
                disks[number] = {**disk, "base": lower["base"], "kept": kept}
                self._change(keep.id, disks=tuple(disks), used=used)  # should the next one fail, this one still can be restored
        self._change(keep.id, status=records.ACTIVE, base=base.base, kind=keep.kind if base.base else records.FULL)

    # -- new servers ---------------------------------------------------------------------------------------------------
    async def build(self, order_id: str) -> None:
        """Carry out an order for a server from a backup: its data disks first, then as any other."""
        problem = ""
        try:
            seen = await self._engines.servers.observe()
            for server in self._store.find(INSTANCES, order_id=order_id):
                if server.id not in seen:  # else its disks were complete before it was made
                    await self._unpack(server)
        except Exception as error:
            problem = log_failure(f"order {order_id}", error)
        await (self._servers.give_up(order_id, problem) if problem else self._servers.build(order_id))

    async def _unpack(self, server: Instance) -> None:
        async with self._locks.held([self._store.require(BACKUPS, server.image_id).instance_id]):
            chains = self._chains(self._store.require(BACKUPS, server.image_id))
            spec = self._servers.spec(server)
            disks = [disk for disk in spec.disks if disk.image_disk]
            await self._engines.backups.unpack(server.id, disks, {disk.disk_id: chains[disk.image_disk] for disk in disks})


def copy_name(backup_id: str, disk_id: str | int) -> str:
    """The id of a backup's copy of a disk."""
    return f"{backup_id}-{disk_id}"


def _planned(backup: Backup, server: Instance, disks: Sequence[Disk], base: Backup | None) -> Backup:
    """The backup of a server's disks as they are now; a disk that is new or has another size than in the base is copied whole."""
    earlier = {(disk["id"], disk["size"]): str(disk["copy"]) for disk in base.disks} if base else {}
    system = next(disk for disk in disks if disk.system)
    data: list[dict[str, str | int]] = [
        {
            "id": disk.id, "name": disk.name, "type": disk.type, "size": disk.size, "copy": copy_name(backup.id, disk.id),
            "base": earlier.get((disk.id, disk.size), ""), "kept": 0,
        }
        for disk in disks
        if not disk.system
    ]  # fmt: skip
    return replace(
        backup,
        kind=records.INCREMENT if base else records.FULL,
        base=base.id if base else "",
        system={"id": system.id, "type": system.type, "size": system.size},
        disks=tuple(data),
        depth=server.image_depth + 1,
    )


def _copy(disk: dict[str, str | int], api_disk: api.Disk) -> DiskCopy:
    return DiskCopy(api_disk, str(disk["copy"]), str(disk["base"]))
