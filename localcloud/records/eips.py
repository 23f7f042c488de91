"""Book-keeping of elastic addresses: each is one address of the cloud's `internet` network, bound to at most one owner."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from time import time

from localcloud.records.balancers import BALANCERS, Balancer
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import EIPS, INSTANCES, Eip, Instance
from localcloud.records.databases import MYSQLS, Mysql
from localcloud.records.errors import QuotaExceeded
from localcloud.records.errors.eip import EipInUse, EipNameDuplicated, InstanceAlreadyBound
from localcloud.records.identifiers import hex_id, short_id
from localcloud.records.store import Store

MONTH_SECONDS = 30 * 24 * 3600
LINES = ("163", "bgp", "chinamobile", "chinaunicom")
ECS = 1  # associationType
_LAST = "last eip"  # the note of the address given out last


def bound_to(store: Store, eip: Eip) -> Instance | Balancer | Mysql | None:
    """The server, balancer or MySQL instance that has this EIP."""
    if not eip.instance_id:
        return None
    owner_id = eip.instance_id
    return store.get(INSTANCES, owner_id) or store.get(BALANCERS, owner_id) or store.get(MYSQLS, owner_id)


def expiry(cycle: str, count: int) -> float | None:
    """When a subscription ends; None on demand."""
    seconds = cycle_seconds(cycle, count)
    return time() + seconds if seconds else None


def cycle_seconds(cycle: str, count: int) -> float:
    """("MONTH", 2) -> seconds; 0 on demand."""
    return {"month": 1, "year": 12}.get(cycle.lower(), 0) * max(count, 1) * MONTH_SECONDS


def new(
    store: Store, pool: str, region: str, name: str, *, bandwidth: int = 1, billing: str = "bandwidth", line: str = "163",
    cycle: str = "on_demand", count: int = 0, instance_id: str = "", packaged: bool = False,
) -> Eip:  # fmt: skip
    """Take an address from the pool and store the EIP."""
    for other in store.find(EIPS, region=region):
        if other.name == name:
            raise EipNameDuplicated(name, other.id)
    if store.count(EIPS, region=region) >= QUOTAS.eips:
        raise QuotaExceeded("EIPs in this region", QUOTAS.eips)
    now = time()
    return store.put(EIPS, Eip(
        short_id("eip"), region, name, _free_address(store, pool), bandwidth, billing, line, cycle, expiry(cycle, count), "0",
        hex_id(), instance_id, packaged, now, now,
    ))  # fmt: skip


def check_free(store: Store, eip: Eip, instance_id: str) -> None:
    """The EIP is unbound and the server has none yet."""
    if eip.instance_id and eip.instance_id != instance_id:
        raise EipInUse(eip.id, [f"instance {eip.instance_id}"])
    for other in store.find(EIPS, instance_id=instance_id):
        if other.id != eip.id:
            raise InstanceAlreadyBound(instance_id, other.id)


def bind(store: Store, eip: Eip, owner_id: str) -> None:
    """Give it to a server, balancer or MySQL instance that has none yet; raises unless it is free."""
    check_free(store, eip, owner_id)
    store.put(EIPS, replace(eip, instance_id=owner_id, updated=time()))


def unbind(store: Store, eip: Eip) -> None:
    """It has no owner any more, and does not go with the server that it was bought with."""
    store.put(EIPS, replace(eip, instance_id="", packaged=False, updated=time()))


def leave(store: Store, owner_id: str) -> None:
    """Its owner goes: the one that was bought with it goes, too, any other is unbound."""
    for eip in store.find(EIPS, instance_id=owner_id):
        if eip.packaged:
            store.delete(EIPS, eip.id)
        else:
            unbind(store, eip)


def _free_address(store: Store, pool: str) -> str:
    """The next free address after the one given out last, so that a released one rests as long as possible."""
    network = IPv4Network(pool)
    size = network.num_addresses
    taken = {eip.address for eip in store.find(EIPS)}
    last = store.note(_LAST)
    start = int(last) + 1 if last else 1
    for step in range(size):
        index = (start + step) % size
        address = str(network[index])
        if index not in (0, size - 1) and address not in taken:
            store.set_note(_LAST, str(index))
            return address
    raise QuotaExceeded(f"addresses in {pool}", size - 2)
