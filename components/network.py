"""A VPC with subnets, and security groups of least reach for a jump host and for web servers behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources import RuleArgs, SecurityGroup, Subnet, Vpc
from pulumi_ctyun.resources.declarations import rules

from . import security_rules
from .base import Component
from .checks import Problem, apart, each, inside, one
from .inputs import applied, joined


@dataclass(frozen=True)
class NetworkArgs:
    """A network: where, how large, and who may reach it."""

    region: Input[str]
    prefix: Input[str]  # physical names begin with it, so that two networks of one account can be told apart
    vpc_cidr: Input[str] = "192.168.0.0/16"
    subnets: Mapping[str, Input[str]] = field(default_factory=lambda: {"subnet": "192.168.1.0/24"})  # CIDRs; span all zones
    ssh_from: Input[Sequence[Input[str]]] = ()  # may open SSH to the jump host
    web_from: Input[Sequence[Input[str]]] = (security_rules.ANYWHERE,)  # may see the web servers' sites
    database_from: Input[Sequence[Input[str]]] = ()  # may reach databases on web servers, besides the jump host
    full_access: bool = False  # the course's Sys-FullAccess on top: everything from everywhere

    def problems(self) -> Iterator[Problem]:
        keys = {f"subnets[{name}]": cidr for name, cidr in self.subnets.items()}
        yield from one("prefix", joined(self.prefix, "-sys-full-access"), rules.network_name)
        yield from one("vpc_cidr", self.vpc_cidr, rules.vpc_cidr)
        if not keys:
            yield Problem("subnets", "is empty; servers live in subnets")
        for key, cidr in keys.items():
            yield from one(key, cidr, rules.cidr(16, 28))
            yield from inside(key, cidr, "vpc_cidr", self.vpc_cidr)
        for name in self.subnets:
            yield from one(f"subnets[{name}]", joined(self.prefix, f"-{name}"), rules.network_name)
        yield from apart(keys)
        for name, networks in (("ssh_from", self.ssh_from), ("web_from", self.web_from), ("database_from", self.database_from)):
            yield from each(name, networks, rules.any_cidr)


@dataclass(frozen=True)
class NetworkIds:
    """A network that another program has made: what components need to stand in it."""

    region: Input[str]
    prefix: Input[str]  # physical names begin with it
    vpc_id: Input[str]
    subnet_id: Input[str]
    cidr: Input[str]  # of the VPC; its servers may use databases
    web_group_ids: Sequence[Input[str]] = ()  # of web servers; databases let in the first
    jump_group_ids: Sequence[Input[str]] = ()  # of jump hosts; likewise


class Network(Component):
    """VPC, subnets, and a security group each for the jump host and the web servers."""

    vpc_id: Output[str]
    subnet_id: Output[str]
    """The first subnet, for whoever needs no other."""
    subnet_ids: Output[Mapping[str, str]]
    """Of every subnet, by its name."""
    jump_group_id: Output[str]
    web_group_id: Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network:Network", name, "network", args.problems(), opts)
        self.region, self.prefix, self.cidr = args.region, args.prefix, args.vpc_cidr
        self.vpc = Vpc(f"{name}-vpc", region=args.region, name=self._physical("vpc"), cidr=args.vpc_cidr, opts=self._named("vpc"))
        self.vpc_id = self.vpc.vpc_id
        self.subnets = {key: self._subnet(key, cidr) for key, cidr in args.subnets.items()}
        self.subnet_id = next(iter(self.subnets.values())).subnet_id
        self.subnet_ids = Output.all(**{key: subnet.subnet_id for key, subnet in self.subnets.items()})
        self._groups(args)
        self.register()

    def _groups(self, args: NetworkArgs) -> None:
        jump = self._group("jump-host", applied(security_rules.jump_host, args.ssh_from))
        self.jump_group_id = jump.security_group_id

        def web_rules(web_from: Sequence[str], database_from: Sequence[str]) -> list[RuleArgs]:
            return security_rules.web_server(web_from, self.jump_group_id, database_from)

        web = self._group("web", applied(web_rules, args.web_from, args.database_from))
        self.web_group_id = web.security_group_id
        open_groups = [self._group("sys-full-access", security_rules.everything())] if args.full_access else []
        self.jump_group_ids = [group.security_group_id for group in (jump, *open_groups)]
        self.web_group_ids = [group.security_group_id for group in (web, *open_groups)]

    def _physical(self, part: str) -> Input[str]:
        return joined(self.prefix, f"-{part}")

    def _subnet(self, key: str, cidr: Input[str]) -> Subnet:
        return Subnet(
            f"{self.pulumi_resource_name}-{key}",
            region=self.region,
            vpc_id=self.vpc_id,
            name=self._physical(key),
            cidr=cidr,
            opts=self._named(key),
        )

    def _group(self, role: str, wanted: Input[Sequence[RuleArgs]]) -> SecurityGroup:
        return SecurityGroup(
            f"{self.pulumi_resource_name}-{role}-group",
            region=self.region,
            vpc_id=self.vpc_id,
            name=self._physical(role),
            rules=wanted,
            opts=self._named(f"{role}-group"),
        )

    def _named(self, earlier_name: str) -> pulumi.ResourceOptions:
        """Names began without the network's own once, so that there could be no second one: stacks from then keep theirs."""
        return pulumi.ResourceOptions(parent=self, aliases=[pulumi.Alias(name=earlier_name)])
