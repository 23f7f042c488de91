"""What can go wrong with volume backups and their vaults."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import ApiError, InUse, NameDuplicated, NotFound


class DiskBackupNotFound(NotFound):
    code, noun = "EbsBackup.BackupInfo.NotFound", "Volume backup"


class DiskBackupInUse(InUse):
    code, noun = error_codes.DISK_BACKUP_IN_USE, "Volume backup"


class DiskBackupBusy(ApiError):
    code, chinese = error_codes.DISK_BACKUP_BUSY, "备份状态不允许该操作"

    def __init__(self, backup_id: str, status: str) -> None:
        super().__init__(f"Volume backup {backup_id} is {status}; it must be available.")


class DiskTaskNotFound(NotFound):
    code, noun = error_codes.DISK_TASK_NOT_FOUND, "Volume backup task"


class DiskVaultNotFound(NotFound):
    code, noun = error_codes.DISK_VAULT_NOT_FOUND, "Volume backup vault"


class DiskVaultInUse(InUse):
    code, noun = error_codes.DISK_VAULT_IN_USE, "Volume backup vault"


class DiskVaultNameDuplicated(NameDuplicated):
    code, noun = error_codes.DISK_VAULT_NAME_DUPLICATED, "Volume backup vault"


class DiskVaultFull(ApiError):
    code, chinese = error_codes.DISK_VAULT_FULL, "存储库容量不足"

    def __init__(self, name: str, size: int) -> None:
        super().__init__(
            f"Volume backup vault {name} is full: its {size} GB are used up. Delete backups in it, or use another one."
        )


class NotItsSource(ApiError):
    code, chinese = error_codes.DISK_BACKUP_SOURCE, "只能恢复到已卸载的备份源盘"

    def __init__(self, backup_id: str, disk_id: str) -> None:
        super().__init__(
            f"Volume backup {backup_id} was made of disk {disk_id} and is restored to that one only; for another one order a new "
            "disk from the backup (backupID)."
        )
