"""Certificates that HTTPS listeners show (host `ctelb`)."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, field
from typing import Self

from ctyun.fields import Body, need, text
from ctyun.services.elb_base import ElbService
from ctyun.transport import Call

CREATE = Call("ctelb", "POST", "/v4/elb/create-certificate", "create certificate")
GET = Call("ctelb", "GET", "/v4/elb/show-certificate", "look up certificate")
LIST = Call("ctelb", "GET", "/v4/elb/list-certificate", "list certificates")
UPDATE = Call("ctelb", "POST", "/v4/elb/update-certificate", "update certificate")
DELETE = Call("ctelb", "POST", "/v4/elb/delete-certificate", "delete certificate")

SERVER = "Server"


@dataclass(frozen=True)
class Certificate:
    """A certificate as the cloud keeps it: `pem` is its public part. The private key is not read back."""

    id: str
    name: str
    kind: str  # "certificate" (a server's) | "ca"
    status: str  # "ACTIVE" | "INACTIVE"
    pem: str = field(default="", repr=False)
    description: str = ""

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "ID"),
            name=text(body, "name"),
            kind=text(body, "type"),
            status=text(body, "status"),
            pem=text(body, "certificate"),
            description=text(body, "description"),
        )


class Certificates(ElbService):
    """Upload, look up, rename and delete servers' certificates. Their content never changes: another one is a new one."""

    async def create(
        self, region_id: str, *, name: str, pem: str, private_key: str, description: str | None = None, client_token: str
    ) -> str:
        """Returns the id. Raises ParameterError when certificate and key do not belong together."""
        return await self._created(
            CREATE, name, clientToken=client_token, regionID=region_id, name=name, type=SERVER, certificate=pem,
            privateKey=private_key, description=description,
        )  # fmt: skip

    async def get(self, region_id: str, certificate_id: str) -> Certificate:
        """Raises NotFound."""
        return Certificate.from_api(await self._shown(GET, region_id, certificateID=certificate_id))

    async def list(self, region_id: str, *, name: str | None = None) -> builtins.list[Certificate]:
        """All of the region, or those with exactly this name."""
        return [Certificate.from_api(body) for body in await self._listed(LIST, region_id, name=name)]

    async def rename(self, region_id: str, certificate_id: str, name: str) -> None:
        """Its name is all that can change."""
        await self._do(UPDATE, region_id, certificateID=certificate_id, name=name)

    async def delete(self, region_id: str, certificate_id: str) -> None:
        """Raises InUse while a listener shows it, NotFound when it is gone."""
        await self._do(DELETE, region_id, certificateID=certificate_id)
