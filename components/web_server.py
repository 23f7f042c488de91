"""A web server behind a jump host: its site is brought there over SSH, as the course uploads it by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi
from pulumi import Output

from pulumi_ctyun.resources import RemoteCommand, RemoteFiles

from .checks import Problem, refuse
from .jump_host import JumpHost
from .server import Server, ServerArgs
from .sites import Site
from .user_data import NOTHING


@dataclass(frozen=True)
class WebServerArgs:
    """The server, the way to it, and what it serves."""

    server: ServerArgs
    jump: JumpHost
    site: Site
    prepared: bool = False  # its image is that of a server with this site: nothing to install

    def problems(self) -> Iterator[Problem]:
        yield from self.server.problems()
        yield from self.site.problems()


class WebServer(pulumi.ComponentResource):
    """A server in the network's web group with its site running; ready when the site answers on the server itself."""

    def __init__(self, name: str, args: WebServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(f"web server {name}", [*args.server.name_problems(name), *args.problems()])
        super().__init__("drlab:server:WebServer", name, None, opts)
        self.server = Server(
            name,
            args.server,
            args.server.network.web_group_ids,
            jump=args.jump.server,
            script=NOTHING if args.prepared else args.site.install_script(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        connection, way, private_key = self.server.connection, self.server.way, args.server.key.private_key
        files = args.site.files(name, args.server.zone, self.private_address)
        sent = RemoteFiles(
            f"{name}-site", host=connection, jump=way, private_key=private_key, files=files, opts=self.server.goes_with
        )
        self.ready: pulumi.Resource = RemoteCommand(  # made when the site answers
            f"{name}-site",
            host=connection,
            jump=way,
            private_key=private_key,
            create=args.site.configure_script(),
            triggers=Output.all(sent.hashes, sent.revision).apply(lambda known: _versions(*known)),
            opts=self.server.goes_with,
        )
        self.register_outputs({"url": self.url, "privateAddress": self.private_address})

    @property
    def url(self) -> Output[str]:
        """The site from outside."""
        return Output.concat("http://", self.server.address)

    @property
    def private_address(self) -> Output[str]:
        """Address inside the VPC."""
        return self.server.private_address

    @property
    def host_key(self) -> Output[str]:
        """The public host key by which it is known."""
        return self.server.host.host_key


def _versions(hashes: Mapping[str, str], revision: str | None) -> list[str]:
    """What the site's script is to run for: files that have changed, and files that had to be sent again."""
    return [*(f"{path} {hashes[path]}" for path in sorted(hashes)), *([revision] if revision else [])]
