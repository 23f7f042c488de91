"""All unknown names of a wish at once, before anything is created."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import NamedTuple

from ctyun.client import Client
from ctyun.errors import UnknownName
from ctyun.regions import Region, resolve_region
from ctyun.services.mysql_values import PAIR, PRODUCTS


class FlavorWish(NamedTuple):
    """A flavour in a zone: FlavorWish("AZ1", "1C1G")."""

    zone: str
    flavor: str


async def verify(
    client: Client,
    *,
    region: str,
    zones: Iterable[str] = (),
    flavors: Iterable[FlavorWish] = (),
    images: Iterable[str] = (),
    mysql_pairs: Iterable[FlavorWish] = (),
) -> list[str]:
    """Every problem as a sentence, [] when all names exist. Other errors (wrong keys, no answer) are raised.

    `mysql_pairs` are sizes of MySQL 8.0 with a standby, in the primary's zone. With an unknown region nothing else can be
    asked for.
    """
    try:
        place = await _region(client, region)
    except UnknownName as problem:
        return [str(problem)]
    wishes, pairs = sorted(set(flavors)), sorted(set(mysql_pairs))
    wanted_zones = sorted({*zones, *(wish.zone for wish in (*wishes, *pairs))})
    known, zone_problems = await _zones(client, place, wanted_zones)
    checks = [client.flavors.find(place.id, known[wish.zone], wish.flavor) for wish in wishes if wish.zone in known]
    checks_of_images = [client.images.find(place.id, image) for image in sorted(set(images))]
    sizes = [
        client.mysqls.size(place.id, PRODUCTS["8.0", PAIR], known[one.zone], one.flavor) for one in pairs if one.zone in known
    ]
    return [*zone_problems, *await _problems(*checks), *await _problems(*checks_of_images), *await _problems(*sizes)]


async def _region(client: Client, name_or_id: str) -> Region:
    """A region that this cloud has; the built-in table also knows regions that the local cloud does not play."""
    return resolve_region(name_or_id, await client.regions.list())


async def _zones(client: Client, region: Region, wanted: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """API names of the zones that exist, and sentences about those that do not."""
    known: dict[str, str] = {}
    problems: list[str] = []
    for label in wanted:
        try:
            known[label] = (await client.regions.zone(region.id, label)).name
        except UnknownName as problem:
            problems.append(str(problem))
    return known, problems


async def _problems(*checks: Awaitable[object]) -> list[str]:
    """Run look-ups at the same time; sentences of those that found nothing, each once."""
    results = await asyncio.gather(*checks, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, UnknownName):
            raise result
    return list(dict.fromkeys(str(result) for result in results if isinstance(result, UnknownName)))
