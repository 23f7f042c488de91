"""A MySQL database with a primary and a standby in two zones, behind one address that follows the primary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources import (
    Eip,
    MysqlAccount,
    MysqlDatabase,
    MysqlEip,
    MysqlGrantArgs,
    MysqlInstance,
    MysqlWhiteList,
    SecurityGroup,
)
from pulumi_ctyun.resources.declarations import rds_rules, rules
from pulumi_ctyun.resources.declarations.rds import FAILOVERS, HA_MODES

from . import reach
from .checks import Problem, each, one, refuse
from .network import Network
from .sites import Connection


@dataclass(frozen=True)
class DatabaseArgs:
    """Where its two servers stand, what it holds, and who may reach it besides the servers of its network."""

    network: Network
    zone: str
    standby_zone: str
    schema: str
    user: str
    password: Input[str]
    flavor: str = "2C4G"
    storage_gib: int = 100  # the smallest that there is
    failover: str = "auto"  # manual: the standby waits until somebody says so
    ha_mode: str = "reliability"  # usability: also a standby that may lack writes takes over
    public: bool = False  # with an address on the internet; who reaches it there stands in `reachable_from`
    reachable_from: Sequence[str] = ()
    bandwidth: int = 5  # Mbit/s of the public address

    def problems(self) -> Iterator[Problem]:
        yield from one("zone", self.zone, rules.zone)
        yield from one("standby_zone", self.standby_zone, rules.zone)
        if self.zone == self.standby_zone:
            yield Problem("standby_zone", f"{self.standby_zone} is the primary's zone, too; they would be lost together")
        yield from one("flavor", self.flavor, rds_rules.size)
        yield from one("schema", self.schema, rds_rules.database_name)
        yield from one("user", self.user, rds_rules.account_name)
        if isinstance(self.password, str):  # else one that is not known yet
            yield from one("password", self.password, rds_rules.password)
        if self.storage_gib < 100:
            yield Problem("storage_gib", f"is {self.storage_gib}; 100 is the smallest")
        yield from one("failover", self.failover, rules.one_of(*FAILOVERS))
        yield from one("ha_mode", self.ha_mode, rules.one_of(*HA_MODES))
        yield from each("reachable_from", self.reachable_from, rules.any_cidr)

    def name_problems(self, name: str) -> Iterator[Problem]:
        """Of a database with this name: what its parts are called in the cloud may be too long."""
        full_name = f"{self.network.prefix}-{name}"
        yield from one("name", full_name, rds_rules.instance_name)
        yield from one("name", f"{full_name}-group", rules.network_name)


class Database(pulumi.ComponentResource):
    """The pair, a database in it, an account for that database, and a white list. Tables are the application's affair."""

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(f"database {name}", [*args.name_problems(name), *args.problems()])
        super().__init__("drlab:database:Database", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self._full_name = f"{args.network.prefix}-{name}"
        self.instance = self._instance(name)
        self.public_address = self._public_address(name) if args.public else None
        self._usable = self._contents(name)
        self.register_outputs({"host": self.host, "nodes": self.nodes})

    @property
    def host(self) -> Output[str]:
        """Address inside the VPC, known as soon as the account can use it."""
        done = [part.urn for part in self._usable]
        return Output.all(self.instance.address, *done).apply(lambda known: str(known[0]))

    @property
    def nodes(self) -> Output[Sequence[Mapping[str, str]]]:
        """Name, zone and role of each of its servers, as the last update saw them."""
        return self.instance.nodes

    @property
    def connection(self) -> Connection:
        """What an application needs to use it."""
        return Connection(self._args.schema, self._args.user, self._args.password, self.host, self.instance.instance_id)

    def _instance(self, name: str) -> MysqlInstance:
        args, network = self._args, self._args.network
        group = SecurityGroup(
            f"{name}-group",
            region=network.region,
            vpc_id=network.vpc_id,
            name=f"{self._full_name}-group",
            rules=reach.database(network.web_group_ids[0], network.jump_group_ids[0], args.reachable_from),
            opts=self._child,
        )
        return MysqlInstance(
            name,
            region=network.region,
            name=self._full_name,
            flavor=args.flavor,
            vpc_id=network.vpc_id,
            subnet_id=network.subnet_id,
            security_group_id=group.security_group_id,
            zone=args.zone,
            standby_zone=args.standby_zone,
            storage_gib=args.storage_gib,
            ha_mode=args.ha_mode,
            failover=args.failover,
            opts=self._child,
        )

    def _contents(self, name: str) -> list[pulumi.Resource]:
        args, region, instance_id = self._args, self._args.network.region, self.instance.instance_id
        inside = pulumi.ResourceOptions(parent=self, deleted_with=self.instance)  # it goes with the instance
        schema = MysqlDatabase(f"{name}-schema", region=region, instance_id=instance_id, name=args.schema, opts=inside)
        account = MysqlAccount(
            f"{name}-account",
            region=region,
            instance_id=instance_id,
            name=args.user,
            password=args.password,
            grants=[MysqlGrantArgs(database=schema.name, privilege="readWrite")],
            opts=inside,
        )
        white_list = MysqlWhiteList(
            f"{name}-white-list",
            region=region,
            instance_id=instance_id,
            name="network",
            addresses=list(dict.fromkeys([args.network.cidr, *args.reachable_from])),
            opts=inside,
        )
        return [account, white_list]

    def _public_address(self, name: str) -> Output[str]:
        region, bandwidth = self._args.network.region, self._args.bandwidth
        eip = Eip(f"{name}-eip", region=region, name=f"{self._full_name}-eip", bandwidth=bandwidth, opts=self._child)
        bound = MysqlEip(f"{name}-eip", region=region, instance_id=self.instance.instance_id, eip_id=eip.eip_id, opts=self._child)
        return bound.address
