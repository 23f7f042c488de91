"""A VPC with subnets, and security groups of least reach for a jump host and for web servers behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from pulumi_ctyun.resources import RuleArgs, SecurityGroup, Subnet, Vpc
from pulumi_ctyun.resources.declarations import rules

from . import reach
from .checks import Problem, apart, each, inside, one, refuse


@dataclass(frozen=True)
class NetworkArgs:
    """A network: where, how large, and who may reach it."""

    region: str
    prefix: str  # physical names begin with it, so that two networks of one account can be told apart
    vpc_cidr: str = "192.168.0.0/16"
    subnets: Mapping[str, str] = field(default_factory=lambda: {"subnet": "192.168.1.0/24"})  # name -> CIDR; span all zones
    ssh_from: Sequence[str] = ()  # may open SSH to the jump host
    web_from: Sequence[str] = (reach.ANYWHERE,)  # may see the web servers' sites
    database_from: Sequence[str] = ()  # may reach databases on web servers, besides the jump host
    full_access: bool = False  # the course's Sys-FullAccess on top: everything from everywhere

    def problems(self) -> Iterator[Problem]:
        keys = {f"subnets[{name}]": cidr for name, cidr in self.subnets.items()}
        yield from one("prefix", f"{self.prefix}-sys-full-access", rules.network_name)
        yield from one("vpc_cidr", self.vpc_cidr, rules.vpc_cidr)
        if not keys:
            yield Problem("subnets", "is empty; servers live in subnets")
        for key, cidr in keys.items():
            yield from one(key, cidr, rules.cidr(16, 28))
            yield from inside(key, cidr, "vpc_cidr", self.vpc_cidr)
        for name in self.subnets:
            yield from one(f"subnets[{name}]", f"{self.prefix}-{name}", rules.network_name)
        yield from apart(keys)
        for name, networks in (("ssh_from", self.ssh_from), ("web_from", self.web_from), ("database_from", self.database_from)):
            yield from each(name, networks, rules.any_cidr)


class Network(pulumi.ComponentResource):
    """VPC, subnets, and a security group each for the jump host and the web servers."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(f"network {name}", args.problems())
        super().__init__("drlab:network:Network", name, None, opts)
        self._name, self.region, self.prefix, self.cidr = name, args.region, args.prefix, args.vpc_cidr
        self.vpc = Vpc(f"{name}-vpc", region=args.region, name=f"{args.prefix}-vpc", cidr=args.vpc_cidr, opts=self._child("vpc"))
        self.subnets = {key: self._subnet(key, cidr) for key, cidr in args.subnets.items()}
        jump = self._group("jump-host", reach.jump_host(args.ssh_from))
        web = self._group("web", reach.web_server(args.web_from, jump.security_group_id, args.database_from))
        open_groups = [self._group("sys-full-access", reach.everything())] if args.full_access else []
        self.jump_group_ids = [group.security_group_id for group in (jump, *open_groups)]
        self.web_group_ids = [group.security_group_id for group in (web, *open_groups)]
        self.register_outputs({"vpcId": self.vpc_id, "subnetId": self.subnet_id})

    @property
    def vpc_id(self) -> pulumi.Output[str]:
        return self.vpc.vpc_id

    @property
    def subnet_id(self) -> pulumi.Output[str]:
        """The first subnet, for whoever needs no other."""
        return next(iter(self.subnets.values())).subnet_id

    def _subnet(self, key: str, cidr: str) -> Subnet:
        return Subnet(
            f"{self._name}-{key}",
            region=self.region,
            vpc_id=self.vpc_id,
            name=f"{self.prefix}-{key}",
            cidr=cidr,
            opts=self._child(key),
        )

    def _group(self, role: str, wanted: Sequence[RuleArgs]) -> SecurityGroup:
        return SecurityGroup(
            f"{self._name}-{role}-group",
            region=self.region,
            vpc_id=self.vpc_id,
            name=f"{self.prefix}-{role}",
            rules=wanted,
            opts=self._child(f"{role}-group"),
        )

    def _child(self, earlier_name: str) -> pulumi.ResourceOptions:
        """Names began without the network's own once, so that there could be no second one: stacks from then keep theirs."""
        return pulumi.ResourceOptions(parent=self, aliases=[pulumi.Alias(name=earlier_name)])
