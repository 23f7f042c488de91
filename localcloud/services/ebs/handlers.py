"""Volumes: ordered, shown, changed, given to servers and taken away. `localcloud.controllers.volumes.volumes` does the work."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from time import time
from typing import Any

from localcloud.api.calls import Call, by_token, from_token, page, paged
from localcloud.controllers.servers.idle import require_idle as require_idle_server
from localcloud.controllers.volumes import disks as states
from localcloud.controllers.volumes.snapshots import begun
from localcloud.records import jobs, orders
from localcloud.records.catalogue import QUOTAS, Region
from localcloud.records.compute import DISKS, INSTANCES, Disk, Instance
from localcloud.records.errors import NotModelled, QuotaExceeded
from localcloud.records.errors.ebs import DiskElsewhere, DiskInUse, DiskNotFound
from localcloud.records.errors.ebssnapshot import SnapshotInUse
from localcloud.records.volumes import DELETING, SNAPSHOTS
from localcloud.services.ebs import creation, model
from localcloud.services.ebsbackup import model as backups
from localcloud.services.ecs.model import DISK_TYPES

SEARCHED = {"name": "diskName", "diskID": "diskID", "instanceID": "instanceID", "instanceName": "instanceName"}  # queryKeys


# -- shown ---------------------------------------------------------------------------------------------------------------
def disk_info(call: Call) -> dict[str, Any]:
    return model.shown(call.store, _disk(call))


def disk_info_by_name(call: Call) -> dict[str, Any]:
    """The last one of that name: names of disks are not unique here."""
    region, named = _named(call)
    if not named:
        raise DiskNotFound(call.fields.text("diskName"), region.id)
    return model.shown(call.store, named[-1])


def list_disks_by_name(call: Call) -> dict[str, Any]:
    number, size = page(call, most=300)
    _, named = _named(call)
    return _listed([model.shown(call.store, disk) for disk in named], number, size)


def _named(call: Call) -> tuple[Region, list[Disk]]:
    region, name = call.region(), call.fields.text("diskName", required=True)
    call.fields.check()
    return region, [disk for disk in call.store.find(DISKS, region=region.id) if disk.name == name]


def _listed(disks: list[dict[str, Any]], number: int, size: int) -> dict[str, Any]:
    return paged("diskList", disks, number, size) | {"diskTotal": len(disks)}


def list_disks(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    number, size = page(call, most=300)
    goes_on = by_token(call)
    wanted = {name: fields.text(name) for name in ("diskStatus", "diskType", "diskMode")} | {"azName": call.zone(region)}
    flags = {name: fields.boolean(name) for name in ("isSystemVolume", "multiAttach", "isEncrypt") if fields.has(name)}
    content, keys = fields.text("queryContent"), fields.listed("queryKeys") or list(SEARCHED)
    for key in set(keys) - set(SEARCHED):
        fields.problem("queryKeys", f"names {key!r}; there are {', '.join(SEARCHED)}")
    for option in ("decPoolID", "decPoolName"):
        fields.only(option, "")
    fields.only("isDecDisk", False, "false", "False")
    fields.check()
    found = [
        shown
        for disk in call.store.find(DISKS, region=region.id)
        if (shown := model.shown(call.store, disk))
        and all(not value or shown[name] == value for name, value in wanted.items())
        and all(shown[name] == flag for name, flag in flags.items())
        and any(content in shown.get(SEARCHED[key], "") for key in keys)
    ]
    if goes_on:
        return from_token("diskList", found, goes_on, itemgetter("diskID")) | {"diskTotal": len(found)}
    return _listed(found, number, size)


# -- orders --------------------------------------------------------------------------------------------------------------
def create_disk(call: Call) -> dict[str, Any]:
    """An empty disk, or one that begins as a volume backup."""
    fields, region = call.fields, call.region()
    zone, kind = call.zone(region, required=True), fields.choice("diskType", DISK_TYPES, required=True)
    backup = backups.usable(call, fields.text("backupID"))
    if fields.text("imageID"):
        raise NotModelled("Images of data disks alone are not modelled by the local cloud; leave imageID out.")
    disk = creation.wanted(call, region, kind, zone, least=backup.disk_size if backup else 0)
    return creation.order(call, replace(disk, source="backup", source_id=backup.id) if backup else disk)


def resize_disk(call: Call) -> dict[str, Any]:
    """Its server sees the new size at once; the file system on it grows when the server makes it."""
    size = call.fields.integer("diskSize", low=10, high=model.LARGEST, required=True)
    disk = _data_disk(call)
    if size <= disk.size:
        call.fields.problem("diskSize", f"is {size}; disk {disk.id} has {disk.size} GB, and a disk can only grow")
    call.fields.check()
    states.require_idle(call.store, disk)
    return _order(call, "ebs-resize", replace(disk, status=states.RESIZING, grows_to=size, updated=time()))


def release_disk(call: Call) -> dict[str, Any]:
    """Refused while a server has it. Its snapshots stay, unless it is said that they go with it; its backups always stay."""
    drops = call.fields.boolean("deleteSnapWithEbs")
    disk = _data_disk(call)
    if disk.instance_id:
        raise DiskInUse(disk.id, [f"instance {disk.instance_id}"])
    states.require_idle(call.store, disk, states.AVAILABLE, states.FAILED)
    changed = replace(disk, status=states.DELETING, drops_snapshots=drops or disk.drops_snapshots, updated=time())
    for snapshot in call.store.find(SNAPSHOTS, disk_id=disk.id) if changed.drops_snapshots else ():
        if users := states.disks_being_filled(call.store, disk.region, snapshot.id):
            raise SnapshotInUse(snapshot.id, [f"the creation of disk {id_}" for id_ in users])
        call.store.put(SNAPSHOTS, begun(snapshot, DELETING, call.cloud.clock.now()))
    return _order(call, "ebs-release", changed)


def _order(call: Call, kind: str, disk: Disk) -> dict[str, Any]:
    call.store.put(DISKS, disk)
    order = orders.place(call.store, disk.region, kind, "EBS", (disk.id,))
    call.carries_out(order)
    return orders.placed(order)


# -- changed -------------------------------------------------------------------------------------------------------------
def update_disk(call: Call) -> dict[str, Any]:
    fields = call.fields
    name = fields.name("diskName", rule=model.NAME, says=model.NAME_RULE)
    described, description = fields.has("volumeDescription"), fields.description("volumeDescription")
    if not (name or described):
        fields.problem("diskName", "or volumeDescription is required")
    disk = _disk(call)
    text = description if described else disk.description
    call.store.put(DISKS, replace(disk, name=name or disk.name, description=text, updated=time()))
    return {}


def set_delete_policy(call: Call) -> dict[str, Any]:
    drops = call.fields.boolean("deleteSnapWithEbs", required=True)
    call.store.put(DISKS, replace(_disk(call), drops_snapshots=drops, updated=time()))
    return {"setDeletePolicyJobResult": model.TASK_DONE}


# -- attached and detached -------------------------------------------------------------------------------------------------
def attach_disk(call: Call) -> dict[str, Any]:
    instance_id = call.fields.text("instanceID", required=True)
    disk = _data_disk(call)
    server = call.store.require(INSTANCES, instance_id, disk.region)
    if disk.zone != server.zone:
        raise DiskElsewhere(disk.id, disk.zone, server.id, server.zone)
    if disk.instance_id:
        raise DiskInUse(disk.id, [f"instance {disk.instance_id}"])
    states.require_idle(call.store, disk, states.AVAILABLE)
    require_idle_server(server)
    if sum(not other.system for other in call.store.find(DISKS, instance_id=server.id)) >= QUOTAS.data_disks_per_server:
        raise QuotaExceeded(f"data disks of instance {server.id}", QUOTAS.data_disks_per_server)
    device = states.free_device(call.store, server.id)
    return _move(
        call, "attach-disk", replace(disk, instance_id=server.id, device=device, status=states.ATTACHING, updated=time())
    )


def detach_disk(call: Call) -> dict[str, Any]:
    """The server must have unmounted it, or be stopped. One that was ordered with the server stays from now on when that goes.

    `instanceID` may be left out: a disk is in one server at most.
    """
    instance_id = call.fields.text("instanceID")
    disk = _data_disk(call)
    if instance_id and disk.instance_id != instance_id:
        where = f"in instance {disk.instance_id}" if disk.instance_id else "in no instance"
        call.fields.problem("instanceID", f"is {instance_id!r}; disk {disk.id} is {where}")
    call.fields.check()
    states.require_idle(call.store, disk, states.IN_USE)
    server: Instance = call.store.require(INSTANCES, disk.instance_id, disk.region)
    require_idle_server(server)
    return _move(call, "detach-disk", replace(disk, status=states.DETACHING, updated=time()))


def _move(call: Call, task: str, disk: Disk) -> dict[str, Any]:
    call.store.put(DISKS, disk)
    job = jobs.begin(call.store, disk.region, task, disk.id)
    call.carries_out(job)
    return {"diskJobID": job.id, "diskRequestID": job.id}


# -- helpers -------------------------------------------------------------------------------------------------------------
def _disk(call: Call) -> Disk:
    """`diskID`, within `regionID` if that is given; raises what is wrong with the call."""
    disk_id = call.fields.text("diskID", required=True)
    region = call.region().id if call.fields.has("regionID") else None
    call.fields.check()
    return call.store.require(DISKS, disk_id, region)


def _data_disk(call: Call) -> Disk:
    disk = _disk(call)
    if disk.system:
        raise NotModelled(
            f"Disk {disk.id} is a system disk, which the local cloud keeps in its server's container: it is not detached, "
            "enlarged or released by itself."
        )
    return disk
