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
    size_gib: Output[int]
    """GiB."""
    volume_id: Output[str]
    """Id, for VolumeAttachment and SnapshotPolicy."""

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
        super().__init__(
            "ctyun:ebs:Volume", resource_name, opts, region=region, zone=zone, name=name, type=type, size_gib=size_gib,
        )  # fmt: skip


class VolumeAttachment(CtyunResource):
    """A volume in a server of the same zone; the server formats and mounts it itself, and unmounts it before this is removed."""

    region: Output[str]
    device: Output[str]
    volume_id: Output[str]
    """The volume."""
    instance_id: Output[str]
    """The server."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        volume_id: Input[str],
        instance_id: Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "ctyun:ebs:VolumeAttachment", resource_name, opts, region=region, volume_id=volume_id, instance_id=instance_id,
        )  # fmt: skip


class SnapshotPolicy(CtyunResource):
    """Snapshots of volumes on the hour, in China's time; everything can change in place.

    `weekdays`: 0 is Sunday. `retention_days`: -1 keeps them for ever. `enabled`: True when absent.
    """

    region: Output[str]
    name: Output[str]
    hours: Output[Sequence[int]]
    weekdays: Output[Sequence[int]]
    enabled: Output[bool]
    retention_days: Output[int]
    """Days that a snapshot is kept; -1: for ever."""
    volume_ids: Output[Sequence[str]]
    """The volumes."""
    policy_id: Output[str]
    """Id."""

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
        super().__init__(
            "ctyun:ebs:SnapshotPolicy", resource_name, opts, region=region, name=name, hours=hours, weekdays=weekdays,
            retention_days=retention_days, enabled=enabled, volume_ids=volume_ids,
        )  # fmt: skip
