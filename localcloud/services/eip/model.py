"""Elastic addresses as the API shows them."""

from __future__ import annotations

from typing import Any

from localcloud.records.balancers import Balancer
from localcloud.records.compute import Eip, Instance
from localcloud.records.databases import Mysql
from localcloud.records.eips import bound_to
from localcloud.records.identifiers import when
from localcloud.records.store import Store


def shown(store: Store, eip: Eip) -> dict[str, Any]:
    """An EIP as the API shows it."""
    owner = bound_to(store, eip)
    kind = {Instance: "INSTANCE", Balancer: "LOADBALANCER", Mysql: "VIP"}.get(type(owner), "")
    return {
        "ID": eip.id, "name": eip.name, "description": "", "eipAddress": eip.address, "associationID": eip.instance_id,
        "associationType": kind, "privateIpAddress": owner.address if owner else "",
        "bandwidth": eip.bandwidth, "bandwidthID": "", "bandwidthType": "upflowc" if eip.billing == "upflowc" else "standalone",
        "status": "ACTIVE" if owner else "DOWN", "tags": "", "createdAt": when(eip.created), "updatedAt": when(eip.updated),
        "expiredAt": when(eip.expires), "lineType": eip.line, "projectID": eip.project,
        "portID": owner.nic_id if isinstance(owner, Instance) else "", "isPackaged": eip.packaged,
        "billingMethod": "on_demand" if eip.cycle == "on_demand" else "periodic", "resourceID": eip.resource_id,
    }  # fmt: skip
