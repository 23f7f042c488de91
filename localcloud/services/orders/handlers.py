"""Orders, as two products show them."""

from __future__ import annotations

from typing import Any

from localcloud.api.calls import Call
from localcloud.records import orders as model
from localcloud.records.compute import ORDERS, Order


def query_instances(call: Call) -> dict[str, Any]:
    """Status and ids; the ids are only told once the order is finished."""
    order = _order(call, "masterOrderID")
    return {"orderStatus": order.status, "instanceIDList": list(order.resource_ids) if order.status == model.FINISHED else []}


def query_resources(call: Call) -> dict[str, Any]:
    """The generic twin of `query_instances`."""
    order = _order(call, "masterOrderId")
    shown = list(order.resource_ids) if order.status == model.FINISHED else []
    return {"orderStatus": order.status, "resourceType": order.resource_type, "resourceUUID": shown, "resourceUuid": shown}


def _order(call: Call, name: str) -> Order:
    order_id = call.fields.text(name, required=True)
    region = call.region().id if call.fields.has("regionID") else None
    call.fields.check()
    order = call.store.require(ORDERS, order_id, region)
    if order.problem:
        call.message = order.problem  # the only place where the API can say why an order failed
    return order
