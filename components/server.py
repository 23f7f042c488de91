"""What a jump host and a web server have in common: a server with a public address whose SSH identity is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources import ConnectionArgs, DataDiskArgs, Eip, EipAssociation, Host, HostKey, Instance, KeyPair
from pulumi_ctyun.resources.declarations import rules

from .checks import Problem, one
from .network import Network
from .user_data import NOTHING, cloud_config


@dataclass(frozen=True)
class ServerArgs:
    """A server: where it stands, what it is, which key opens it."""

    network: Network
    key: KeyPair
    zone: str
    flavor: str
    image: Input[str]
    bandwidth: int = 5  # Mbit/s of its public address; enough for a lab, and cheap
    data_disks: Sequence[int] = ()  # GiB each, empty; an image of a whole machine brings its own besides

    def problems(self) -> Iterator[Problem]:
        yield from one("zone", self.zone, rules.zone)
        yield from one("flavor", self.flavor, rules.flavor)
        if isinstance(self.image, str):  # else one that is not made yet
            yield from one("image", self.image, rules.not_empty)

    def name_problems(self, name: str) -> Iterator[Problem]:
        """Of a server with this name: what it and its address are called in the cloud may be too long."""
        full_name = f"{self.network.prefix}-{name}"
        yield from one("name", full_name, rules.server_name)
        yield from one("name", f"{full_name}-eip", rules.network_name)


class Server(pulumi.ComponentResource):
    """Instance, public address, and the pinned identity under which SSH reaches it; ready when its first boot is done.

    `jump`: the server through which SSH leads; without it SSH goes to the public address. `script`: runs once at the
    first boot, as root. It cannot count on egress at once: the address is bound when the instance exists.
    """

    def __init__(
        self,
        name: str,
        args: ServerArgs,
        group_ids: Sequence[Input[str]],
        *,
        jump: Server | None = None,
        script: str = NOTHING,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("drlab:server:Server", name, None, opts)
        self.name, self.zone, self.key = name, args.zone, args.key
        network, child = args.network, pulumi.ResourceOptions(parent=self)
        full_name = f"{network.prefix}-{name}"
        first_key = HostKey(f"{name}-first-key", opts=child)
        self.instance = Instance(
            name,
            region=network.region,
            zone=args.zone,
            name=full_name,
            flavor=args.flavor,
            image=args.image,
            vpc_id=network.vpc_id,
            subnet_id=network.subnet_id,
            security_group_ids=group_ids,
            key_pair_id=args.key.key_pair_id,
            user_data=_user_data(first_key, script),
            data_disks=[DataDiskArgs(size=size) for size in args.data_disks] or None,
            opts=child,
        )
        self.eip = Eip(f"{name}-eip", region=network.region, name=f"{full_name}-eip", bandwidth=args.bandwidth, opts=child)
        bound = EipAssociation(
            f"{name}-eip",
            region=network.region,
            eip_id=self.eip.eip_id,
            instance_id=self.instance.instance_id,
            opts=child,
        )
        self.way = jump.host.as_jump if jump else None
        # What lives on a server goes with it: no SSH to a server that is about to be deleted, or that has no power.
        self.goes_with = pulumi.ResourceOptions(parent=self, deleted_with=self.instance)
        waits_for = [] if jump else [bound]  # through a jump host SSH needs no public address
        self.host: Host = Host(
            name,
            address=self.private_address if jump else self.address,
            private_key=args.key.private_key,
            bootstrap_host_key=first_key.public_key,
            jump=self.way,
            triggers=[self.instance.instance_id],
            opts=pulumi.ResourceOptions.merge(self.goes_with, pulumi.ResourceOptions(depends_on=waits_for)),
        )
        self.register_outputs({"address": self.address, "privateAddress": self.private_address})

    @property
    def address(self) -> Output[str]:
        """Public address."""
        return self.eip.address

    @property
    def private_address(self) -> Output[str]:
        """Address inside the VPC."""
        return self.instance.private_address

    @property
    def connection(self) -> Output[ConnectionArgs]:
        """How SSH reaches it, at the end of `way`."""
        return self.host.connection


def _user_data(first_key: HostKey, script: str) -> Output[str]:
    parts = Output.all(private_key=first_key.private_key, public_key=first_key.public_key)
    return parts.apply(lambda known: cloud_config(**known, script=script))
