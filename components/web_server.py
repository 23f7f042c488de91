"""A web server behind a jump host: its site is brought there over SSH, as the course uploads it by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources import JumpArgs, RemoteCommand, RemoteFiles

from .base import Component
from .checks import Problem
from .jump_host import JumpHost
from .server import Server, ServerArgs
from .sites import Site


@dataclass(frozen=True)
class WebServerArgs:
    """The server, the way to it, and what it serves."""

    server: ServerArgs
    jump: JumpHost | Input[JumpArgs]
    site: Site
    prepared: bool = False  # its image is that of a server with this site: nothing to install

    def problems(self) -> Iterator[Problem]:
        yield from self.server.problems()
        yield from self.site.problems()

    def whole_server(self) -> ServerArgs:
        """With what makes it a web server."""
        return replace(
            self.server,
            security_group_ids=[*self.server.network.web_group_ids, *self.server.security_group_ids],
            jump=self.jump.as_jump if isinstance(self.jump, JumpHost) else self.jump,
            script=self.server.script if self.prepared else self.site.install_script(),
        )


class WebServer(Component):
    """A server in the network's web group with its site running; ready when the site answers on the server itself."""

    url: Output[str]
    """The site: from outside, or inside the VPC when the server has no public address."""
    private_address: Output[str]
    """Inside the VPC."""
    instance_id: Output[str]
    host_key: Output[str]
    """The public host key by which it is known."""

    def __init__(self, name: str, args: WebServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        problems = [*args.server.name_problems(name), *args.problems()]
        super().__init__("server:WebServer", name, "web server", problems, opts)
        self.server = Server(name, args.whole_server(), self.child)
        self.private_address, self.instance_id = self.server.private_address, self.server.instance_id
        self.url, self.host_key = Output.concat("http://", self.server.address), self.server.host_key
        connection, jump, private_key = self.server.connection, self.server.jump, args.server.key.private_key
        files = args.site.files(name, args.server.zone, self.private_address)
        sent = RemoteFiles(
            f"{name}-site", host=connection, jump=jump, private_key=private_key, files=files, opts=self.server.lifecycle_opts
        )
        self.ready: pulumi.Resource = RemoteCommand(  # made when the site answers
            f"{name}-site",
            host=connection,
            jump=jump,
            private_key=private_key,
            create=args.site.configure_script(),
            triggers=Output.all(sent.hashes, sent.revision).apply(lambda known: _versions(*known)),
            opts=self.server.lifecycle_opts,
        )
        self.register()


def _versions(hashes: Mapping[str, str], revision: str | None) -> list[str]:
    """What the site's script is to run for: files that have changed, and files that had to be sent again."""
    return [*(f"{path} {hashes[path]}" for path in sorted(hashes)), *([revision] if revision else [])]
