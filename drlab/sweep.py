"""What the local cloud has and no stack holds goes with `./lab down`: made by a run that was cut off, or by hand.

Only ever on the local cloud: on CTyun nothing is deleted by its name.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

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


def sweep(lab: Lab, stage: str = "") -> None:
    """Remove what has no owner: all, or what is named as the stage names its own (`<stage>-...`). Raises CtyunError.

    What is kept in something of that stage, or uses it, goes too: it would hold it.
    """
    asyncio.run(_sweep(lab, f"{stage}-" if stage else "", going=ids_of(lab.folders, stage) if stage else frozenset()))


async def _sweep(lab: Lab, prefix: str, going: AbstractSet[str]) -> None:
    owned = owned_ids(lab.folders) - going
    async with Client.local(lab.cloud.api().record) as client:
        for region in await client.regions.list():
            for kind in KINDS:  # one after the other: what comes later is in use by what comes before
                if kind.word in SOMEBODYS_COPIES and not prefix:
                    continue
                found = without_owner(await kind.things(client, region.id), owned)
                strays = [t for t in found if t.id not in going and (t.name.startswith(prefix) or {t.holder, t.uses} & going)]
                await remove(client, region.id, kind, strays)
                for thing in strays:
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
