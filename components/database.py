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
    RuleArgs,
    SecurityGroup,
)
from pulumi_ctyun.resources.declarations import rds_rules, rules
from pulumi_ctyun.resources.declarations.rds import FAILOVERS, HA_MODES

from . import security_rules
from .base import Component
from .checks import Problem, each, not_less, one
from .inputs import applied, is_known, joined
from .network import Network, NetworkIds
from .sites import Connection


@dataclass(frozen=True)
class DatabaseArgs:
    """Where its two servers stand, what it holds, and who may reach it besides the servers of its network."""

    network: Network | NetworkIds
    zone: Input[str]
    standby_zone: Input[str]
    schema: Input[str]
    user: Input[str]
    password: Input[str]
    flavor: Input[str] = "2C4G"
    storage_gib: Input[int] = 100  # the smallest that there is
    failover: Input[str] = "auto"  # manual: the standby waits until somebody says so
    ha_mode: Input[str] = "reliability"  # usability: also a standby that may lack writes takes over
    public: bool = False  # with an address on the internet; who reaches it there stands in `reachable_from`
    reachable_from: Input[Sequence[Input[str]]] = ()
    bandwidth: Input[int] = 5  # Mbit/s of the public address

    def problems(self) -> Iterator[Problem]:
        yield from one("zone", self.zone, rules.zone)
        yield from one("standby_zone", self.standby_zone, rules.zone)
        if is_known(self.zone) and self.zone == self.standby_zone:
            yield Problem("standby_zone", f"{self.standby_zone} is the primary's zone, too; they would be lost together")
        yield from one("flavor", self.flavor, rds_rules.size)
        yield from one("schema", self.schema, rds_rules.database_name)
        yield from one("user", self.user, rds_rules.account_name)
        yield from one("password", self.password, rds_rules.password)
        yield from one("storage_gib", self.storage_gib, not_less(100, "100 is the smallest"))
        yield from one("failover", self.failover, rules.one_of(*FAILOVERS))
        yield from one("ha_mode", self.ha_mode, rules.one_of(*HA_MODES))
        yield from each("reachable_from", self.reachable_from, rules.any_cidr)

    def name_problems(self, name: str) -> Iterator[Problem]:
        """Of a database with this name: what its parts are called in the cloud may be too long."""
        full_name = joined(self.network.prefix, f"-{name}")
        yield from one("name", full_name, rds_rules.instance_name)
        yield from one("name", joined(full_name, "-group"), rules.network_name)


class Database(Component):
    """The pair, a database in it, an account for that database, and a white list. Tables are the application's affair."""

    host: Output[str]
    """Address inside the VPC, known as soon as the account can use it."""
    nodes: Output[Sequence[Mapping[str, str]]]
    """Name, zone and role of each of its servers, as the last update saw them."""
    instance_id: Output[str]
    public_address: Output[str | None]
    """On the internet, if it was wanted."""

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("database:Database", name, "database", [*args.name_problems(name), *args.problems()], opts)
        self._args, self._full_name = args, joined(args.network.prefix, f"-{name}")
        self.instance = self._instance(name)
        self.instance_id, self.nodes = self.instance.instance_id, self.instance.nodes
        self.public_address = self._public_address(name) if args.public else Output.from_input(None)
        usable = [part.urn for part in self._contents(name)]
        self.host = Output.all(self.instance.address, *usable).apply(lambda known: str(known[0]))
        self.register()

    @property
    def connection(self) -> Connection:
        """What an application needs to use it."""
        return Connection(self._args.schema, self._args.user, self._args.password, self.host, self.instance_id)

    def _instance(self, name: str) -> MysqlInstance:
        args, network = self._args, self._args.network
        group = SecurityGroup(
            f"{name}-group",
            region=network.region,
            vpc_id=network.vpc_id,
            name=joined(self._full_name, "-group"),
            rules=applied(self._rules, args.reachable_from),
            opts=self.child,
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
            opts=self.child,
        )

    def _rules(self, networks: Sequence[str]) -> list[RuleArgs]:
        network = self._args.network
        return security_rules.database(network.web_group_ids[:1], network.jump_group_ids[:1], networks)

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
            addresses=applied(_addresses, args.network.cidr, args.reachable_from),
            opts=inside,
        )
        return [account, white_list]

    def _public_address(self, name: str) -> Output[str]:
        region, bandwidth = self._args.network.region, self._args.bandwidth
        eip = Eip(f"{name}-eip", region=region, name=joined(self._full_name, "-eip"), bandwidth=bandwidth, opts=self.child)
        bound = MysqlEip(f"{name}-eip", region=region, instance_id=self.instance.instance_id, eip_id=eip.eip_id, opts=self.child)
        return bound.address


def _addresses(inside: str, networks: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([inside, *networks]))
