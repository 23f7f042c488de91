"""What can go wrong with load balancers."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import ApiError, InUse, NameDuplicated, NotFound


class BalancerNotFound(NotFound):
    code, noun = "Openapi.LoadBalancer.NotFound", "Load balancer"


class BalancerInUse(InUse):
    code, noun = error_codes.BALANCER_IN_USE, "Load balancer"


class BalancerNameDuplicated(NameDuplicated):
    code, noun = error_codes.BALANCER_NAME_DUPLICATED, "Load balancer"


class BalancerProtected(ApiError):
    code, chinese = error_codes.BALANCER_PROTECTED, "已开启删除保护"

    def __init__(self, balancer_id: str) -> None:
        super().__init__(f"Load balancer {balancer_id} is protected from deletion; set deleteProtection to false first.")
