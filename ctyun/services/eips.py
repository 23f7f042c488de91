"""Elastic IP addresses (host `ctvpc`). Create and delete are orders; an EIP is found again by its fixed name."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any, Self

from ctyun.fields import Body, need, number, text
from ctyun.services.base import PAGE, Service, all_pages, token_or_new
from ctyun.services.orders import Orders
from ctyun.transport import Call, Transport
from ctyun.waiting import LOCAL_PACE, Pace

CREATE = Call("ctvpc", "POST", "/v4/eip/create", "create EIP")
GET = Call("ctvpc", "GET", "/v4/eip/show", "look up EIP")
LIST = Call("ctvpc", "POST", "/v4/eip/new-list", "list EIPs", read_only=True)
ASSOCIATE = Call("ctvpc", "POST", "/v4/eip/associate", "bind EIP")
DISASSOCIATE = Call("ctvpc", "POST", "/v4/eip/disassociate", "unbind EIP")
RENAME = Call("ctvpc", "POST", "/v4/eip/change-name", "rename EIP")
DELETE = Call("ctvpc", "POST", "/v4/eip/delete", "delete EIP")

TO_SERVER = 1  # associationType of a request; answers spell it "INSTANCE"
STARTED, REFUNDED = "started", "refunded"


@dataclass(frozen=True)
class Eip:
    """A public address. `status`: DOWN = unbound, ACTIVE = bound."""

    id: str
    name: str
    address: str
    status: str
    bandwidth: int  # Mbit/s
    instance_id: str | None = None  # what it is bound to
    instance_kind: str | None = None  # INSTANCE, LOADBALANCER, ...
    private_address: str | None = None

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "ID"),
            name=text(body, "name"),
            address=text(body, "eipAddress"),
            status=text(body, "status"),
            bandwidth=number(body, "bandwidth"),
            instance_id=text(body, "associationID") or None,
            instance_kind=text(body, "associationType") or None,
            private_address=text(body, "privateIpAddress") or None,
        )


class Eips(Service):
    """Order, look up, bind and give back EIPs."""

    def __init__(self, transport: Transport, orders: Orders, pace: Pace = LOCAL_PACE) -> None:
        super().__init__(transport, pace)
        self._orders = orders

    async def create(self, region_id: str, *, name: str, bandwidth: int = 5, client_token: str, timeout: float = 120) -> Eip:
        """Order an EIP on demand and wait for it. `bandwidth` in Mbit/s. Raises OrderFailed, WaitTimeout."""
        body = {
            "clientToken": client_token,
            "regionID": region_id,
            "cycleType": "on_demand",
            "name": name,
            "bandwidth": bandwidth,
            "demandBillingType": "bandwidth",
        }
        answer = await self._transport.send(CREATE, name, body=body)
        return await self.get(region_id, await self._ordered(answer.body, f"EIP {name}", timeout))

    async def _ordered(self, body: Body, what: str, timeout: float) -> str:
        """The new EIP's id: in the answer when the order is already done, else known when the order is."""
        if text(body, "masterResourceStatus") == STARTED and text(body, "eipID"):
            return text(body, "eipID")
        order = await self._orders.wait(need(body, "masterOrderID"), what=what, timeout=timeout)
        return order.resource_ids[0]

    async def get(self, region_id: str, eip_id: str) -> Eip:
        """Raises NotFound."""
        answer = await self._transport.send(GET, eip_id, query={"regionID": region_id, "eipID": eip_id})
        return Eip.from_api(answer.body)

    async def list(self, region_id: str, *, name: str | None = None, instance_id: str | None = None) -> builtins.list[Eip]:
        """The EIPs of the region, with exactly this name, or bound to this server."""
        wanted: dict[str, Any] = {"regionID": region_id, "pageSize": PAGE}
        if instance_id:
            wanted["associationID"] = instance_id
        bodies = await all_pages(
            lambda page: self._transport.send(LIST, "", body={**wanted, "clientToken": token_or_new(None), "pageNo": page}),
            "eips",
        )
        return [eip for eip in map(Eip.from_api, bodies) if name is None or eip.name == name]

    async def associate(self, region_id: str, eip_id: str, instance_id: str, *, client_token: str | None = None) -> Eip:
        """Bind an EIP to a server and read it back."""
        body = {
            "clientToken": token_or_new(client_token),
            "regionID": region_id,
            "eipID": eip_id,
            "associationID": instance_id,
            "associationType": TO_SERVER,
        }
        await self._transport.send(ASSOCIATE, f"{eip_id} to server {instance_id}", body=body)
        return await self.get(region_id, eip_id)

    async def disassociate(self, region_id: str, eip_id: str, *, client_token: str | None = None) -> None:
        """Unbind an EIP from whatever it is bound to."""
        body = {"clientToken": token_or_new(client_token), "regionID": region_id, "eipID": eip_id}
        await self._transport.send(DISASSOCIATE, eip_id, body=body)

    async def rename(self, region_id: str, eip_id: str, name: str, *, client_token: str | None = None) -> None:
        """Change the name."""
        body = {"clientToken": token_or_new(client_token), "regionID": region_id, "eipID": eip_id, "name": name}
        await self._transport.send(RENAME, eip_id, body=body)

    async def delete(self, region_id: str, eip_id: str, *, client_token: str | None = None, timeout: float = 120) -> None:
        """Give an EIP back and wait for the order. Raises InUse while it is bound, NotFound when it is gone."""
        body = {"clientToken": token_or_new(client_token), "regionID": region_id, "eipID": eip_id}
        answer = await self._transport.send(DELETE, eip_id, body=body)
        if text(answer.body, "masterResourceStatus") == REFUNDED or not text(answer.body, "masterOrderID"):
            return
        await self._orders.wait_for_removal(
            need(answer.body, "masterOrderID"), what=f"the return of EIP {eip_id}", timeout=timeout
        )
