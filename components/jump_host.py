"""The one server that administrators reach by SSH; the way to all others leads through it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pulumi
from pulumi import Output

from pulumi_ctyun.resources import JumpArgs

from .base import Component
from .checks import Problem
from .server import Server, ServerArgs

JumpHostArgs = ServerArgs


class JumpHost(Component):
    """A server in the network's jump group, with a public address."""

    address: Output[str]
    """Public address."""
    private_address: Output[str]
    """Inside the VPC."""
    instance_id: Output[str]
    host_key: Output[str]
    """The public host key by which it is known."""

    def __init__(self, name: str, args: JumpHostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        problems = [*args.name_problems(name), *args.problems(), *_public_problems(args)]
        super().__init__("server:JumpHost", name, "jump host", problems, opts)
        groups = [*args.network.jump_group_ids, *args.security_group_ids]
        self.server = Server(name, replace(args, security_group_ids=groups), self.child)
        self.address, self.private_address = self.server.address, self.server.private_address
        self.instance_id, self.host_key = self.server.instance_id, self.server.host_key
        self.register()

    @property
    def as_jump(self) -> Output[JumpArgs]:
        """The way through it, for other servers' `jump`."""
        return self.server.host.as_jump


def _public_problems(args: JumpHostArgs) -> Iterator[Problem]:
    if not args.public:
        yield Problem("public", "is False; administrators reach a jump host at its public address")
