"""Elastic addresses: ordered, shown, bound, unbound, released."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

from localcloud.api.calls import Call, page, paged
from localcloud.records import eips, orders
from localcloud.records.compute import EIPS, INSTANCES, ORDERS, Order
from localcloud.records.errors import NotModelled
from localcloud.records.errors.ecs import InstanceBusy
from localcloud.records.errors.eip import EipInUse, EipNameDuplicated, EipNotBound
from localcloud.services.eip import model


def create_eip(call: Call) -> dict[str, Any]:
    """Place the order. The same call is posted again with the same clientToken until its status is `started`."""
    fields, region = call.fields, call.region()
    name = fields.name("name", required=True)
    cycle = fields.choice("cycleType", ("month", "year", "on_demand"), required=True)
    count = fields.integer("cycleCount", low=0, high=60)
    if cycle in ("month", "year") and count < 1:
        fields.problem("cycleCount", f"is required with cycleType {cycle}")
    bandwidth = fields.integer("bandwidth", low=1, high=300, default=1)
    billing = fields.choice("demandBillingType", ("bandwidth", "upflowc"), default="bandwidth")
    line = fields.choice("lineType", eips.LINES, default="163")
    for option in ("bandwidthID", "segmentID", "exclusiveName"):
        fields.only(option, "")
    fields.check()
    eip = eips.new(
        call.store, call.cloud.engines.eip_pool(), region.id, name,
        bandwidth=bandwidth, billing=billing, line=line, cycle=cycle, count=count,
    )  # fmt: skip
    order = orders.place(call.store, region.id, "eip-create", "EIP", (eip.id,))
    call.carries_out(order)
    return _ordered(order, "in_progress", None)


def create_again(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
    """What became of the order: `started` with the id once it is done."""
    order = call.store.require(ORDERS, answer["masterOrderID"])
    eip_id = order.resource_ids[0]
    if order.status == orders.OPENING:
        return _ordered(order, "in_progress", None)
    return _ordered(order, "started" if call.store.get(EIPS, eip_id) else "refunded", eip_id)


def show_eip(call: Call) -> dict[str, Any]:
    return model.shown(call.store, call.one(EIPS, "eipID"))


def list_eips(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    ids, status = fields.texts("ids", most=50), fields.choice("status", ("ACTIVE", "DOWN", "FREEZING", "EXPIRED"))
    address, association = fields.text("ip"), fields.text("associationID")
    number, size = page(call, old_name="page")
    fields.choice("ipType", ("ipv4",))
    fields.choice("eipType", ("normal",))
    fields.check()
    wanted = {"status": status, "eipAddress": address, "associationID": association}
    found = [
        shown
        for eip in call.store.find(EIPS, region=region.id)
        if (shown := model.shown(call.store, eip)) and (not ids or eip.id in ids)
        and all(not value or shown[name] == value for name, value in wanted.items())
    ]  # fmt: skip
    return paged("eips", found, number, size)


def associate_eip(call: Call) -> None:
    fields = call.fields
    instance_id, kind = (
        fields.text("associationID", required=True),
        fields.integer("associationType", low=1, high=4, required=True),
    )
    eip = call.one(EIPS, "eipID")
    if kind != eips.ECS:
        raise NotModelled(f"associationType={kind} is not modelled by the local cloud; only {eips.ECS} (server) is.")
    server = call.store.require(INSTANCES, instance_id, eip.region)
    if server.status in ("unsubscribing", "error"):
        raise InstanceBusy(server.id, server.status)
    eips.bind(call.store, eip, server.id)
    call.touches(server.vpc_id)


def disassociate_eip(call: Call) -> None:
    eip = call.one(EIPS, "eipID")
    if not eip.instance_id:
        raise EipNotBound(eip.id)
    owner = eips.bound_to(call.store, eip)
    eips.unbind(call.store, eip)
    if owner:
        call.touches(owner.vpc_id)


def rename_eip(call: Call) -> None:
    name = call.fields.name("name", required=True)
    eip = call.one(EIPS, "eipID")
    call.is_free(EIPS, EipNameDuplicated, name, eip.id, region=eip.region)
    call.store.put(EIPS, replace(eip, name=name, updated=time()))


def delete_eip(call: Call) -> dict[str, Any]:
    eip = call.one(EIPS, "eipID")
    if eip.instance_id:
        raise EipInUse(eip.id, [f"instance {eip.instance_id}"])
    call.store.delete(EIPS, eip.id)
    order = orders.place(call.store, eip.region, "eip-release", "EIP", (eip.id,))
    call.carries_out(order)
    return _ordered(order, "in_progress", eip.id)


def delete_again(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
    """What became of the order: `refunded` once it is done."""
    order = call.store.require(ORDERS, answer["masterOrderID"])
    return _ordered(order, "in_progress" if order.status == orders.OPENING else "refunded", order.resource_ids[0])


def _ordered(order: Order, status: str, eip_id: str | None) -> dict[str, Any]:
    return orders.placed(order) | {"masterResourceStatus": status, "eipID": eip_id}
