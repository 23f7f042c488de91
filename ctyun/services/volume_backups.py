"""Volume backup, VBS (host `ebsbackup`): vaults, and backups of single volumes, full and incremental.

Calls that make backups take no clientToken: who repeats one looks first for what the earlier one has made.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Self

from ctyun.errors import JobFailed, NotFound
from ctyun.fields import Body, items, need, number, present, text, texts
from ctyun.services.base import PAGE, Service, all_pages, token_or_new
from ctyun.services.orders import OrderRef, Orders
from ctyun.transport import Call, Transport
from ctyun.waiting import LOCAL_PACE, Pace, wait_until

CREATE_VAULT = Call("ebsbackup", "POST", "/v4/ebs-backup/repo/create", "order volume backup vault")
LIST_VAULTS = Call("ebsbackup", "GET", "/v4/ebs-backup/repo/list-repos", "list volume backup vaults")
ENLARGE_VAULT = Call("ebsbackup", "POST", "/v4/ebs-backup/repo/resize", "enlarge volume backup vault")
DELETE_VAULT = Call("ebsbackup", "POST", "/v4/ebs-backup/repo/delete", "give back volume backup vault")
CREATE = Call("ebsbackup", "POST", "/v4/ebs-backup/create-backup", "make volume backup")
GET = Call("ebsbackup", "GET", "/v4/ebs-backup/show-backup", "look up volume backup")
LIST = Call("ebsbackup", "GET", "/v4/ebs-backup/list-backups", "list volume backups")
RESTORE = Call("ebsbackup", "POST", "/v4/ebs-backup/restore-backup", "restore volume backup")
DELETE = Call("ebsbackup", "POST", "/v4/ebs-backup/delete", "delete volume backup")
TASKS = Call("ebsbackup", "GET", "/v4/ebs-backup/task/list-task", "list volume backup tasks")

RUNNING, SUCCEEDED = "running", ("success", "successed")  # both spellings are in the documents


@dataclass(frozen=True)
class VolumeVault:
    """Where volume backups are kept. `size` in GB."""

    id: str
    name: str
    status: str
    size: int
    backup_ids: tuple[str, ...] = ()

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "repositoryID"),
            name=text(body, "repositoryName"),
            status=text(body, "status"),
            size=number(body, "size"),
            backup_ids=texts(body, "backupList"),
        )


@dataclass(frozen=True)
class VolumeBackup:
    """A backup of a volume. `size` in bytes, `volume_size` in GiB."""

    id: str
    name: str
    status: str
    is_full: bool
    volume_id: str
    volume_name: str
    vault_id: str
    size: int = 0
    volume_size: int = 0

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "backupID"),
            name=text(body, "backupName"),
            status=text(body, "backupStatus"),
            is_full=text(body, "backupType") == "full-backup",
            volume_id=text(body, "diskID"),
            volume_name=text(body, "diskName"),
            vault_id=text(body, "repositoryID"),
            size=number(body, "backupSize"),
            volume_size=number(body, "diskSize"),
        )


class VolumeBackups(Service):
    """Vaults: order, list, give back. Backups: make, list, restore, delete. A new volume from one: `volumes.create`."""

    def __init__(self, transport: Transport, orders: Orders, pace: Pace = LOCAL_PACE) -> None:
        super().__init__(transport, pace)
        self._orders = orders

    async def create_vault(
        self, region_id: str, *, name: str, size: int = 100, client_token: str, timeout: float = 300
    ) -> VolumeVault:
        """Order one of `size` GB on demand and wait for it. Raises OrderFailed, WaitTimeout."""
        body = {
            "clientToken": client_token, "regionID": region_id, "repositoryName": name, "size": size, "onDemand": True,
        }  # fmt: skip
        answer = (await self._transport.send(CREATE_VAULT, name, body=body)).body
        order = await self._orders.wait(OrderRef.from_api(answer).id, what=f"volume backup vault {name}", timeout=timeout)
        vault_id = text(answer, "repositoryID") or order.resource_ids[0]
        return next(vault for vault in await self.list_vaults(region_id) if vault.id == vault_id)

    async def list_vaults(self, region_id: str) -> builtins.list[VolumeVault]:
        query = present(regionID=region_id, pageSize=PAGE)
        bodies = await all_pages(
            lambda page: self._transport.send(LIST_VAULTS, "", query={**query, "pageNo": page}), "repositoryList"
        )
        return [VolumeVault.from_api(body) for body in bodies]

    async def enlarge_vault(
        self, region_id: str, vault_id: str, size: int, *, client_token: str | None = None, timeout: float = 300
    ) -> VolumeVault:
        """To `size` GB, and wait; its backups stay. Raises OrderFailed, WaitTimeout, NotFound."""
        body = {
            "clientToken": token_or_new(client_token), "regionID": region_id, "repositoryID": vault_id, "size": size,
        }  # fmt: skip
        order = OrderRef.from_api((await self._transport.send(ENLARGE_VAULT, vault_id, body=body)).body)
        await self._orders.wait_for_change(order.id, what=f"a larger volume backup vault {vault_id}", timeout=timeout)
        return next(vault for vault in await self.list_vaults(region_id) if vault.id == vault_id)

    async def delete_vault(self, region_id: str, vault_id: str, *, client_token: str | None = None, timeout: float = 300) -> None:
        """Give it back and wait. Raises InUse while it holds backups, NotFound."""
        body = {"clientToken": token_or_new(client_token), "regionID": region_id, "repositoryID": vault_id}
        order = OrderRef.from_api((await self._transport.send(DELETE_VAULT, vault_id, body=body)).body)
        await self._orders.wait_for_removal(order.id, what=f"the end of volume backup vault {vault_id}", timeout=timeout)

    async def create(
        self, region_id: str, volume_id: str, vault_id: str, *, name: str, full: bool = False, timeout: float = 1800
    ) -> VolumeBackup:
        """Back a volume up and wait: what has changed since the last backup, or, first of all or when `full`, all of it."""
        body = {
            "regionID": region_id, "diskID": volume_id, "repositoryID": vault_id, "backupName": name, "fullBackup": full,
        }  # fmt: skip
        answer = (await self._transport.send(CREATE, name, body=body)).body
        await self._done(region_id, need(answer, "taskID"), f"backup {name} of volume {volume_id}", timeout)
        return await self.get(region_id, need(answer, "backupID"))

    async def get(self, region_id: str, backup_id: str) -> VolumeBackup:
        """Raises NotFound."""
        answer = await self._transport.send(GET, backup_id, query={"regionID": region_id, "backupID": backup_id})
        return VolumeBackup.from_api(answer.body)

    async def list(self, region_id: str, *, volume_id: str | None = None) -> builtins.list[VolumeBackup]:
        """All of the region, or of a volume; the newest first."""
        query = present(regionID=region_id, diskID=volume_id, pageSize=PAGE)
        bodies = await all_pages(lambda page: self._transport.send(LIST, "", query={**query, "pageNo": page}), "backupList")
        return [VolumeBackup.from_api(body) for body in bodies]

    async def restore(self, region_id: str, backup: VolumeBackup, *, timeout: float = 1800) -> None:
        """Over the volume that it was made of, which no server may have, and wait. What that held is lost."""
        body = {"regionID": region_id, "backupID": backup.id, "diskID": backup.volume_id}
        answer = await self._transport.send(RESTORE, backup.id, body=body)
        await self._done(region_id, need(answer.body, "taskID"), f"restoration of volume backup {backup.name}", timeout)

    async def delete(self, region_id: str, backup_id: str, *, timeout: float = 1800) -> None:
        """Delete it and wait; later ones keep what they need of it. Raises NotFound."""
        answer = await self._transport.send(DELETE, backup_id, body={"regionID": region_id, "backupID": backup_id})
        await self._done(region_id, need(answer.body, "taskID"), f"removal of volume backup {backup_id}", timeout)

    async def _done(self, region_id: str, task_id: str, what: str, timeout: float) -> None:
        """Raises JobFailed with the task's reason, WaitTimeout."""
        task = await wait_until(
            lambda: self._task(region_id, task_id),
            lambda task: text(task, "status") != RUNNING,
            what=f"task {task_id} ({what})",
            timeout=timeout,
            state=lambda task: text(task, "status"),
            pace=self._pace,
        )
        if text(task, "status") not in SUCCEEDED:
            reason = text(task, "taskErrMsg") or f"its task is {text(task, 'status')}"
            raise JobFailed(f"The {what} failed: {reason.rstrip('.')}.")

    async def _task(self, region_id: str, task_id: str) -> Body:
        answer = await self._transport.send(TASKS, task_id, query={"regionID": region_id, "taskID": task_id})
        found = items(answer.body, "taskList")
        if not found:
            raise NotFound(TASKS.operation, task_id, "", "the list does not have it")
        return found[0]
