"""VPCs (host `ctvpc`). All calls are synchronous: a create returns the id at once."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Self

from ctyun.fields import Body, need, present, text, texts
from ctyun.services.base import PAGE, Service, all_pages, token_or_new
from ctyun.transport import Call

CREATE = Call("ctvpc", "POST", "/v4/vpc/create", "create VPC")
GET = Call("ctvpc", "GET", "/v4/vpc/query", "look up VPC")
LIST = Call("ctvpc", "GET", "/v4/vpc/new-list", "list VPCs")
UPDATE = Call("ctvpc", "POST", "/v4/vpc/update", "update VPC")
DELETE = Call("ctvpc", "POST", "/v4/vpc/delete", "delete VPC")


@dataclass(frozen=True)
class Vpc:
    """A virtual private cloud."""

    id: str
    name: str
    cidr: str
    description: str = ""
    subnet_ids: tuple[str, ...] = ()

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "vpcID"),
            name=text(body, "name"),
            cidr=need(body, "CIDR"),
            description=text(body, "description"),
            subnet_ids=texts(body, "subnetIDs"),
        )


class Vpcs(Service):
    """Create, look up, change and delete VPCs."""

    async def create(self, region_id: str, *, name: str, cidr: str, description: str | None = None, client_token: str) -> str:
        """Returns the new VPC's id."""
        body = present(clientToken=client_token, regionID=region_id, name=name, CIDR=cidr, description=description)
        answer = await self._transport.send(CREATE, name, body=body)
        return need(answer.body, "vpcID")

    async def get(self, region_id: str, vpc_id: str) -> Vpc:
        """Raises NotFound."""
        answer = await self._transport.send(GET, vpc_id, query={"regionID": region_id, "vpcID": vpc_id})
        return Vpc.from_api(answer.body)

    async def list(self, region_id: str, *, name: str | None = None) -> builtins.list[Vpc]:
        """All VPCs of the region, or those with exactly this name."""
        wanted = present(regionID=region_id, vpcName=name)
        bodies = await all_pages(
            lambda page: self._transport.send(LIST, "", query={**wanted, "pageNo": page, "pageSize": PAGE}), "vpcs"
        )
        # the API does not say whether vpcName also matches parts of names
        return [vpc for vpc in map(Vpc.from_api, bodies) if name is None or vpc.name == name]

    async def update(
        self,
        region_id: str,
        vpc_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        client_token: str | None = None,
    ) -> None:
        """Change name or description; what is None stays."""
        token = token_or_new(client_token)
        body = present(clientToken=token, regionID=region_id, vpcID=vpc_id, name=name, description=description)
        await self._transport.send(UPDATE, vpc_id, body=body)

    async def delete(self, region_id: str, vpc_id: str, *, client_token: str | None = None) -> None:
        """Raises InUse while it has subnets, NotFound when it is gone."""
        body = {"clientToken": token_or_new(client_token), "regionID": region_id, "vpcID": vpc_id}
        await self._transport.send(DELETE, vpc_id, body=body)
