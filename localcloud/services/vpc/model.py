"""What VPCs and subnets are, and the rules they obey."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from localcloud.api.inputs import Fields
from localcloud.records.balancers import BALANCERS, TARGET_GROUPS
from localcloud.records.catalogue import REGIONS
from localcloud.records.compute import GROUPS, INSTANCES, SUBNETS, Subnet, Vpc
from localcloud.records.databases import MYSQL_NODES, MYSQLS
from localcloud.records.identifiers import when
from localcloud.records.store import Store

MASKS_VPC, MASKS_SUBNET = (8, 28), (16, 28)
# What means something else in every server, and the addresses that EIPs are taken from.
NOT_PRIVATE = tuple(map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "198.18.0.0/15", "224.0.0.0/3")))


def vpc_shown(store: Store, vpc: Vpc) -> dict[str, Any]:
    """A VPC as the API shows it."""
    return {
        "vpcID": vpc.id, "name": vpc.name, "description": vpc.description, "CIDR": vpc.cidr, "ipv6Enabled": False,
        "enableIpv6": False, "ipv6CIDRS": [], "subnetIDs": [subnet.id for subnet in store.find(SUBNETS, vpc_id=vpc.id)],
        "natGatewayIDs": [], "secondaryCIDRS": [], "projectID": vpc.project, "dhcpOptionsSetID": "", "ipv6Infos": [],
    }  # fmt: skip


def subnet_shown(store: Store, subnet: Subnet) -> dict[str, Any]:
    """A subnet as the API shows it."""
    network = IPv4Network(subnet.cidr)
    used = len(taken_addresses(store, subnet.id))
    return {
        "subnetID": subnet.id, "name": subnet.name, "description": subnet.description, "vpcID": subnet.vpc_id,
        "availabilityZones": list(REGIONS[subnet.region].zones), "routeTableID": "", "networkAclID": "", "CIDR": subnet.cidr,
        "gatewayIP": subnet.gateway, "start": str(network[2]), "end": str(network[-2]),
        "availableIPCount": network.num_addresses - 3 - used, "ipv6Enabled": 0, "enableIpv6": False, "ipv6CIDR": "",
        "ipv6Start": "", "ipv6End": "", "ipv6GatewayIP": "", "dnsList": list(subnet.dns), "systemDnsList": [subnet.gateway],
        "ntpList": [], "type": 0, "createdAt": when(subnet.created), "updatedAt": when(subnet.updated),
    }  # fmt: skip


def check_vpc(fields: Fields, network: IPv4Network) -> None:
    """Note as a problem: addresses that no VPC can have."""
    for other in NOT_PRIVATE:
        if network.overlaps(other):
            fields.problem("CIDR", f"{network} overlaps {other}, which a VPC cannot have")


def check_subnet(fields: Fields, store: Store, vpc: Vpc, network: IPv4Network) -> None:
    """Note as problems: a subnet that is not inside its VPC, or that overlaps another one."""
    if not network.subnet_of(IPv4Network(vpc.cidr)):
        fields.problem("CIDR", f"{network} is not inside {vpc.cidr} of VPC {vpc.id}")
    for other in store.find(SUBNETS, vpc_id=vpc.id):
        if network.overlaps(IPv4Network(other.cidr)):
            fields.problem("CIDR", f"{network} overlaps {other.cidr} of subnet {other.id} ({other.name})")


def gateway_of(fields: Fields, network: IPv4Network) -> str:
    """The gateway that the call asks for, else the first address; a wrong one is noted as a problem."""
    wanted = fields.address("subnetGatewayIP")
    if wanted is None:
        return str(network[1])
    if wanted not in network or wanted in (network[0], network[-1]):
        fields.problem("subnetGatewayIP", f"{wanted} is not a host address of {network}")
    return str(wanted)


def usable_addresses(subnet: Subnet) -> Iterator[IPv4Address]:
    """Addresses that servers may have: all but network, gateway and broadcast; the first host is kept for the gateway."""
    network = IPv4Network(subnet.cidr)
    gateway = IPv4Address(subnet.gateway)
    return (address for address in map(network.__getitem__, range(2, network.num_addresses - 1)) if address != gateway)


def taken_addresses(store: Store, subnet_id: str) -> dict[str, str]:
    """Who has which address: a server; a balancer or a MySQL instance, which needs one for itself and one for each node."""
    taken = {server.address: server.id for server in store.find(INSTANCES, subnet_id=subnet_id)}
    for balancer in store.find(BALANCERS, subnet_id=subnet_id):
        taken |= dict.fromkeys((balancer.address, *(node["address"] for node in balancer.nodes)), balancer.id)
    for mysql in store.find(MYSQLS, subnet_id=subnet_id):
        nodes = store.find(MYSQL_NODES, mysql_id=mysql.id)
        taken |= dict.fromkeys((mysql.address, *(node.address for node in nodes)), mysql.id)
    return taken


def users_of_vpc(store: Store, vpc: Vpc) -> list[str]:
    """What must be gone before the VPC can be deleted."""
    subnets = [f"subnet {subnet.id}" for subnet in store.find(SUBNETS, vpc_id=vpc.id)]
    subnets += [f"target group {group.id}" for group in store.find(TARGET_GROUPS, vpc_id=vpc.id)]
    return subnets + [f"security group {group.id}" for group in store.find(GROUPS, vpc_id=vpc.id) if not group.default]
