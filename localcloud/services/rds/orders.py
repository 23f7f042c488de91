"""The calls of `teledb`: products, orders for instances, and what the network's side of an instance is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from time import time
from typing import Any

from localcloud.api.calls import Call
from localcloud.records import orders
from localcloud.records.compute import ORDERS, Order
from localcloud.records.database_products import OTHER_SERIES, REPLICA, SERIES, templates_shown
from localcloud.records.databases import MYSQL_NODES, MYSQLS, Mysql, MysqlNode
from localcloud.records.errors.rds import MysqlInUse, WrongState
from localcloud.records.identifiers import hex_id
from localcloud.services.rds import create_request, model, passwords, upgrading
from localcloud.services.rds.create_request import CreateMysqlRequest
from localcloud.services.rds.reading import (
    BUILD_FAILED,
    CREATING,
    EXPANDING,
    IDLE,
    NORMAL,
    PAUSED,
    STOPPED,
    TO_DESTROY,
    ordered_mysql,
    region_of,
    state_word,
)

log = logging.getLogger("localcloud")

PORT = 3306
REPLICATION_USER = "drlab_replication"
CREATE, UPGRADE, REFUND, DESTROY = "mysql-create", "mysql-upgrade", "mysql-refund", "mysql-destroy"  # kinds of orders
UNREADABLE = "The password could not be decrypted with this cloud's key; root has a random one: set one with reset-root-password."


# -- products ------------------------------------------------------------------------------------------------------------
def list_zones(call: Call) -> list[dict[str, Any]]:
    region = region_of(call)
    call.fields.check()
    return [
        {"availabilityZoneId": zone, "availabilityZoneName": zone, "displayName": region.zone_label(zone)}
        for zone in region.zones
    ]


def list_templates(call: Call) -> list[dict[str, Any]]:
    fields, region = call.fields, region_of(call)
    fields.only("prodType", "1", 1)
    fields.only("prodCode", "MYSQL")
    number = fields.choice("instanceType", (*SERIES, *OTHER_SERIES), required=True)
    fields.check()
    return list(templates_shown(region, SERIES[number])) if number in SERIES else []


def public_key(call: Call) -> None:
    call.fields.check()
    call.answers_with(lambda: passwords.public_key(call.store))


# -- orders --------------------------------------------------------------------------------------------------------------
def accept(call: Call) -> dict[str, Any]:
    """Order an instance or a read replica."""
    wanted = create_request.read(call)
    mysql_id = hex_id()
    order = orders.place(call.store, wanted.region.id, CREATE, "RDS", (mysql_id,))
    nodes = list(_new_nodes(call, wanted, mysql_id))
    call.store.put(MYSQLS, _new_mysql(call, wanted, mysql_id, nodes[0].id, order.id))
    for node in nodes:
        call.store.put(MYSQL_NODES, node)
    if wanted.replaced:
        log.warning("MySQL instance %s (%s): %s", wanted.name, mysql_id, UNREADABLE)
        call.message = UNREADABLE
    call.carries_out(order)
    return _placed(order)


def _new_mysql(call: Call, wanted: CreateMysqlRequest, mysql_id: str, primary: str, order_id: str) -> Mysql:
    now, parent = time(), wanted.parent
    [address] = create_request.free_addresses(call, wanted.subnet, 1)
    return Mysql(
        id=mysql_id, region=wanted.region.id, name=wanted.name, description="", prod_id=wanted.product.id,
        version=wanted.product.version, kind=wanted.product.kind, parent=parent.id if parent else "", spec=wanted.spec.name,
        cpus=wanted.spec.cpus, memory_mib=wanted.spec.memory_gib * 1024, storage_type=wanted.storage_type,
        disk_gib=wanted.disk_gib, vpc_id=wanted.subnet.vpc_id, subnet_id=wanted.subnet.id, group_id=wanted.group_id,
        address=address, port=PORT, primary=primary, in_sync=False, step="", candidate="", step_gtid="", reason="",
        switch_id="", ha_mode="reliability", sync_mode="Semi_sync", switch_type="auto", verdict="", order_status=CREATING,
        running_status=IDLE, replication_user=parent.replication_user if parent else REPLICATION_USER,
        replication_password=parent.replication_password if parent else passwords.made_up(),
        root_password=passwords.hashed(wanted.password) if wanted.password else "", order_id=order_id, project="0",
        created=now, updated=now, backup_gib=wanted.backup_gib,
    )  # fmt: skip


def _new_nodes(call: Call, wanted: CreateMysqlRequest, mysql_id: str) -> Iterator[MysqlNode]:
    """The nodes, the primary's first. The subnet's first free address is the instance's own."""
    _, *addresses = create_request.free_addresses(call, wanted.subnet, len(wanted.zones) + 1)
    follows = wanted.product.kind == REPLICA
    for number, (zone, address) in enumerate(zip(wanted.zones, addresses, strict=True), 1):
        yield model.new_node(call.store, (wanted.region.id, mysql_id, wanted.name), number, zone, address, reseed=follows)


def refund(call: Call) -> dict[str, Any]:
    """End an instance's subscription: it stops and waits to be destroyed. A GET that changes something, as in the API."""
    mysql = ordered_mysql(call)
    if users := model.users_of_mysql(call.store, mysql):
        raise MysqlInUse(mysql.id, users)
    resting = (mysql.order_status, mysql.running_status) in ((NORMAL, IDLE), (PAUSED, STOPPED))
    if not resting and mysql.order_status != BUILD_FAILED:
        raise WrongState(mysql.name, state_word(mysql), "running or stopped, with nothing else under way")
    order = orders.place(call.store, mysql.region, REFUND, "RDS", (mysql.id,))
    call.carries_out(order)
    return _placed(order)


def destroy(call: Call) -> dict[str, Any]:
    """Remove a refunded instance for good."""
    mysql = ordered_mysql(call)
    if mysql.order_status != TO_DESTROY:
        raise WrongState(mysql.name, state_word(mysql), "refunded")
    order = orders.place(call.store, mysql.region, DESTROY, "RDS", (mysql.id,))
    call.carries_out(order)
    return _placed(order)


def upgrade(call: Call) -> dict[str, Any]:
    """Order another size, a larger disk or a standby for an instance, which stays in use."""
    upgraded = upgrading.read(call)
    mysql = upgraded.mysql
    order = orders.place(call.store, mysql.region, UPGRADE, "RDS", (mysql.id,), upgraded.wanted)
    if upgraded.standby is not None:
        call.store.put(MYSQL_NODES, upgraded.standby)
    call.store.put(MYSQLS, replace(mysql, running_status=EXPANDING, updated=time()))
    call.carries_out(order)
    return _placed(order)


def ordered_instances(call: Call) -> list[str]:
    """The ids of an order for instances, none when it failed."""
    region_of(call, required=False)
    order_id = call.fields.text("newOrderId", required=True)
    call.fields.check()
    order = call.store.require(ORDERS, order_id)
    if order.problem:
        call.message = order.problem
    return list(order.resource_ids) if order.status != orders.FAILED else []


def instance_state(call: Call) -> int:
    return model.inst_state(ordered_mysql(call))


def _placed(order: Order) -> dict[str, Any]:
    return {"newOrderId": order.id, "newOrderNo": order.number, "submitted": True, "totalPrice": 0, "errorMessage": ""}
