"""What can go wrong with vaults, backups of servers and their policies."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import ApiError, InUse, NameDuplicated, NotFound


class BackupNotFound(NotFound):
    code, noun = "EcsBackup.Backup.NotFound", "Server backup"


class PolicyNotFound(NotFound):
    code, noun = error_codes.BACKUP_POLICY_NOT_FOUND, "Backup policy"


class TaskNotFound(NotFound):
    code, noun = error_codes.BACKUP_TASK_NOT_FOUND, "Backup task"


class VaultNotFound(NotFound):
    code, noun = error_codes.VAULT_NOT_FOUND, "Backup vault"


class VaultInUse(InUse):
    code, noun = error_codes.VAULT_IN_USE, "Backup vault"


class VaultNameDuplicated(NameDuplicated):
    code, noun = error_codes.VAULT_NAME_DUPLICATED, "Backup vault"


class PolicyNameDuplicated(NameDuplicated):
    code, noun = error_codes.BACKUP_POLICY_NAME_DUPLICATED, "Backup policy"


class BackupInUse(InUse):
    code, noun = error_codes.BACKUP_IN_USE, "Server backup"


class BackupBusy(ApiError):
    code, chinese = error_codes.BACKUP_BUSY, "备份正在执行其他操作"

    def __init__(self, backup_id: str, status: str) -> None:
        super().__init__(f"Server backup {backup_id} is {status}; only one that is ACTIVE can be used.")


class VaultFull(ApiError):
    code, chinese = error_codes.VAULT_FULL, "存储库容量不足"

    def __init__(self, name: str, size: int) -> None:
        super().__init__(f"Backup vault {name} is full: its {size} GB are used up. Delete backups in it, or use another one.")


class DisksGone(ApiError):
    code, chinese = error_codes.BACKUP_DISKS_GONE, "备份中的云硬盘已卸载"

    def __init__(self, backup_id: str, instance_id: str, disks: list[str]) -> None:
        super().__init__(
            f"Backup {backup_id} holds disks that instance {instance_id} does not have any more: {', '.join(disks)}. Attach them "
            "again, or make a new server from the backup."
        )


class NotBound(ApiError):
    code, chinese = error_codes.BACKUP_POLICY_NOT_BOUND, "备份策略未绑定"

    def __init__(self, policy_id: str, what: str) -> None:
        super().__init__(f"Backup policy {policy_id} is not bound to {what}.")


class AlreadyBound(ApiError):
    code, chinese = error_codes.BACKUP_POLICY_TAKEN, "已绑定其他备份策略"

    def __init__(self, what: str, policy_id: str) -> None:
        super().__init__(f"{what} is bound to backup policy {policy_id} already; unbind it there first.")
