"""Disks: info and list."""

from __future__ import annotations

from typing import Any

from localcloud.core.calls import Call, page
from localcloud.core.records import DISKS
from localcloud.services.ebs import model


def disk_info(call: Call) -> dict[str, Any]:
    disk_id = call.fields.text("diskID", required=True)
    region = call.region().id if call.fields.has("regionID") else None
    call.fields.check()
    return model.shown(call.store, call.store.require(DISKS, disk_id, region))


def list_disks(call: Call) -> dict[str, Any]:
    region = call.region()
    number, size = page(call, most=300)
    call.fields.project()
    call.fields.check()
    disks = call.store.find(DISKS, region=region.id)
    shown = [model.shown(call.store, disk) for disk in disks[(number - 1) * size : number * size]]
    return {"diskList": shown, "diskTotal": len(disks), "totalCount": len(disks), "currentCount": len(shown)}
