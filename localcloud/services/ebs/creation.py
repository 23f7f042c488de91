"""Carrying an order for a volume into the records."""

from __future__ import annotations

from time import time
from typing import Any

from localcloud.api.calls import Call
from localcloud.records import orders
from localcloud.records.catalogue import QUOTAS, Region
from localcloud.records.compute import DISKS, Disk
from localcloud.records.eips import expiry
from localcloud.records.errors import QuotaExceeded
from localcloud.records.identifiers import long_id
from localcloud.records.volumes import CREATING
from localcloud.services.ebs import model


def wanted(call: Call, region: Region, kind: str, zone: str, least: int = 0) -> Disk:
    """A disk as a call asks for it, at least so many GiB large. Raises what is wrong with the call."""
    fields = call.fields
    fields.text("diskMode", required=True)
    fields.only("diskMode", "VBD")
    name = fields.name("diskName", required=True, rule=model.NAME, says=model.NAME_RULE)
    size = model.read_size(fields, kind, least)
    cycle, cycles = model.read_billing(fields)
    for option in ("multiAttach", "isEncrypt"):
        fields.only(option, False, "false", "False")
    for option in ("kmsUUID", "decPoolID"):
        fields.only(option, "")
    fields.only("provisionedIops", 0, "0")
    drops, labels = fields.boolean("deleteSnapWithEbs"), model.read_labels(fields)
    description = fields.description("volumeDescription")
    fields.check()
    now = time()
    return Disk(
        id=long_id(), region=region.id, zone=zone, instance_id="", name=name, type=kind, mode="VBD", size=size, device="",
        system=False, created=now, status=CREATING, packaged=False, on_demand=not cycle,
        expires=expiry(cycle, cycles), description=description, labels=labels, drops_snapshots=drops, updated=now,
        cycle=cycle, cycles=cycles,
    )  # fmt: skip


def order(call: Call, disk: Disk) -> dict[str, Any]:
    """Store a disk that is to be made, and its order."""
    if sum(not other.packaged for other in call.store.find(DISKS, region=disk.region)) >= QUOTAS.volumes:
        raise QuotaExceeded("volumes in this region", QUOTAS.volumes)
    call.store.put(DISKS, disk)
    placed = orders.place(call.store, disk.region, "ebs-create", "EBS", (disk.id,))
    call.carries_out(placed)
    return model.taken(call, placed, model.ordered(placed, disk))
