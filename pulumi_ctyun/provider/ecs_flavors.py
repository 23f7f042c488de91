"""Another flavour for a server that is there. CTyun changes only stopped ones: it is off for a moment, and keeps its disks."""

from __future__ import annotations

from ctyun import errors
from ctyun.services.server_values import Server
from ctyun.services.servers import RUNNING, STOPPED
from pulumi_ctyun.provider.cloud import Cloud
from pulumi_ctyun.provider.handler import Desired

BEGINNING = frozenset({"creating", "starting"})


async def resize(cloud: Cloud, region: str, server: Server, desired: Desired, has_it: bool) -> None:
    """`has_it`: the flavour is what is wished already. A server that was off stays off.

    That it was stopped for this is noted before: an update that was killed in between is carried on by the next one, which
    switches it on again.
    """
    servers, timeout = cloud.client.servers, desired.timeout
    if not has_it:
        flavor = await cloud.client.flavors.find(region, server.zone_name, desired.inputs["flavor"])
        if server.status in {RUNNING, *BEGINNING}:
            cloud.tokens.take(f"{desired.mark}.stopped", {"id": server.id})
            await _stop(cloud, region, server, timeout)
        await servers.wait_for_state(region, server.id, {STOPPED}, timeout=timeout)
        change = f"{desired.mark}.flavor"
        token = cloud.tokens.take(change, {"id": server.id, "from": server.flavor_id, "to": flavor.id}).value
        try:
            await servers.resize(region, server.id, flavor.id, client_token=token, timeout=timeout)
        except errors.CtyunError:  # it goes on with what it had
            cloud.tokens.forget(change)
            await _on_again(cloud, region, server, desired)
            raise
        cloud.tokens.forget(change)
    await _on_again(cloud, region, server, desired)


async def _on_again(cloud: Cloud, region: str, server: Server, desired: Desired) -> None:
    """If it was stopped for this, by whichever update."""
    key, servers = f"{desired.mark}.stopped", cloud.client.servers
    noted = cloud.tokens.unfinished(key)
    if noted is not None and noted.is_for({"id": server.id}):
        if (await servers.get(region, server.id)).status == STOPPED:  # somebody may have switched it on meanwhile
            await servers.start(region, server.id, timeout=desired.timeout)
        await servers.wait_for_state(region, server.id, {RUNNING}, timeout=desired.timeout)
    cloud.tokens.forget(key)


async def _stop(cloud: Cloud, region: str, server: Server, timeout: float) -> None:
    if server.status in BEGINNING:
        await cloud.client.servers.wait_for_state(region, server.id, {RUNNING}, timeout=timeout)
    await cloud.client.servers.stop(region, server.id, timeout=timeout)
