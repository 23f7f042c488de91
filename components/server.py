"""A server whose SSH identity is known: what a jump host, a web server and any other have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources import ConnectionArgs, DataDiskArgs, Eip, EipAssociation, Host, HostKey, Instance, JumpArgs, KeyPair
from pulumi_ctyun.resources.declarations import rules

from .base import Component
from .checks import Problem, one
from .inputs import joined
from .network import Network, NetworkIds
from .user_data import NOTHING, cloud_config


@dataclass(frozen=True)
class LoginKey:
    """A key pair that another program has made."""

    key_pair_id: Input[str]
    private_key: Input[str]  # PEM; secret


@dataclass(frozen=True)
class ServerArgs:
    """A server: where it stands, what it is, which key opens it."""

    network: Network | NetworkIds
    key: KeyPair | LoginKey
    zone: Input[str]
    flavor: Input[str]
    image: Input[str]
    bandwidth: Input[int] = 5  # Mbit/s of its public address; enough for a lab, and cheap
    data_disks: Sequence[Input[int]] = ()  # GiB each, empty; an image of a whole machine brings its own besides
    public: bool = True  # False: no address on the internet, which costs money; nor a way out, to packages for instance
    labels: Input[Mapping[str, Input[str]]] | None = None
    security_group_ids: Sequence[Input[str]] = ()  # besides those of what it is: web server, jump host
    jump: Input[JumpArgs] | None = None  # through which SSH leads to it; without, SSH goes to its own address
    script: Input[str] = NOTHING  # runs once at the first boot, as root; egress comes only when the public address is bound

    def problems(self) -> Iterator[Problem]:
        yield from one("zone", self.zone, rules.zone)
        yield from one("flavor", self.flavor, rules.flavor)
        yield from one("image", self.image, rules.not_empty)
        yield from one("labels", self.labels, rules.labels)

    def name_problems(self, name: str) -> Iterator[Problem]:
        """Of a server with this name: what it and its address are called in the cloud may be too long."""
        full_name = joined(self.network.prefix, f"-{name}")
        yield from one("name", full_name, rules.server_name)
        if self.public:
            yield from one("name", joined(full_name, "-eip"), rules.network_name)


class Server(Component):
    """Instance, a public address if wanted, and the pinned identity under which SSH reaches it; ready after its first boot."""

    address: Output[str]
    """Where it is reached: its public address, or the private one when it has no other."""
    private_address: Output[str]
    """Inside the VPC."""
    instance_id: Output[str]
    host_key: Output[str]
    """The public host key by which it is known."""
    eip: Eip | None = None

    def __init__(self, name: str, args: ServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        problems = [*args.name_problems(name), *args.problems()]
        if not args.security_group_ids:
            problems.append(Problem("security_group_ids", "is empty; a server is a member of at least one"))
        super().__init__("server:Server", name, "server", problems, opts)
        self.name, self.zone, self.key, self.jump = name, args.zone, args.key, args.jump
        first_key = HostKey(f"{name}-first-key", opts=self.child)
        self.instance = self._instance(args, first_key)
        self.private_address, self.instance_id = self.instance.private_address, self.instance.instance_id
        bound = self._public_address(args) if args.public else []
        self.address = self.eip.address if self.eip else self.private_address
        # What lives on a server goes with it: no SSH to a server that is about to be deleted, or that has no power.
        self.lifecycle_opts = pulumi.ResourceOptions(parent=self, deleted_with=self.instance)
        waits_for = [] if args.jump else bound  # through a jump host SSH needs no public address
        self.host: Host = Host(
            name,
            address=self.private_address if args.jump else self.address,
            private_key=args.key.private_key,
            bootstrap_host_key=first_key.public_key,
            jump=self.jump,
            triggers=[self.instance_id],
            opts=pulumi.ResourceOptions.merge(self.lifecycle_opts, pulumi.ResourceOptions(depends_on=waits_for)),
        )
        self.host_key = self.host.host_key
        self.register()

    @property
    def connection(self) -> Output[ConnectionArgs]:
        """How SSH reaches it, at the end of `way`."""
        return self.host.connection

    def _instance(self, args: ServerArgs, first_key: HostKey) -> Instance:
        network = args.network
        return Instance(
            self.name,
            region=network.region,
            zone=args.zone,
            name=joined(network.prefix, f"-{self.name}"),
            flavor=args.flavor,
            image=args.image,
            vpc_id=network.vpc_id,
            subnet_id=network.subnet_id,
            security_group_ids=args.security_group_ids,
            key_pair_id=args.key.key_pair_id,
            user_data=_user_data(first_key, args.script),
            data_disks=[DataDiskArgs(size=size) for size in args.data_disks] or None,
            labels=args.labels,
            opts=self.child,
        )

    def _public_address(self, args: ServerArgs) -> list[pulumi.Resource]:
        region, called = args.network.region, joined(args.network.prefix, f"-{self.name}-eip")
        self.eip = Eip(f"{self.name}-eip", region=region, name=called, bandwidth=args.bandwidth, opts=self.child)
        bound = EipAssociation(
            f"{self.name}-eip", region=region, eip_id=self.eip.eip_id, instance_id=self.instance_id, opts=self.child
        )
        return [bound]


def _user_data(first_key: HostKey, script: Input[str]) -> Output[str]:
    parts = Output.all(private_key=first_key.private_key, public_key=first_key.public_key, script=script)
    return parts.apply(lambda known: cloud_config(**known))
