"""Every kind of resource that the cloud's API lists: what people call it, how it is listed in a region, how it is removed.

In the order in which they can go: what holds others in use comes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ctyun import Client
from ctyun.services.images import PRIVATE


@dataclass(frozen=True)
class Thing:
    """A resource that the cloud's API lists."""

    kind: str
    id: str
    name: str
    holder: str = ""  # what it is kept in: with that it is accounted for
    uses: str = ""  # what cannot go before it


@dataclass(frozen=True)
class Kind:
    """`things` lists a region's; `remove` returns when one is gone. Both raise CtyunError. `in_turn`: not all at once."""

    word: str
    things: Callable[[Client, str], Awaitable[Sequence[Thing]]]
    remove: Callable[[Client, str, Thing], Awaitable[None]]
    in_turn: bool = False


class Named(Protocol):
    """What a plain kind's list holds."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


class Service(Protocol):
    """The calls of a plain kind."""

    def list(self, region_id: str, /) -> Awaitable[Sequence[Named]]: ...

    def delete(self, region_id: str, resource_id: str, /) -> Awaitable[object]: ...


def plain(word: str, service: Callable[[Client], Service]) -> Kind:
    """A kind that stands alone: listed as it is, removed by its id."""

    async def things(client: Client, region: str) -> list[Thing]:
        return [Thing(word, one.id, one.name) for one in await service(client).list(region)]

    async def remove(client: Client, region: str, thing: Thing) -> None:
        await service(client).delete(region, thing.id)

    return Kind(word, things, remove)


async def _replicas(client: Client, region: str) -> list[Thing]:
    found = [mysql for mysql in await client.mysqls.list(region) if mysql.parent_id]
    return [Thing("read replica", mysql.id, mysql.name, uses=mysql.parent_id) for mysql in found]


async def _databases(client: Client, region: str) -> list[Thing]:
    return [Thing("database", mysql.id, mysql.name) for mysql in await client.mysqls.list(region) if not mysql.parent_id]


async def _groups(client: Client, region: str) -> list[Thing]:
    """Those of the cloud's own go with their VPC."""
    found = [group for group in await client.security_groups.list(region) if not group.is_default]
    return [Thing("security group", group.id, group.name) for group in found]


async def _listeners(client: Client, region: str) -> list[Thing]:
    return [Thing("listener", one.id, one.name, uses=one.balancer_id) for one in await client.listeners.list(region)]


async def _targets(client: Client, region: str) -> list[Thing]:
    groups = await client.target_groups.list(region)
    by_group = await asyncio.gather(*(client.target_groups.targets(region, group.id) for group in groups))
    return [
        Thing("target", target.id, f"{target.instance_id}:{target.port} of {group.name}", uses=group.id)
        for group, targets in zip(groups, by_group, strict=True)
        for target in targets
    ]


async def _backup_policies(client: Client, region: str) -> list[Thing]:
    found = await client.backup_policies.list(region)
    return [Thing("backup policy", policy.id, policy.name, uses=next(iter(policy.vault_ids), "")) for policy in found]


async def _server_backups(client: Client, region: str) -> list[Thing]:
    """The newest first: no other one needs it."""
    backups = await client.server_backups.list(region)
    return [Thing("server backup", backup.id, backup.name, backup.vault_id) for backup in reversed(backups)]


async def _vaults(client: Client, region: str) -> list[Thing]:
    return [Thing("backup vault", vault.id, vault.name) for vault in await client.backup_vaults.list(region)]


async def _remove_vault(client: Client, region: str, thing: Thing) -> None:
    """With what is in it."""
    for backup in reversed(await client.server_backups.list(region, vault_id=thing.id)):
        await client.server_backups.delete(region, backup.id)
    await client.backup_vaults.delete(region, thing.id)


async def _snapshots(client: Client, region: str) -> list[Thing]:
    """Accounted for with the volume that they are of."""
    return [Thing("snapshot", one.id, one.name, one.volume_id) for one in await client.snapshots.list(region)]


async def _remove_snapshot(client: Client, region: str, thing: Thing) -> None:
    await client.snapshots.delete(region, await client.snapshots.get(region, thing.id))


async def _volumes(client: Client, region: str) -> list[Thing]:
    """Those that were ordered by themselves; the others come and go with their server."""
    volumes = await client.volumes.list(region)
    return [Thing("volume", one.id, one.name) for one in volumes if not (one.is_system or one.is_packaged)]


async def _remove_volume(client: Client, region: str, thing: Thing) -> None:
    volume = await client.volumes.get(region, thing.id)
    if volume.instance_id:
        await client.volumes.detach(region, volume.id, volume.instance_id)
    await client.volumes.delete(region, volume.id, with_snapshots=True)


async def _volume_vaults(client: Client, region: str) -> list[Thing]:
    return [Thing("volume backup vault", vault.id, vault.name) for vault in await client.volume_backups.list_vaults(region)]


async def _remove_volume_vault(client: Client, region: str, thing: Thing) -> None:
    """With what is in it, the newest first."""
    for backup in reversed(await client.volume_backups.list(region)):
        if backup.vault_id == thing.id:
            await client.volume_backups.delete(region, backup.id)
    await client.volume_backups.delete_vault(region, thing.id)


async def _images(client: Client, region: str) -> list[Thing]:
    return [Thing("image", image.id, image.name) for image in await client.images.list(region, PRIVATE)]


async def _key_pairs(client: Client, region: str) -> list[Thing]:
    return [Thing("key pair", key.name, key.name) for key in await client.key_pairs.list(region)]


async def _subnets(client: Client, region: str) -> list[Thing]:
    by_vpc = await asyncio.gather(*(client.subnets.list(region, vpc.id) for vpc in await client.vpcs.list(region)))
    return [Thing("subnet", subnet.id, subnet.name) for subnets in by_vpc for subnet in subnets]


KINDS = (
    plain("server", lambda client: client.servers),
    Kind("read replica", _replicas, lambda client, region, thing: client.mysqls.delete(region, thing.id)),
    Kind("database", _databases, lambda client, region, thing: client.mysqls.delete(region, thing.id)),
    Kind("listener", _listeners, lambda client, region, thing: client.listeners.delete(region, thing.id)),
    plain("load balancer", lambda client: client.load_balancers),
    Kind("target", _targets, lambda client, region, thing: client.target_groups.remove_target(region, thing.id)),
    plain("target group", lambda client: client.target_groups),
    plain("health check", lambda client: client.health_checks),
    Kind("backup policy", _backup_policies, lambda client, region, thing: client.backup_policies.delete(region, thing.id)),
    Kind("server backup", _server_backups, lambda client, region, thing: client.server_backups.delete(region, thing.id), True),
    Kind("backup vault", _vaults, _remove_vault),
    plain("certificate", lambda client: client.certificates),
    plain("snapshot policy", lambda client: client.snapshot_policies),
    Kind("snapshot", _snapshots, _remove_snapshot),
    Kind("volume", _volumes, _remove_volume),
    Kind("volume backup vault", _volume_vaults, _remove_volume_vault),
    Kind("image", _images, lambda client, region, thing: client.images.delete(region, thing.id)),
    plain("EIP", lambda client: client.eips),
    Kind("key pair", _key_pairs, lambda client, region, thing: client.key_pairs.delete(region, thing.name)),
    Kind("security group", _groups, lambda client, region, thing: client.security_groups.delete(region, thing.id)),
    Kind("subnet", _subnets, lambda client, region, thing: client.subnets.delete(region, thing.id)),
    plain("VPC", lambda client: client.vpcs),
)
