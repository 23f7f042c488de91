"""Things for tests, made on demand and removed newest first; a removal that fails is a test that fails."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from contract.running_cloud import Run

from ctyun import Client, Eip, Image, KeyPair, NewServer, NotFound, Server


class Factory:
    """Creates things and remembers how to remove them. A thing that the test itself removed is fine; any other failure is not."""

    def __init__(self, client: Client, run: Run, region: str, cleanup: ExitStack) -> None:
        self._client, self._run, self._region, self._cleanup = client, run, region, cleanup
        self._count = 0

    def name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._count}-{uuid.uuid4().hex[:6]}"

    def vpc(self, *, cidr: str = "192.168.0.0/16", name: str | None = None, region: str | None = None) -> str:
        place = region or self._region
        vpc_id = self._run(
            self._client.vpcs.create(place, name=name or self.name("vpc"), cidr=cidr, client_token=str(uuid.uuid4()))
        )
        self.remove_later(lambda: self._client.vpcs.delete(place, vpc_id))
        return vpc_id

    def subnet(self, vpc_id: str, *, cidr: str = "192.168.1.0/24", region: str | None = None) -> str:
        place = region or self._region
        subnet_id = self._run(
            self._client.subnets.create(place, vpc_id=vpc_id, name=self.name("subnet"), cidr=cidr, client_token=str(uuid.uuid4()))
        )
        self.remove_later(lambda: self._client.subnets.delete(place, subnet_id))
        return subnet_id

    def group(self, vpc_id: str) -> str:
        group_id = self._run(
            self._client.security_groups.create(
                self._region, vpc_id=vpc_id, name=self.name("group"), client_token=str(uuid.uuid4())
            )
        )
        self.remove_later(lambda: self._client.security_groups.delete(self._region, group_id))
        return group_id

    def eip(self) -> Eip:
        eip = self._run(self._client.eips.create(self._region, name=self.name("eip"), client_token=str(uuid.uuid4())))
        self.remove_later(lambda: self._client.eips.delete(self._region, eip.id))
        return eip

    def key_pair(self) -> KeyPair:
        pair = self._run(self._client.key_pairs.create(self._region, self.name("key")))
        self.remove_later(lambda: self._client.key_pairs.delete(self._region, pair.name))
        return pair

    def server(self, wish: NewServer) -> Server:
        """A running server. It goes by name, so that one whose order failed half-way goes too."""
        self.remove_later(lambda: self._delete_by_name(wish.name))
        order = self._run(self._client.servers.create(self._region, wish, client_token=str(uuid.uuid4())))
        return self._run(self._client.servers.created(self._region, order, what=wish.name, timeout=60))

    def image(self, instance_id: str, *, whole: bool = True) -> Image:
        """A private image that servers can be made from."""
        create = self._client.images.create_from_server if whole else self._client.images.create_system
        image = self._run(create(self._region, instance_id, name=self.name("image")))
        self.remove_later(lambda: self._client.images.delete(self._region, image.id))
        return self._run(self._client.images.wait(self._region, image.id, timeout=60))

    async def _delete_by_name(self, name: str) -> None:
        for server in await self._client.servers.list(self._region):
            if server.name.startswith(name):  # a test may have given it a longer name
                await self._client.servers.delete(self._region, server.id, timeout=60)

    def remove_server_later(self, instance_id: str) -> None:
        self.remove_later(lambda: self._client.servers.delete(self._region, instance_id, timeout=60))

    def remove_later(self, remove: Callable[[], Coroutine[Any, Any, None]]) -> None:
        def clean() -> None:
            with suppress(NotFound):
                self._run(remove())

        self._cleanup.callback(clean)


@dataclass(frozen=True)
class Site:
    """A network and look-ups that servers of several tests share."""

    vpc_id: str
    subnet_id: str
    group_id: str
    zone_name: str
    flavor_id: str
    image_id: str

    def wish(self, name: str, **changes: Any) -> NewServer:
        wanted: dict[str, Any] = {
            "name": name,
            "zone_name": self.zone_name,
            "flavor_id": self.flavor_id,
            "image_id": self.image_id,
            "vpc_id": self.vpc_id,
            "subnet_id": self.subnet_id,
            "security_group_ids": (self.group_id,),
        }
        return NewServer(**{**wanted, **changes})
