"""Public addresses in the cloud. They carry no mark: one is known by its fixed name, and by the token of its create."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ctyun import errors
from ctyun.client import Client
from ctyun.services.eips import Eip
from ctyun.waiting import wait_until
from pulumi_ctyun.provider.cloud_handler import CloudHandler
from pulumi_ctyun.provider.exclusive import Taken, once_free
from pulumi_ctyun.provider.handler import Known, Made, Plain, Seen, Wish
from pulumi_ctyun.resources.declarations.eip import EIP, EIP_ASSOCIATION

BIND_SECONDS = 60.0


class EipHandler(CloudHandler):
    """`pulumi import ctyun:eip:Eip NAME [REGION/]eip-...`."""

    resource = EIP

    async def left_over(self, region: str, wish: Wish) -> Sequence[Seen]:
        return [_seen(eip) for eip in await self.client.eips.list(region, name=wish.inputs["name"])]

    async def make(self, region: str, wish: Wish, token: str) -> str:
        eip = await self.client.eips.create(
            region, name=wish.inputs["name"], bandwidth=wish.inputs["bandwidth"], client_token=token, timeout=wish.timeout
        )
        return eip.id

    async def look(self, region: str, id: str, state: Plain) -> Seen:
        return _seen(await self.client.eips.get(region, id))

    async def change(self, region: str, known: Known, wish: Wish) -> None:
        if known.state.get("name") != wish.inputs["name"]:
            await self.client.eips.rename(region, known.id, wish.inputs["name"])

    async def remove(self, region: str, id: str) -> None:
        await self.client.eips.delete(region, id)


def _seen(eip: Eip) -> Seen:
    return Seen(eip.id, {"name": eip.name, "bandwidth": eip.bandwidth}, {"eipId": eip.id, "address": eip.address})


class EipAssociationHandler(CloudHandler):
    """Its id is the EIP's, since an EIP is bound to one thing. `pulumi import ctyun:eip:EipAssociation NAME [REGION/]eip-...`."""

    resource, one_of_a_name = EIP_ASSOCIATION, True

    async def left_over(self, region: str, wish: Wish) -> Sequence[Seen]:
        """Bound already: that is what is wanted, or somebody else's decision."""
        eip = await once_free(lambda: free_for(self.client, region, wish.inputs["eipId"], wish.inputs["instanceId"]))
        return [_bound(eip)] if eip.instance_id else []

    async def make(self, region: str, wish: Wish, token: str) -> str:
        eip = await self.client.eips.associate(region, wish.inputs["eipId"], wish.inputs["instanceId"], client_token=token)
        return eip.id

    async def settle(self, region: str, id: str, wish: Wish) -> Made:
        eip = await wait_until(
            lambda: self.client.eips.get(region, id),
            lambda eip: eip.instance_id == wish.inputs["instanceId"] and bool(eip.private_address),
            what=f"EIP {id} to be bound to server {wish.inputs['instanceId']}",
            timeout=BIND_SECONDS,
            state=lambda eip: eip.status,
        )
        return wish.reached(id, **_bound(eip).outputs)

    async def look(self, region: str, id: str, state: Plain) -> Seen:
        eip = await self.client.eips.get(region, id)
        if not eip.instance_id or eip.instance_id != state.get("instanceId", eip.instance_id):
            raise errors.NotFound("look up", f"the binding of EIP {id}", "", f"it is bound to {eip.instance_id or 'nothing'}")
        return _bound(eip)

    async def delete(self, known: Known) -> None:
        """Only if it is still bound to this server: by now it may serve another one."""
        region = await self.cloud.region_id(known.state["region"])
        try:
            await self.look(region, known.id, known.state)
        except errors.NotFound:
            return
        await super().delete(known)

    async def remove(self, region: str, id: str) -> None:
        await self.client.eips.disassociate(region, id)


async def free_for(client: Client, region: str, id: str, user: str) -> Eip:
    """The EIP, if it is bound to nothing or to `user`. Raises Taken."""
    eip = await client.eips.get(region, id)
    if eip.instance_id and eip.instance_id != user:
        raise Taken(f"EIP {eip.address} ({eip.id}) is bound to {eip.instance_id}, and serves one thing at a time.")
    return eip


def _bound(eip: Eip) -> Seen:
    inputs: dict[str, Any] = {"eipId": eip.id, "instanceId": eip.instance_id}
    return Seen(eip.id, inputs, {"privateAddress": eip.private_address or ""})
