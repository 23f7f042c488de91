"""What an order says about the nodes of an instance: sizes, disks, zones."""

from __future__ import annotations

import re
from dataclasses import dataclass

from localcloud.api.calls import NOWHERE
from localcloud.api.inputs import Fields
from localcloud.records.catalogue import Region
from localcloud.records.database_products import (
    BACKUP_STORAGE,
    OTHER_SERIES,
    PAIR,
    REPLICA,
    SERIES,
    STORAGE,
    STORAGE_GIB,
    Product,
    Spec,
    specs_of,
)
from localcloud.records.errors import NotModelled

_GENERATION = re.compile(r"([SCM])[678]")


@dataclass(frozen=True)
class NodeWish:
    """What an order says about its nodes."""

    spec: Spec | None
    zones: tuple[str, ...]
    storage_type: str
    disk_gib: int
    backup_gib: int


def read_nodes(fields: Fields, region: Region, product: Product | None) -> NodeWish:
    """Notes all problems; raises NotModelled. The product is None where it is a problem itself."""
    role = "readNode" if product is not None and product.kind == REPLICA else "master"
    listed = fields.items("mysqlNodeInfoList", required=True, most=8)
    if len(listed) > 1:
        raise NotModelled(
            "Read replicas together with their instance are not modelled by the local cloud; order them afterwards."
        )
    host = fields.text("hostType", required=True)
    wishes = [_node(item, region, product, role, host) for item in listed]
    return wishes[0] if wishes else NodeWish(None, (), "", 0, 0)


def _node(item: Fields, region: Region, product: Product | None, role: str, host: str) -> NodeWish:
    if (kind := item.choice("nodeType", ("master", "readNode"), required=True)) and product is not None and kind != role:
        item.problem("nodeType", f"must be {role} with prodId {product.id}")
    item.only("disks", 1, "1")
    item.only("backupStorageType", *BACKUP_STORAGE)
    backup = item.integer("backupStorageSpace", low=0, high=STORAGE_GIB[1])
    storage = item.choice("storageType", tuple(STORAGE), required=True)
    size = item.integer("storageSpace", low=STORAGE_GIB[0], high=STORAGE_GIB[1], required=True)
    return NodeWish(_spec(item, host), _zones(item, region, product), storage, size, backup)


def _spec(item: Fields, host: str) -> Spec | None:
    number, name = item.text("instSpec", required=True), item.text("prodPerformanceSpec", required=True)
    if number in OTHER_SERIES:
        raise NotModelled(f"instSpec={number} is not modelled by the local cloud; there are {', '.join(SERIES)}.")
    series = SERIES.get(number)
    if series is None:
        if number:
            item.problem("instSpec", f"is {number!r}; it must be one of {', '.join(SERIES)}")
        return None
    matched = _GENERATION.fullmatch(host)
    if host and (matched is None or matched.group(1) != series.letter):
        item.problem("instSpec", f"{number} ({series.name}) needs a hostType like {series.generation}, not {host!r}")
    specs = specs_of(series)
    if name and name not in specs:
        item.problem("prodPerformanceSpec", f"{name!r} is not a size of series {number}; there are {', '.join(specs)}")
    return specs.get(name)


def _zones(item: Fields, region: Region, product: Product | None) -> tuple[str, ...]:
    """The zones of the nodes, by role."""
    roles: dict[str, list[str]] = {"master": [], "slave": [], "readNode": []}
    for info in item.items("availabilityZoneInfo", required=True, most=8):
        zone = info.text("availabilityZoneName", required=True)
        if zone and region is not NOWHERE and zone not in region.zones:
            known = ", ".join(region.zones)
            info.problem("availabilityZoneName", f"{zone!r} is not a zone of {region.name}; there are {known}")
        count = info.integer("availabilityZoneCount", low=1, high=2, required=True, default=1)
        role = info.choice("nodeType", tuple(roles), required=True)
        roles.setdefault(role, []).extend([zone] * min(count, 2))  # more is a problem, and noted
    if product is not None:
        _check_zones(item, product, roles)
    return (*roles["master"], *roles["slave"], *roles["readNode"])


def _check_zones(item: Fields, product: Product, roles: dict[str, list[str]]) -> None:
    wanted = {"master": product.kind != REPLICA, "slave": product.kind == PAIR, "readNode": product.kind == REPLICA}
    found = {role: len(roles[role]) for role in wanted}
    if found != {role: int(there) for role, there in wanted.items()}:
        needed = " and ".join(f"one {role}" for role, there in wanted.items() if there)
        given = ", ".join(f"{count} {role}" for role, count in found.items() if count) or "nothing"
        item.problem("availabilityZoneInfo", f"must name the zone of {needed} with prodId {product.id}; it names {given}")
    elif product.kind == PAIR and roles["slave"] == roles["master"]:
        item.problem(
            "availabilityZoneInfo", f"puts the standby into {roles['slave'][0]}, the primary's zone; both would be lost together"
        )
