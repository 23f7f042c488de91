"""Vaults, backups, policies and tasks: what they may be, and how the API shows them."""

from __future__ import annotations

from typing import Any

from localcloud.core import backups_records as records
from localcloud.core.backups_records import (
    BACKUP_POLICIES,
    BACKUPS,
    VAULTS,
    Backup,
    BackupPolicy,
    BackupTask,
    Vault,
)
from localcloud.core.catalogue import QUOTAS
from localcloud.core.identifiers import listed, long_id, when
from localcloud.core.power import must_have_power
from localcloud.core.records import DISKS, INSTANCES, Instance
from localcloud.core.store import Store
from localcloud.services.csbs.errors import BackupBusy, VaultFull
from localcloud.services.ecs.model import must_rest
from localcloud.services.image.errors import ChainTooLong

GB = 10**9
STATUSES = (
    records.CREATING, records.ACTIVE, records.MERGING, records.RESTORING, records.DELETING, "FROZEN", records.ERROR,
)  # fmt: skip
TASK_STATUSES = (records.SUCCEEDED, records.FAILED, records.IN_PROGRESS, "canceling", "canceled")


def new(server: Instance, vault_id: str, name: str, *, now: float, policy_id: str = "", description: str = "") -> Backup:
    """A backup that is to be made of a server; what is in it is known when it is made."""
    return Backup(
        id=long_id(), region=server.region, zone=server.zone, name=name, description=description, vault_id=vault_id,
        instance_id=server.id, instance_name=server.name, status=records.CREATING, kind=records.INCREMENT, base="",
        policy_id=policy_id, system={}, disks=(), depth=server.image_depth + 1, image_name=server.image_name, used=0, problem="",
        created=now, finished=None, restored=None,
    )  # fmt: skip


def check(store: Store, server: Instance, vault: Vault) -> None:
    """Raises why no backup of the server can be made now."""
    must_rest(server)
    must_have_power(store, server)
    if server.image_depth >= QUOTAS.images_on_images:
        raise ChainTooLong(server.id, server.image_depth)
    if used(store, vault) >= vault.size * GB:
        raise VaultFull(vault.name, vault.size)
    for backup in store.find(BACKUPS, instance_id=server.id):
        if backup.status in (records.CREATING, records.RESTORING):
            raise BackupBusy(backup.id, backup.status)


def used(store: Store, vault: Vault) -> int:
    """Bytes in a vault."""
    return sum(backup.used for backup in store.find(BACKUPS, vault_id=vault.id))


def makings(store: Store, backup_id: str) -> list[str]:
    """Servers that are being made from a backup."""
    return [server.id for server in store.find(INSTANCES, status="creating") if server.image_id == backup_id]


def shown_vault(store: Store, vault: Vault) -> dict[str, Any]:
    backups = store.find(BACKUPS, vault_id=vault.id)
    bytes_used = used(store, vault)
    free = round(vault.size - bytes_used / GB, 2)
    return {
        "regionID": vault.region, "repositoryID": vault.id, "projectID": vault.project, "repositoryName": vault.name,
        "status": "active", "size": vault.size, "freeSize": free, "remainingSize": free, "usedSize": bytes_used,
        "createdAt": when(vault.created), "expiredAt": when(vault.expires), "expired": False, "freeze": False, "paas": False,
        "backupList": [backup.id for backup in backups if backup.status == records.ACTIVE], "backupCount": len(backups),
    }  # fmt: skip


def shown_backup(store: Store, backup: Backup) -> dict[str, Any]:
    """As details and lists show it. Sizes of disks in GB, what is used in bytes."""
    vault = store.get(VAULTS, backup.vault_id)
    disks = [backup.system, *backup.disks] if backup.system else []
    return {
        "instanceBackupID": backup.id, "instanceBackupName": backup.name, "instanceBackupStatus": backup.status,
        "instanceBackupDescription": backup.description, "instanceID": backup.instance_id, "instanceName": backup.instance_name,
        "repositoryID": backup.vault_id, "repositoryName": vault.name if vault else "", "repositoryExpired": False,
        "repositoryFreeze": False, "diskTotalSize": sum(int(disk["size"]) for disk in disks), "usedSize": backup.used,
        "diskCount": len(disks), "restoreFinishedTime": when(backup.restored), "createdTime": when(backup.created),
        "finishedTime": when(backup.finished), "projectID": "0", "backupType": backup.kind,
    }  # fmt: skip


def shown_begun(store: Store, backup: Backup) -> dict[str, Any]:
    """As the call that ordered it shows it."""
    shown = shown_backup(store, backup)
    left_out = ("repositoryExpired", "repositoryFreeze", "diskCount", "restoreFinishedTime", "finishedTime")
    return {name: value for name, value in shown.items() if name not in left_out}


def shown_policy(policy: BackupPolicy) -> dict[str, Any]:
    """As create and update show it; what belongs to the other kinds of cycle and retention is null."""
    by_days, by_date, by_count = policy.cycle == "day", policy.retention == "date", policy.retention == "num"
    return {
        "regionID": policy.region, "status": int(policy.enabled), "policyID": policy.id, "policyName": policy.name,
        "cycleType": policy.cycle, "cycleDay": policy.every_days if by_days else None,
        "cycleWeek": None if by_days else listed(policy.weekdays), "time": listed(policy.hours),
        "retentionType": policy.retention, "retentionDay": policy.days if by_date else None,
        "retentionNum": policy.count if by_count else None, "projectID": policy.project,
        "fullBackupInterval": policy.full_interval, "advRetentionStatus": False, "advRetention": None,
    }  # fmt: skip


def shown_with_bindings(store: Store, policy: BackupPolicy) -> dict[str, Any]:
    """As the list shows it. Servers that are gone are not bound any more."""
    servers, vault = bound(store, policy), store.get(VAULTS, policy.vault_id)
    return shown_policy(policy) | {
        "resourceCount": len(servers), "resourceIDs": ",".join(server.id for server in servers),
        "repositoryList": [{"repositoryID": vault.id, "repositoryName": vault.name}] if vault else [],
    }  # fmt: skip


def bound(store: Store, policy: BackupPolicy) -> list[Instance]:
    """The policy's servers that exist."""
    return [server for id_ in policy.instance_ids if (server := store.get(INSTANCES, id_))]


def shown_bound(store: Store, server: Instance) -> dict[str, Any]:
    """A policy's server."""
    return {
        "status": server.status, "attachedVolumes": [disk.id for disk in store.find(DISKS, instance_id=server.id)],
        "displayName": server.display_name, "instanceID": server.id, "regionID": server.region, "instanceName": server.name,
        "createTime": when(server.created), "updateTime": when(server.updated),
    }  # fmt: skip


def policy_of(store: Store, instance_id: str) -> BackupPolicy | None:
    """The policy that a server is bound to."""
    return next((policy for policy in store.find(BACKUP_POLICIES) if instance_id in policy.instance_ids), None)


def shown_task(task: BackupTask) -> dict[str, Any]:
    return {
        "taskID": task.id, "taskStatus": task.status, "taskType": task.kind, "instanceID": task.instance_id,
        "instanceName": task.instance_name, "backupID": task.backup_id, "backupName": task.backup_name,
        "repositoryID": task.vault_id, "repositoryName": task.vault_name, "strategyID": task.policy_id,
        "strategyName": task.policy_name, "startTime": when(task.began), "finishTime": when(task.finished),
        "taskDetailDesc": task.problem, "projectID": "0",
    }  # fmt: skip
