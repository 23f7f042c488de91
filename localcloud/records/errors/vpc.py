"""What can go wrong with VPCs and subnets."""

from __future__ import annotations

from localcloud.records import error_codes as invented
from localcloud.records.errors import InUse, NameDuplicated, NotFound


class VpcNotFound(NotFound):
    code, noun = "Openapi.Vpc.NotFound", "VPC"


class VpcInUse(InUse):
    code, noun = invented.VPC_IN_USE, "VPC"


class VpcNameDuplicated(NameDuplicated):
    code, noun = invented.VPC_NAME_DUPLICATED, "VPC"


class SubnetNotFound(NotFound):
    code, noun = "Openapi.Subnet.NotFound", "Subnet"


class SubnetInUse(InUse):
    code, noun = invented.SUBNET_IN_USE, "Subnet"


class SubnetNameDuplicated(NameDuplicated):
    code, noun = invented.SUBNET_NAME_DUPLICATED, "Subnet"
