"""Who owns what: ids that Pulumi's stacks hold, against what the local cloud lists through its own API."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from ctyun import Client
from ctyun.credentials import CloudRecord
from drlab.folders import Folders
from drlab.kinds import KINDS, Thing
from drlab.stack_state import Resource, StackState, read_stack

DEFAULT_GROUP = "default"  # comes and goes with its VPC


def owned_ids(folders: Folders) -> frozenset[str]:
    """Ids of everything in any stack of this lab's backend, other projects' stacks included."""
    return _ids(read_stack(path, path.stem) for path in (folders.state / "pulumi/.pulumi/stacks").glob("*/*.json"))


def ids_of(folders: Folders, stage: str) -> frozenset[str]:
    """Ids of everything in one stage's stack."""
    return _ids([read_stack(folders.stack_file(stage), stage)])


def _ids(stacks: Iterable[StackState]) -> frozenset[str]:
    return frozenset(id for stack in stacks for resource in stack.resources if resource.id for id in names_of(resource))


def names_of(resource: Resource) -> tuple[str, ...]:
    """By what a resource's things on the machine are known: its id; nodes of a database carry the beginning of its own."""
    node = f"db-{resource.id[:10]}-"
    return (resource.id, node) if resource.type == "ctyun:rds:MysqlInstance" else (resource.id,)


def listed(record: CloudRecord) -> list[Thing]:
    """What exists in all regions of the local cloud. Raises CtyunError."""

    async def ask() -> list[Thing]:
        async with Client.local(record) as client:
            regions = await client.regions.list()
            parts = await asyncio.gather(*(kind.things(client, region.id) for region in regions for kind in KINDS))
            return [thing for part in parts for thing in part]

    return asyncio.run(ask())


def without_owner(things: Iterable[Thing], owned: AbstractSet[str]) -> list[Thing]:
    """What no stack holds. The default group of a VPC stands and falls with it, a backup is kept in its vault."""
    return [thing for thing in things if not {thing.id, thing.holder} & owned and not is_default_group(thing)]


def is_default_group(thing: Thing) -> bool:
    return thing.kind == "security group" and thing.name.lower().startswith(DEFAULT_GROUP)
