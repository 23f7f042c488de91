"""How calls of RDS travel (host `rds2`): two families of paths, each with its own status for success, and headers of the product.

Neither takes a clientToken: a create that got no answer is looked for by name.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from ctyun.envelopes import Answer
from ctyun.fields import Body, items, part
from ctyun.services.base import PAGE, Service
from ctyun.signing import QueryValue
from ctyun.transport import Call

PROJECT = "0"  # the default enterprise project


def rds2(method: str, path: str, operation: str, *, read_only: bool = False) -> Call:
    """A call of `/RDS2/`; success is 0."""
    return Call("rds2", method, f"/RDS2/{path}", operation, read_only=read_only, success="0")


def teledb(method: str, path: str, operation: str, *, once: bool = False) -> Call:
    """A call of `/teledb-...`; success is 200. `once`: a GET that changes something."""
    return Call("rds2", method, f"/teledb-{path}", operation, once=once, success="200")


def encoded(password: str) -> str:
    """Base64, as passwords of accounts travel."""
    return base64.b64encode(password.encode()).decode()


def data_items(body: Body) -> list[Body]:
    """The objects of a `/teledb-*` answer: `returnObj.data`, or `returnObj` itself where that is a list."""
    return items(body, "data") or items(body, "items")


def data_part(body: Body) -> Body:
    """The object of a `/teledb-*` answer: `returnObj.data`, or `returnObj` itself."""
    return part(body, "data") or body


class MysqlService(Service):
    """Base of the services of RDS."""

    async def _ask(
        self,
        call: Call,
        region_id: str,
        mysql_id: str,
        *,
        thing: str = "",
        query: Mapping[str, QueryValue] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Body:
        """A call of `/RDS2/` about one instance, whose id goes into the query of GET and DELETE, else into the body."""
        headers = {"regionId": region_id, "inst-id": mysql_id, "project-id": PROJECT}
        own = {"outerProdInstId": mysql_id}
        if call.method in ("GET", "DELETE"):
            answer = await self._transport.send(call, thing or mysql_id, query={**own, **(query or {})}, headers=headers)
        else:
            answer = await self._transport.send(call, thing or mysql_id, body={**own, **(body or {})}, headers=headers)
        return answer.body

    async def _latest(self, call: Call, region_id: str, mysql_id: str, **query: QueryValue) -> list[Body]:
        """The first page of a list about one instance, which is its latest entries."""
        return items(await self._ask(call, region_id, mysql_id, query={**query, "pageNow": 1, "pageSize": PAGE}), "list")

    async def _order(
        self,
        call: Call,
        thing: str,
        *,
        region_id: str = "",
        query: Mapping[str, QueryValue] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """A call of `/teledb-...`."""
        headers = {"project-id": PROJECT, **({"regionId": region_id} if region_id else {})}
        return await self._transport.send(call, thing, query=query, body=body, headers=headers)
