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

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        public_key: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"region": region, "name": name, "publicKey": public_key}
        super().__init__("ctyun:ecs:KeyPair", resource_name, inputs, ["keyPairId", "privateKey"], opts)

    @property
    def key_pair_id(self) -> Output[str]:
        """Id, for Instance."""
        return self.output("keyPairId")

    @property
    def public_key(self) -> Output[str]:
        """The public half, one line."""
        return self.output("publicKey")

    @property
    def private_key(self) -> Output[str]:
        """The private half (secret), when the cloud made the pair."""
        return self.output("privateKey")


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
        inputs = {
            "region": region,
            "zone": zone,
            "name": name,
            "flavor": flavor,
            "image": image,
            "vpcId": vpc_id,
            "subnetId": subnet_id,
            "securityGroupIds": security_group_ids,
            "keyPairId": key_pair_id,
            "password": password,
            "userData": user_data,
            "systemDisk": system_disk,
            "dataDisks": data_disks,
            "fixedAddress": fixed_address,
            "labels": labels,
        }
        super().__init__("ctyun:ecs:Instance", resource_name, inputs, ["instanceId", "privateAddress", "zoneName"], opts)

    @property
    def vpc_id(self) -> Output[str]:
        """Its VPC."""
        return self.output("vpcId")

    @property
    def subnet_id(self) -> Output[str]:
        """Its subnet."""
        return self.output("subnetId")

    @property
    def security_group_ids(self) -> Output[Sequence[str]]:
        """Its security groups."""
        return self.output("securityGroupIds")

    @property
    def key_pair_id(self) -> Output[str | None]:
        """The key that opens it."""
        return self.output("keyPairId")

    @property
    def user_data(self) -> Output[str | None]:
        """What cloud-init got (secret)."""
        return self.output("userData")

    @property
    def system_disk(self) -> Output[Mapping[str, object] | None]:
        """Its system disk, when chosen."""
        return self.output("systemDisk")

    @property
    def data_disks(self) -> Output[Sequence[Mapping[str, object]] | None]:
        """Its further disks."""
        return self.output("dataDisks")

    @property
    def fixed_address(self) -> Output[str | None]:
        """The chosen private address."""
        return self.output("fixedAddress")

    @property
    def instance_id(self) -> Output[str]:
        """Id."""
        return self.output("instanceId")

    @property
    def private_address(self) -> Output[str]:
        """Address inside the VPC."""
        return self.output("privateAddress")

    @property
    def zone_name(self) -> Output[str]:
        """The zone's name in the API."""
        return self.output("zoneName")
