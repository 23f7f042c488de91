"""Disks: those that were made together with a server, as the volume product and the server product show them."""

from __future__ import annotations

from typing import Any

from localcloud.core.records import INSTANCES, Disk
from localcloud.core.store import Store


def shown(store: Store, disk: Disk) -> dict[str, Any]:
    """A disk as the volume product shows it."""
    server = store.get(INSTANCES, disk.instance_id)
    return {
        "diskName": disk.name, "diskID": disk.id, "diskSize": disk.size, "diskType": disk.type, "diskMode": disk.mode,
        "diskStatus": "in-use", "createTime": int(disk.created * 1000), "expireTime": None,
        "isSystemVolume": disk.system, "isPackaged": True, "instanceID": disk.instance_id,
        "instanceName": server.name if server else "", "instanceStatus": server.status if server else "", "multiAttach": False,
        "attachments": [{"instanceID": disk.instance_id, "attachmentID": disk.id, "device": disk.device}],
        "onDemand": True, "azName": disk.zone, "regionID": disk.region, "projectID": "0", "isEncrypt": False, "labels": [],
    }  # fmt: skip


def shown_of_server(disk: Disk) -> dict[str, Any]:
    """A disk as the server product's volume list shows it."""
    return {
        "diskMode": disk.mode, "diskID": disk.id, "diskName": disk.name, "diskType": "系统盘" if disk.system else "数据盘",
        "isEncrypt": False, "diskDataType": disk.type, "diskSize": disk.size, "isSystemVolume": disk.system, "isPackaged": True,
    }  # fmt: skip
