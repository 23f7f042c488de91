"""Volumes: data disks that outlive their servers, and policies that take snapshots of them by the clock."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources.base import CtyunResource


class Volume(CtyunResource):
    """A data disk by itself, `type` "SATA" when absent; renamed and enlarged in place, anything else makes it anew, empty."""

    region: Output[str]
    zone: Output[str]
    name: Output[str]
    type: Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        zone: Input[str],
        name: Input[str],
        size_gib: Input[int],
        type: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"region": region, "zone": zone, "name": name, "type": type, "sizeGib": size_gib}
        super().__init__("ctyun:ebs:Volume", resource_name, inputs, ["volumeId"], opts)

    @property
    def size_gib(self) -> Output[int]:
        """GiB."""
        return self.output("sizeGib")

    @property
    def volume_id(self) -> Output[str]:
        """Id, for VolumeAttachment and SnapshotPolicy."""
        return self.output("volumeId")


class VolumeAttachment(CtyunResource):
    """A volume in a server of the same zone; the server formats and mounts it itself, and unmounts it before this is removed."""

    region: Output[str]
    device: Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        volume_id: Input[str],
        instance_id: Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"region": region, "volumeId": volume_id, "instanceId": instance_id}
        super().__init__("ctyun:ebs:VolumeAttachment", resource_name, inputs, ["device"], opts)

    @property
    def volume_id(self) -> Output[str]:
        """The volume."""
        return self.output("volumeId")

    @property
    def instance_id(self) -> Output[str]:
        """The server."""
        return self.output("instanceId")


class SnapshotPolicy(CtyunResource):
    """Snapshots of volumes on the hour, in China's time; everything can change in place.

    `weekdays`: 0 is Sunday. `retention_days`: -1 keeps them for ever. `enabled`: True when absent.
    """

    region: Output[str]
    name: Output[str]
    hours: Output[Sequence[int]]
    weekdays: Output[Sequence[int]]
    enabled: Output[bool]

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        hours: Input[Sequence[Input[int]]],
        weekdays: Input[Sequence[Input[int]]],
        retention_days: Input[int],
        volume_ids: Input[Sequence[Input[str]]],
        enabled: Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "region": region,
            "name": name,
            "hours": hours,
            "weekdays": weekdays,
            "retentionDays": retention_days,
            "enabled": enabled,
            "volumeIds": volume_ids,
        }
        super().__init__("ctyun:ebs:SnapshotPolicy", resource_name, inputs, ["policyId"], opts)

    @property
    def retention_days(self) -> Output[int]:
        """Days that a snapshot is kept; -1: for ever."""
        return self.output("retentionDays")

    @property
    def volume_ids(self) -> Output[Sequence[str]]:
        """The volumes."""
        return self.output("volumeIds")

    @property
    def policy_id(self) -> Output[str]:
        """Id."""
        return self.output("policyId")
