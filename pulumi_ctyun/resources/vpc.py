"""VPC, subnet, security group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources.base import CtyunResource


class Vpc(CtyunResource):
    """A virtual private cloud: an address space of its own.

    `region`: name or id. `cidr`: mask 8-28; a change replaces the VPC.
    """

    region: Output[str]
    name: Output[str]
    cidr: Output[str]
    description: Output[str | None]
    vpc_id: Output[str]
    """Id, like vpc-r5i4zghgvq."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        cidr: Input[str],
        description: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ctyun:vpc:Vpc", resource_name, opts, region=region, name=name, cidr=cidr, description=description)


class Subnet(CtyunResource):
    """A part of a VPC's address space; servers live in subnets.

    `cidr`: inside the VPC's, mask 16-28. `dns_servers`: at most 4; the cloud's own when absent.
    """

    region: Output[str]
    name: Output[str]
    cidr: Output[str]
    description: Output[str | None]
    gateway: Output[str]
    vpc_id: Output[str]
    """The VPC it belongs to."""
    dns_servers: Output[Sequence[str] | None]
    """Its resolvers, when chosen."""
    subnet_id: Output[str]
    """Id, like subnet-...."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        vpc_id: Input[str],
        name: Input[str],
        cidr: Input[str],
        dns_servers: Input[Sequence[Input[str]]] | None = None,
        description: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "ctyun:vpc:Subnet", resource_name, opts, region=region, vpc_id=vpc_id, name=name, cidr=cidr,
            dns_servers=dns_servers, description=description,
        )  # fmt: skip


class RuleArgs(TypedDict):
    """One rule: `direction` ingress or egress, `action` accept or drop, `protocol` ANY, TCP, UDP or ICMP.

    `ports`: "22" or "8000-9000", all when absent. The other side is `cidr` or `groupId` ("self": the group that the rule belongs
    to, whose members then reach each other). `priority`: 1-100, smaller wins (1).
    """

    direction: Input[str]
    action: Input[str]
    protocol: Input[str]
    ports: NotRequired[Input[str]]
    cidr: NotRequired[Input[str]]
    groupId: NotRequired[Input[str]]
    priority: NotRequired[Input[int]]
    description: NotRequired[Input[str]]


class SecurityGroup(CtyunResource):
    """A security group with its rules. What no rule accepts is dropped on the way in.

    Changed rules are updated in place: the new ones are added before the old ones go.
    """

    region: Output[str]
    name: Output[str]
    rules: Output[Sequence[Mapping[str, Any]]]
    description: Output[str | None]
    vpc_id: Output[str]
    """The VPC it belongs to."""
    security_group_id: Output[str]
    """Id, like sg-...."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        vpc_id: Input[str],
        name: Input[str],
        rules: Input[Sequence[Input[RuleArgs]]],
        description: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "ctyun:vpc:SecurityGroup", resource_name, opts, region=region, vpc_id=vpc_id, name=name, rules=rules,
            description=description,
        )  # fmt: skip
