"""Disks: what they may be, and how the volume product and the server product show them."""

from __future__ import annotations

import re
from typing import Any

from localcloud.core.inputs import Fields
from localcloud.core.records import INSTANCES, ORDERS, Disk, Order
from localcloud.core.store import Store
from localcloud.services.ecs.model import labels_of
from localcloud.services.eip.model import expiry
from localcloud.services.orders import model as orders

LARGEST = 32768  # GiB
SMALLEST = {"XSSD-1": 20, "XSSD-2": 512}  # others: 10
NAME = re.compile(r"[A-Za-z\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff_-]{1,62}")
NAME_RULE = "2-63 letters, Chinese characters, digits, '_' or '-', beginning with a letter or a Chinese character"
MILLISECONDS = 1000


def read_billing(fields: Fields) -> tuple[bool, float | None]:
    """On demand or not, and when a subscription ends."""
    on_demand = fields.boolean("onDemand", default=True)
    cycle = fields.choice("cycleType", ("month", "year"), required=not on_demand)
    count = fields.integer("cycleCount", low=1, high=60, required=not on_demand, default=1)
    return on_demand, None if on_demand else expiry(cycle, count)


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


def ordered_again(store: Store, answer: dict[str, Any]) -> dict[str, Any]:
    """The same call again: what became of the order."""
    order = store.get(ORDERS, answer["masterOrderID"])
    known = {orders.OPENING: "starting", orders.FINISHED: "started"}
    return answer | {"masterResourceStatus": known.get(order.status, "failed") if order else "unknown"}
