"""What the local cloud has and no stack holds goes with `./lab down`: made by a run that was cut off, or by hand.

Only ever on the local cloud: on CTyun nothing is deleted by its name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ctyun import Client
from ctyun.services.images import PRIVATE
from drlab.inventory import DEFAULT_GROUP, owned_ids
from drlab.lab import Lab


def sweep(lab: Lab, prefix: str = "") -> None:
    """Remove what has no owner and a name that begins so (a stage names its resources `<stage>-...`). Raises CtyunError."""
    asyncio.run(_sweep(lab, prefix))


async def _sweep(lab: Lab, prefix: str) -> None:
    async with Client.local(lab.cloud.api().record) as client:
        for region in await client.regions.list():
            broom = Broom(client, region.id, prefix, owned_ids(lab.folders), lambda what: lab.out.step("cloud", removed(what)))
            await broom.servers()
            if prefix:  # an image of no stage is somebody's copy of a server: it stays, and is named as left over
                await broom.images()
            await broom.addresses_and_keys()
            await broom.networks()


def removed(what: str) -> str:
    return f"removed {what}, which no stack holds"


@dataclass(frozen=True)
class Broom:
    """One region's sweep; servers go first, because they keep addresses, groups and subnets in use."""

    client: Client
    region: str
    prefix: str
    owned: Collection[str]
    say: Callable[[str], None]

    def is_stray(self, identifier: str, name: str) -> bool:
        return identifier not in self.owned and name.startswith(self.prefix)

    async def servers(self) -> None:
        strays = [s for s in await self.client.servers.list(self.region) if self.is_stray(s.id, s.name)]
        await asyncio.gather(*(self.client.servers.delete(self.region, server.id) for server in strays))
        for server in strays:
            self.say(f"server {server.name}")

    async def addresses_and_keys(self) -> None:
        for eip in await self.client.eips.list(self.region):
            if self.is_stray(eip.id, eip.name):
                await self.client.eips.delete(self.region, eip.id)
                self.say(f"EIP {eip.name}")
        for key in await self.client.key_pairs.list(self.region):
            if self.is_stray(key.name, key.name):
                await self.client.key_pairs.delete(self.region, key.name)
                self.say(f"key pair {key.name}")

    async def images(self) -> None:
        for image in await self.client.images.list(self.region, PRIVATE):
            if self.is_stray(image.id, image.name):
                await self.client.images.delete(self.region, image.id)
                self.say(f"image {image.name}")

    async def networks(self) -> None:
        for vpc in await self.client.vpcs.list(self.region):
            for group in await self.client.security_groups.list(self.region, vpc_id=vpc.id):
                if self.is_stray(group.id, group.name) and not group.name.lower().startswith(DEFAULT_GROUP):
                    await self.client.security_groups.delete(self.region, group.id)
                    self.say(f"security group {group.name}")
            for subnet in await self.client.subnets.list(self.region, vpc.id):
                if self.is_stray(subnet.id, subnet.name):
                    await self.client.subnets.delete(self.region, subnet.id)
                    self.say(f"subnet {subnet.name}")
            if self.is_stray(vpc.id, vpc.name):
                await self.client.vpcs.delete(self.region, vpc.id)
                self.say(f"VPC {vpc.name}")
