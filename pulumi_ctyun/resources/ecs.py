"""Servers and the key pairs that open them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources.base import CtyunResource


class KeyPair(CtyunResource):
    """A login key. Without `public_key` (RSA only) the cloud makes the pair and hands out `private_key` once."""

    region: Output[str]
    name: Output[str]
    key_pair_id: Output[str]
    """Id, for Instance."""
    public_key: Output[str]
    """The public half, one line."""
    private_key: Output[str]
    """The private half (secret), when the cloud made the pair."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        public_key: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ctyun:ecs:KeyPair", resource_name, opts, region=region, name=name, public_key=public_key)


class SystemDiskArgs(TypedDict):
    """`size` in GiB, `type` SATA, SAS, SSD, ... (SATA)."""

    size: Input[int]
    type: NotRequired[Input[str]]


class DataDiskArgs(TypedDict):
    """`size` in GiB, `type` SATA, SAS, SSD, ... (SATA)."""

    size: Input[int]
    type: NotRequired[Input[str]]


class Instance(CtyunResource):
    """A server; made when it runs.

    `zone`: AZ1, AZ2, .... `flavor`: a size (1C1G) or a flavour's name. `image`: name or id. `user_data`: text for cloud-init.
    Name, labels and security groups change in place; all else replaces the server.
    """

    region: Output[str]
    zone: Output[str]
    name: Output[str]
    flavor: Output[str]
    image: Output[str]
    password: Output[str | None]
    labels: Output[Mapping[str, str] | None]
    vpc_id: Output[str]
    """Its VPC."""
    subnet_id: Output[str]
    """Its subnet."""
    security_group_ids: Output[Sequence[str]]
    """Its security groups."""
    key_pair_id: Output[str | None]
    """The key that opens it."""
    user_data: Output[str | None]
    """What cloud-init got (secret)."""
    system_disk: Output[Mapping[str, object] | None]
    """Its system disk, when chosen."""
    data_disks: Output[Sequence[Mapping[str, object]] | None]
    """Its further disks."""
    fixed_address: Output[str | None]
    """The chosen private address."""
    instance_id: Output[str]
    """Id."""
    private_address: Output[str]
    """Address inside the VPC."""
    zone_name: Output[str]
    """The zone's name in the API."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        zone: Input[str],
        name: Input[str],
        flavor: Input[str],
        image: Input[str],
        vpc_id: Input[str],
        subnet_id: Input[str],
        security_group_ids: Input[Sequence[Input[str]]],
        key_pair_id: Input[str] | None = None,
        password: Input[str] | None = None,
        user_data: Input[str] | None = None,
        system_disk: Input[SystemDiskArgs] | None = None,
        data_disks: Input[Sequence[Input[DataDiskArgs]]] | None = None,
        fixed_address: Input[str] | None = None,
        labels: Input[Mapping[str, Input[str]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "ctyun:ecs:Instance", resource_name, opts, region=region, zone=zone, name=name, flavor=flavor, image=image,
            vpc_id=vpc_id, subnet_id=subnet_id, security_group_ids=security_group_ids, key_pair_id=key_pair_id,
            password=password, user_data=user_data, system_disk=system_disk, data_disks=data_disks,
            fixed_address=fixed_address, labels=labels,
        )  # fmt: skip
