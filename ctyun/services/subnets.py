"""Subnets (host `ctvpc`). A subnet spans all zones of its region."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ctyun.fields import Body, need, number, present, text, texts
from ctyun.services.base import PAGE, Service, all_pages
from ctyun.transport import Call

CREATE = Call("ctvpc", "POST", "/v4/vpc/create-subnet", "create subnet")
GET = Call("ctvpc", "GET", "/v4/vpc/query-subnet", "look up subnet")
LIST = Call("ctvpc", "GET", "/v4/vpc/new-list-subnet", "list subnets of VPC")
UPDATE = Call("ctvpc", "POST", "/v4/vpc/update-subnet", "update subnet")
DELETE = Call("ctvpc", "POST", "/v4/vpc/delete-subnet", "delete subnet")


@dataclass(frozen=True)
class Subnet:
    """A part of a VPC's addresses."""

    id: str
    name: str
    vpc_id: str
    cidr: str
    gateway: str
    description: str = ""
    dns_servers: tuple[str, ...] = ()
    free_addresses: int = 0

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "subnetID"),
            name=text(body, "name"),
            vpc_id=need(body, "vpcID"),
            cidr=need(body, "CIDR"),
            gateway=text(body, "gatewayIP"),
            description=text(body, "description"),
            dns_servers=texts(body, "dnsList"),
            free_addresses=number(body, "availableIPCount"),
        )


class Subnets(Service):
    """Create, look up, change and delete subnets."""

    async def create(
        self,
        region_id: str,
        *,
        vpc_id: str,
        name: str,
        cidr: str,
        dns_servers: Sequence[str] = (),
        description: str | None = None,
        client_token: str,
    ) -> str:
        """Returns the new subnet's id. At most four DNS servers."""
        body = present(
            clientToken=client_token,
            regionID=region_id,
            vpcID=vpc_id,
            name=name,
            CIDR=cidr,
            description=description,
            dnsList=builtins.list(dns_servers) or None,
        )
        answer = await self._transport.send(CREATE, name, body=body)
        return need(answer.body, "subnetID")

    async def get(self, region_id: str, subnet_id: str) -> Subnet:
        """Raises NotFound."""
        answer = await self._transport.send(GET, subnet_id, query={"regionID": region_id, "subnetID": subnet_id})
        return Subnet.from_api(answer.body)

    async def list(self, region_id: str, vpc_id: str) -> builtins.list[Subnet]:
        """All subnets of a VPC."""
        wanted = {"regionID": region_id, "vpcID": vpc_id}
        bodies = await all_pages(
            lambda page: self._transport.send(LIST, vpc_id, query={**wanted, "pageNo": page, "pageSize": PAGE}), "subnets"
        )
        return [Subnet.from_api(body) for body in bodies]

    async def update(
        self,
        region_id: str,
        subnet_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        dns_servers: Sequence[str] | None = None,
    ) -> None:
        """Change name, description or DNS servers; what is None stays."""
        servers = None if dns_servers is None else builtins.list(dns_servers)
        body = present(regionID=region_id, subnetID=subnet_id, name=name, description=description, dnsList=servers)
        await self._transport.send(UPDATE, subnet_id, body=body)

    async def delete(self, region_id: str, subnet_id: str) -> None:
        """Raises InUse while something has an address in it, NotFound when it is gone."""
        await self._transport.send(DELETE, subnet_id, body={"regionID": region_id, "subnetID": subnet_id})
