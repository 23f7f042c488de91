"""Web servers in several zones: one made by hand, as it were, the others from its whole-machine image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources import Image
from pulumi_ctyun.resources.declarations import rules

from .base import Component
from .checks import Problem, each, known_of, not_less, one
from .inputs import joined
from .server import ServerArgs
from .web_server import WebServer, WebServerArgs


@dataclass(frozen=True)
class WebPairArgs:
    """The first server, how many there are, and the zones in which they stand in turn.

    The zone that `first` names counts for nothing.
    """

    first: WebServerArgs
    zones: Sequence[Input[str]]
    count: int = 2
    data_disk: Input[int] = 10  # GiB, for the first one's uploads; without a data disk there is no image of a whole machine

    def problems(self) -> Iterator[Problem]:
        yield from self.first.problems()
        known = known_of(self.zones)
        if len(set(known)) + len(self.zones) - len(known) < 2:
            yield Problem("zones", f"{known} are not two zones; servers in one zone are lost together")
        if len(set(known)) < len(known):
            yield Problem("zones", f"{known} names a zone twice")
        yield from each("zones", self.zones, rules.zone)
        if not 2 <= self.count <= 99:
            yield Problem("count", f"is {self.count}; a pair has at least 2 servers, and names end at 99")
        yield from one("data_disk", self.data_disk, not_less(10, "10 is the smallest", " GiB"))


class WebPair(Component):
    """`<name>-01` with the site, its image, and `<name>-02`, ... from that image, each with an identity of its own.

    The image carries packages and uploads; pages and settings are sent to every server, so that a change of the program
    reaches all of them and the image need not be made anew.
    """

    image_id: Output[str]
    """The whole-machine image of the first server."""

    def __init__(self, name: str, args: WebPairArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        problems = [*args.first.server.name_problems(f"{name}-01"), *args.problems()]
        super().__init__("server:WebPair", name, "web servers", problems, opts)
        network = args.first.server.network
        first = self._server(1, args, replace(args.first.server, data_disks=(args.data_disk,)), args.first)
        self.image = Image(
            f"{name}-image",
            region=network.region,
            name=joined(network.prefix, f"-{name}"),
            instance_id=first.instance_id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[first.ready]),  # with its site running
        )
        self.image_id = self.image.image_id
        prepared = replace(args.first, prepared=True)
        copy = replace(args.first.server, image=self.image_id)
        self.servers = [first, *(self._server(number, args, copy, prepared) for number in range(2, args.count + 1))]
        self.register()

    def _server(self, number: int, pair: WebPairArgs, server: ServerArgs, args: WebServerArgs) -> WebServer:
        zone = pair.zones[(number - 1) % len(pair.zones)]
        wanted = replace(args, server=replace(server, zone=zone))
        return WebServer(f"{self.pulumi_resource_name}-{number:02}", wanted, self.child)
