"""Listeners of load balancers (host `ctelb`)."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Self

from ctyun.fields import Body, items, need, number, present, text
from ctyun.services.base import Service, token_or_new
from ctyun.services.target_groups import first, looked_up, one
from ctyun.transport import Call

CREATE = Call("ctelb", "POST", "/v4/elb/create-listener", "create listener")
GET = Call("ctelb", "GET", "/v4/elb/show-listener", "look up listener")
LIST = Call("ctelb", "GET", "/v4/elb/list-listener", "list listeners")
UPDATE = Call("ctelb", "POST", "/v4/elb/update-listener", "update listener")
START = Call("ctelb", "POST", "/v4/elb/start-listener", "start listener")
STOP = Call("ctelb", "POST", "/v4/elb/stop-listener", "stop listener")
DELETE = Call("ctelb", "POST", "/v4/elb/delete-listener", "delete listener")


@dataclass(frozen=True)
class Listener:
    """A port of a balancer; `status` is ACTIVE, or DOWN when it was stopped."""

    id: str
    name: str
    balancer_id: str
    protocol: str
    port: int
    status: str
    target_group_id: str = ""
    certificate_id: str = ""
    forwarded_for: bool = False
    description: str = ""

    @classmethod
    def from_api(cls, body: Body) -> Self:
        groups = items(one(one(body, "defaultAction"), "forwardConfig"), "targetGroups")
        return cls(
            id=need(body, "ID"),
            name=text(body, "name"),
            balancer_id=text(body, "loadBalancerID"),
            protocol=text(body, "protocol"),
            port=number(body, "protocolPort"),
            status=text(body, "status"),
            target_group_id=text(groups[0], "targetGroupID") if groups else "",
            certificate_id=text(body, "certificateID"),
            forwarded_for=body.get("forwardedForEnabled") is True,
            description=text(body, "description"),
        )


class Listeners(Service):
    """Create, look up, change, start, stop and delete listeners."""

    async def create(
        self,
        region_id: str,
        *,
        balancer_id: str,
        name: str,
        protocol: str,
        port: int,
        target_group_id: str,
        certificate_id: str | None = None,
        forwarded_for: bool | None = None,
        description: str | None = None,
        client_token: str,
    ) -> str:
        """Returns the id; it takes connections when the call is answered. HTTPS needs a certificate."""
        body = present(
            clientToken=client_token, regionID=region_id, loadBalancerID=balancer_id, name=name, protocol=protocol,
            protocolPort=port, defaultAction=_forward(target_group_id), certificateID=certificate_id,
            forwardedForEnabled=forwarded_for, description=description,
        )  # fmt: skip
        return need(first((await self._transport.send(CREATE, name, body=body)).body), "ID")

    async def get(self, region_id: str, listener_id: str) -> Listener:
        """Raises NotFound."""
        query = {"regionID": region_id, "listenerID": listener_id}
        return Listener.from_api(looked_up(GET, listener_id, (await self._transport.send(GET, listener_id, query=query)).body))

    async def list(self, region_id: str, *, balancer_id: str | None = None) -> builtins.list[Listener]:
        """All of the region, or of one balancer."""
        answer = await self._transport.send(LIST, "", query=present(regionID=region_id, loadBalancerID=balancer_id))
        return [Listener.from_api(body) for body in items(answer.body, "items")]

    async def update(
        self,
        region_id: str,
        listener_id: str,
        *,
        name: str | None = None,
        target_group_id: str | None = None,
        certificate_id: str | None = None,
        forwarded_for: bool | None = None,
    ) -> None:
        """Change what is not None; connections that are open stay."""
        body = present(
            clientToken=token_or_new(None), regionID=region_id, listenerID=listener_id, name=name,
            defaultAction=_forward(target_group_id) if target_group_id else None, certificateID=certificate_id,
            forwardedForEnabled=forwarded_for,
        )  # fmt: skip
        await self._transport.send(UPDATE, listener_id, body=body)

    async def start(self, region_id: str, listener_id: str) -> None:
        """Take connections again."""
        await self._do(START, region_id, listener_id)

    async def stop(self, region_id: str, listener_id: str) -> None:
        """Take no further connections; those that are open stay."""
        await self._do(STOP, region_id, listener_id)

    async def delete(self, region_id: str, listener_id: str) -> None:
        """Raises NotFound when it is gone."""
        await self._do(DELETE, region_id, listener_id)

    async def _do(self, call: Call, region_id: str, listener_id: str) -> None:
        body = {"clientToken": token_or_new(None), "regionID": region_id, "listenerID": listener_id}
        await self._transport.send(call, listener_id, body=body)


def _forward(target_group_id: str) -> Body:
    return {"type": "forward", "forwardConfig": {"targetGroups": [{"targetGroupID": target_group_id, "weight": 100}]}}
