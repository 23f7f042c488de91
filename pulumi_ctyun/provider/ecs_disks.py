"""Data disks of a server grow in place, each by the call for volumes. CTyun makes none smaller."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from ctyun.services.volumes import Volume
from plugins.kit.serve import PluginError
from pulumi_ctyun.provider.cloud import Cloud
from pulumi_ctyun.provider.handler import Known, Wish


async def grow(cloud: Cloud, region: str, known: Known, wish: Wish) -> None:
    """Those of which the program wants more than the state has; after an update that did not end, whatever the state says.

    Each order has a token that outlives a killed update, so that it is one order.
    """
    before, wanted = known.state.get("dataDisks"), wish.inputs.get("dataDisks")
    if not before or not wanted or (before == wanted and not known.unfinished):
        return
    for volume, disk in zip(await _came_with_it(cloud, region, known.id, wish, before), wanted, strict=True):
        if volume.size < disk["size"]:
            key = f"{wish.mark}.disk-{volume.id}"
            token = cloud.tokens.take(key, {"id": volume.id, "size": disk["size"]}).value
            await cloud.client.volumes.enlarge(region, volume.id, disk["size"], client_token=token, timeout=wish.timeout)
            cloud.tokens.forget(key)


async def _came_with_it(cloud: Cloud, region: str, id: str, wish: Wish, before: Sequence[Mapping[str, Any]]) -> Sequence[Volume]:
    """The disks that the program names, in its order: the last ones that were ordered with the server, as those that its image
    brings stand before them, and volumes that were attached later were not. Raises PluginError when they do not fit together."""
    client, wanted = cloud.client, wish.inputs["dataDisks"]
    data = [disk for disk in await client.servers.disks(region, id) if not disk.is_system]
    volumes = await asyncio.gather(*(client.volumes.settled(region, disk.id, timeout=wish.timeout) for disk in data))
    own = sorted((volume for volume in volumes if volume.is_packaged), key=lambda volume: (len(volume.device), volume.device))
    named = own[-len(wanted) :]
    fits = [
        volume.kind == disk["type"] and volume.size >= had["size"]
        for volume, disk, had in zip(named, wanted, before, strict=False)
    ]
    if len(fits) < len(wanted) or not all(fits):
        there = ", ".join(f"{volume.id} ({volume.device}, {volume.kind}, {volume.size} GiB)" for volume in own) or "none"
        raise PluginError(
            f"Which disks of server {wish.inputs['name']} ({id}) its dataDisks are cannot be told; ordered with it were {there}. "
            "Enlarge the disk itself, and leave dataDisks as they were."
        )
    for index, (volume, disk) in enumerate(zip(named, wanted, strict=True)):
        if volume.size > disk["size"]:
            raise PluginError(
                f"dataDisks[{index}] of server {wish.inputs['name']} ({id}), {volume.device}, has {volume.size} GiB and cannot "
                f"shrink to {disk['size']}. Set size to what it has."
            )
    return named
