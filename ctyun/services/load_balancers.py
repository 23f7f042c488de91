"""Load balancers (host `ctelb`). Of the guaranteed kind they are ordered, and the order is posted again until it is done."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ctyun.errors import OrderFailed
from ctyun.fields import Body, items, need, present, text
from ctyun.services.base import token_or_new
from ctyun.services.elb_base import ElbService
from ctyun.transport import Call
from ctyun.waiting import wait_until

CREATE_CLASSIC = Call("ctelb", "POST", "/v4/elb/create-loadbalancer", "create load balancer")
CREATE = Call("ctelb", "POST", "/v4/elb/create-pgelb", "create load balancer")
GET = Call("ctelb", "GET", "/v4/elb/show-loadbalancer", "look up load balancer")
LIST = Call("ctelb", "GET", "/v4/elb/list-loadbalancer", "list load balancers")
UPDATE = Call("ctelb", "POST", "/v4/elb/update-loadbalancer", "update load balancer")
DELETE_CLASSIC = Call("ctelb", "POST", "/v4/elb/delete-loadbalancer", "delete load balancer")
REFUND = Call("ctelb", "POST", "/v4/elb/refund-pgelb", "delete load balancer")
ASSOCIATE = Call("ctelb", "POST", "/v4/elb/associate-eip-to", "bind EIP to load balancer")
DISASSOCIATE = Call("ctelb", "POST", "/v4/elb/disassociate-eip-from", "unbind EIP from load balancer")

SMALL, CLASSIC = "elb.s2.small", ("elb.s1.small", "elb.default")
STARTED, REFUNDED = "started", "refunded"
UNDER_WAY = frozenset({"", "starting", "in_progress", "unknown"})
REFUNDING = UNDER_WAY | {STARTED}


@dataclass(frozen=True)
class LoadBalancer:
    """A balancer; `status` is ACTIVE while it works. `eip_id`: the public address that leads to it."""

    id: str
    name: str
    status: str
    vpc_id: str
    subnet_id: str
    private_address: str
    sla: str
    resource_type: str  # "internal" | "external"
    description: str = ""
    zone_name: str = ""
    eip_id: str | None = None
    delete_protection: bool = False

    @property
    def is_classic(self) -> bool:
        return self.sla in CLASSIC

    @classmethod
    def from_api(cls, body: Body) -> Self:
        eips = items(body, "eipInfo")
        return cls(
            id=need(body, "ID"),
            name=text(body, "name"),
            status=text(body, "status"),
            vpc_id=text(body, "vpcID"),
            subnet_id=text(body, "subnetID"),
            private_address=text(body, "privateIpAddress"),
            sla=text(body, "slaName"),
            resource_type=text(body, "resourceType"),
            description=text(body, "description"),
            zone_name=text(body, "azName"),
            eip_id=(text(eips[0], "eipID") or None) if eips else None,
            delete_protection=bool(body.get("deleteProtection")),
        )


class LoadBalancers(ElbService):
    """Order, look up, change and give back load balancers."""

    async def create(
        self,
        region_id: str,
        *,
        name: str,
        subnet_id: str,
        sla: str = SMALL,
        eip_id: str | None = None,
        description: str | None = None,
        private_address: str | None = None,
        client_token: str,
        timeout: float = 300,
    ) -> LoadBalancer:
        """Create one on demand and wait until it works; `eip_id` makes it an external one. Raises OrderFailed, WaitTimeout."""
        balancer_id = await self.order(
            region_id, name=name, subnet_id=subnet_id, sla=sla, eip_id=eip_id, description=description,
            private_address=private_address, client_token=client_token, timeout=timeout,
        )  # fmt: skip
        return await self.wait(region_id, balancer_id, timeout=timeout)

    async def order(
        self,
        region_id: str,
        *,
        name: str,
        subnet_id: str,
        vpc_id: str | None = None,
        sla: str = SMALL,
        eip_id: str | None = None,
        description: str | None = None,
        private_address: str | None = None,
        client_token: str,
        timeout: float = 300,
    ) -> str:
        """The first half of `create`: its id as soon as there is one; go on with `wait`. Raises OrderFailed, WaitTimeout."""
        body = present(
            clientToken=client_token,
            regionID=region_id,
            name=name,
            vpcID=vpc_id,
            subnetID=subnet_id,
            slaName=sla,
            resourceType="external" if eip_id else "internal",
            eipID=eip_id,
            description=description,
            privateIpAddress=private_address,
        )
        if sla in CLASSIC:
            return need((await self._transport.send(CREATE_CLASSIC, name, body=body)).body, "ID")
        done = await self._post_until(CREATE, name, {**body, "cycleType": "on_demand"}, STARTED, UNDER_WAY, timeout)
        return need(done, "elbID")

    async def wait(self, region_id: str, balancer_id: str, *, timeout: float = 300) -> LoadBalancer:
        """Wait until it works. Raises WaitTimeout, NotFound."""
        return await wait_until(
            lambda: self.get(region_id, balancer_id),
            lambda balancer: balancer.status == "ACTIVE",
            what=f"load balancer {balancer_id} to work",
            timeout=timeout,
            state=lambda balancer: balancer.status,
            pace=self._pace,
        )

    async def get(self, region_id: str, balancer_id: str) -> LoadBalancer:
        """Raises NotFound."""
        return LoadBalancer.from_api(await self._shown(GET, region_id, elbID=balancer_id))

    async def list(self, region_id: str, *, name: str | None = None) -> builtins.list[LoadBalancer]:
        """All of the region, or those with exactly this name."""
        return [LoadBalancer.from_api(body) for body in await self._listed(LIST, region_id, name=name)]

    async def update(
        self,
        region_id: str,
        balancer_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        delete_protection: bool | None = None,
    ) -> None:
        """Change what is not None."""
        await self._do(
            UPDATE, region_id, elbID=balancer_id, name=name, description=description, deleteProtection=delete_protection
        )

    async def delete(self, region_id: str, balancer_id: str, *, client_token: str | None = None, timeout: float = 300) -> None:
        """Give it back and wait until that is done. Raises InUse while it has listeners, NotFound when it is gone."""
        balancer = await self.get(region_id, balancer_id)
        body = {"clientToken": token_or_new(client_token), "regionID": region_id, "elbID": balancer_id}
        if balancer.is_classic:
            await self._transport.send(DELETE_CLASSIC, balancer_id, body=body)
        else:
            await self._post_until(REFUND, balancer_id, body, REFUNDED, REFUNDING, timeout)

    async def associate_eip(self, region_id: str, balancer_id: str, eip_id: str) -> None:
        """Let a public address lead to it."""
        await self._do(ASSOCIATE, region_id, f"{eip_id} to {balancer_id}", elbID=balancer_id, eipID=eip_id)

    async def disassociate_eip(self, region_id: str, balancer_id: str, eip_id: str) -> None:
        """End that."""
        await self._do(DISASSOCIATE, region_id, f"{eip_id} from {balancer_id}", elbID=balancer_id, eipID=eip_id)

    async def _post_until(
        self, call: Call, thing: str, body: Mapping[str, Any], wanted: str, under_way: frozenset[str], timeout: float
    ) -> Body:
        """Post the same order, with the same clientToken, until it is done: the API has no other way to ask about it."""

        async def post() -> Body:
            return (await self._transport.send(call, thing, body=body)).body

        def done(answer: Body) -> bool:
            return text(answer, "masterResourceStatus") not in under_way

        answer = await wait_until(
            post,
            done,
            what=f"the order to {call.operation} {thing}",
            timeout=timeout,
            state=lambda seen: text(seen, "masterResourceStatus") or "no status",
            pace=self._pace,
        )
        status = text(answer, "masterResourceStatus")
        if status != wanted:
            raise OrderFailed(f"Could not {call.operation} {thing}: the order {need(answer, 'masterOrderID')} ended as {status}.")
        return answer
