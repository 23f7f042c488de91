"""What can go wrong with health checks, target groups and targets."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import ApiError, InUse, NameDuplicated, NotFound


class HealthCheckNotFound(NotFound):
    code, noun = "Openapi.HealthCheck.NotFound", "Health check"


class HealthCheckInUse(InUse):
    code, noun = error_codes.HEALTH_CHECK_IN_USE, "Health check"


class HealthCheckNameDuplicated(NameDuplicated):
    code, noun = error_codes.HEALTH_CHECK_NAME_DUPLICATED, "Health check"


class TargetGroupNotFound(NotFound):
    code, noun = "Openapi.TargetGroup.NotFound", "Target group"


class TargetGroupInUse(InUse):
    code, noun = error_codes.TARGET_GROUP_IN_USE, "Target group"


class TargetGroupNameDuplicated(NameDuplicated):
    code, noun = error_codes.TARGET_GROUP_NAME_DUPLICATED, "Target group"


class TargetNotFound(NotFound):
    code, noun = "Openapi.Target.NotFound", "Target"


class TargetDuplicated(ApiError):
    code, chinese = error_codes.TARGET_DUPLICATED, "后端主机重复"

    def __init__(self, instance_id: str, port: int, target_id: str) -> None:
        super().__init__(f"Port {port} of instance {instance_id} is already in the group as target {target_id}.")


class TargetOutside(ApiError):
    code, chinese = error_codes.TARGET_OUTSIDE, "后端主机不在该 VPC 内"

    def __init__(self, instance_id: str, instance_vpc: str, group_id: str, vpc_id: str) -> None:
        super().__init__(f"Instance {instance_id} is in VPC {instance_vpc}, but target group {group_id} is in VPC {vpc_id}.")


class CookiesNeedHttp(ApiError):
    code, chinese = error_codes.TARGET_GROUP_COOKIES, "TCP 监听器不支持基于 Cookie 的会话保持"

    def __init__(self, group_id: str, listener_id: str = "") -> None:
        whose = f"TCP listener {listener_id} sends to it and" if listener_id else "a TCP listener"
        super().__init__(f"Target group {group_id} cannot keep sessions by cookie: {whose} sees no cookies.")


class GroupOutside(ApiError):
    code, chinese = error_codes.TARGET_OUTSIDE, "后端主机组不在该 VPC 内"

    def __init__(self, group_id: str, group_vpc: str, balancer_id: str, vpc_id: str) -> None:
        super().__init__(f"Target group {group_id} is in VPC {group_vpc}, but load balancer {balancer_id} is in VPC {vpc_id}.")
