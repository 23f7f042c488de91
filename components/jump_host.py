"""The one server that administrators reach by SSH; the way to all others leads through it."""

from __future__ import annotations

import pulumi
from pulumi import Output

from .checks import refuse
from .server import Server, ServerArgs

JumpHostArgs = ServerArgs


class JumpHost(pulumi.ComponentResource):
    """A server in the network's jump group, with a public address."""

    def __init__(self, name: str, args: JumpHostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(f"jump host {name}", [*args.name_problems(name), *args.problems()])
        super().__init__("drlab:server:JumpHost", name, None, opts)
        parent = pulumi.ResourceOptions(parent=self)
        self.server = Server(name, args, args.network.jump_group_ids, opts=parent)
        self.register_outputs({"address": self.address})

    @property
    def address(self) -> Output[str]:
        """Public address."""
        return self.server.address

    @property
    def host_key(self) -> Output[str]:
        """The public host key by which it is known."""
        return self.server.host.host_key
