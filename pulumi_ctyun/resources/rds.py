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
    instance_id: Output[str]
    """Id, for the other classes here."""
    vpc_id: Output[str]
    """Its VPC."""
    subnet_id: Output[str]
    """Its subnet."""
    security_group_id: Output[str]
    """Its security group."""
    standby_zone: Output[str | None]
    """Where its standby was ordered, when it has one."""
    storage_type: Output[str]
    """Its kind of storage."""
    storage_gib: Output[int]
    """Its storage in GiB."""
    ha_mode: Output[str]
    """Whether a standby that may lack writes is promoted (usability) or not (reliability)."""
    sync_mode: Output[str]
    """Semi_sync or Async."""

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
        super().__init__(
            "ctyun:rds:MysqlInstance", resource_name, opts, region=region, name=name, version=version, flavor=flavor,
            vpc_id=vpc_id, subnet_id=subnet_id, security_group_id=security_group_id, zone=zone, standby_zone=standby_zone,
            storage_type=storage_type, storage_gib=storage_gib, password=password, ha_mode=ha_mode, sync_mode=sync_mode,
            failover=failover,
        )  # fmt: skip


class MysqlDatabase(CtyunResource):
    """A database in an instance; deleting it deletes its tables. `charset`: utf8mb4 when absent."""

    region: Output[str]
    name: Output[str]
    charset: Output[str]
    instance_id: Output[str]
    """The instance it is in."""

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
        super().__init__(
            "ctyun:rds:MysqlDatabase", resource_name, opts, region=region, instance_id=instance_id, name=name,
            charset=charset,
        )  # fmt: skip


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
    instance_id: Output[str]
    """The instance it opens."""

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
        super().__init__(
            "ctyun:rds:MysqlAccount", resource_name, opts, region=region, instance_id=instance_id, name=name,
            password=password, grants=grants,
        )  # fmt: skip


class MysqlWhiteList(CtyunResource):
    """Addresses and networks that may connect to an instance; they change in place."""

    region: Output[str]
    name: Output[str]
    addresses: Output[Sequence[str]]
    instance_id: Output[str]
    """The instance it guards."""

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
        super().__init__(
            "ctyun:rds:MysqlWhiteList", resource_name, opts, region=region, instance_id=instance_id, name=name,
            addresses=addresses,
        )  # fmt: skip


class MysqlEip(CtyunResource):
    """Binds a public address to an instance; it leads to whichever server is the primary."""

    region: Output[str]
    address: Output[str]
    instance_id: Output[str]
    """The instance."""
    eip_id: Output[str]
    """The public address' id."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        instance_id: Input[str],
        eip_id: Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ctyun:rds:MysqlEip", resource_name, opts, region=region, instance_id=instance_id, eip_id=eip_id)
