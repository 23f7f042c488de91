"""Regions and zones (host `ctecs`)."""

from __future__ import annotations

from ctyun.errors import UnknownName
from ctyun.fields import Body, items, need, texts
from ctyun.regions import SINGLE_ZONE, Region, Zone, pick_zone, resolve_region
from ctyun.services.base import Service
from ctyun.transport import Call, Transport
from ctyun.waiting import LOCAL_PACE, Pace

LIST = Call("ctecs", "GET", "/v4/region/list-regions", "list regions")
ZONES = Call("ctecs", "GET", "/v4/region/get-zones", "list zones of region")


class Regions(Service):
    """Looks up regions and zones; both are remembered for the life of the client."""

    def __init__(self, transport: Transport, pace: Pace = LOCAL_PACE) -> None:
        super().__init__(transport, pace)
        self._regions: tuple[Region, ...] | None = None
        self._zones: dict[str, tuple[Zone, ...]] = {}

    async def list(self) -> tuple[Region, ...]:
        """All regions of this cloud."""
        if self._regions is None:
            answer = await self._transport.send(LIST, "")
            self._regions = tuple(_region(body) for body in items(answer.body, "regionList"))
        return self._regions

    async def resolve(self, name_or_id: str) -> Region:
        """The region of a name or an id: from the built-in table if it is there, else asked for. Raises UnknownName."""
        try:
            return resolve_region(name_or_id)
        except UnknownName:
            return resolve_region(name_or_id, await self.list())

    async def zones(self, region_id: str) -> tuple[Zone, ...]:
        """The region's zones in the API's order; a region without zones has one, called "default" in calls."""
        if region_id not in self._zones:
            answer = await self._transport.send(ZONES, region_id, query={"regionID": region_id})
            names = [need(body, "name") for body in items(answer.body, "zoneList")] or [SINGLE_ZONE]
            self._zones[region_id] = tuple(Zone(index, name) for index, name in enumerate(names, start=1))
        return self._zones[region_id]

    async def zone(self, region_id: str, label_or_name: str) -> Zone:
        """The zone of a 1-based label ("AZ1") or an API name. Raises UnknownName with all labels."""
        return pick_zone(await self.zones(region_id), label_or_name, await self._name(region_id))

    async def _name(self, region_id: str) -> str:
        try:
            return (await self.resolve(region_id)).name
        except UnknownName:
            return region_id


def _region(body: Body) -> Region:
    return Region(need(body, "regionID"), need(body, "regionName"), texts(body, "zoneList"))
