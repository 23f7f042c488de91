"""`./lab down --all`: what the local cloud has and no stack holds goes too. Only ever on the local cloud."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from ctyun import Client
from ctyun.credentials import CloudRecord
from drlab.inventory import DEFAULT_GROUP, owned_ids
from drlab.lab import Lab


def sweep(lab: Lab, record: CloudRecord) -> None:
    """Remove everything without an owner, e.g. what was made by hand, or by a stack whose state was lost. Raises CtyunError."""
    owned = owned_ids(lab.folders)
    asyncio.run(_sweep(record, owned, lambda what: lab.out.step("cloud", f"removed {what}, which no stack holds")))


async def _sweep(record: CloudRecord, owned: Collection[str], say: Callable[[str], None]) -> None:
    async with Client.local(record) as client:
        for region in await client.regions.list():
            await _servers_and_addresses(client, region.id, owned, say)
            await _networks(client, region.id, owned, say)


async def _servers_and_addresses(client: Client, region: str, owned: Collection[str], say: Callable[[str], None]) -> None:
    """Servers first: they keep addresses, groups and subnets in use."""
    for server in await client.servers.list(region):
        if server.id not in owned:
            await client.servers.delete(region, server.id)
            say(f"server {server.name}")
    for eip in await client.eips.list(region):
        if eip.id not in owned:
            await client.eips.delete(region, eip.id)
            say(f"EIP {eip.name}")
    for key in await client.key_pairs.list(region):
        if key.name not in owned:
            await client.key_pairs.delete(region, key.name)
            say(f"key pair {key.name}")


async def _networks(client: Client, region: str, owned: Collection[str], say: Callable[[str], None]) -> None:
    for vpc in await client.vpcs.list(region):
        if vpc.id in owned:
            continue
        for group in await client.security_groups.list(region, vpc_id=vpc.id):
            if not group.name.lower().startswith(DEFAULT_GROUP):
                await client.security_groups.delete(region, group.id)
        for subnet in await client.subnets.list(region, vpc.id):
            await client.subnets.delete(region, subnet.id)
        await client.vpcs.delete(region, vpc.id)
        say(f"VPC {vpc.name}")
