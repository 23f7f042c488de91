"""What can go wrong with elastic addresses."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import ApiError, InUse, NameDuplicated, NotFound


class EipNotFound(NotFound):
    code, noun = "Openapi.Eip.NotFound", "EIP"


class EipInUse(InUse):
    code, noun = error_codes.EIP_IN_USE, "EIP"


class EipNameDuplicated(NameDuplicated):
    code, noun = error_codes.EIP_NAME_DUPLICATED, "EIP"


class EipNotBound(ApiError):
    code, chinese = error_codes.EIP_NOT_BOUND, "弹性 IP 未绑定"

    def __init__(self, eip_id: str) -> None:
        super().__init__(f"EIP {eip_id} is not bound to anything.")


class InstanceAlreadyBound(ApiError):
    code, chinese = error_codes.EIP_TARGET_TAKEN, "云主机已绑定弹性 IP"

    def __init__(self, instance_id: str, eip_id: str) -> None:
        super().__init__(f"Instance {instance_id} already has EIP {eip_id}; a server has at most one.")
