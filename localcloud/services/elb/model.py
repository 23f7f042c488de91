"""What load balancers are, and the rules they obey."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from localcloud.api.inputs import Fields
from localcloud.controllers.faults.power import fault_over, power_faults
from localcloud.controllers.networks.nodes import nodes_of
from localcloud.records.balancers import Balancer
from localcloud.records.catalogue import Region
from localcloud.records.compute import EIPS, Subnet
from localcloud.records.identifiers import mac_address, short_id, when
from localcloud.records.store import Store
from localcloud.services.vpc.model import taken_addresses, usable_addresses

CLASSIC = ("elb.s1.small", "elb.default")
GUARANTEED = tuple(f"elb.s{number}.{size}" for number in (2, 3, 4, 5) for size in ("small", "large"))
NODES = 2


def balancer_shown(store: Store, balancer: Balancer) -> dict[str, Any]:
    """A balancer as the API shows it."""
    return {
        "ID": balancer.id, "name": balancer.name, "description": balancer.description, "regionID": balancer.region,
        "vpcID": balancer.vpc_id, "subnetID": balancer.subnet_id, "portID": "", "privateIpAddress": balancer.address,
        "ipv6Address": "", "slaName": balancer.sla, "adminStatus": "ACTIVE", "status": balancer.status,
        "resourceType": balancer.resource_type, "deleteProtection": balancer.protected, "azName": active_zone(balancer),
        "projectID": balancer.project, "createdTime": when(balancer.created), "updatedTime": when(balancer.updated),
        "eipInfo": [
            {"resourceID": eip.resource_id, "eipID": eip.id, "bandwidth": eip.bandwidth,
             "isTalkOrder": eip.cycle == "on_demand"}
            for eip in store.find(EIPS, instance_id=balancer.id)
        ],
    }  # fmt: skip


def active_zone(balancer: Balancer) -> str:
    """Where the process with the address is; "" before the first start."""
    return next((node["zone"] for node in balancer.nodes if node["id"] == balancer.active), "")


def own_address(fields: Fields, store: Store, subnet: Subnet) -> str:
    """The address that the call asks for, else a free one; a wrong one is noted as a problem."""
    wanted, taken = fields.address("privateIpAddress"), taken_addresses(store, subnet.id)
    free = [str(address) for address in usable_addresses(subnet) if str(address) not in taken]
    if len(free) <= NODES:
        fields.problem("subnetID", f"{subnet.id} has {len(free)} free addresses; a load balancer needs {NODES + 1}")
        return ""
    if wanted is None:
        return free[0]
    if str(wanted) in taken:
        fields.problem("privateIpAddress", f"{wanted} is already used by {taken[str(wanted)]}")
    elif wanted not in {IPv4Address(address) for address in free}:
        fields.problem("privateIpAddress", f"{wanted} is not an address for resources in {subnet.cidr}")
    return str(wanted)


def new_nodes(store: Store, region: Region, subnet: Subnet, balancer_id: str, address: str) -> tuple[dict[str, str], ...]:
    """Its two processes, in the region's first two zones, with an address each (health checks come from these)."""
    taken = taken_addresses(store, subnet.id)
    free = (str(found) for found in usable_addresses(subnet) if str(found) not in taken and str(found) != address)
    return tuple(
        {"id": f"{balancer_id}-{number}", "zone": zone, "nic_id": short_id("port"), "mac": mac_address(), "address": next(free)}
        for number, zone in enumerate(region.zones[:NODES], 1)
    )


def powered(store: Store, balancer: Balancer) -> bool:
    """At least one of its zones has power."""
    faults = power_faults(store)
    return any(not fault_over(faults, node) for node in nodes_of(balancer))
