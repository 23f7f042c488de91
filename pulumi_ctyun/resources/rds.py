"""RDS for MySQL: instances, their databases, accounts, white lists and public addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources.base import CtyunResource


class MysqlInstance(CtyunResource):
    """A MySQL instance; made when it takes connections.

    With `standby_zone` it has a standby there, and `address` follows the primary. `flavor`: a size (2C4G). `storage_gib`: 100
    to 32768. `password`: of root, which cannot log in without. `failover`: "auto" or "manual". Security group, password,
    `ha_mode`, `sync_mode` and `failover` change in place; all else replaces the instance and its data.
    """

    region: Output[str]
    name: Output[str]
    version: Output[str]
    flavor: Output[str]
    zone: Output[str]
    password: Output[str | None]
    failover: Output[str]
    address: Output[str]
    port: Output[int]
    nodes: Output[Sequence[Mapping[str, str]]]

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        vpc_id: Input[str],
        subnet_id: Input[str],
        security_group_id: Input[str],
        zone: Input[str],
        standby_zone: Input[str] | None = None,
        version: Input[str] | None = None,
        flavor: Input[str] | None = None,
        storage_type: Input[str] | None = None,
        storage_gib: Input[int] | None = None,
        password: Input[str] | None = None,
        ha_mode: Input[str] | None = None,
        sync_mode: Input[str] | None = None,
        failover: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "region": region,
            "name": name,
            "version": version,
            "flavor": flavor,
            "vpcId": vpc_id,
            "subnetId": subnet_id,
            "securityGroupId": security_group_id,
            "zone": zone,
            "standbyZone": standby_zone,
            "storageType": storage_type,
            "storageGib": storage_gib,
            "password": password,
            "haMode": ha_mode,
            "syncMode": sync_mode,
            "failover": failover,
        }
        super().__init__("ctyun:rds:MysqlInstance", resource_name, inputs, ["instanceId", "address", "port", "nodes"], opts)

    @property
    def instance_id(self) -> Output[str]:
        """Id, for the other classes here."""
        return self.output("instanceId")

    @property
    def vpc_id(self) -> Output[str]:
        """Its VPC."""
        return self.output("vpcId")

    @property
    def subnet_id(self) -> Output[str]:
        """Its subnet."""
        return self.output("subnetId")

    @property
    def security_group_id(self) -> Output[str]:
        """Its security group."""
        return self.output("securityGroupId")

    @property
    def standby_zone(self) -> Output[str | None]:
        """Where its standby was ordered, when it has one."""
        return self.output("standbyZone")

    @property
    def storage_type(self) -> Output[str]:
        """Its kind of storage."""
        return self.output("storageType")

    @property
    def storage_gib(self) -> Output[int]:
        """Its storage in GiB."""
        return self.output("storageGib")

    @property
    def ha_mode(self) -> Output[str]:
        """Whether a standby that may lack writes is promoted (usability) or not (reliability)."""
        return self.output("haMode")

    @property
    def sync_mode(self) -> Output[str]:
        """Semi_sync or Async."""
        return self.output("syncMode")


class MysqlDatabase(CtyunResource):
    """A database in an instance; deleting it deletes its tables. `charset`: utf8mb4 when absent."""

    region: Output[str]
    name: Output[str]
    charset: Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        instance_id: Input[str],
        name: Input[str],
        charset: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"region": region, "instanceId": instance_id, "name": name, "charset": charset}
        super().__init__("ctyun:rds:MysqlDatabase", resource_name, inputs, [], opts)

    @property
    def instance_id(self) -> Output[str]:
        """The instance it is in."""
        return self.output("instanceId")


class MysqlGrantArgs(TypedDict):
    """`privilege`: readWrite, readOnly, ddl or dml."""

    database: Input[str]
    privilege: Input[str]


class MysqlAccount(CtyunResource):
    """Who may log in to an instance, from whatever address its white lists let in. Password and grants change in place."""

    region: Output[str]
    name: Output[str]
    password: Output[str]
    grants: Output[Sequence[Mapping[str, str]]]

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        instance_id: Input[str],
        name: Input[str],
        password: Input[str],
        grants: Input[Sequence[Input[MysqlGrantArgs]]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"region": region, "instanceId": instance_id, "name": name, "password": password, "grants": grants}
        super().__init__("ctyun:rds:MysqlAccount", resource_name, inputs, [], opts)

    @property
    def instance_id(self) -> Output[str]:
        """The instance it opens."""
        return self.output("instanceId")


class MysqlWhiteList(CtyunResource):
    """Addresses and networks that may connect to an instance; they change in place."""

    region: Output[str]
    name: Output[str]
    addresses: Output[Sequence[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        instance_id: Input[str],
        name: Input[str],
        addresses: Input[Sequence[Input[str]]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"region": region, "instanceId": instance_id, "name": name, "addresses": addresses}
        super().__init__("ctyun:rds:MysqlWhiteList", resource_name, inputs, [], opts)

    @property
    def instance_id(self) -> Output[str]:
        """The instance it guards."""
        return self.output("instanceId")


class MysqlEip(CtyunResource):
    """Binds a public address to an instance; it leads to whichever server is the primary."""

    region: Output[str]
    address: Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        instance_id: Input[str],
        eip_id: Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"region": region, "instanceId": instance_id, "eipId": eip_id}
        super().__init__("ctyun:rds:MysqlEip", resource_name, inputs, ["address"], opts)

    @property
    def instance_id(self) -> Output[str]:
        """The instance."""
        return self.output("instanceId")

    @property
    def eip_id(self) -> Output[str]:
        """The public address' id."""
        return self.output("eipId")
