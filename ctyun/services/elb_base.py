"""How calls about load balancers travel (host `ctelb`): each names its thing by id, and many answers are lists of one."""

from __future__ import annotations

from typing import Any

from ctyun.errors import NotFound
from ctyun.fields import Body, items, need, part, present
from ctyun.services.base import Service, token_or_new
from ctyun.transport import Call


def one(body: Body, key: str) -> Body:
    """A nested object, {} when absent; the official SDK declares some as lists of one, its Go twin as objects."""
    value = body.get(key)
    return next(iter(items(body, key)), {}) if isinstance(value, list) else part(body, key)


def only(body: Body) -> Body:
    """The object that an answer holds, alone or in a list of one; {} when there is none."""
    return next(iter(items(body, "items")), {}) if "items" in body else body


class ElbService(Service):
    """Base of the services of load balancers."""

    async def _created(self, call: Call, thing: str, /, **wanted: Any) -> str:
        """Create something from what is not None; returns its id."""
        return need(only((await self._transport.send(call, thing, body=present(**wanted))).body), "ID")

    async def _shown(self, call: Call, region_id: str, **named: str) -> Body:
        """What there is under an id, named as the API calls it: `listenerID="..."`. Raises NotFound, also for an empty answer."""
        (id,) = named.values()
        shown = only((await self._transport.send(call, id, query={"regionID": region_id, **named})).body)
        if not shown:
            raise NotFound(call.operation, id, "", "the answer is empty")
        return shown

    async def _listed(self, call: Call, region_id: str, *, name: str | None = None, **of: str | None) -> list[Body]:
        """All of the region, or those with exactly this name, or `of` something: `targetGroupID="..."`."""
        query = present(regionID=region_id, name=name, **of)
        answer = await self._transport.send(call, "".join(filter(None, of.values())), query=query)
        return [body for body in items(answer.body, "items") if name is None or body.get("name") == name]

    async def _do(self, call: Call, region_id: str, thing: str = "", /, **fields: Any) -> None:
        """Change or delete something; the first field is its id, those that are None are left out."""
        body = present(clientToken=token_or_new(None), regionID=region_id, **fields)
        await self._transport.send(call, thing or str(next(iter(fields.values()))), body=body)
