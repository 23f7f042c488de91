"""Disks: what they may be, and how the volume product and the server product show them."""

from __future__ import annotations

import re
from typing import Any

from localcloud.api.calls import Call
from localcloud.api.inputs import Fields
from localcloud.records import orders
from localcloud.records.compute import INSTANCES, ORDERS, Disk, Order
from localcloud.records.store import Store
from localcloud.services.ecs.model import labels_of

LARGEST = 32768  # GiB
SMALLEST = {"XSSD-1": 20, "XSSD-2": 512}  # others: 10
NAME = re.compile(r"[A-Za-z\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff_-]{1,62}")
NAME_RULE = "2-63 letters, Chinese characters, digits, '_' or '-', beginning with a letter or a Chinese character"
MILLISECONDS = 1000
IN_PROGRESS, TASK_DONE = "ebs.order.inProgress", "任务执行成功"


def read_billing(fields: Fields) -> tuple[str, int]:
    """The cycle of a subscription and how many of them, ("", 0) on demand: there the two say nothing, whatever they are."""
    if fields.boolean("onDemand", default=True):
        fields.ignore("cycleType", "cycleCount")
        return "", 0
    cycle = fields.choice("cycleType", ("month", "year"), required=True)
    return cycle, fields.integer("cycleCount", low=1, high=60, required=True)


def read_size(fields: Fields, kind: str, least: int = 0) -> int:
    """GiB, within what the kind of storage allows and not less than what it is made from."""
    return fields.integer("diskSize", low=max(SMALLEST.get(kind, 10), least), high=LARGEST, required=True)


def read_labels(fields: Fields) -> dict[str, str]:
    """`labels`, as the products of volumes and of backups spell them."""
    return labels_of(fields, "labels", key="key", value="value")


def shown(store: Store, disk: Disk) -> dict[str, Any]:
    """A disk as the volume product shows it; what it has not is null."""
    return {
        "diskName": disk.name, "diskID": disk.id, "diskSize": disk.size, "diskType": disk.type, "diskMode": disk.mode,
        "diskStatus": disk.status, "createTime": int(disk.created * MILLISECONDS),
        "updateTime": int((disk.updated or disk.created) * MILLISECONDS),
        "expireTime": None if disk.expires is None else int(disk.expires * MILLISECONDS),
        "isSystemVolume": disk.system, "isPackaged": disk.packaged, "multiAttach": False, "onDemand": disk.on_demand,
        "cycleType": disk.cycle or None, "cycleCount": disk.cycles or None,
        "azName": disk.zone, "regionID": disk.region, "projectID": "0", "isEncrypt": False, "diskFreeze": False,
        "labels": [{"key": key, "value": value} for key, value in disk.labels.items()],
        "snapshotPolicyID": disk.policy_id or None, "deleteSnapWithEbs": str(disk.drops_snapshots).lower(),
        "deleteDiskWithInstance": disk.packaged, "volumeSource": disk.source_id if disk.source == "snapshot" else None,
        "volumeSourceType": disk.source or None, "volumeSourceID": disk.source_id or None, **_attachment(store, disk),
    }  # fmt: skip


def _attachment(store: Store, disk: Disk) -> dict[str, Any]:
    if not disk.instance_id:
        return {"attachments": []}
    server = store.get(INSTANCES, disk.instance_id)
    return {
        "instanceID": disk.instance_id, "instanceName": server.name if server else "",
        "instanceStatus": server.status if server else "",
        "attachments": [{"instanceID": disk.instance_id, "attachmentID": disk.id, "device": disk.device}],
    }  # fmt: skip


def shown_of_server(disk: Disk) -> dict[str, Any]:
    """A disk as the server product's volume list shows it."""
    return {
        "diskMode": disk.mode, "diskID": disk.id, "diskName": disk.name, "diskType": "系统盘" if disk.system else "数据盘",
        "isEncrypt": False, "diskDataType": disk.type, "diskSize": disk.size, "isSystemVolume": disk.system,
        "isPackaged": disk.packaged,
    }  # fmt: skip


def ordered(order: Order, disk: Disk) -> dict[str, Any]:
    """The answer to an order for a disk. Its id is told at once; whether it came into being says the order."""
    now = int(disk.created * MILLISECONDS)
    resource = {
        "diskID": disk.id, "diskName": disk.name, "orderID": order.id, "startTime": now, "createTime": now, "updateTime": now,
        "status": 1, "isMaster": True, "itemValue": disk.size, "resourceType": "EBS", "masterOrderID": order.id,
        "masterResourceID": order.master_resource_id,
    }  # fmt: skip
    return orders.placed(order) | {"masterResourceStatus": "starting", "resources": [resource]}


def taken(call: Call, order: Order, answer: dict[str, Any]) -> dict[str, Any]:
    """An order as this product answers it: while it is open, under a code that says so."""
    if order.status == orders.OPENING:
        call.still_open = IN_PROGRESS
    return answer


def ordered_again(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
    """The same call again: what became of the order."""
    order = call.store.get(ORDERS, answer["masterOrderID"])
    if order is None:
        return answer | {"masterResourceStatus": "unknown"}
    known = {orders.OPENING: "starting", orders.FINISHED: "started"}
    return taken(call, order, answer | {"masterResourceStatus": known.get(order.status, "failed")})
