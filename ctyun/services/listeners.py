"""Listeners of load balancers (host `ctelb`)."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Self

from ctyun.fields import Body, items, need, number, text
from ctyun.services.elb_base import ElbService, one
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


class Listeners(ElbService):
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
        return await self._created(
            CREATE, name, clientToken=client_token, regionID=region_id, name=name, loadBalancerID=balancer_id, protocol=protocol,
            protocolPort=port, defaultAction=_forward(target_group_id), certificateID=certificate_id,
            forwardedForEnabled=forwarded_for, description=description,
        )  # fmt: skip

    async def get(self, region_id: str, listener_id: str) -> Listener:
        """Raises NotFound."""
        return Listener.from_api(await self._shown(GET, region_id, listenerID=listener_id))

    async def list(self, region_id: str, *, balancer_id: str | None = None) -> builtins.list[Listener]:
        """All of the region, or of one balancer."""
        return [Listener.from_api(body) for body in await self._listed(LIST, region_id, loadBalancerID=balancer_id)]

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
        await self._do(
            UPDATE, region_id, listenerID=listener_id, name=name, certificateID=certificate_id,
            defaultAction=_forward(target_group_id) if target_group_id else None, forwardedForEnabled=forwarded_for,
        )  # fmt: skip

    async def start(self, region_id: str, listener_id: str) -> None:
        """Take connections again."""
        await self._do(START, region_id, listenerID=listener_id)

    async def stop(self, region_id: str, listener_id: str) -> None:
        """Take no further connections; those that are open stay."""
        await self._do(STOP, region_id, listenerID=listener_id)

    async def delete(self, region_id: str, listener_id: str) -> None:
        """Raises NotFound when it is gone."""
        await self._do(DELETE, region_id, listenerID=listener_id)


def _forward(target_group_id: str) -> Body:
    return {"type": "forward", "forwardConfig": {"targetGroups": [{"targetGroupID": target_group_id, "weight": 100}]}}
