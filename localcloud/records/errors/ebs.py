"""What can go wrong with volumes."""

from __future__ import annotations

from collections.abc import Sequence

from localcloud.records import error_codes
from localcloud.records.errors import ApiError, InUse, NotFound


class DiskNotFound(NotFound):
    code, noun = "ebs.ebsInfo.notExists", "Disk"


class DiskInUse(InUse):
    code, noun = error_codes.DISK_IN_USE, "Disk"


class DiskBusy(ApiError):
    code, chinese = error_codes.DISK_BUSY, "云硬盘状态不允许该操作"

    def __init__(self, disk_id: str, status: str, wanted: str) -> None:
        super().__init__(f"Disk {disk_id} is {status}; it must be {wanted}.")


class DiskElsewhere(ApiError):
    code, chinese = error_codes.DISK_ELSEWHERE, "云硬盘与云主机不在同一可用区"

    def __init__(self, disk_id: str, zone: str, instance_id: str, instance_zone: str) -> None:
        super().__init__(
            f"Disk {disk_id} is in {zone}, instance {instance_id} in {instance_zone}; a server can have disks of its zone only."
        )


class DiskBeingCopied(ApiError):
    code, chinese = error_codes.DISK_BEING_COPIED, "云硬盘正在创建快照或备份"

    def __init__(self, disk_id: str, copies: Sequence[str]) -> None:
        super().__init__(f"Disk {disk_id} is being copied ({', '.join(copies)}); wait until that is done.")


class ServerRuns(ApiError):
    code, chinese = error_codes.DISK_SERVER_RUNS, "云主机未关机"

    def __init__(self, disk_id: str, instance_id: str, status: str) -> None:
        super().__init__(
            f"Disk {disk_id} is in instance {instance_id}, which is {status}; stop the instance or detach the disk first: "
            "what is on it will be replaced."
        )
