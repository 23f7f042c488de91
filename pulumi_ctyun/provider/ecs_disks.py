"""Data disks of a server grow in place, each by the call for volumes. CTyun makes none smaller."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from ctyun.services.volumes import Volume
from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.provider.cloud import Cloud
from pulumi_ctyun.provider.handler import Desired, Recorded


async def grow(cloud: Cloud, region: str, recorded: Recorded, desired: Desired) -> None:
    """Those of which the program wants more than the state has; after an update that did not end, whatever the state says.

    Each order has a token that outlives a killed update, so that it is one order.
    """
    before, wanted = recorded.state.get("dataDisks"), desired.inputs.get("dataDisks")
    if not before or not wanted or (before == wanted and not recorded.unfinished):
        return
    for volume, disk in zip(await _came_with_it(cloud, region, recorded.id, desired, before), wanted, strict=True):
        if volume.size < disk["size"]:
            key = f"{desired.mark}.disk-{volume.id}"
            token = cloud.tokens.take(key, {"id": volume.id, "size": disk["size"]}).value
            await cloud.client.volumes.enlarge(region, volume.id, disk["size"], client_token=token, timeout=desired.timeout)
            cloud.tokens.forget(key)


async def _came_with_it(
    cloud: Cloud, region: str, id: str, desired: Desired, before: Sequence[Mapping[str, Any]]
) -> Sequence[Volume]:
    """The disks that the program names, in its order: the last ones that were ordered with the server, as those that its image
    brings stand before them, and volumes that were attached later were not. Raises PluginError when they do not fit together."""
    client, wanted = cloud.client, desired.inputs["dataDisks"]
    data = [disk for disk in await client.servers.disks(region, id) if not disk.is_system]
    volumes = await asyncio.gather(*(client.volumes.settled(region, disk.id, timeout=desired.timeout) for disk in data))
    own = sorted((volume for volume in volumes if volume.is_packaged), key=lambda volume: (len(volume.device), volume.device))
    named = own[-len(wanted) :]
    matches = [
        volume.kind == disk["type"] and volume.size >= had["size"]
        for volume, disk, had in zip(named, wanted, before, strict=False)
    ]
    if len(matches) < len(wanted) or not all(matches):
        there = ", ".join(f"{volume.id} ({volume.device}, {volume.kind}, {volume.size} GiB)" for volume in own) or "none"
        raise PluginError(
            f"Which disks of server {desired.inputs['name']} ({id}) its dataDisks are cannot be told; ordered with it were "
            f"{there}. Enlarge the disk itself, and leave dataDisks as they were."
        )
    for index, (volume, disk) in enumerate(zip(named, wanted, strict=True)):
        if volume.size > disk["size"]:
            raise PluginError(
                f"dataDisks[{index}] of server {desired.inputs['name']} ({id}), {volume.device}, has {volume.size} GiB and "
                f"cannot shrink to {disk['size']}. Set size to what it has."
            )
    return named
