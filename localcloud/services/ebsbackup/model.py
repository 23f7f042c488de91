"""Volume backups, their vaults and tasks: how the API shows them."""

from __future__ import annotations

import re
from typing import Any

from localcloud.api.calls import Call
from localcloud.controllers.volumes.volumes import chain_of
from localcloud.records.store import Store
from localcloud.records.volumes import (
    AVAILABLE,
    DELETING,
    DISK_BACKUPS,
    DISK_VAULTS,
    FAILED,
    RUNNING,
    SUCCEEDED,
    DiskBackup,
    DiskTask,
    DiskVault,
)

GB = 10**9
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,62}")
NAME_RULE = "2-63 letters, digits, '_' or '-', beginning with a letter"
VAULT_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{0,30})[A-Za-z0-9]")
VAULT_NAME_RULE = "2-32 letters, digits or '-', beginning with a letter, no '-' at the end"
TASK_STATUSES = {
    "running": RUNNING,
    "successed": SUCCEEDED,
    "failed": FAILED,
    "canceled": "canceled",
    "canceling": "canceling",
}
TASK_TYPES = {1: "create", 2: "delete", 3: "restore"}


def usable(call: Call, backup_id: str) -> DiskBackup | None:
    """The backup that a new disk is to be made from; None without one. One that will not do is noted as a problem."""
    if not backup_id:
        return None
    backup = call.store.get(DISK_BACKUPS, backup_id)
    if backup is None or backup.region != call.fields.text("regionID"):
        call.fields.problem("backupID", f"{backup_id!r} is not a volume backup of this region; only there it can be used")
        return None
    if backup.status != AVAILABLE:
        call.fields.problem("backupID", f"{backup_id!r} is {backup.status}; it must be available")
    elif any(call.store.require(DISK_BACKUPS, needed).status == DELETING for needed in chain_of(call.store, backup.id)):
        call.fields.problem("backupID", f"{backup_id!r} needs a backup that is just being deleted; try again when that is done")
    return backup


def used(store: Store, vault: DiskVault) -> int:
    """Bytes in a vault."""
    return sum(backup.used for backup in store.find(DISK_BACKUPS, vault_id=vault.id))


def shown_vault(store: Store, vault: DiskVault) -> dict[str, Any]:
    taken = used(store, vault) / GB
    backups = [backup.id for backup in store.find(DISK_BACKUPS, vault_id=vault.id) if backup.status == AVAILABLE]
    return {
        "regionID": vault.region, "repositoryID": vault.id, "repositoryName": vault.name, "status": "active", "size": vault.size,
        "freeSize": round(vault.size - taken, 3), "usedSize": round(taken, 3), "createdTime": seconds(vault.created),
        "expiredTime": seconds(vault.expires), "expired": False, "freeze": False, "paas": False, "backupList": backups,
        "projectID": vault.project, "onDemand": vault.on_demand, "autoScaling": False,
    }  # fmt: skip


def shown(store: Store, backup: DiskBackup) -> dict[str, Any]:
    """Sizes: the disk's in GB, the backup's in bytes."""
    vault = store.get(DISK_VAULTS, backup.vault_id)
    return {
        "regionID": backup.region, "backupID": backup.id, "backupName": backup.name, "backupStatus": backup.status,
        "diskSize": backup.disk_size, "backupSize": backup.used, "repositoryID": backup.vault_id,
        "repositoryName": vault.name if vault else "", "createdTime": seconds(backup.created),
        "updatedTime": seconds(backup.updated), "finishedTime": seconds(backup.finished),
        "restoredTime": seconds(backup.restored), "restoreFinishedTime": seconds(backup.restored), "freeze": False,
        "diskID": backup.disk_id, "diskName": backup.disk_name, "encrypted": False, "diskType": backup.disk_type, "paas": False,
        "instanceID": backup.instance_id, "instanceName": backup.instance_name, "projectID": "0",
        "snapCompleted": backup.finished is not None,
        "backupType": "full-backup" if backup.full else "incremental-backup", "description": backup.description,
    }  # fmt: skip


def shown_task(task: DiskTask) -> dict[str, Any]:
    return {
        "regionID": task.region, "taskID": task.id, "taskType": task.kind, "backupID": task.backup_id,
        "backupName": task.backup_name, "diskID": task.disk_id, "diskName": task.disk_name, "repositoryID": task.vault_id,
        "repositoryName": task.vault_name, "taskProgress": 100 if task.status == SUCCEEDED else 0, "status": task.status,
        "taskStartTime": seconds(task.began), "taskDoneTime": seconds(task.finished), "taskErrMsg": task.problem,
        "taskDetail": "", "policyTaskID": "", "backupType": "totalReplication" if task.full else "incrementalReplication",
    }  # fmt: skip


def seconds(moment: float | None) -> int | None:
    """A time as these calls spell it: whole Unix seconds."""
    return None if moment is None else int(moment)
