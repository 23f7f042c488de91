"""What can go wrong with servers."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import ApiError, NotFound


class InstanceNotFound(NotFound):
    code, noun = "Ecs.Instance.NotFound", "Instance"
    chinese = "云主机不存在"


class InstanceNotRunning(ApiError):
    code, chinese = "Ecs.Instance.StatusNotRunning", "云主机未运行"

    def __init__(self, instance_id: str, status: str) -> None:
        super().__init__(f"Instance {instance_id} is {status}, not running.")


class InstanceNotStopped(ApiError):
    code, chinese = "Ecs.Instance.StatusNotStopped", "云主机未关机"

    def __init__(self, instance_id: str, status: str) -> None:
        super().__init__(f"Instance {instance_id} is {status}, not stopped.")


class InstanceBusy(ApiError):
    code, chinese = error_codes.INSTANCE_BUSY, "云主机正在执行其他操作"

    def __init__(self, instance_id: str, status: str) -> None:
        super().__init__(f"Instance {instance_id} is {status}; wait until that is done.")


class ZoneWithoutPower(ApiError):
    code, chinese = error_codes.ZONE_WITHOUT_POWER, "可用区断电"

    def __init__(self, what: str, fault_id: str) -> None:
        super().__init__(f"{what} has no power (fault {fault_id}); undo the fault first.")


class LabelNotFound(ApiError):
    code, chinese = error_codes.LABEL_NOT_FOUND, "标签不存在"

    def __init__(self, instance_id: str, keys: list[str]) -> None:
        super().__init__(f"Instance {instance_id} has no label {', '.join(keys)}.")
