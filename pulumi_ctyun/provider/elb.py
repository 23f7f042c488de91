"""Load balancers, their listeners and certificates in the cloud. Their marks stand in the description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ctyun import errors
from ctyun.services.certificates import Certificate
from ctyun.services.listeners import Listener
from ctyun.services.load_balancers import LoadBalancer
from pulumi_ctyun.provider.cloud_handler import CloudHandler
from pulumi_ctyun.provider.eip import free_for
from pulumi_ctyun.provider.exclusive import Taken, once_free
from pulumi_ctyun.provider.handler import Created, Desired, Observed, Plain, Recorded
from pulumi_ctyun.provider.marks import described, has_mark, name_for, name_seen
from pulumi_ctyun.resources.declarations.elb import CERTIFICATE, LISTENER, LOAD_BALANCER


class LoadBalancerHandler(CloudHandler):
    """`pulumi import ctyun:elb:LoadBalancer NAME [REGION/]lb-...`."""

    resource = LOAD_BALANCER

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        found = await self.client.load_balancers.list(region)
        return [_seen_balancer(balancer) for balancer in found if has_mark(balancer.description, desired.mark)]

    async def make(self, region: str, desired: Desired, token: str) -> str:
        inputs = desired.inputs
        if eip := inputs.get("eipId"):
            await once_free(lambda: free_for(self.client, region, eip, ""))
        return await self.client.load_balancers.order(
            region,
            name=inputs["name"],
            vpc_id=inputs["vpcId"],
            subnet_id=inputs["subnetId"],
            sla=inputs["sla"],
            eip_id=inputs.get("eipId"),
            description=described(None, desired.mark),
            client_token=token,
            timeout=desired.timeout,
        )

    async def settle(self, region: str, id: str, desired: Desired) -> Created:
        """Wait until it works, and lead the wished public address to it."""
        balancers = self.client.load_balancers
        balancer = await balancers.wait(region, id, timeout=desired.timeout)
        wanted = desired.inputs.get("eipId")
        if wanted and balancer.eip_id != wanted:
            await once_free(lambda: free_for(self.client, region, wanted, id))  # before it gives up the one that it has
        if balancer.eip_id and balancer.eip_id != wanted:
            await balancers.disassociate_eip(region, id, balancer.eip_id)
        if wanted and balancer.eip_id != wanted:
            await balancers.associate_eip(region, id, wanted)
        return desired.reached(id, **_seen_balancer(balancer).outputs)

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        return _seen_balancer(await self.client.load_balancers.get(region, id))

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        if recorded.state.get("name") != desired.inputs["name"]:
            await self.client.load_balancers.update(region, recorded.id, name=desired.inputs["name"])

    async def remove(self, region: str, id: str) -> None:
        """Waits until it is given back."""
        await self.client.load_balancers.delete(region, id)


def _seen_balancer(balancer: LoadBalancer) -> Observed:
    inputs = {
        "name": balancer.name,
        "vpcId": balancer.vpc_id,
        "subnetId": balancer.subnet_id,
        "type": balancer.resource_type,
        "eipId": balancer.eip_id,
        "sla": balancer.sla,
    }
    return Observed(balancer.id, inputs, {"loadBalancerId": balancer.id, "address": balancer.private_address})


class CertificateHandler(CloudHandler):
    """`pulumi import ctyun:elb:Certificate NAME [REGION/]ID`; the private key is not read back."""

    resource = CERTIFICATE

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        found = await self.client.certificates.list(region)
        return [_seen_certificate(item, desired.inputs) for item in found if has_mark(item.description, desired.mark)]

    async def make(self, region: str, desired: Desired, token: str) -> str:
        return await self.client.certificates.create(
            region,
            name=name_for(desired, token),
            pem=desired.inputs["certificate"],
            private_key=desired.inputs["privateKey"],
            description=described(None, desired.mark),
            client_token=token,
        )

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        return _seen_certificate(await self.client.certificates.get(region, id), state)

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        if recorded.state.get("name") != desired.inputs["name"]:
            await self.client.certificates.rename(region, recorded.id, desired.inputs["name"])

    async def remove(self, region: str, id: str) -> None:
        await self.client.certificates.delete(region, id)


def _seen_certificate(certificate: Certificate, state: Plain) -> Observed:
    inputs = {"name": name_seen(certificate.name, state), "certificate": certificate.pem}
    return Observed(certificate.id, inputs, {"certificateId": certificate.id})


class ListenerHandler(CloudHandler):
    """`pulumi import ctyun:elb:Listener NAME [REGION/]listener-...`."""

    resource = LISTENER

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        try:
            return await once_free(lambda: self._marked(region, desired))
        except errors.NotFound:  # the load balancer is missing; the create says so
            return []

    async def _marked(self, region: str, desired: Desired) -> Sequence[Observed]:
        """Raises Taken where another one has the port."""
        inputs, found = desired.inputs, await self.client.listeners.list(region, balancer_id=desired.inputs["loadBalancerId"])
        marked = [listener for listener in found if has_mark(listener.description, desired.mark)]
        for other in found:
            if other not in marked and other.port == inputs["port"]:
                what = f"Port {other.port} of load balancer {other.balancer_id}"
                raise Taken(f"{what} is listener {other.name}'s ({other.id}), and a port has one listener.")
        return [_seen_listener(listener) for listener in marked]

    async def make(self, region: str, desired: Desired, token: str) -> str:
        return await self.client.listeners.create(
            region,
            balancer_id=desired.inputs["loadBalancerId"],
            protocol=desired.inputs["protocol"],
            port=desired.inputs["port"],
            description=described(None, desired.mark),
            client_token=token,
            **_changeable(desired.inputs),
        )

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        return _seen_listener(await self.client.listeners.get(region, id))

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        await self.client.listeners.update(region, recorded.id, **_changeable(desired.inputs))

    async def remove(self, region: str, id: str) -> None:
        await self.client.listeners.delete(region, id)


def _changeable(inputs: Plain) -> dict[str, Any]:
    """X-Forwarded-For is not even mentioned to a TCP listener."""
    return {
        "name": inputs["name"],
        "target_group_id": inputs["targetGroupId"],
        "certificate_id": inputs.get("certificateId"),
        "forwarded_for": None if inputs["protocol"] == "TCP" else inputs["forwardedFor"],
    }


def _seen_listener(listener: Listener) -> Observed:
    inputs = {
        "loadBalancerId": listener.balancer_id,
        "name": listener.name,
        "protocol": listener.protocol,
        "port": listener.port,
        "targetGroupId": listener.target_group_id,
        "certificateId": listener.certificate_id or None,
        "forwardedFor": listener.forwarded_for,
    }
    return Observed(listener.id, inputs, {"listenerId": listener.id})
