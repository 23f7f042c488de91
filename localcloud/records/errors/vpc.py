"""What can go wrong with VPCs and subnets."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import InUse, NameDuplicated, NotFound


class VpcNotFound(NotFound):
    code, noun = "Openapi.Vpc.NotFound", "VPC"


class VpcInUse(InUse):
    code, noun = error_codes.VPC_IN_USE, "VPC"


class VpcNameDuplicated(NameDuplicated):
    code, noun = error_codes.VPC_NAME_DUPLICATED, "VPC"


class SubnetNotFound(NotFound):
    code, noun = "Openapi.Subnet.NotFound", "Subnet"


class SubnetInUse(InUse):
    code, noun = error_codes.SUBNET_IN_USE, "Subnet"


class SubnetNameDuplicated(NameDuplicated):
    code, noun = error_codes.SUBNET_NAME_DUPLICATED, "Subnet"
