"""Vaults, backups, policies and tasks: what they may be, and how the API shows them."""

from __future__ import annotations

from typing import Any

from localcloud.controllers.servers import new_backups
from localcloud.records import backups as records
from localcloud.records.backups import BACKUP_POLICIES, BACKUPS, VAULTS, Backup, BackupPolicy, BackupTask, Vault
from localcloud.records.compute import DISKS, INSTANCES, Instance
from localcloud.records.identifiers import listed, when
from localcloud.records.store import Store

STATUSES = (
    records.CREATING, records.ACTIVE, records.MERGING, records.RESTORING, records.DELETING, "FROZEN", records.ERROR,
)  # fmt: skip
TASK_STATUSES = (records.SUCCEEDED, records.FAILED, records.IN_PROGRESS, "canceling", "canceled")


def shown_vault(store: Store, vault: Vault) -> dict[str, Any]:
    backups = store.find(BACKUPS, vault_id=vault.id)
    bytes_used = new_backups.used(store, vault)
    free = round(vault.size - bytes_used / new_backups.GB, 2)
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
