"""Carrying an order for servers into the records; nothing is stored before all of it has been checked."""

from __future__ import annotations

from collections.abc import Iterator
from time import time

from localcloud.api.calls import Call
from localcloud.records import eips, orders
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import DISKS, INSTANCES, VPCS, Disk, Instance, Order, Subnet
from localcloud.records.errors import QuotaExceeded
from localcloud.records.identifiers import long_id, mac_address, short_id
from localcloud.services.ecs import model
from localcloud.services.ecs.create_network import NEW_EIP
from localcloud.services.ecs.create_request import CreateServerRequest, numbered, read
from localcloud.services.securitygroup.model import default_group
from localcloud.services.vpc.model import taken_addresses, usable_addresses


def order(call: Call, most: int = 1) -> Order:
    """Check and store an order for up to `most` servers; it is carried out in the background."""
    placed = place(call, read(call, most), "ecs-create")
    call.carries_out(placed)
    return placed


def place(call: Call, wanted: CreateServerRequest, kind: str) -> Order:
    """Store an order and its servers; `kind` names the task that carries it out."""
    if call.store.count(INSTANCES, region=wanted.region.id) + wanted.count > QUOTAS.servers:
        raise QuotaExceeded("servers in this region", QUOTAS.servers)
    ids = tuple(long_id() for _ in range(wanted.count))
    placed = orders.place(call.store, wanted.region.id, kind, "VM", ids)
    hashed = model.password_hash(wanted.password) if wanted.password and not wanted.pair else None
    for number, instance_id in enumerate(ids):
        _store(call, wanted, placed, instance_id, number, hashed)
    return placed


def _store(call: Call, wanted: CreateServerRequest, placed: Order, instance_id: str, number: int, hashed: str | None) -> None:
    now, region, zone = time(), wanted.region, wanted.zone
    call.store.put(INSTANCES, Instance(
        id=instance_id, region=region.id, zone=zone, name=numbered(wanted.name, number, wanted.count),
        display_name=numbered(wanted.display_name, number, wanted.count), description=wanted.description,
        flavor_id=wanted.flavor.id_in(region, zone), image_id=wanted.image.id, vpc_id=wanted.subnet.vpc_id,
        subnet_id=wanted.subnet.id, nic_id=short_id("port"), mac=mac_address(),
        address=wanted.address or _free_address(call, wanted.subnet), groups=wanted.groups or (_own_group(call, wanted),),
        key_pair_id=wanted.pair.id if wanted.pair else "", public_key=wanted.pair.public_key if wanted.pair else None,
        password_hash=hashed, user_data=wanted.user_data, status="creating", desired="on", on_demand=wanted.on_demand,
        expires=wanted.expires, project="0", resource_id=placed.master_resource_id, order_id=placed.id, created=now, updated=now,
        labels=wanted.labels, image_name=wanted.image.name, image_depth=wanted.image.depth,
    ))  # fmt: skip
    for disk in _disk_records(wanted, instance_id, now):
        call.store.put(DISKS, disk)
    if wanted.ext_ip == NEW_EIP:
        pool, name = call.cloud.engines.eip_pool(), short_id("eip")
        eips.new(call.store, pool, region.id, name, bandwidth=wanted.bandwidth, instance_id=instance_id, packaged=True)
    elif wanted.eip:
        eips.bind(call.store, wanted.eip, instance_id)


def _own_group(call: Call, wanted: CreateServerRequest) -> str:
    return default_group(call.store, call.store.require(VPCS, wanted.subnet.vpc_id)).id


def _disk_records(wanted: CreateServerRequest, instance_id: str, now: float) -> Iterator[Disk]:
    wishes = (wanted.boot_disk, *wanted.disks)
    for index, wish in enumerate(wishes):
        name = wish.name if index and wish.name else f"{wanted.name}-{index}"
        yield Disk(
            id=long_id(), region=wanted.region.id, zone=wanted.zone, instance_id=instance_id, name=name, type=wish.type,
            mode="VBD", size=wish.size, device=f"/dev/vd{'abcdefghi'[index]}", system=index == 0, created=now,
            image_disk=wish.image_disk,
        )  # fmt: skip


def _free_address(call: Call, subnet: Subnet) -> str:
    taken = taken_addresses(call.store, subnet.id)
    return next(str(address) for address in usable_addresses(subnet) if str(address) not in taken)
