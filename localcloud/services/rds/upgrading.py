"""Reading an order that changes an instance in place: another size, a larger disk, or a standby for a single one."""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.api.calls import Call
from localcloud.api.inputs import Fields
from localcloud.controllers.faults.power import must_have_power
from localcloud.records.catalogue import REGIONS
from localcloud.records.compute import SUBNETS
from localcloud.records.database_products import (
    PAIR,
    PRODUCTS,
    REPLICA,
    SERIES,
    SINGLE,
    STORAGE_GIB,
    TWO_STANDBYS,
    Spec,
    specs_of,
)
from localcloud.records.databases import Mysql, MysqlNode
from localcloud.records.errors import NotModelled
from localcloud.services.rds import model
from localcloud.services.rds.create_request import free_addresses
from localcloud.services.rds.reading import must_be_normal, ordered_mysql

KINDS = ("prodId", "diskVolume", "prodPerformanceSpec")  # one of them in a call


@dataclass(frozen=True)
class Upgrade:
    """An order that has passed all checks. `wanted` as `Databases.upgrade` takes it; `standby`: a node that is to be made."""

    mysql: Mysql
    wanted: dict[str, str]
    standby: MysqlNode | None = None


@dataclass(frozen=True)
class _Wish:
    product_id: int  # 0 for none
    disk_gib: int  # 0 for none
    spec: str  # "" for none
    zones: tuple[str, ...]


def read(call: Call) -> Upgrade:
    """The order in a call. Raises ParameterError with all problems, NotFound, NotModelled, WrongState."""
    wish = _wish(call.fields)
    mysql = ordered_mysql(call)
    upgrade = _upgrade(call, mysql, wish)
    call.fields.check()
    must_be_normal(mysql)
    must_have_power(call.store, *model.nodes_of(call.store, mysql), *([upgrade.standby] if upgrade.standby else []))
    return upgrade


def _wish(fields: Fields) -> _Wish:
    if fields.choice("nodeType", ("master", "readNode", "backup")) == "backup":
        raise NotModelled("nodeType=backup (room for backups) is not modelled by the local cloud.")
    product_id, spec = fields.integer("prodId", low=1, high=99_999_999), fields.text("prodPerformanceSpec")
    disk_gib = fields.integer("diskVolume", low=STORAGE_GIB[0], high=STORAGE_GIB[1])
    zones: list[str] = []
    for item in fields.items("azList", most=8):
        name = item.text("availabilityZoneName", required=True)
        zones += [name] * min(item.integer("availabilityZoneCount", low=1, high=2, required=True, default=1), 2)
    if sum(map(bool, (product_id, disk_gib, spec))) != 1:
        fields.problem(", ".join(KINDS), "exclude each other; exactly one is needed")
    return _Wish(product_id, disk_gib, spec, tuple(zones))


def _upgrade(call: Call, mysql: Mysql, wish: _Wish) -> Upgrade:
    zones = REGIONS[mysql.region].zones
    for zone in (zone for zone in wish.zones if zone not in zones):
        call.fields.problem("azList", f"names {zone!r}, which is not a zone of the region; there are {', '.join(zones)}")
    if wish.product_id:
        return _another_product(call, mysql, wish)
    return Upgrade(mysql, _another_size(call.fields, mysql, wish.spec) if wish.spec else _larger_disk(call.fields, mysql, wish))


def _larger_disk(fields: Fields, mysql: Mysql, wish: _Wish) -> dict[str, str]:
    if wish.disk_gib <= mysql.disk_gib:
        fields.problem("diskVolume", f"is {wish.disk_gib}; instance {mysql.name} has {mysql.disk_gib}, and a disk can only grow")
    return {"diskGib": str(wish.disk_gib)}


def _another_size(fields: Fields, mysql: Mysql, name: str) -> dict[str, str]:
    offered: dict[str, Spec] = {}
    for series in SERIES.values():
        if mysql.spec in (sizes := specs_of(series)):
            offered |= sizes
    spec = offered.get(name)
    if spec is None:
        fields.problem("prodPerformanceSpec", f"{name!r} is not a size here; there are {', '.join(offered)}")
        return {}
    if name == mysql.spec or spec.cpus < mysql.cpus or spec.memory_gib * 1024 < mysql.memory_mib:
        fields.problem("prodPerformanceSpec", f"is {name}; instance {mysql.name} has {mysql.spec}, and can only grow")
    return {"spec": name, "cpus": str(spec.cpus), "memoryMib": str(spec.memory_gib * 1024)}


def _another_product(call: Call, mysql: Mysql, wish: _Wish) -> Upgrade:
    """From one node to a primary with a standby."""
    product, fields = PRODUCTS.get(wish.product_id), call.fields
    if wish.product_id in TWO_STANDBYS:
        raise NotModelled(f"prodId={wish.product_id} (a primary with two standbys) is not modelled by the local cloud.")
    if product is None or product.version != mysql.version or product.kind == REPLICA:
        fields.problem("prodId", f"{wish.product_id} is no product that an instance of version {mysql.version} can become")
        return Upgrade(mysql, {})
    if (mysql.kind, product.kind) != (SINGLE, PAIR):
        fields.problem("prodId", f"{product.id} is {product.description}; that is no step up from a {mysql.kind} instance")
        return Upgrade(mysql, {})
    [there] = model.nodes_of(call.store, mysql)
    added = [zone for zone in wish.zones if zone != there.zone]
    addresses = free_addresses(call, call.store.require(SUBNETS, mysql.subnet_id), 1)
    if len(added) != 1:
        fields.problem("azList", f"must name one zone for the standby, another one than {there.zone}, where the primary is")
    if not addresses:
        fields.problem("prodId", f"needs an address for the standby; subnet {mysql.subnet_id} has none that is free")
    if len(added) != 1 or not addresses:
        return Upgrade(mysql, {})
    node = model.new_node(call.store, (mysql.region, mysql.id, mysql.name), 2, added[0], addresses[0], reseed=True)
    return Upgrade(mysql, {"prodId": str(product.id), "nodeId": node.id}, node)
