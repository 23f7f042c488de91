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
from pulumi_ctyun.provider.handler import Created, Desired, Observed, Plain, Recorded
from pulumi_ctyun.resources.declarations.eip import EIP, EIP_ASSOCIATION

BIND_SECONDS = 60.0


class EipHandler(CloudHandler):
    """`pulumi import ctyun:eip:Eip NAME [REGION/]eip-...`."""

    resource = EIP

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        return [_seen(eip) for eip in await self.client.eips.list(region, name=desired.inputs["name"])]

    async def make(self, region: str, desired: Desired, token: str) -> str:
        eip = await self.client.eips.create(
            region,
            name=desired.inputs["name"],
            bandwidth=desired.inputs["bandwidth"],
            client_token=token,
            timeout=desired.timeout,
        )
        return eip.id

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        return _seen(await self.client.eips.get(region, id))

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        if recorded.state.get("name") != desired.inputs["name"]:
            await self.client.eips.rename(region, recorded.id, desired.inputs["name"])

    async def remove(self, region: str, id: str) -> None:
        await self.client.eips.delete(region, id)


def _seen(eip: Eip) -> Observed:
    return Observed(eip.id, {"name": eip.name, "bandwidth": eip.bandwidth}, {"eipId": eip.id, "address": eip.address})


class EipAssociationHandler(CloudHandler):
    """Its id is the EIP's, since an EIP is bound to one thing. `pulumi import ctyun:eip:EipAssociation NAME [REGION/]eip-...`."""

    resource, one_of_a_name = EIP_ASSOCIATION, True

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        """Bound already: that is what is wanted, or somebody else's decision."""
        eip = await once_free(lambda: free_for(self.client, region, desired.inputs["eipId"], desired.inputs["instanceId"]))
        return [_bound(eip)] if eip.instance_id else []

    async def make(self, region: str, desired: Desired, token: str) -> str:
        eip = await self.client.eips.associate(region, desired.inputs["eipId"], desired.inputs["instanceId"], client_token=token)
        return eip.id

    async def settle(self, region: str, id: str, desired: Desired) -> Created:
        eip = await wait_until(
            lambda: self.client.eips.get(region, id),
            lambda eip: eip.instance_id == desired.inputs["instanceId"] and bool(eip.private_address),
            what=f"EIP {id} to be bound to server {desired.inputs['instanceId']}",
            timeout=BIND_SECONDS,
            state=lambda eip: eip.status,
        )
        return desired.reached(id, **_bound(eip).outputs)

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        eip = await self.client.eips.get(region, id)
        if not eip.instance_id or eip.instance_id != state.get("instanceId", eip.instance_id):
            raise errors.NotFound("look up", f"the binding of EIP {id}", "", f"it is bound to {eip.instance_id or 'nothing'}")
        return _bound(eip)

    async def delete(self, recorded: Recorded) -> None:
        """Only if it is still bound to this server: by now it may serve another one."""
        region = await self.cloud.region_id(recorded.state["region"])
        try:
            await self.look(region, recorded.id, recorded.state)
        except errors.NotFound:
            return
        await super().delete(recorded)

    async def remove(self, region: str, id: str) -> None:
        await self.client.eips.disassociate(region, id)


async def free_for(client: Client, region: str, id: str, user: str) -> Eip:
    """The EIP, if it is bound to nothing or to `user`. Raises Taken."""
    eip = await client.eips.get(region, id)
    if eip.instance_id and eip.instance_id != user:
        raise Taken(f"EIP {eip.address} ({eip.id}) is bound to {eip.instance_id}, and serves one thing at a time.")
    return eip


def _bound(eip: Eip) -> Observed:
    inputs: dict[str, Any] = {"eipId": eip.id, "instanceId": eip.instance_id}
    return Observed(eip.id, inputs, {"privateAddress": eip.private_address or ""})
