"""Backups of MySQL instances by hand, and restoring to one of them or to a time. Sizes in bytes."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from ctyun.errors import JobFailed, NotFound
from ctyun.fields import Body, items, number, present, text
from ctyun.services.mysql_base import PROJECT, MysqlService, rds2
from ctyun.waiting import wait_until

CREATE = rds2("PUT", "v2/open-api/backup/createManual", "back up MySQL instance")
LIST = rds2("GET", "v2/open-api/backup/list", "list backups of MySQL instance")
DELETE = rds2("DELETE", "v2/open-api/backup/manualDelete", "delete backup")
RESTORE = rds2("POST", "v2/open-api/recovery/createNewRecoveryJob", "restore MySQL instance")
RECORDS = rds2("GET", "v2/open-api/recovery/record", "list restores of MySQL instance")

DONE, FAILED, CANCELLED = 1, -1, 102
RESTORED, NOT_RESTORED = 2, 3
WORDS = {DONE: "done", FAILED: "failed", CANCELLED: "cancelled", 100: "waiting", 101: "submitted"}


@dataclass(frozen=True)
class MysqlBackup:
    """A backup. `block` names it to a delete, `task` to a restore."""

    id: str
    block: str
    task: str
    name: str
    description: str  # of a failed one: why
    status: int
    size: int
    manual: bool
    begun: str
    ended: str

    @classmethod
    def from_api(cls, block: Body, body: Body) -> Self:
        return cls(
            id=text(body, "backupRecordId"),
            block=text(block, "blockId"),
            task=text(body, "taskId"),
            name=text(body, "backupName"),
            description=text(body, "description"),
            status=number(body, "taskStatus"),
            size=number(body, "backedUpDataSize"),
            manual=text(body, "opType") == "manual",
            begun=text(body, "backupStartTime"),
            ended=text(body, "backupEndTime"),
        )


class MysqlBackups(MysqlService):
    """Back up, look up, restore, delete."""

    async def create(
        self, region_id: str, mysql_id: str, *, name: str, description: str | None = None, timeout: float = 600
    ) -> MysqlBackup:
        """Make a full backup and wait for it; the API does not say its id, so it is the newest of that name. Raises JobFailed."""
        before = {backup.id for backup in await self.list(region_id, mysql_id, name=name)}
        body = present(backupName=name, description=description, taskType="full")
        await self._ask(CREATE, region_id, mysql_id, thing=name, body=body)

        async def look() -> MysqlBackup | None:
            new = [backup for backup in await self.list(region_id, mysql_id, name=name) if backup.id not in before]
            return max(new, key=lambda backup: backup.begun, default=None)

        found = await wait_until(
            look,
            lambda seen: seen is not None and seen.status in (DONE, FAILED, CANCELLED),
            what=f"backup {name} of MySQL instance {mysql_id}",
            timeout=timeout,
            state=lambda seen: WORDS.get(seen.status, "running") if seen else "not begun",
            pace=self._pace,
        )
        if found is None or found.status != DONE:
            word = WORDS.get(found.status, "unknown") if found else "unknown"
            reason = found.description.rstrip(".") if found and found.description != (description or "") else ""
            ended = f"ended as {word}{f': {reason}' if reason else ''}."
            raise JobFailed(f"Backup {name} of MySQL instance {mysql_id} {ended} Make another one.")
        return found

    async def list(self, region_id: str, mysql_id: str, *, name: str | None = None) -> builtins.list[MysqlBackup]:
        """The latest ones, or those with exactly this name."""
        blocks = await self._latest(LIST, region_id, mysql_id, **present(backupName=name))
        found = [MysqlBackup.from_api(block, body) for block in blocks for body in items(block, "records")]
        return [backup for backup in found if name is None or backup.name == name]

    async def delete(self, region_id: str, mysql_id: str, backup_id: str) -> None:
        """Raises NotFound."""
        found = next((backup for backup in await self.list(region_id, mysql_id) if backup.id == backup_id), None)
        if found is None:
            raise NotFound(DELETE.operation, backup_id, "", f"MySQL instance {mysql_id} does not list it")
        await self._ask(DELETE, region_id, mysql_id, thing=backup_id, query={"blockId": found.block})

    async def restore(
        self, region_id: str, source_id: str, target_id: str, *, task: str | None = None, until: datetime | None = None
    ) -> str:
        """Begin to replace the target's data by a backup (`task`), or by what the source held at a time (in China's zone).

        What the target held is lost. Returns the job's id; go on with `restored`.
        """
        body = present(
            srcOuterProdInstId=source_id,
            dstOuterProdInstId=target_id,
            taskId=task,
            toTimepoint=until.strftime("%Y-%m-%d %H:%M:%S") if until else None,
        )
        headers = {"regionId": region_id, "inst-id": target_id, "project-id": PROJECT}
        answer = (await self._transport.send(RESTORE, target_id, body=body, headers=headers)).body
        return text(answer, "data") or text(answer, "value")

    async def restored(self, region_id: str, target_id: str, job_id: str, *, timeout: float = 600) -> None:
        """Wait for a restore. Raises JobFailed with the cloud's reason, WaitTimeout."""

        async def look() -> Body | None:
            records = await self._latest(RECORDS, region_id, target_id, taskId=job_id)
            return next((record for record in records if text(record, "taskId") == job_id), None)

        record = await wait_until(
            look,
            lambda seen: seen is not None and number(seen, "taskStatus") in (RESTORED, NOT_RESTORED),
            what=f"the restore of MySQL instance {target_id}",
            timeout=timeout,
            state=lambda seen: "running" if seen else "not begun",
            pace=self._pace,
        )
        if record is not None and number(record, "taskStatus") == NOT_RESTORED:
            reason = text(record, "message").rstrip(".") or "the cloud gave no reason"
            raise JobFailed(f"The restore of MySQL instance {target_id} failed: {reason}.")
