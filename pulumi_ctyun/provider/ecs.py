"""Key pairs and servers in the cloud."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ctyun import errors
from ctyun.services.server_values import DiskWish, NewServer, Server
from ctyun.services.servers import ENDED, ERROR, RUNNING
from pulumi_ctyun.provider.cloud_handler import CloudHandler
from pulumi_ctyun.provider.ecs_disks import grow
from pulumi_ctyun.provider.ecs_flavors import BEGINNING, resize
from pulumi_ctyun.provider.handler import Created, Desired, Observed, Plain, Recorded
from pulumi_ctyun.provider.marks import MARK_LABEL
from pulumi_ctyun.resources.declarations.ecs import INSTANCE, KEY_PAIR

ENDING = frozenset({"unsubscribing", *ENDED})


class KeyPairHandler(CloudHandler):
    """Known by its name, which is its id here: `pulumi import ctyun:ecs:KeyPair NAME [REGION/]KEY-PAIR-NAME`."""

    resource, one_of_a_name = KEY_PAIR, True

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        name = desired.inputs["name"]
        found = await self.client.key_pairs.find(region, name)
        return [await self.look(region, name, {})] if found else []

    def is_failed_attempt(self, observed: Observed, desired: Desired) -> bool:
        """One that the cloud made is of no use to anybody: its private half was in the answer that got lost."""
        return desired.inputs.get("publicKey") is None

    def matches(self, observed: Observed, desired: Desired) -> bool:
        return _body(desired.inputs["publicKey"]) == _body(observed.outputs["publicKey"])

    async def make(self, region: str, desired: Desired, token: str) -> str:
        name, public = desired.inputs["name"], desired.inputs.get("publicKey")
        if public is not None:
            await self.client.key_pairs.import_key(region, name, public)
            return str(name)
        pair = await self.client.key_pairs.create(region, name)
        desired.reached(pair.name, keyPairId=pair.id, publicKey=pair.public_key, privateKey=pair.private_key)
        return pair.name

    async def _settled(self, region: str, id: str, desired: Desired) -> Created:
        """What the cloud made is complete in its answer, and the private half stands nowhere else."""
        return desired.created or await super()._settled(region, id, desired)

    async def settle(self, region: str, id: str, desired: Desired) -> Created:
        observed = await self.look(region, id, desired.inputs)
        return desired.reached(id, keyPairId=observed.outputs["keyPairId"])

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        pair = await self.client.key_pairs.find(region, id)
        if pair is None:
            raise errors.NotFound("look up key pair", id, "", "the cloud does not list it")
        if pair.id != state.get("keyPairId", pair.id):  # servers would take another key than the state holds
            raise errors.NotFound("look up key pair", id, "", "another one has its name")
        return Observed(pair.name, {"name": pair.name}, {"keyPairId": pair.id, "publicKey": pair.public_key})

    async def update(self, recorded: Recorded, desired: Desired) -> Created:
        outputs = {name: recorded.state.get(name) for name in ("keyPairId", "publicKey", "privateKey")}
        return Created(recorded.id, outputs)

    async def remove(self, region: str, id: str) -> None:
        await self.client.key_pairs.delete(region, id)


def _body(public_key: str) -> str:
    """The key without its comment."""
    return " ".join(public_key.split()[:2])


class InstanceHandler(CloudHandler):
    """Marked by a label. `pulumi import ctyun:ecs:Instance NAME [REGION/]INSTANCE-ID`."""

    resource = INSTANCE

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        servers = await self.client.servers.list(region, labels={MARK_LABEL: desired.mark})
        living = [server for server in servers if server.status not in ENDING]
        whole = [await self.client.servers.find(region, server.id) for server in living]  # items of lists may be incomplete
        marked = [server for server in whole if server is not None and server.labels.get(MARK_LABEL) == desired.mark]
        return [await self._seen(region, server) for server in marked]

    def is_failed_attempt(self, observed: Observed, desired: Desired) -> bool:
        return bool(observed.outputs["status"] == ERROR)

    async def make(self, region: str, desired: Desired, token: str) -> str:
        order = await self.client.servers.create(region, await self._new_server(region, desired), client_token=token)
        done = await self.client.orders.wait(order.id, what=f"server {desired.inputs['name']}", timeout=desired.timeout)
        return done.resource_ids[0]

    async def _new_server(self, region: str, desired: Desired) -> NewServer:
        """Look-ups by name happen here and nowhere earlier: a preview makes no call."""
        inputs = desired.inputs
        zone = await self.client.regions.zone(region, inputs["zone"])
        flavor, image = await asyncio.gather(
            self.client.flavors.find(region, zone.name, inputs["flavor"]), self.client.images.find(region, inputs["image"])
        )
        user_data = inputs.get("userData")
        system = inputs.get("systemDisk")
        return NewServer(
            name=inputs["name"],
            zone_name=zone.name,
            flavor_id=flavor.id,
            image_id=image.id,
            image_visibility=image.visibility,
            vpc_id=inputs["vpcId"],
            subnet_id=inputs["subnetId"],
            security_group_ids=tuple(inputs["securityGroupIds"]),
            key_pair_id=inputs.get("keyPairId"),
            password=inputs.get("password"),
            user_data=user_data.encode() if user_data is not None else None,
            system_disk=_disk(system) if system else DiskWish(),
            data_disks=tuple(_disk(disk) for disk in inputs.get("dataDisks") or ()),
            fixed_address=inputs.get("fixedAddress"),
            labels={**(inputs.get("labels") or {}), MARK_LABEL: desired.mark},
        )

    async def settle(self, region: str, id: str, desired: Desired) -> Created:
        """Wait until it runs. One that came out broken is not kept: the next create removes it and orders again."""
        server = await self.client.servers.wait_for_state(region, id, {RUNNING, ERROR}, timeout=desired.timeout)
        if server.status == ERROR:
            desired.created = None
            raise errors.JobFailed(f"Server {desired.inputs['name']} ({id}) came up in state error. Run the update again.")
        created = desired.reached(id, **_outputs(server))
        desired.spellings.update(await self._spellings(region, server))
        return created

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        server = await self.client.servers.get(region, id)
        if server.status in ENDED:
            raise errors.NotFound("look up server", id, "", f"it is {server.status}")
        observed = await self._seen(region, server)
        if not state:
            observed.inputs.update(await self._further_inputs(region, server))
        return replace(observed, outputs=_outputs(server))

    async def _seen(self, region: str, server: Server) -> Observed:
        zones = {zone.name: zone.label for zone in await self.client.regions.zones(region)}
        labels = {key: value for key, value in server.labels.items() if key != MARK_LABEL}
        inputs: dict[str, Any] = {
            "zone": zones.get(server.zone_name, server.zone_name),
            "name": server.name,
            "flavor": server.flavor_name,
            "image": server.image_name or server.image_id,
            "vpcId": server.vpc_id,
            "securityGroupIds": list(server.security_group_ids),
            "labels": labels or None,
        }
        if server.subnet_ids:
            inputs["subnetId"] = server.subnet_ids[0]
        outputs = {**_outputs(server), "status": server.status}
        return Observed(server.id, inputs, outputs, await self._spellings(region, server))

    async def _spellings(self, region: str, server: Server) -> dict[str, Sequence[str]]:
        """A size that a program names is what its flavour has, whichever of that size it is."""
        flavors = await self.client.flavors.list(region, zone_name=server.zone_name)
        sizes = {flavor.size for flavor in flavors if flavor.name == server.flavor_name}
        return {
            "flavor": [server.flavor_name, *sorted(sizes)],
            "image": [name for name in (server.image_name, server.image_id) if name],
        }

    async def _further_inputs(self, region: str, server: Server) -> dict[str, Any]:
        """What an import wants to know besides."""
        pair = await self.client.key_pairs.find(region, server.key_pair_name) if server.key_pair_name else None
        disks = await self.client.servers.disks(region, server.id)
        data = [{"type": disk.kind, "size": disk.size} for disk in disks if not disk.is_system]
        return {"keyPairId": pair.id if pair else None, "dataDisks": data or None}

    async def update(self, recorded: Recorded, desired: Desired) -> Created:
        """Compares with what is there rather than with the state, so that drift is put right too. Power is left as it is, but for
        the moment that another flavour takes."""
        region = await self.cloud.region_id(desired.inputs["region"])
        server = await self.client.servers.get(region, recorded.id)
        desired.reached(recorded.id, **_outputs(server))
        if server.name != desired.inputs["name"]:
            await self.client.servers.update(region, recorded.id, name=desired.inputs["name"])
        await self._relabel(region, server, {**(desired.inputs.get("labels") or {}), MARK_LABEL: desired.mark})
        await self._regroup(region, server, desired.inputs["securityGroupIds"])
        has_it = desired.inputs["flavor"] in (await self._spellings(region, server))["flavor"]
        await resize(self.cloud, region, server, desired, has_it)
        await grow(self.cloud, region, recorded, desired)
        server = await self.client.servers.get(region, recorded.id)
        if server.status in BEGINNING:
            return await self.settle(region, recorded.id, desired)
        desired.spellings.update(await self._spellings(region, server))
        return desired.reached(recorded.id, **_outputs(server))

    async def _relabel(self, region: str, server: Server, wanted: Mapping[str, str]) -> None:
        superfluous = {key: value for key, value in server.labels.items() if key not in wanted}
        new = {key: value for key, value in wanted.items() if server.labels.get(key) != value}
        await self.client.servers.remove_labels(region, server.id, superfluous)
        await self.client.servers.set_labels(region, server.id, new)

    async def _regroup(self, region: str, server: Server, wanted: Iterable[str]) -> None:
        """Join before leaving, so that the server is never without a group."""
        there = set(server.security_group_ids)
        for group in sorted(set(wanted) - there):
            await self.client.security_groups.join(region, group, server.id)
        for group in sorted(there - set(wanted)):
            await self.client.security_groups.leave(region, group, server.id)

    async def remove(self, region: str, id: str) -> None:
        await self.client.servers.delete(region, id)


def _outputs(server: Server) -> dict[str, Any]:
    return {"instanceId": server.id, "privateAddress": server.private_address, "zoneName": server.zone_name}


def _disk(disk: Mapping[str, Any]) -> DiskWish:
    return DiskWish(disk["type"], disk["size"])
