"""Web servers in several zones: one made by hand, as it were, the others from its whole-machine image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pulumi
from pulumi import Output

from pulumi_ctyun.resources import Image
from pulumi_ctyun.resources.declarations import rules

from .checks import Problem, each, refuse
from .server import ServerArgs
from .web_server import WebServer, WebServerArgs


@dataclass(frozen=True)
class WebPairArgs:
    """The first server, how many there are, and the zones in which they stand in turn.

    The zone that `first` names counts for nothing.
    """

    first: WebServerArgs
    zones: Sequence[str]
    count: int = 2
    data_disk: int = 10  # GiB, for the first one's uploads; without a data disk there is no image of a whole machine

    def problems(self) -> Iterator[Problem]:
        yield from self.first.problems()
        if len(set(self.zones)) < 2:
            yield Problem("zones", f"{list(self.zones)} are not two zones; servers in one zone are lost together")
        if len(set(self.zones)) < len(self.zones):
            yield Problem("zones", f"{list(self.zones)} names a zone twice")
        yield from each("zones", self.zones, rules.zone)
        if not 2 <= self.count <= 99:
            yield Problem("count", f"is {self.count}; a pair has at least 2 servers, and names end at 99")
        if self.data_disk < 10:
            yield Problem("data_disk", f"is {self.data_disk} GiB; 10 is the smallest")


class WebPair(pulumi.ComponentResource):
    """`<name>-01` with the site, its image, and `<name>-02`, ... from that image, each with an identity of its own.

    The image carries packages and uploads; pages and settings are sent to every server, so that a change of the program
    reaches all of them and the image need not be made anew.
    """

    def __init__(self, name: str, args: WebPairArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(f"web servers {name}", [*args.first.server.name_problems(f"{name}-01"), *args.problems()])
        super().__init__("drlab:server:WebPair", name, None, opts)
        self._name, self._args = name, args
        network = args.first.server.network
        first = self._server(1, replace(args.first.server, data_disks=(args.data_disk,)), args.first)
        self.image = Image(
            f"{name}-image",
            region=network.region,
            name=f"{network.prefix}-{name}",
            instance_id=first.server.instance.instance_id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[first.ready]),  # with its site running
        )
        prepared = replace(args.first, prepared=True)
        copy = replace(args.first.server, image=self.image_id)
        self.servers = [first, *(self._server(number, copy, prepared) for number in range(2, args.count + 1))]
        self.register_outputs({"imageId": self.image_id})

    @property
    def image_id(self) -> Output[str]:
        """The whole-machine image of the first server."""
        return self.image.image_id

    def _server(self, number: int, server: ServerArgs, args: WebServerArgs) -> WebServer:
        zone = self._args.zones[(number - 1) % len(self._args.zones)]
        wanted = replace(args, server=replace(server, zone=zone))
        return WebServer(f"{self._name}-{number:02}", wanted, pulumi.ResourceOptions(parent=self))
