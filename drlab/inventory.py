"""Who owns what: ids that Pulumi's stacks hold, against what the local cloud lists through its own API."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ctyun import Client
from ctyun.credentials import CloudRecord
from ctyun.services.images import PRIVATE
from drlab.folders import Folders
from drlab.stack_state import read_stack

DEFAULT_GROUP = "default"  # comes and goes with its VPC


@dataclass(frozen=True)
class Thing:
    """A resource that the cloud's API lists."""

    kind: str
    id: str
    name: str
    parent: str = ""  # the VPC of a group


def owned_ids(folders: Folders) -> frozenset[str]:
    """Ids of everything in any stack of this lab's backend, other projects' stacks included."""
    files = (folders.state / "pulumi/.pulumi/stacks").glob("*/*.json")
    stacks = [read_stack(path, path.stem) for path in files]
    return frozenset(resource.id for stack in stacks for resource in stack.resources if resource.id)


def listed(record: CloudRecord) -> list[Thing]:
    """What exists in all regions of the local cloud. Raises CtyunError."""

    async def ask() -> list[Thing]:
        async with Client.local(record) as client:
            regions = await client.regions.list()
            parts = await asyncio.gather(*(_in_region(client, region.id) for region in regions))
            return [thing for part in parts for thing in part]

    return asyncio.run(ask())


async def _in_region(client: Client, region: str) -> list[Thing]:
    servers, eips, vpcs, groups, keys, images = await asyncio.gather(
        client.servers.list(region),
        client.eips.list(region),
        client.vpcs.list(region),
        client.security_groups.list(region),
        client.key_pairs.list(region),
        client.images.list(region, PRIVATE),
    )
    return [
        *(Thing("server", server.id, server.name) for server in servers),
        *(Thing("EIP", eip.id, eip.name) for eip in eips),
        *(Thing("VPC", vpc.id, vpc.name) for vpc in vpcs),
        *(Thing("group", group.id, group.name, group.vpc_id) for group in groups),
        *(Thing("key pair", key.name, key.name) for key in keys),
        *(Thing("image", image.id, image.name) for image in images),
    ]


def without_owner(things: Iterable[Thing], owned: Collection[str]) -> list[Thing]:
    """What no stack holds. The default group of a VPC stands and falls with it."""
    return [thing for thing in things if thing.id not in owned and not is_default_group(thing)]


def is_default_group(thing: Thing) -> bool:
    return bool(thing.parent) and thing.name.lower().startswith(DEFAULT_GROUP)
