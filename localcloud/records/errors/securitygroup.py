"""What can go wrong with security groups and their rules."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import ApiError, InUse, NameDuplicated, NotFound


class SecurityGroupNotFound(NotFound):
    code, noun = "Openapi.SecurityGroup.NotFound", "Security group"


class SecurityGroupInUse(InUse):
    code, noun = error_codes.SECURITY_GROUP_IN_USE, "Security group"


class SecurityGroupNameDuplicated(NameDuplicated):
    code, noun = error_codes.SECURITY_GROUP_NAME_DUPLICATED, "Security group"


class RuleNotFound(NotFound):
    code, noun = "Openapi.SecurityGroupRule.NotFound", "Security group rule"


class NotJoined(ApiError):
    code, chinese = error_codes.SECURITY_GROUP_NOT_JOINED, "云主机未加入该安全组"

    def __init__(self, instance_id: str, group_id: str) -> None:
        super().__init__(f"Instance {instance_id} is not in security group {group_id}.")
