"""SSH key pairs (host `ctecs`). They have no clientToken: a key pair is found again by its name, which is unique."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, field
from typing import Self

from ctyun.errors import BadAnswer
from ctyun.fields import Body, need, number, present, text
from ctyun.services.base import PAGE, Service, all_pages
from ctyun.transport import Call

CREATE = Call("ctecs", "POST", "/v4/ecs/keypair/create-keypair", "create key pair")
IMPORT = Call("ctecs", "POST", "/v4/ecs/keypair/import-keypair", "import key pair")
LIST = Call("ctecs", "POST", "/v4/ecs/keypair/details", "list key pairs", read_only=True)
DELETE = Call("ctecs", "POST", "/v4/ecs/keypair/delete", "delete key pair")


@dataclass(frozen=True)
class KeyPair:
    """A key pair. `private_key` is there only in the answer that created it."""

    id: str
    name: str
    public_key: str
    fingerprint: str = ""  # MD5
    server_count: int = 0
    private_key: str | None = field(default=None, repr=False)

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "keyPairID"),
            name=need(body, "keyPairName"),
            public_key=text(body, "publicKey"),
            fingerprint=text(body, "fingerPrint"),
            server_count=number(body, "bindInstanceNum"),
            private_key=text(body, "privateKey") or None,
        )


class KeyPairs(Service):
    """Create, import, find and delete key pairs."""

    async def create(self, region_id: str, name: str) -> KeyPair:
        """The cloud generates the key; this answer is the only one that holds the private half. Raises Duplicate."""
        answer = await self._transport.send(CREATE, name, body={"regionID": region_id, "keyPairName": name})
        return KeyPair.from_api(answer.body)

    async def import_key(self, region_id: str, name: str, public_key: str) -> KeyPair:
        """Give the cloud a public key ("ssh-rsa AAAA..."): RSA only, at most 1024 characters. Raises Duplicate."""
        body = {"regionID": region_id, "keyPairName": name, "publicKey": public_key}
        await self._transport.send(IMPORT, name, body=body)
        found = await self.find(region_id, name)  # the answer has no id
        if found is None:
            raise BadAnswer(f"Key pair {name} was imported, but the cloud does not list it.")
        return found

    async def find(self, region_id: str, name: str) -> KeyPair | None:
        """The key pair with exactly this name."""
        return next((pair for pair in await self.list(region_id, name=name) if pair.name == name), None)

    async def list(self, region_id: str, *, name: str | None = None) -> builtins.list[KeyPair]:
        """All key pairs of the region, or those whose name the cloud finds fitting."""
        wanted = present(regionID=region_id, keyPairName=name, pageSize=PAGE)
        bodies = await all_pages(lambda page: self._transport.send(LIST, name or "", body={**wanted, "pageNo": page}), "results")
        return [KeyPair.from_api(body) for body in bodies]

    async def delete(self, region_id: str, name: str) -> None:
        """Raises NotFound when there is none with this name."""
        await self._transport.send(DELETE, name, body={"regionID": region_id, "keyPairName": name})
