"""Server backup, CSBS (host `ctecs`): backups of all disks of a server, and their way back.

They take no clientToken: who repeats a create looks first for what there is.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any, Self

from ctyun.errors import JobFailed, NotFound
from ctyun.fields import Body, need, number, part, present, text
from ctyun.services.base import PAGE, Service, all_pages
from ctyun.services.orders import OrderRef
from ctyun.services.server_values import label_list
from ctyun.transport import Call
from ctyun.waiting import wait_until

CREATE = Call("ctecs", "POST", "/v4/ecs/backup/create", "make backup")
GET = Call("ctecs", "GET", "/v4/ecs/backup/details", "look up backup")
LIST = Call("ctecs", "POST", "/v4/ecs/backup/list", "list backups", read_only=True)
RESTORE = Call("ctecs", "POST", "/v4/ecs/backup-restore", "restore backup")
CREATE_SERVER = Call("ctecs", "POST", "/v4/ecs/backup/create-instance", "create server from backup")
DELETE = Call("ctecs", "POST", "/v4/ecs/backup-delete", "delete backup")
TASKS = Call("ctecs", "POST", "/v4/ecs/backup-task/list", "list backup tasks", read_only=True)

ACTIVE, ERROR, DELETING = "ACTIVE", "ERROR", "DELETING"
FULL, INCREMENT = "FULL", "INCREMENT"


@dataclass(frozen=True)
class ServerBackup:
    """A backup of all disks of a server. `kind`: FULL or INCREMENT; `used` in bytes."""

    id: str
    name: str
    status: str
    kind: str
    instance_id: str
    instance_name: str
    vault_id: str
    used: int = 0
    created: str = ""
    finished: str = ""
    restored: str = ""
    description: str = ""

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "instanceBackupID"),
            name=text(body, "instanceBackupName"),
            status=text(body, "instanceBackupStatus"),
            kind=text(body, "backupType"),
            instance_id=text(body, "instanceID"),
            instance_name=text(body, "instanceName"),
            vault_id=text(body, "repositoryID"),
            used=number(body, "usedSize"),
            created=text(body, "createdTime"),
            finished=text(body, "finishedTime"),
            restored=text(body, "restoreFinishedTime"),
            description=text(body, "instanceBackupDescription"),
        )


@dataclass(frozen=True)
class BackupTask:
    """A backup, restore or deletion, over or under way; `problem` says why it failed."""

    id: str
    kind: str
    status: str
    backup_id: str
    instance_id: str
    policy_id: str = ""
    problem: str = ""

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "taskID"),
            kind=text(body, "taskType"),
            status=text(body, "taskStatus"),
            backup_id=text(body, "backupID"),
            instance_id=text(body, "instanceID"),
            policy_id=text(body, "strategyID"),
            problem=text(body, "taskDetailDesc"),
        )


@dataclass(frozen=True)
class NewServerFromBackup:
    """The server to make from a backup; image and disks are the backup's. `zone_name` None: where the source was."""

    name: str
    flavor_id: str
    vpc_id: str
    subnet_id: str
    security_group_ids: tuple[str, ...] = ()
    zone_name: str | None = None
    key_pair_id: str | None = None
    fixed_address: str | None = None
    labels: dict[str, str] | None = None

    def to_api(self) -> dict[str, Any]:
        card = present(isMaster=True, subnetID=self.subnet_id, fixedIP=self.fixed_address)
        return present(
            instanceName=self.name,
            displayName=self.name,
            flavorID=self.flavor_id,
            vpcID=self.vpc_id,
            onDemand=True,
            networkCardList=[card],
            extIP="0",
            secGroupList=list(self.security_group_ids) or None,
            azName=self.zone_name,
            keyPairID=self.key_pair_id,
            labelList=label_list(self.labels) if self.labels else None,
        )


class ServerBackups(Service):
    """Make, restore and delete backups of servers."""

    async def create(
        self, region_id: str, instance_id: str, *, vault_id: str, name: str, full: bool = False, description: str | None = None
    ) -> ServerBackup:
        """Begin a backup; go on with `wait`. Of each server in each vault the first one is full, the next hold what changed."""
        body = present(
            regionID=region_id, instanceID=instance_id, instanceBackupName=name, repositoryID=vault_id,
            instanceBackupDescription=description, fullBackup=full or None,
        )  # fmt: skip
        answer = await self._transport.send(CREATE, name, body=body)
        return ServerBackup.from_api(part(answer.body, "results"))

    async def wait(self, region_id: str, backup_id: str, *, timeout: float = 600) -> ServerBackup:
        """Wait until it is made, restored or merged. Raises JobFailed, WaitTimeout, NotFound."""
        backup = await self._settled(region_id, backup_id, (ACTIVE, ERROR), timeout)
        if backup.status == ERROR:
            reason = next((task.problem for task in await self.tasks(region_id, backup_id=backup_id) if task.problem), "")
            raise JobFailed(f"Backup {backup.name} ({backup_id}) is in state ERROR: {reason or 'no reason given'}. Delete it.")
        return backup

    async def get(self, region_id: str, backup_id: str) -> ServerBackup:
        """Raises NotFound."""
        query = {"regionID": region_id, "instanceBackupID": backup_id}
        return ServerBackup.from_api((await self._transport.send(GET, backup_id, query=query)).body)

    async def list(
        self, region_id: str, *, instance_id: str | None = None, vault_id: str | None = None
    ) -> builtins.list[ServerBackup]:
        """All of the region, of a server, in a vault; oldest first."""
        wanted = present(regionID=region_id, instanceID=instance_id, repositoryID=vault_id, pageSize=PAGE)
        bodies = await all_pages(lambda page: self._transport.send(LIST, "", body={**wanted, "pageNo": page}), "results")
        return sorted(map(ServerBackup.from_api, bodies), key=lambda backup: backup.created)

    async def begin_restore(self, region_id: str, backup_id: str) -> None:
        """Over the server that it was made of, which is switched off and loses what it has now. Nothing takes it back."""
        await self._transport.send(RESTORE, backup_id, body={"regionID": region_id, "instanceBackupID": backup_id})

    async def restore(self, region_id: str, backup_id: str, *, timeout: float = 600) -> ServerBackup:
        """`begin_restore`, and wait until it is done. Raises JobFailed, WaitTimeout."""
        before = {task.id for task in await self.tasks(region_id, backup_id=backup_id)}
        await self.begin_restore(region_id, backup_id)
        backup = await self.wait(region_id, backup_id, timeout=timeout)
        tasks = [task for task in await self.tasks(region_id, backup_id=backup_id) if task.kind == "restore"]
        if failed := [task.problem for task in tasks if task.id not in before and task.status == "failed"]:
            raise JobFailed(f"Backup {backup.name} ({backup_id}) could not be restored: {failed[0]}")
        return backup

    async def create_server(self, region_id: str, backup_id: str, new: NewServerFromBackup, *, client_token: str) -> OrderRef:
        """Order a server with a backup's disks; go on with `servers.created`."""
        body = {"clientToken": client_token, "regionID": region_id, "instanceBackupID": backup_id, **new.to_api()}
        return OrderRef.from_api((await self._transport.send(CREATE_SERVER, new.name, body=body)).body)

    async def delete(self, region_id: str, backup_id: str, *, timeout: float = 600) -> None:
        """Delete and wait until it is gone; one that is being made or used is waited for first. Backups that need it take over
        what they need. Raises NotFound, JobFailed, WaitTimeout."""
        backup = await self._settled(region_id, backup_id, (ACTIVE, ERROR, DELETING), timeout)
        if backup.status != DELETING:
            await self._transport.send(DELETE, backup_id, body={"regionID": region_id, "instanceBackupID": backup_id})
        left = await wait_until(
            lambda: self._unless_gone(region_id, backup_id),
            lambda backup: backup is None or backup.status == ERROR,
            what=f"backup {backup_id} to be gone",
            timeout=timeout,
            state=lambda backup: backup.status if backup else "gone",
            pace=self._pace,
        )
        if left is not None:
            raise JobFailed(f"Backup {left.name} ({backup_id}) could not be deleted: it is in state ERROR. Try again.")

    async def _settled(self, region_id: str, backup_id: str, states: tuple[str, ...], timeout: float) -> ServerBackup:
        return await wait_until(
            lambda: self.get(region_id, backup_id),
            lambda backup: backup.status in states,
            what=f"backup {backup_id} to be at rest",
            timeout=timeout,
            state=lambda backup: backup.status,
            pace=self._pace,
        )

    async def tasks(
        self, region_id: str, *, backup_id: str | None = None, instance_id: str | None = None
    ) -> builtins.list[BackupTask]:
        """What was and is being done, newest first."""
        wanted = present(regionID=region_id, backupID=backup_id, instanceID=instance_id, pageSize=PAGE)
        bodies = await all_pages(lambda page: self._transport.send(TASKS, "", body={**wanted, "pageNo": page}), "results")
        return [BackupTask.from_api(body) for body in bodies]

    async def _unless_gone(self, region_id: str, backup_id: str) -> ServerBackup | None:
        try:
            return await self.get(region_id, backup_id)
        except NotFound:
            return None
