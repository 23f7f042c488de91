"""Automatic snapshot policies: made, changed, applied to disks. The scheduler lets them run (`controllers.volumes.policies`)."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

from localcloud.api.calls import Call
from localcloud.controllers.schedules.schedules import HOURS, WEEKDAYS
from localcloud.controllers.volumes.policies import disks_of
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import DISKS, Disk
from localcloud.records.errors import NotModelled
from localcloud.records.errors.ebssnapshot import AlreadyApplied, SnapshotPolicyNameDuplicated
from localcloud.records.identifiers import hex_id
from localcloud.records.volumes import SNAPSHOT_POLICIES, SnapshotPolicy
from localcloud.services.ebs.model import TASK_DONE
from localcloud.services.ebssnapshot import model

DONE = {"snapshotPolicyJobResult": TASK_DONE}


def create_policy(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    name = fields.name("snapshotPolicyName", required=True, rule=model.POLICY_NAME, says=model.POLICY_NAME_RULE)
    weekdays = fields.numbers("repeatWeekdays", WEEKDAYS, required=True)
    hours = fields.numbers("repeatTimes", HOURS, required=True)
    days, enabled, project = model.read_days(fields, "retentionTime"), fields.boolean("isEnabled", default=True), fields.project()
    fields.check()
    call.is_free(SNAPSHOT_POLICIES, SnapshotPolicyNameDuplicated, name, region=region.id)
    call.has_room(SNAPSHOT_POLICIES, QUOTAS.snapshot_policies, "snapshot policies in this region", region=region.id)
    now = call.cloud.clock.now()
    policy = call.store.put(
        SNAPSHOT_POLICIES, SnapshotPolicy(hex_id(), region.id, name, weekdays, hours, days, enabled, project, now, now)
    )
    return DONE | {"snapshotPolicyID": policy.id}


def query_policies(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    policy_id, name = fields.text("snapshotPolicyID"), fields.text("snapshotPolicyName")
    fields.check()
    found = [
        policy
        for policy in call.store.find(SNAPSHOT_POLICIES, region=region.id)
        if policy_id in ("", policy.id) and name in ("", policy.name)
    ]
    shown = [model.shown_policy(call.store, policy) for policy in found]
    return {"snapshotPolicyTotalCount": len(shown), "snapshotPolicyList": shown}


def modify_policy(call: Call) -> dict[str, Any]:
    """From now on; what is left out stays."""
    fields = call.fields
    name = fields.name("snapshotPolicyName", rule=model.POLICY_NAME, says=model.POLICY_NAME_RULE)
    weekdays = fields.numbers("repeatWeekdays", WEEKDAYS)
    hours = fields.numbers("repeatTimes", HOURS)
    changes_days, days = fields.has("retentionTime"), model.read_days(fields, "retentionTime", required=False)
    policy = call.one(SNAPSHOT_POLICIES, "snapshotPolicyID")
    call.is_free(SNAPSHOT_POLICIES, SnapshotPolicyNameDuplicated, name, policy.id, region=policy.region)
    call.store.put(SNAPSHOT_POLICIES, replace(
        policy, name=name or policy.name, weekdays=weekdays or policy.weekdays, hours=hours or policy.hours,
        days=days if changes_days else policy.days, last=call.cloud.clock.now(),
    ))  # fmt: skip
    return DONE


def modify_status(call: Call) -> dict[str, Any]:
    """Runs that fell due while it was off are not made up for."""
    fields, region = call.fields, call.region()
    enabled = fields.choice("targetStatus", ("activated", "nonactivated"), required=True) == "activated"
    ids = fields.listed("snapshotPolicyID", required=True)
    fields.check()
    policies = [call.store.require(SNAPSHOT_POLICIES, id_, region.id) for id_ in ids]
    for policy in policies:
        call.store.put(SNAPSHOT_POLICIES, replace(policy, enabled=enabled, last=call.cloud.clock.now()))
    return DONE | {"failedList": []}


def delete_policy(call: Call) -> dict[str, Any]:
    """Its disks have none afterwards. The snapshots that it has made stay, and still expire."""
    policy = call.one(SNAPSHOT_POLICIES, "snapshotPolicyID")
    for disk in disks_of(call.store, policy):
        call.store.put(DISKS, replace(disk, policy_id="", updated=time()))
    call.store.delete(SNAPSHOT_POLICIES, policy.id)
    return DONE


def apply_policy(call: Call) -> dict[str, Any]:
    """A disk has one policy at most."""
    ids = call.fields.listed("targetDiskIDs", required=True)
    policy = call.one(SNAPSHOT_POLICIES, "snapshotPolicyID")
    disks = [call.store.require(DISKS, id_, policy.region) for id_ in ids]
    for disk in disks:
        if disk.system:
            raise NotModelled(f"Disk {disk.id} is a system disk, of which the local cloud makes no snapshots.")
        if disk.policy_id not in ("", policy.id):
            raise AlreadyApplied(disk.id, disk.policy_id)
    _point(call, disks, policy.id)
    return DONE


def cancel_policy(call: Call) -> dict[str, Any]:
    region, ids = call.region(), call.fields.listed("targetDiskIDs", required=True)
    call.fields.check()
    _point(call, [call.store.require(DISKS, id_, region.id) for id_ in ids], "")
    return DONE


def _point(call: Call, disks: list[Disk], policy_id: str) -> None:
    for disk in disks:
        call.store.put(DISKS, replace(disk, policy_id=policy_id, updated=time()))
