"""Snapshots of volumes: made, listed, deleted, gone back to, made into new volumes. `volumes.snapshots` does the work."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from time import time
from typing import Any

from localcloud.api.calls import Call, by_token, from_token
from localcloud.controllers.volumes import disks as states
from localcloud.controllers.volumes.snapshots import begun
from localcloud.records import jobs, orders
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import DISKS, INSTANCES, Disk
from localcloud.records.errors import NotModelled
from localcloud.records.errors.ebs import ServerRuns
from localcloud.records.errors.ebssnapshot import SnapshotBusy, SnapshotInUse
from localcloud.records.volumes import AVAILABLE, DELETING, ERROR, ROLLING_BACK, SNAPSHOTS, Snapshot
from localcloud.services.ebs import creation
from localcloud.services.ebs import model as volumes
from localcloud.services.ebssnapshot import model


def create_snapshot(call: Call) -> dict[str, Any]:
    """The first snapshot of a disk is an order, a later one a job."""
    fields, region = call.fields, call.region()
    name = fields.name("snapshotName", required=True, rule=model.NAME, says=model.NAME_RULE)
    disk_id = fields.text("diskID", required=True)
    limited = fields.choice("retentionPolicy", ("custom", "forever"), required=True) == "custom"
    if not limited:
        fields.ignore("retentionTime")
    days = fields.integer("retentionTime", low=1, high=model.LONGEST_DAYS, required=True) if limited else model.FOREVER
    fields.check()
    disk = call.store.require(DISKS, disk_id, region.id)
    if disk.system:
        raise NotModelled(
            f"Disk {disk.id} is a system disk, of which the local cloud makes no snapshots; make an image or a server backup."
        )
    states.require_idle(call.store, disk)
    call.has_room(SNAPSHOTS, QUOTAS.snapshots_per_disk, f"snapshots of disk {disk.id}", disk_id=disk.id)
    first = not call.store.count(SNAPSHOTS, disk_id=disk.id)
    snapshot = call.cloud.snapshots.new(disk, name, days)
    if not first:
        return {"snapshotJobID": _job(call, "create-snapshot", snapshot), "regionID": region.id}
    order = orders.place(call.store, region.id, "snapshot-create", "EBS", (snapshot.id,))
    call.carries_out(order)
    return volumes.taken(call, order, model.ordered(order, snapshot))


def again(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
    return volumes.ordered_again(call, answer) if "masterOrderID" in answer else answer


def snapshot_usage(call: Call) -> dict[str, Any]:
    region = call.region()
    call.fields.check()
    snapshots = call.store.find(SNAPSHOTS, region=region.id)
    used = dict.fromkeys(sorted({snapshot.disk_type for snapshot in snapshots}), 0)
    for snapshot in snapshots:
        used[snapshot.disk_type] += snapshot.used
    return {
        "snapshotTotalSize": sum(used.values()), "snapshotTotalCount": len(snapshots), "azDisplayName": "",
        "details": [{"volumeType": kind, "snapshotSize": size} for kind, size in used.items()],
    }  # fmt: skip


def list_snapshots(call: Call) -> dict[str, Any]:
    """The newest first."""
    fields, region = call.fields, call.region()
    exact = {name: fields.text(name) for name in ("diskID", "snapshotID", "snapshotStatus")}
    exact |= {"snapshotType": fields.choice("snapshotType", ("manu", "timer"))}
    exact |= {"volumeAttr": fields.choice("volumeAttr", ("data", "system"))}
    exact |= {"retentionPolicy": fields.choice("retentionPolicy", ("custom", "forever"))}
    name, goes_on = fields.text("snapshotName"), by_token(call)
    fields.check()
    found = [
        (snapshot, shown)
        for snapshot in reversed(call.store.find(SNAPSHOTS, region=region.id))
        if (shown := model.shown(call.store, snapshot))
        and name in snapshot.name
        and all(not value or shown[key] == value for key, value in exact.items())
    ]
    listed = [shown for _, shown in found]
    part = from_token("snapshotList", listed, goes_on, itemgetter("snapshotID")) if goes_on else {"snapshotList": listed}
    return part | {
        "snapshotTotal": len(found),
        "snapshotSize": sum(snapshot.used for snapshot, _ in found),
        "snapshotManuTotal": sum(not snapshot.policy_id for snapshot, _ in found),
    }  # fmt: skip


def delete_snapshots(call: Call) -> dict[str, Any]:
    """With `refundOrder` all snapshots of the disk. Else those named; what cannot be deleted now, or is unknown, is told."""
    fields, region = call.fields, call.region()
    disk_id, every = fields.text("diskID", required=True), fields.boolean("refundOrder")
    if every:
        fields.ignore("snapshotIDs")
    ids = [] if every else fields.texts("snapshotIDs", most=100)
    if not every and not ids:
        fields.problem("snapshotIDs", "is required, unless refundOrder is true")
    fields.check()
    of_disk = {it.id: it for it in call.store.find(SNAPSHOTS, disk_id=disk_id) if it.region == region.id}
    if every:
        return _delete_all(call, region.id, list(of_disk.values()))
    found = [of_disk[id_] for id_ in dict.fromkeys(ids) if id_ in of_disk]
    deletable = [
        it for it in found if it.status in (AVAILABLE, ERROR) and not states.disks_being_filled(call.store, it.region, it.id)
    ]
    for snapshot in deletable:
        call.store.put(SNAPSHOTS, begun(snapshot, DELETING, call.cloud.clock.now()))
    result: dict[str, Any] = {
        "notAllowedList": [it.id for it in found if it not in deletable],
        "notFoundList": [id_ for id_ in ids if id_ not in of_disk],
    }
    return result | ({"snapshotJobID": _job(call, "delete-snapshot", *deletable)} if deletable else {})


def _delete_all(call: Call, region_id: str, snapshots: list[Snapshot]) -> dict[str, Any]:
    for snapshot in snapshots:
        _must_be_idle(call, snapshot, AVAILABLE, ERROR)
    for snapshot in snapshots:
        call.store.put(SNAPSHOTS, begun(snapshot, DELETING, call.cloud.clock.now()))
    order = orders.place(call.store, region_id, "snapshot-release", "EBS", tuple(it.id for it in snapshots))
    call.carries_out(order)
    return orders.placed(order)


def roll_back(call: Call) -> dict[str, Any]:
    """Set a disk back to a snapshot of it. Nothing of what it held since comes back. Its server, if any, must be stopped."""
    fields, region = call.fields, call.region()
    call.zone(region, required=True)
    snapshot_id, disk_id = fields.text("snapshotID", required=True), fields.text("diskID", required=True)
    fields.check()
    snapshot, disk = call.store.require(SNAPSHOTS, snapshot_id, region.id), call.store.require(DISKS, disk_id, region.id)
    if snapshot.disk_id != disk.id:
        fields.problem("diskID", f"is {disk.id}; snapshot {snapshot.id} was made of disk {snapshot.disk_id}")
    fields.check()
    _must_be_idle(call, snapshot, AVAILABLE)
    states.require_idle(call.store, disk)
    _server_must_be_down(call, disk)
    call.store.put(DISKS, replace(disk, status=ROLLING_BACK, updated=time()))
    call.store.put(SNAPSHOTS, begun(snapshot, ROLLING_BACK, call.cloud.clock.now()))
    return {"snapshotJobID": _job(call, "rollback-snapshot", snapshot)}


def new_from_snapshot(call: Call) -> dict[str, Any]:
    """A new disk in the snapshot's zone, of its kind of storage, that begins as the snapshot."""
    region, snapshot_id = call.region(), call.fields.text("snapshotID", required=True)
    snapshot = call.store.get(SNAPSHOTS, snapshot_id)
    kind, zone, least = (snapshot.disk_type, snapshot.zone, snapshot.disk_size) if snapshot else ("", "", 0)
    disk = creation.wanted(call, region, kind, zone, least)
    snapshot = call.store.require(SNAPSHOTS, snapshot_id, region.id)
    _must_be_idle(call, snapshot, AVAILABLE, making=True)
    return creation.order(call, replace(disk, source="snapshot", source_id=snapshot.id))


def _must_be_idle(call: Call, snapshot: Snapshot, *wanted: str, making: bool = False) -> None:
    if snapshot.status not in wanted:
        raise SnapshotBusy(snapshot.id, snapshot.status)
    if not making and (disks := states.disks_being_filled(call.store, snapshot.region, snapshot.id)):
        raise SnapshotInUse(snapshot.id, [f"the creation of disk {id_}" for id_ in disks])


def _server_must_be_down(call: Call, disk: Disk) -> None:
    server = call.store.get(INSTANCES, disk.instance_id) if disk.instance_id else None
    if server and server.status != "stopped":
        raise ServerRuns(disk.id, server.id, server.status)


def _job(call: Call, task: str, *snapshots: Snapshot) -> str:
    job = jobs.begin(call.store, snapshots[0].region, task, ",".join(snapshot.id for snapshot in snapshots))
    call.carries_out(job)
    return job.id
