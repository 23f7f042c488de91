"""What the local cloud has and no stack holds goes with `./lab down`: made by a run that was cut off, or by hand.

Only ever on the local cloud: on CTyun nothing is deleted by its name.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import groupby

from ctyun import Client
from ctyun.errors import NotFound
from drlab.inventory import ids_of, owned_ids, without_owner
from drlab.kinds import KINDS, Kind, Thing
from drlab.lab import Lab

SOMEBODYS_COPIES = (
    "server backup",
    "backup vault",
    "volume backup vault",
    "snapshot",
    "image",
)  # of no stage: they stay, and are named as left over


@dataclass(frozen=True)
class Stray:
    """Something that no stack holds, and where."""

    region: str
    kind: Kind
    thing: Thing


def strays(lab: Lab, stage: str = "", kept: AbstractSet[str] = frozenset()) -> list[Stray]:
    """What has no owner: all, or what is named as the stage names its own (`<stage>-...`). Raises CtyunError.

    What is kept in something of that stage, or uses it, counts, too: it would hold it. `kept`: ids that stay whatever happens
    (`retain_on_delete`), with all that is kept in them or uses them.
    """
    going = (ids_of(lab.folders, stage) if stage else frozenset()) - kept
    return asyncio.run(_strays(lab, f"{stage}-" if stage else "", going, kept))


async def _strays(lab: Lab, prefix: str, going: AbstractSet[str], kept: AbstractSet[str]) -> list[Stray]:
    owned, found = (owned_ids(lab.folders) - going) | kept, []
    async with Client.local(lab.cloud.api().record) as client:
        for region in await client.regions.list():
            for kind in KINDS:
                if kind.word in SOMEBODYS_COPIES and not prefix:
                    continue
                things = without_owner(await kind.things(client, region.id), owned)
                found += [
                    Stray(region.id, kind, thing)
                    for thing in things
                    if thing.id not in going
                    and thing.uses not in kept
                    and (thing.name.startswith(prefix) or {thing.holder, thing.uses} & going)
                ]
    return found


def sweep(lab: Lab, found: Sequence[Stray]) -> None:
    """Remove strays, kind after kind: what comes later is in use by what comes before. Raises CtyunError."""
    asyncio.run(_sweep(lab, found))


async def _sweep(lab: Lab, found: Sequence[Stray]) -> None:
    async with Client.local(lab.cloud.api().record) as client:
        for (region, kind), group in groupby(found, key=lambda stray: (stray.region, stray.kind)):
            things = [stray.thing for stray in group]
            await remove(client, region, kind, things)
            for thing in things:
                lab.out.step("cloud", f"removed {thing.kind} {thing.name}, which no stack holds")


async def remove(client: Client, region: str, kind: Kind, things: Sequence[Thing]) -> None:
    """Returns when all are gone; one that went by itself meanwhile (a backup that expired) is no trouble. Raises CtyunError."""

    async def one(thing: Thing) -> None:
        with contextlib.suppress(NotFound):
            await kind.remove(client, region, thing)

    if kind.in_turn:
        for thing in things:
            await one(thing)
    else:
        await asyncio.gather(*map(one, things))
