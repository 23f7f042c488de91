"""What can go wrong with snapshots of volumes, and with the policies that take them."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import ApiError, InUse, NameDuplicated, NotFound


class SnapshotNotFound(NotFound):
    code, noun = error_codes.SNAPSHOT_NOT_FOUND, "Snapshot"


class SnapshotInUse(InUse):
    code, noun = error_codes.SNAPSHOT_IN_USE, "Snapshot"


class SnapshotBusy(ApiError):
    code, chinese = error_codes.SNAPSHOT_BUSY, "快照状态不允许该操作"

    def __init__(self, snapshot_id: str, status: str) -> None:
        super().__init__(f"Snapshot {snapshot_id} is {status}; it must be available.")


class SnapshotPolicyNotFound(NotFound):
    code, noun = error_codes.SNAPSHOT_POLICY_NOT_FOUND, "Snapshot policy"


class SnapshotPolicyNameDuplicated(NameDuplicated):
    code, noun = error_codes.SNAPSHOT_POLICY_NAME_DUPLICATED, "Snapshot policy"


class AlreadyApplied(ApiError):
    code, chinese = error_codes.SNAPSHOT_POLICY_TAKEN, "云硬盘已关联其他快照策略"

    def __init__(self, disk_id: str, policy_id: str) -> None:
        super().__init__(f"Disk {disk_id} has snapshot policy {policy_id} already; cancel that one for it first.")
