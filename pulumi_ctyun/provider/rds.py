"""MySQL instances in the cloud. They carry no mark: one is known by its fixed name, and by the token of its create."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ctyun import errors
from ctyun.services.mysql_orders import NewMysql
from ctyun.services.mysql_roles import HaSettings
from ctyun.services.mysql_values import FAILED, PAIR, SINGLE, MysqlInstance
from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.provider.cloud_handler import CloudHandler
from pulumi_ctyun.provider.handler import Created, Desired, Observed, Plain, Recorded
from pulumi_ctyun.provider.rds_parts import when_idle
from pulumi_ctyun.resources.declarations import rds_rules
from pulumi_ctyun.resources.declarations.rds import MYSQL_INSTANCE

SIZE = re.compile(r"\d+C\d+G")  # how the cloud spells flavours of instances is to be seen yet
STORAGE = {"1": "SATA", "2": "SAS", "3": "SSD"}  # how a look-up spells the kinds; it cannot tell the others apart


class MysqlInstanceHandler(CloudHandler):
    """`pulumi import ctyun:rds:MysqlInstance NAME [REGION/]INSTANCE-ID`."""

    resource, one_of_a_name = MYSQL_INSTANCE, True

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        """With this name. One that waits to be destroyed is in nobody's way."""
        found = await self.client.mysqls.list(region, name=desired.inputs["name"])
        return [await self._found(region, instance, desired) for instance in found if not instance.is_returned]

    async def _found(self, region: str, instance: MysqlInstance, desired: Desired) -> Observed:
        whole = await self.client.mysqls.get(region, instance.id)
        return Observed(whole.id, await self._inputs(region, whole, desired.inputs), {"failed": whole.order_status == FAILED})

    def is_failed_attempt(self, observed: Observed, desired: Desired) -> bool:
        return bool(observed.outputs["failed"])

    async def make(self, region: str, desired: Desired, token: str) -> str:
        inputs = desired.inputs
        zone, standby = inputs["zone"], inputs.get("standbyZone")
        new = NewMysql(
            name=inputs["name"],
            version=inputs["version"],
            flavor=inputs["flavor"],
            vpc_id=inputs["vpcId"],
            subnet_id=inputs["subnetId"],
            security_group_id=inputs["securityGroupId"],
            zone_name=(await self.client.regions.zone(region, zone)).name,
            standby_zone_name=(await self.client.regions.zone(region, standby)).name if standby else None,
            storage_type=inputs["storageType"],
            storage_gib=inputs["storageGib"],
            password=inputs.get("password"),
        )
        return await self.client.mysqls.create(region, new, timeout=desired.timeout)

    async def _settled(self, region: str, id: str, desired: Desired) -> Created:
        """An order that came to nothing is not kept: it would stand in the way of the next one, which has its name."""
        try:
            return await super()._settled(region, id, desired)
        except errors.OrderFailed:
            instance = await self.client.mysqls.find(region, id)
            if instance is not None and instance.order_status == FAILED:
                await self.client.mysqls.delete(region, id)
                desired.created = None
            raise

    async def settle(self, region: str, id: str, desired: Desired) -> Created:
        """Wait until it can be used, then set what the order does not say."""
        instance = await self.client.mysqls.wait(region, id, timeout=desired.timeout)
        if instance.security_group_id != desired.inputs["securityGroupId"]:
            there = instance.security_group_id
            wanted = desired.inputs["securityGroupId"]
            await when_idle(lambda: self.client.mysqls.change_security_group(region, id, there, wanted))
        if instance.kind == PAIR:
            await self._set_rules(region, id, desired.inputs)
            instance = await self.client.mysqls.wait(region, id, timeout=desired.timeout)
        return desired.reached(id, **await self._outputs(region, instance))

    async def _set_rules(self, region: str, id: str, inputs: Plain) -> None:
        roles = self.client.mysql_roles
        there = await roles.settings(region, id)
        if there.mode != inputs["haMode"]:
            await when_idle(lambda: roles.set_mode(region, id, inputs["haMode"]))
        if there.sync != inputs["syncMode"]:
            await when_idle(lambda: roles.set_sync(region, id, inputs["syncMode"]))
        if there.failover != inputs["failover"]:
            await when_idle(lambda: roles.set_failover(region, id, inputs["failover"]))

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        """One that was given back, and only waits to be destroyed, is shown in no zone: the next update replaces it."""
        instance = await self.client.mysqls.get(region, id)
        inputs = await self._inputs(region, instance, state)
        if instance.is_returned:
            inputs |= {"zone": "", "standbyZone": None}
        if not state:
            inputs["storageType"] = STORAGE.get(instance.storage_type, instance.storage_type or "SSD")
        return Observed(instance.id, inputs, await self._outputs(region, instance))

    async def _inputs(self, region: str, instance: MysqlInstance, state: Plain) -> dict[str, Any]:
        inputs: dict[str, Any] = {
            "name": instance.name,
            "vpcId": instance.vpc_id,
            "subnetId": instance.subnet_id,
            "securityGroupId": instance.security_group_id,
            **zones_seen(await self._places(region, instance), state),
        }
        if instance.version:
            inputs["version"] = _as_stated(state.get("version"), instance.version)
        if instance.storage_gib:
            inputs["storageGib"] = instance.storage_gib
        if SIZE.fullmatch(instance.flavor):
            inputs["flavor"] = instance.flavor
        if instance.kind == PAIR and instance.is_ready:
            inputs |= _rules(await self.client.mysql_roles.settings(region, instance.id))
        return inputs

    async def _places(self, region: str, instance: MysqlInstance) -> list[dict[str, str]]:
        """Its nodes as outputs."""
        labels = {zone.name: zone.label for zone in await self.client.regions.zones(region)}
        return [
            {"name": node.name, "zone": labels.get(node.zone_name, node.zone_name), "role": node.role} for node in instance.nodes
        ]

    async def _outputs(self, region: str, instance: MysqlInstance) -> dict[str, Any]:
        return {
            "instanceId": instance.id,
            "address": instance.address,
            "port": instance.port,
            "nodes": await self._places(region, instance),
        }

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        """Compares with what is there rather than with the state, so that drift is put right too; a password cannot be seen.

        Waits first: what an update that was killed has ordered comes to its end, and is not ordered again.
        """
        there = await self.client.mysqls.wait(region, recorded.id, timeout=desired.timeout)
        password = desired.inputs.get("password")
        if password != recorded.state.get("password"):
            if password is None:
                raise PluginError(f"The password of root of {desired.inputs['name']} cannot be taken away. Set another one.")
            await when_idle(lambda: self.client.mysqls.set_root_password(region, recorded.id, password))
        await self._enlarge(region, there, recorded.state, desired)

    async def _enlarge(self, region: str, there: MysqlInstance, state: Plain, desired: Desired) -> None:
        """One order after the other: the cloud takes one kind of change at a time."""
        inputs, upgrades, timeout = desired.inputs, self.client.mysql_upgrades, desired.timeout
        flavor = there.flavor if SIZE.fullmatch(there.flavor) else state.get("flavor")
        if lasting := _cannot_go_back(there, flavor, inputs):
            raise PluginError(f"MySQL instance {there.name} ({there.id}) {lasting}.")
        if flavor != inputs["flavor"]:
            await when_idle(lambda: upgrades.resize(region, there.id, inputs["flavor"], timeout=timeout))
        if there.storage_gib < inputs["storageGib"]:
            await when_idle(lambda: upgrades.enlarge(region, there.id, inputs["storageGib"], timeout=timeout))
        if there.kind == SINGLE and inputs.get("standbyZone"):
            zones = [(await self.client.regions.zone(region, inputs[name])).name for name in ("zone", "standbyZone")]
            other = next(zone for zone in zones if zone not in {node.zone_name for node in there.nodes})
            await when_idle(lambda: upgrades.add_standby(region, there.id, other, timeout=timeout))

    async def remove(self, region: str, id: str) -> None:
        """Waits until it is gone."""
        await self.client.mysqls.delete(region, id)


def zones_seen(nodes: Sequence[Mapping[str, str]], state: Plain) -> dict[str, Any]:
    """Where it was ordered: roles move between the same zones without anything having drifted.

    Without a state the primary's zone comes first.
    """
    zones = [node["zone"] for node in sorted(nodes, key=lambda node: node["role"] != "primary")]
    stated = [zone for zone in (state.get("zone"), state.get("standbyZone")) if zone]
    if sorted(stated) == sorted(zones) or not zones:
        return {}
    return {"zone": zones[0], "standbyZone": zones[1] if len(zones) > 1 else None}


def _cannot_go_back(there: MysqlInstance, flavor: str | None, inputs: Plain) -> str:
    """What it has by now, by an update that did not come to its end or by somebody else, and nobody takes away; else empty."""
    if there.storage_gib > inputs["storageGib"]:
        return f"has {there.storage_gib} GiB and cannot shrink to {inputs['storageGib']}. Set storageGib to what it has"
    if flavor and rds_rules.size_grows(flavor, inputs["flavor"]):
        return f"is {flavor} and cannot shrink to {inputs['flavor']}. Set flavor to what it is"
    if there.kind == PAIR and not inputs.get("standbyZone"):
        return "has a standby, which no call takes away. Set standbyZone"
    return ""


def _rules(settings: HaSettings) -> dict[str, str]:
    return {"haMode": settings.mode, "syncMode": settings.sync, "failover": settings.failover}


def _as_stated(stated: str | None, observed: str) -> str:
    """The cloud may add the patch level: 8.0.36."""
    return stated if stated and (observed == stated or observed.startswith(f"{stated}.")) else ".".join(observed.split(".")[:2])
