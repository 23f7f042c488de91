"""Backups of instances, and restoring them: to a backup's own moment or to any time after it."""

from __future__ import annotations

from time import time
from typing import Any

from localcloud.api.calls import Call
from localcloud.records.catalogue import QUOTAS
from localcloud.records.databases import MYSQL_BACKUPS, MYSQL_JOBS, MYSQLS, Mysql, MysqlBackup, MysqlJob
from localcloud.records.errors import ParameterError, QuotaExceeded
from localcloud.records.errors.rds import BackupBusy, BackupNotFound, MysqlInUse
from localcloud.services.rds import model
from localcloud.services.rds.instances import begin, must_be_primary
from localcloud.services.rds.reading import (
    RESTORING,
    china_time,
    must_be_normal,
    mysql_of,
    next_number,
    page,
    paged,
    read_china_time,
    region_of,
)

WAITING, RUNNING, DONE, FAILED = 100, 101, 1, -1  # taskStatus
_RECORD_STATUS = {1: 1, 0: 2, 2: 3}  # a job's status -> taskStatus of its restore


# -- backups -------------------------------------------------------------------------------------------------------------
def create_backup(call: Call) -> None:
    """A full backup by hand; the list tells what came of it."""
    fields = call.fields
    name, description = fields.text("backupName", required=True, longest=100), fields.description(longest=500)
    fields.only("taskType", "full", "")
    fields.only("includeTables", True)
    fields.only("schemas", [])
    mysql = mysql_of(call)
    must_be_primary(mysql, "createManual")
    must_be_normal(mysql)
    present = call.store.find(MYSQL_BACKUPS, mysql_id=mysql.id)
    for other in present:
        if other.status in (WAITING, RUNNING):
            raise BackupBusy(other.id)
    if len(present) >= QUOTAS.mysql_backups:
        raise QuotaExceeded(f"backups of instance {mysql.name}", QUOTAS.mysql_backups)
    backup_id = str(next_number(call.store, "backup"))
    call.store.put(
        MYSQL_BACKUPS, MysqlBackup(backup_id, mysql.region, mysql.id, name, description, True, WAITING, 0, "", time(), None)
    )
    call.afterwards(lambda: call.cloud.databases.backups.back_up(backup_id))


def list_backups(call: Call) -> dict[str, Any]:
    """Newest first, each in a block of its own."""
    fields = call.fields
    name, block = fields.text("backupName"), fields.text("blockId")
    first, last = read_china_time(fields, "startTime"), read_china_time(fields, "endTime")
    number, size = page(fields)
    mysql = mysql_of(call)
    found = [
        backup
        for backup in reversed(call.store.find(MYSQL_BACKUPS, mysql_id=mysql.id))
        if name in backup.name and block in ("", backup.id)
        and (first is None or backup.begun >= first) and (last is None or backup.begun <= last)
    ]  # fmt: skip
    return paged([_block(call, mysql, backup) for backup in found], number, size)


def _block(call: Call, mysql: Mysql, backup: MysqlBackup) -> dict[str, Any]:
    shown = model.backup_shown(call.store, mysql, backup)
    size = model.human(backup.size)
    return {name: shown[name] for name in ("prodInstId", "outerProdInstId", "prodInstName")} | {
        "backupSizeHuman": size, "totalSizeHuman": size, "blockId": int(backup.id), "records": [shown],
    }  # fmt: skip


def show_backup(call: Call) -> dict[str, Any]:
    region, backup_id = region_of(call), call.fields.text("id", required=True)
    call.fields.check()
    backup = call.store.require(MYSQL_BACKUPS, backup_id, region.id)
    return model.backup_shown(call.store, call.store.require(MYSQLS, backup.mysql_id), backup)


def delete_backup(call: Call) -> None:
    block = call.fields.text("blockId", required=True)
    mysql = mysql_of(call)
    backup = _backup(call, mysql, block)
    if backup.status in (WAITING, RUNNING):
        raise BackupBusy(backup.id)
    for job in call.store.find(MYSQL_JOBS, region=mysql.region, status="1"):
        if job.arguments.get("backupId") == backup.id:
            raise BackupBusy(backup.id)

    call.answers_with(lambda: call.cloud.databases.backups.delete(backup.id))


def _backup(call: Call, mysql: Mysql, backup_id: str) -> MysqlBackup:
    backup = call.store.require(MYSQL_BACKUPS, backup_id, mysql.region)
    if backup.mysql_id != mysql.id:
        raise BackupNotFound(backup_id, mysql.region)
    return backup


# -- restoring -----------------------------------------------------------------------------------------------------------
def restore(call: Call) -> dict[str, str]:
    """Replace an instance's data by those of a backup, of its own or of another instance's. There is no way back."""
    fields = call.fields
    until = read_china_time(fields, "toTimepoint")
    backup_id = fields.text("taskId", required=not fields.has("toTimepoint"))
    for name in ("restoreDbName", "restoreTables", "newDbName", "newTables"):
        fields.only(name, "", [])
    if until is not None and until > time():
        fields.problem("toTimepoint", f"{china_time(until)} lies in the future")
    source_id = fields.text("srcOuterProdInstId", required=True)
    target = mysql_of(call, "dstOuterProdInstId")
    source = call.store.require(MYSQLS, source_id, target.region)
    must_be_primary(target, "createNewRecoveryJob")
    must_be_normal(target)
    if users := model.users_of_mysql(call.store, target):
        raise MysqlInUse(target.id, users)
    backup = _last_before(call, source, until) if until is not None else _done(_backup(call, source, backup_id))
    _check_fits(source, target)
    arguments = {"backupId": backup.id, "sourceId": source.id, "until": "" if until is None else str(until)}
    return {"data": begin(call, target, "restore", arguments, RESTORING).id}


def _last_before(call: Call, mysql: Mysql, until: float) -> MysqlBackup:
    """The backup that a restore to this time begins with."""
    done = [backup for backup in call.store.find(MYSQL_BACKUPS, mysql_id=mysql.id) if backup.status == DONE]
    usable = [backup for backup in done if backup.ended is not None and backup.ended <= until]
    if not usable:
        there = ", ".join(china_time(backup.ended) for backup in done) or "none at all"
        raise ParameterError([f"toTimepoint {china_time(until)} has no backup of {mysql.name} before it; there are: {there}"])
    return max(usable, key=lambda backup: backup.ended or 0)


def _done(backup: MysqlBackup) -> MysqlBackup:
    if backup.status in (WAITING, RUNNING):
        raise BackupBusy(backup.id)
    if backup.status != DONE:
        raise ParameterError([f"taskId {backup.id} failed ({backup.problem}); nothing can be restored from it"])
    return backup


def _check_fits(source: Mysql, target: Mysql) -> None:
    problems = []
    if source.version != target.version:
        problems.append(f"dstOuterProdInstId has version {target.version}, the backup is of {source.version}")
    if source.disk_gib > target.disk_gib:
        problems.append(f"dstOuterProdInstId has {target.disk_gib} GiB of storage, the backup is of {source.disk_gib}")
    if problems:
        raise ParameterError(problems)


def recoverable_range(call: Call) -> dict[str, Any]:
    """From the first backup that is there until now."""
    mysql = mysql_of(call)
    ended = [
        backup.ended for backup in call.store.find(MYSQL_BACKUPS, mysql_id=mysql.id) if backup.status == DONE and backup.ended
    ]
    if not ended:
        return {"data": []}
    return {"data": [{"startTimestamp": china_time(min(ended)), "endTimestamp": china_time(time())}]}


def list_restores(call: Call) -> dict[str, Any]:
    """What was restored to an instance, newest first."""
    fields = call.fields
    wanted, older = fields.text("taskId"), fields.text("id")
    number, size = page(fields)
    fields.only("startTime", "")
    fields.only("endTime", "")
    mysql = mysql_of(call)
    jobs = [job for job in reversed(call.store.find(MYSQL_JOBS, mysql_id=mysql.id)) if job.task == "restore"]
    return paged([_restore_shown(mysql, job) for job in jobs if (wanted or older) in ("", job.id)], number, size)


def _restore_shown(mysql: Mysql, job: MysqlJob) -> dict[str, Any]:
    return {
        "taskId": job.id, "id": int(job.id), "prodInstName": mysql.name, "recoveryName": f"backup {job.arguments['backupId']}",
        "recoveryScope": 1, "startTime": china_time(job.created), "endTime": china_time(job.ended),
        "taskStatus": _RECORD_STATUS[job.status], "message": job.problem,
    }  # fmt: skip
