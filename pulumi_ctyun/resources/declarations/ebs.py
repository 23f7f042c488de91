"""Volumes: data disks that outlive their servers, and policies that take snapshots of them by the clock."""

from __future__ import annotations

import re

from pulumi_ctyun.resources.declarations import rules
from pulumi_ctyun.resources.declarations.ecs import DISK_TYPES, smallest_disk
from pulumi_ctyun.resources.declarations.model import Field, Kind, ListOf, Resource, region_field

FOREVER = -1
_VOLUME_NAME = re.compile(r"[A-Za-z\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff_-]{1,62}")
_POLICY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,62}")


def _volume_name(value: str) -> str | None:
    if _VOLUME_NAME.fullmatch(value):
        return None
    return f"{value!r} is no name that CTyun takes: 2-63 letters, digits, '-' or '_', the first one a letter"


def _policy_name(value: str) -> str | None:
    if _POLICY_NAME.fullmatch(value):
        return None
    return f"{value!r} is no policy name: 2-63 letters, digits, '-' or '_', the first one a letter"


def _days_kept(value: int) -> str | None:
    return None if value == FOREVER or 1 <= value <= 65535 else f"is {value}; CTyun takes 1 to 65535 days, or -1 for ever"


VOLUME = Resource(
    "ctyun:ebs:Volume",
    "A data disk by itself, empty and unformatted; it outlives the servers that have it. It is renamed and grows in place.",
    inputs=(
        region_field(),
        Field("zone", Kind.TEXT, "Zone of the region: AZ1, AZ2, ....", required=True, replaces=True, rules=(rules.zone,)),
        Field("name", Kind.TEXT, "Name in the cloud.", required=True, rules=(_volume_name,)),
        Field("type", Kind.TEXT, "Kind of storage.", default="SATA", replaces=True, rules=(rules.one_of(*DISK_TYPES),)),
        Field(
            "sizeGib", Kind.WHOLE, "GiB; it can only grow.", required=True, rules=(rules.within(10, 32768, " GiB"),),
            ways=(rules.grows(" GiB"),),
        ),
    ),
    outputs=(Field("volumeId", Kind.TEXT, "Id."),),
    rules=(smallest_disk({"XSSD-1": 20, "XSSD-2": 512}, "sizeGib"),),
    data="everything on it",
)  # fmt: skip

VOLUME_ATTACHMENT = Resource(
    "ctyun:ebs:VolumeAttachment",
    "A volume in a server, running or stopped, of the same zone. Removed, the server must have unmounted it.",
    inputs=(
        region_field(),
        Field("volumeId", Kind.TEXT, "The volume.", required=True, replaces=True),
        Field("instanceId", Kind.TEXT, "The server.", required=True, replaces=True),
    ),
    outputs=(Field("device", Kind.TEXT, "As the server sees it: /dev/vdb, ...."),),
)

SNAPSHOT_POLICY = Resource(
    "ctyun:ebs:SnapshotPolicy",
    "Snapshots of volumes by the clock, on the hour, in China's time (UTC+8). A volume has one policy at most.",
    inputs=(
        region_field(),
        Field("name", Kind.TEXT, "Name in the cloud.", required=True, rules=(_policy_name,)),
        Field(
            "hours", ListOf(Kind.WHOLE), "Hours of the day, 0-23.", required=True, unordered=True,
            rules=(rules.at_least_one, rules.numbers_within(0, 23)),
        ),
        Field(
            "weekdays", ListOf(Kind.WHOLE), "0 (Sunday) to 6.", required=True, unordered=True,
            rules=(rules.at_least_one, rules.numbers_within(0, 6)),
        ),
        Field("retentionDays", Kind.WHOLE, "Days that a snapshot is kept; -1: for ever.", required=True, rules=(_days_kept,)),
        Field("enabled", Kind.FLAG, "Whether the clock makes it run.", default=True),
        Field("volumeIds", ListOf(Kind.TEXT), "The volumes.", required=True, unordered=True),
    ),
    outputs=(Field("policyId", Kind.TEXT, "Id."),),
)  # fmt: skip
