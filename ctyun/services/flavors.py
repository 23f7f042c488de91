"""Flavours (host `ctecs`): their ids differ per region and zone, so programs name a size ("2C4G") or a flavour name."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from ctyun.errors import UnknownName
from ctyun.fields import Body, items, need, number, present, text, texts
from ctyun.services.base import Service
from ctyun.transport import Call

LIST = Call("ctecs", "POST", "/v4/ecs/flavor/list", "list flavours", read_only=True)
SIZE = re.compile(r"(\d+)C(\d+)G", re.IGNORECASE)
GENERAL = "s"  # the general-purpose series, the cheapest of each size


@dataclass(frozen=True)
class Flavor:
    """A size of server: CPUs and GiB of memory."""

    id: str
    name: str  # "s7.small.1"
    cpus: int
    memory: int  # GiB
    series: str = ""
    available: bool = True
    zone_names: tuple[str, ...] = ()

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "flavorID"),
            name=need(body, "flavorName"),
            cpus=number(body, "flavorCPU"),
            memory=number(body, "flavorRAM"),
            series=text(body, "flavorSeries"),
            available=body.get("available") is not False,
            zone_names=texts(body, "azList"),
        )

    @property
    def size(self) -> str:
        """ "2C4G" """
        return f"{self.cpus}C{self.memory}G"

    def is_offered_in(self, zone_name: str) -> bool:
        return self.available and (not self.zone_names or zone_name in self.zone_names)


class Flavors(Service):
    """List and find flavours."""

    async def list(self, region_id: str, *, zone_name: str | None = None) -> builtins.list[Flavor]:
        """The flavours of a region or of one of its zones (by API name)."""
        answer = await self._transport.send(LIST, "", body=present(regionID=region_id, azName=zone_name))
        return [Flavor.from_api(body) for body in items(answer.body, "flavorList")]

    async def find(self, region_id: str, zone_name: str, wanted: str) -> Flavor:
        """The flavour of a size ("1C1G"), a name ("s7.small.1") or an id. Raises UnknownName with what the zone offers."""
        return pick_flavor(await self.list(region_id, zone_name=zone_name), zone_name, wanted)


def pick_flavor(flavors: Iterable[Flavor], zone_name: str, wanted: str) -> Flavor:
    """The cheapest of the flavours that fit: general-purpose series first, then by name, so the choice is always the same."""
    offered = [flavor for flavor in flavors if flavor.is_offered_in(zone_name)]
    fitting = [flavor for flavor in offered if _fits(flavor, wanted)]
    if not fitting:
        raise UnknownName("flavor", wanted, _described(offered), where=f"of zone {zone_name}")
    return min(fitting, key=_price_rank)


def _fits(flavor: Flavor, wanted: str) -> bool:
    size = SIZE.fullmatch(wanted.strip())
    if size:
        return (flavor.cpus, flavor.memory) == (int(size.group(1)), int(size.group(2)))
    return wanted in (flavor.name, flavor.id)


def _price_rank(flavor: Flavor) -> tuple[bool, str, str]:
    return (not flavor.name.startswith(GENERAL), flavor.name, flavor.id)


def _described(flavors: Sequence[Flavor]) -> builtins.list[str]:
    """["1C1G (s7.small.1)", ...], smallest first."""
    ordered = sorted(flavors, key=lambda flavor: (flavor.cpus, flavor.memory, *_price_rank(flavor)))
    return [f"{flavor.size} ({flavor.name})" for flavor in ordered]
