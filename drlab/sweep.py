"""What the local cloud has and no stack holds goes with `./lab down`: made by a run that was cut off, or by hand.

Only ever on the local cloud: on CTyun nothing is deleted by its name.
"""

from __future__ import annotations

import asyncio

from ctyun import Client
from drlab.inventory import owned_ids, without_owner
from drlab.kinds import KINDS
from drlab.lab import Lab

SOMEBODYS_COPIES = ("server backup", "backup vault", "image")  # of no stage: they stay, and are named as left over


def sweep(lab: Lab, prefix: str = "") -> None:
    """Remove what has no owner and a name that begins so (a stage names its resources `<stage>-...`). Raises CtyunError."""
    asyncio.run(_sweep(lab, prefix))


async def _sweep(lab: Lab, prefix: str) -> None:
    owned = owned_ids(lab.folders)
    async with Client.local(lab.cloud.api().record) as client:
        for region in await client.regions.list():
            for kind in KINDS:  # one after the other: what comes later is in use by what comes before
                if kind.word in SOMEBODYS_COPIES and not prefix:
                    continue
                strays = [t for t in without_owner(await kind.things(client, region.id), owned) if t.name.startswith(prefix)]
                await asyncio.gather(*(kind.remove(client, region.id, thing) for thing in strays))
                for thing in strays:
                    lab.out.step("cloud", f"removed {thing.kind} {thing.name}, which no stack holds")
