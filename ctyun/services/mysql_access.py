"""How a MySQL instance is reached: white lists and public addresses."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ctyun.errors import NotFound
from ctyun.fields import Body, items, need, text
from ctyun.services.mysql_base import MysqlService, data_items, rds2, teledb

LISTS = "v1/open-api/rds-manage/rds-access-white-list"
CREATE_LIST = rds2("POST", LISTS, "create white list")
GET_LISTS = rds2("GET", LISTS, "list white lists of MySQL instance")
CHANGE_LIST = rds2("PUT", LISTS, "change white list")
DELETE_LIST = rds2("DELETE", LISTS, "delete white list")
EIPS = teledb("GET", "dcp/v2/openapi/dcp-order-info/eips", "list EIPs of MySQL instance")
BIND = teledb("POST", "dcp/v2/openapi/dcp-order-info/eips/bind", "bind EIP to MySQL instance")
UNBIND = teledb("POST", "dcp/v2/openapi/dcp-order-info/eips/unbind", "unbind EIP from MySQL instance")
BOUND = "1"


@dataclass(frozen=True)
class MysqlWhiteList:
    """Addresses and networks that may connect."""

    name: str
    addresses: tuple[str, ...]

    @classmethod
    def from_api(cls, body: Body) -> Self:
        listed = body.get("groupWhiteList") or body.get("whiteList") or []
        if isinstance(listed, str):  # one source has them as one text
            listed = [part.strip() for part in listed.strip("[]").replace('"', "").split(",")]
        return cls(need(body, "groupName"), tuple(str(address) for address in listed if address))


class MysqlWhiteLists(MysqlService):
    """White lists of instances. As soon as there is one, nobody else may connect."""

    async def create(self, region_id: str, mysql_id: str, name: str, addresses: Sequence[str]) -> None:
        await self._ask(CREATE_LIST, region_id, mysql_id, thing=name, body=_body(name, addresses))

    async def list(self, region_id: str, mysql_id: str) -> builtins.list[MysqlWhiteList]:
        answer = await self._ask(GET_LISTS, region_id, mysql_id)
        return [MysqlWhiteList.from_api(body) for body in items(answer, "items")]

    async def get(self, region_id: str, mysql_id: str, name: str) -> MysqlWhiteList:
        """Raises NotFound."""
        found = next((one for one in await self.list(region_id, mysql_id) if one.name == name), None)
        if found is None:
            raise NotFound("look up white list", name, "", f"MySQL instance {mysql_id} does not list it")
        return found

    async def change(self, region_id: str, mysql_id: str, name: str, addresses: Sequence[str]) -> None:
        """These addresses instead of what it held."""
        await self._ask(CHANGE_LIST, region_id, mysql_id, thing=name, body=_body(name, addresses))

    async def delete(self, region_id: str, mysql_id: str, name: str) -> None:
        """Raises NotFound."""
        await self.get(region_id, mysql_id, name)
        await self._ask(DELETE_LIST, region_id, mysql_id, thing=name, query={"groupName": name})


def _body(name: str, addresses: Sequence[str]) -> dict[str, object]:
    return {"groupName": name, "groupWhiteList": list(addresses)}


@dataclass(frozen=True)
class MysqlEip:
    """A public address as RDS sees it."""

    id: str
    address: str
    is_bound: bool

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(need(body, "eipId"), text(body, "eip"), text(body, "bindStatus") == BOUND)


class MysqlEips(MysqlService):
    """Public addresses of instances."""

    async def list(self, region_id: str, mysql_id: str) -> builtins.list[MysqlEip]:
        """Those that are bound to it."""
        query = {"regionId": region_id, "instId": mysql_id}
        answer = await self._order(EIPS, mysql_id, region_id=region_id, query=query)
        return [eip for eip in map(MysqlEip.from_api, data_items(answer.body)) if eip.is_bound]

    async def bind(self, region_id: str, mysql_id: str, eip_id: str, address: str) -> None:
        """The API wants the EIP by id and by address."""
        body = {"eipId": eip_id, "eip": address, "instId": mysql_id}
        await self._order(BIND, f"{eip_id} to {mysql_id}", region_id=region_id, body=body)

    async def unbind(self, region_id: str, mysql_id: str, eip_id: str, address: str) -> None:
        """End that."""
        body = {"eipId": eip_id, "eip": address, "instId": mysql_id}
        await self._order(UNBIND, f"{eip_id} from {mysql_id}", region_id=region_id, body=body)
