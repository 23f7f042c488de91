"""Server backup: vaults, and policies that fill them by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources.base import CtyunResource


class BackupVault(CtyunResource):
    """A vault for backups of servers, `size_gib` (100) large and paid for `months` (1).

    `delete_backups` (True): its backups go with it; else it cannot be deleted while it holds any. Other changes replace it.
    """

    region: Output[str]
    name: Output[str]
    months: Output[int]
    size_gib: Output[int]
    """GiB."""
    delete_backups: Output[bool]
    """Whether its backups go with it."""
    vault_id: Output[str]
    """Id, for BackupPolicy."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        size_gib: Input[int] | None = None,
        months: Input[int] | None = None,
        delete_backups: Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "ctyun:csbs:BackupVault", resource_name, opts, region=region, name=name, size_gib=size_gib, months=months,
            delete_backups=delete_backups,
        )  # fmt: skip


class RetentionArgs(TypedDict):
    """Exactly one: the newest `count` backups of each server, those of the last `days`, or all `forever`."""

    count: NotRequired[Input[int]]
    days: NotRequired[Input[int]]
    forever: NotRequired[Input[bool]]


class BackupPolicy(CtyunResource):
    """Backs servers up into a vault by the clock, on the hour, in China's time; everything can change in place.

    `cycle`: "day" with `every_days` (1), or "week" with `weekdays` (0 is Sunday). `full_interval`: a full backup after so many
    incremental ones, 0 for full ones only, -1 (the default) for the first one only. `enabled`: True when absent.
    """

    region: Output[str]
    name: Output[str]
    cycle: Output[str]
    hours: Output[Sequence[int]]
    weekdays: Output[Sequence[int] | None]
    retention: Output[dict[str, Any]]
    enabled: Output[bool]
    every_days: Output[int | None]
    """For cycle "day": every so many days."""
    full_interval: Output[int]
    """A full backup after so many incremental ones."""
    vault_id: Output[str]
    """The vault that its backups go to."""
    instance_ids: Output[Sequence[str]]
    """The servers."""
    policy_id: Output[str]
    """Id."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        cycle: Input[str],
        hours: Input[Sequence[Input[int]]],
        retention: Input[RetentionArgs],
        vault_id: Input[str],
        instance_ids: Input[Sequence[Input[str]]],
        weekdays: Input[Sequence[Input[int]]] | None = None,
        every_days: Input[int] | None = None,
        full_interval: Input[int] | None = None,
        enabled: Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "ctyun:csbs:BackupPolicy", resource_name, opts, region=region, name=name, cycle=cycle, hours=hours,
            weekdays=weekdays, every_days=every_days, retention=retention, full_interval=full_interval, enabled=enabled,
            vault_id=vault_id, instance_ids=instance_ids,
        )  # fmt: skip
