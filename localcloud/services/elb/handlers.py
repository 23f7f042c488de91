"""Load balancers: read the call, obey the rules, shape the answer."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

from localcloud.api.calls import Call
from localcloud.records import eips, orders
from localcloud.records.balancers import BALANCERS, LISTENERS, Balancer
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import EIPS, ORDERS, SUBNETS, Order
from localcloud.records.errors import NotModelled
from localcloud.records.errors.ecs import ZoneWithoutPower
from localcloud.records.errors.eip import EipNotBound
from localcloud.records.errors.elb import BalancerInUse, BalancerNameDuplicated, BalancerProtected
from localcloud.records.identifiers import short_id
from localcloud.services.elb import model


def create_classic(call: Call) -> dict[str, Any]:
    """The id at once; its status is ACTIVE when it works."""
    balancer = _create(call, model.CLASSIC, guaranteed=False)
    call.afterwards(lambda: call.cloud.balancers.tend(balancer))
    return {"ID": balancer.id}


def create_guaranteed(call: Call) -> dict[str, Any]:
    """Place the order. The same call is posted again with the same clientToken until its status is `started`."""
    balancer = _create(call, model.GUARANTEED, guaranteed=True)
    order = orders.place(call.store, balancer.region, "pgelb-create", "PGELB", (balancer.id,))
    call.carries_out(order)
    return _ordered(order, "in_progress", "")


def create_again(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
    """What became of the order."""
    order = call.store.require(ORDERS, answer["masterOrderID"])
    status = {orders.OPENING: "in_progress", orders.FINISHED: "started"}.get(order.status, "failed")
    if status == "failed":
        call.message = order.problem
    return _ordered(order, status, order.resource_ids[0] if status == "started" else "")


def _create(call: Call, kinds: tuple[str, ...], *, guaranteed: bool) -> Balancer:
    fields, region = call.fields, call.region()
    name, description = fields.name("name", required=True), fields.description()
    subnet_id, vpc_id = fields.text("subnetID", required=True), fields.text("vpcID")
    kind = fields.choice("resourceType", ("internal", "external"), required=True)
    sla, eip_id = fields.choice("slaName", kinds, required=True), fields.text("eipID", required=kind == "external")
    cycle = fields.choice("cycleType", ("month", "year", "on_demand"), required=guaranteed, default="on_demand")
    if cycle in ("month", "year"):
        raise NotModelled("Subscriptions are not modelled by the local cloud; use cycleType on_demand.")
    protected, project = fields.boolean("deleteProtection"), fields.project()
    subnet = call.store.get(SUBNETS, subnet_id)
    address = model.own_address(fields, call.store, subnet) if subnet else fields.text("privateIpAddress")
    if subnet and vpc_id and subnet.vpc_id != vpc_id:
        fields.problem("subnetID", f"{subnet_id} belongs to VPC {subnet.vpc_id}, not to {vpc_id}")
    fields.check()
    subnet = call.store.require(SUBNETS, subnet_id, region.id)
    call.is_free(BALANCERS, BalancerNameDuplicated, name, region=region.id)
    call.has_room(BALANCERS, QUOTAS.balancers, "load balancers in this region", region=region.id)
    balancer_id, now = short_id("lb"), time()
    balancer = Balancer(
        balancer_id, region.id, name, description, subnet.vpc_id, subnet.id, address, sla, guaranteed, kind, protected, "DOWN",
        model.new_nodes(call.store, region, subnet, balancer_id, address), "", cycle, project, now, now,
    )  # fmt: skip
    if not model.powered(call.store, balancer):
        raise ZoneWithoutPower(f"each zone of load balancer {name}", "of its zone")
    call.store.put(BALANCERS, balancer)
    if eip_id:
        _bind(call, balancer, eip_id)
    return balancer


def _ordered(order: Order, status: str, balancer_id: str) -> dict[str, Any]:
    return orders.placed(order) | {"masterResourceStatus": status, "elbID": balancer_id}


def show_balancer(call: Call) -> list[dict[str, Any]]:
    return [model.balancer_shown(call.store, call.one(BALANCERS, "elbID", "ID"))]


def list_balancers(call: Call) -> list[dict[str, Any]]:
    fields, region = call.fields, call.region()
    ids, kind = fields.listed("IDs"), fields.choice("resourceType", ("internal", "external"))
    name, subnet_id = fields.text("name"), fields.text("subnetID")
    fields.check()
    return [
        model.balancer_shown(call.store, found)
        for found in call.store.find(BALANCERS, region=region.id)
        if (not ids or found.id in ids) and kind in ("", found.resource_type)
        and name in ("", found.name) and subnet_id in ("", found.subnet_id)
    ]  # fmt: skip


def update_balancer(call: Call) -> dict[str, Any]:
    """Other specifications are not modelled; saying the one that it has is no change."""
    fields = call.fields
    sla = fields.text("slaName")
    fields.only("gwEnabled", False)
    name, described, description = fields.name("name"), fields.has("description"), fields.description()
    guarded, protected = fields.has("deleteProtection"), fields.boolean("deleteProtection")
    balancer = call.one(BALANCERS, "elbID", "ID")
    if sla not in ("", balancer.sla):
        raise NotModelled(f"slaName={sla!r} is not modelled by the local cloud: load balancer {balancer.id} has {balancer.sla}.")
    call.is_free(BALANCERS, BalancerNameDuplicated, name, balancer.id, region=balancer.region)
    call.store.put(BALANCERS, replace(
        balancer, name=name or balancer.name, description=description if described else balancer.description,
        protected=protected if guarded else balancer.protected, updated=time(),
    ))  # fmt: skip
    return {"ID": balancer.id}


def delete_classic(call: Call) -> list[dict[str, Any]]:
    return [{"ID": _delete(call, guaranteed=False).id}]


def refund_guaranteed(call: Call) -> dict[str, Any]:
    """Order its end. The same call is posted again with the same clientToken until its status is `refunded`."""
    balancer = _delete(call, guaranteed=True)
    return _ordered(
        orders.place(call.store, balancer.region, "pgelb-refund", "PGELB", (balancer.id,)), "in_progress", balancer.id
    )


def refund_again(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
    """It is closed as soon as the processes are gone."""
    order = call.store.require(ORDERS, answer["masterOrderID"])
    return _ordered(order, "in_progress" if order.status == orders.OPENING else "refunded", order.resource_ids[0])


def _delete(call: Call, *, guaranteed: bool) -> Balancer:
    balancer = call.one(BALANCERS, "elbID", "ID")
    if balancer.guaranteed != guaranteed:
        raise NotModelled(f"Load balancer {balancer.id} goes with {'delete-loadbalancer' if guaranteed else 'refund-pgelb'}.")
    if balancer.protected:
        raise BalancerProtected(balancer.id)
    if users := call.store.find(LISTENERS, balancer_id=balancer.id):
        raise BalancerInUse(balancer.id, [f"listener {listener.id} ({listener.name})" for listener in users])
    call.cloud.balancers.forget(balancer)

    async def remove() -> None:
        problem = await call.cloud.balancers.remove(balancer)
        for order in call.store.find(ORDERS, status=orders.OPENING):
            if order.kind == "pgelb-refund" and order.resource_ids == (balancer.id,):
                call.store.put(ORDERS, replace(order, status=orders.FINISHED, problem=problem))

    call.afterwards(remove)
    return balancer


def associate_eip(call: Call) -> list[dict[str, Any]]:
    eip_id = call.fields.text("eipID", required=True)
    balancer = call.one(BALANCERS, "elbID", "ID")
    _bind(call, balancer, eip_id)
    return [{"ID": balancer.id}]


def disassociate_eip(call: Call) -> list[dict[str, Any]]:
    eip_id = call.fields.text("eipID", required=True)
    balancer = call.one(BALANCERS, "elbID", "ID")
    eip = call.store.require(EIPS, eip_id, balancer.region)
    if eip.instance_id != balancer.id:
        raise EipNotBound(eip.id)
    eips.unbind(call.store, eip)
    call.touches(balancer.vpc_id)
    return [{"ID": balancer.id}]


def _bind(call: Call, balancer: Balancer, eip_id: str) -> None:
    eips.bind(call.store, call.store.require(EIPS, eip_id, balancer.region), balancer.id)
    call.touches(balancer.vpc_id)
