"""Volumes, their attachments and snapshot policies.

A volume carries its mark in a label. An attachment and a policy cannot: the first is known by the volume, the second by its
fixed name and the token of its create.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ctyun import errors
from ctyun.services.snapshot_policies import SnapshotPolicy
from ctyun.services.volumes import ENDING, Volume
from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.provider.cloud_handler import CloudHandler, until_released
from pulumi_ctyun.provider.exclusive import Taken, once_free
from pulumi_ctyun.provider.handler import Desired, Observed, Plain, Recorded
from pulumi_ctyun.provider.marks import MARK_LABEL
from pulumi_ctyun.resources.declarations.ebs import SNAPSHOT_POLICY, VOLUME, VOLUME_ATTACHMENT

DETACH_SECONDS = 60.0


class VolumeHandler(CloudHandler):
    """`pulumi import ctyun:ebs:Volume NAME [REGION/]VOLUME-ID`."""

    resource = VOLUME

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        volumes = await self.client.volumes.list(region)
        ours = [volume for volume in volumes if volume.labels.get(MARK_LABEL) == desired.mark and volume.status not in ENDING]
        return [await self._seen(region, volume) for volume in ours]

    async def make(self, region: str, desired: Desired, token: str) -> str:
        inputs = desired.inputs
        volume = await self.client.volumes.create(
            region,
            zone_name=(await self.client.regions.zone(region, inputs["zone"])).name,
            name=inputs["name"],
            size=inputs["sizeGib"],
            kind=inputs["type"],
            labels={MARK_LABEL: desired.mark},
            client_token=token,
            timeout=desired.timeout,
        )
        return volume.id

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        volume = await self.client.volumes.get(region, id)
        if volume.is_system or volume.status in ENDING:
            raise errors.NotFound(
                "look up volume", id, "", "it is a system disk" if volume.is_system else f"it is {volume.status}"
            )
        return await self._seen(region, volume)

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        volumes = self.client.volumes
        volume = await volumes.settled(region, recorded.id)
        if desired.inputs["sizeGib"] < volume.size:
            raise PluginError(
                f"Volume {volume.name} ({volume.id}) has {volume.size} GiB and cannot shrink to {desired.inputs['sizeGib']}. Set "
                "sizeGib to what it has, or make another volume and copy what is on it."
            )
        if desired.inputs["name"] != volume.name:
            await volumes.rename(region, volume.id, desired.inputs["name"])
        if desired.inputs["sizeGib"] > volume.size:
            await volumes.enlarge(region, volume.id, desired.inputs["sizeGib"], timeout=desired.timeout)

    async def remove(self, region: str, id: str) -> None:
        await self.client.volumes.delete(region, id)

    async def _seen(self, region: str, volume: Volume) -> Observed:
        zones = await self.client.regions.zones(region)
        zone = next((zone.label for zone in zones if zone.name == volume.zone_name), volume.zone_name)
        inputs = {"name": volume.name, "zone": zone, "type": volume.kind, "sizeGib": volume.size}
        return Observed(volume.id, inputs, {"volumeId": volume.id})


class VolumeAttachmentHandler(CloudHandler):
    """Its id is the volume's, since one server has it. `pulumi import ctyun:ebs:VolumeAttachment NAME [REGION/]VOLUME-ID`."""

    resource, one_of_a_name = VOLUME_ATTACHMENT, True

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        """Attached already: that is what is wanted, or somebody else's decision."""
        volume = await once_free(lambda: self._free(region, desired))
        return [_attached(volume)] if volume.instance_id else []

    async def _free(self, region: str, desired: Desired) -> Volume:
        volume = await self.client.volumes.settled(region, desired.inputs["volumeId"], timeout=desired.timeout)
        if volume.instance_id and volume.instance_id != desired.inputs["instanceId"]:
            raise Taken(
                f"Volume {volume.name} ({volume.id}) is attached to server {volume.instance_id}, and one has it at a time."
            )
        return volume

    async def make(self, region: str, desired: Desired, token: str) -> str:
        inputs = desired.inputs
        return (await self.client.volumes.attach(region, inputs["volumeId"], inputs["instanceId"], timeout=desired.timeout)).id

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        volume = await self.client.volumes.get(region, id)
        if not volume.instance_id or volume.instance_id != state.get("instanceId", volume.instance_id):
            where = f"server {volume.instance_id}" if volume.instance_id else "no server"
            raise errors.NotFound("look up", f"the attachment of volume {id}", "", f"it is in {where}")
        return _attached(volume)

    async def delete(self, recorded: Recorded) -> None:
        """Only from this server: by now another one may have it. One that still uses the volume keeps it, and the error says
        where."""
        region = await self.cloud.region_id(recorded.state["region"])
        await until_released(lambda: self._detach(region, recorded), recorded.timeout or DETACH_SECONDS)

    async def _detach(self, region: str, recorded: Recorded) -> None:
        await self.look(region, recorded.id, recorded.state)
        await self.client.volumes.detach(region, recorded.id, recorded.state["instanceId"])

    async def remove(self, region: str, id: str) -> None:
        volume = await self.client.volumes.get(region, id)
        if volume.instance_id:
            await self.client.volumes.detach(region, id, volume.instance_id)


def _attached(volume: Volume) -> Observed:
    return Observed(volume.id, {"volumeId": volume.id, "instanceId": volume.instance_id}, {"device": volume.device})


class SnapshotPolicyHandler(CloudHandler):
    """`pulumi import ctyun:ebs:SnapshotPolicy NAME [REGION/]POLICY-ID`."""

    resource, one_of_a_name = SNAPSHOT_POLICY, True

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        found = await self.client.snapshot_policies.find(region, desired.inputs["name"])
        return [await self._seen(region, found)] if found else []

    async def make(self, region: str, desired: Desired, token: str) -> str:
        policy = await self.client.snapshot_policies.create(region, **_rules(desired.inputs), enabled=desired.inputs["enabled"])
        desired.reached(policy.id)
        await once_free(lambda: self.client.snapshot_policies.apply(region, policy.id, desired.inputs["volumeIds"]))
        return policy.id

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        return await self._seen(region, await self.client.snapshot_policies.get(region, id))

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        policies = self.client.snapshot_policies
        observed = await self.look(region, recorded.id, recorded.state)
        wished = _rules(desired.inputs)
        if wished != _rules(observed.inputs):
            await policies.change(region, recorded.id, **wished)
        if desired.inputs["enabled"] != observed.inputs["enabled"]:
            await policies.switch(region, recorded.id, enabled=desired.inputs["enabled"])
        had, wanted = set(observed.inputs["volumeIds"]), set(desired.inputs["volumeIds"])
        await policies.cancel(region, sorted(had - wanted))
        await once_free(lambda: policies.apply(region, recorded.id, sorted(wanted - had)))

    async def remove(self, region: str, id: str) -> None:
        await self.client.snapshot_policies.delete(region, id)

    async def _seen(self, region: str, policy: SnapshotPolicy) -> Observed:
        volumes = await self.client.volumes.list(region)
        inputs = {
            "name": policy.name,
            "hours": list(policy.hours),
            "weekdays": list(policy.weekdays),
            "retentionDays": policy.days,
            "enabled": policy.enabled,
            "volumeIds": [volume.id for volume in volumes if volume.policy_id == policy.id],
        }
        return Observed(policy.id, inputs, {"policyId": policy.id})


def _rules(inputs: Plain) -> dict[str, Any]:
    """What the calls that make and change a policy take."""
    return {
        "name": inputs["name"],
        "weekdays": sorted(map(int, inputs["weekdays"])),
        "hours": sorted(map(int, inputs["hours"])),
        "days": int(inputs["retentionDays"]),
    }
