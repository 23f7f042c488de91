"""Snapshots and their policies: how calls spell them, and how the API shows them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from localcloud.api.inputs import Fields
from localcloud.controllers.schedules.schedules import DAY_SECONDS
from localcloud.controllers.volumes.policies import disks_of
from localcloud.records import orders
from localcloud.records.compute import DISKS, Order
from localcloud.records.identifiers import listed
from localcloud.records.store import Store
from localcloud.records.volumes import Snapshot, SnapshotPolicy

FOREVER, LONGEST_DAYS = -1, 65535
NAME = re.compile(r"[A-Za-z0-9_-]{2,63}")
NAME_RULE = "2-63 letters, digits, '_' or '-'"
POLICY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,62}")
POLICY_NAME_RULE = "2-63 letters, digits, '_' or '-', beginning with a letter"


def read_days(fields: Fields, name: str, *, required: bool = True, default: int = FOREVER) -> int:
    """How many days a snapshot is kept, -1 for ever."""
    days = fields.integer(name, low=FOREVER, high=LONGEST_DAYS, required=required, default=default)
    if days == 0:
        fields.problem(name, "is 0; it must be -1 (for ever) or between 1 and 65535")
    return days


def ordered(order: Order, snapshot: Snapshot) -> dict[str, Any]:
    """The answer to the first snapshot of a disk, which is an order."""
    resource = {
        "orderID": order.id, "resourceType": "EBS", "snapshotName": snapshot.name, "snapshotID": snapshot.id,
    }  # fmt: skip
    return orders.placed(order) | {"masterResourceStatus": "starting", "cycleType": "ON_DEMAND", "resources": [resource]}


def shown(store: Store, snapshot: Snapshot) -> dict[str, Any]:
    """As the list shows it; times in the cloud's clock."""
    disk = store.get(DISKS, snapshot.disk_id)
    ends = None if snapshot.days == FOREVER else snapshot.created + snapshot.days * DAY_SECONDS
    return {
        "snapshotID": snapshot.id, "snapshotName": snapshot.name, "snapshotStatus": snapshot.status, "diskID": snapshot.disk_id,
        "snapshotType": "timer" if snapshot.policy_id else "manu", "volumeName": snapshot.disk_name,
        "volumeSize": snapshot.disk_size, "volumeType": snapshot.disk_type, "volumeAttr": "data",
        "volumeStatus": disk.status if disk else "", "volumeSource": disk.source_id if disk and disk.source == "snapshot" else "",
        "retentionPolicy": "forever" if ends is None else "custom",
        "retentionTime": LONGEST_DAYS if ends is None else snapshot.days, "createTime": spelled(snapshot.created),
        "updateTime": spelled(snapshot.updated), "expireTime": spelled(ends), "deleteTime": "", "freezing": False,
        "isEncryted": False, "isMaz": True, "isTalkOrder": True, "regionID": snapshot.region, "azName": snapshot.zone,
        "availabilityZone": snapshot.zone,
    }  # fmt: skip


def shown_policy(store: Store, policy: SnapshotPolicy) -> dict[str, Any]:
    return {
        "snapshotPolicyID": policy.id, "snapshotPolicyName": policy.name,
        "snapshotPolicyStatus": "activated" if policy.enabled else "deactivated", "repeatWeekdays": listed(policy.weekdays),
        "repeatTimes": listed(policy.hours), "retentionTime": policy.days, "projectID": policy.project,
        "boundDiskNum": len(disks_of(store, policy)), "snapshotPolicyCreateTime": spelled(policy.created),
    }  # fmt: skip


def spelled(seconds: float | None) -> str:
    """A time as these calls spell it, "" for none."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S") if seconds is not None else ""
