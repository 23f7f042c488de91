"""The two HAProxy processes of each balancer as parts of a network and of a zone. Pure functions of records."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from localcloud.core.elb_records import BALANCERS, Balancer
from localcloud.core.records import Subnet
from localcloud.core.store import Store
from localcloud.engines import api

GROUP = "balancers"  # a security group that no user sees: what may reach a balancer is what its listeners take
OPEN = tuple(api.Rule(direction, "accept", "ANY", 1) for direction in ("ingress", "egress"))


@dataclass(frozen=True)
class Node:
    """One process. `name` is its balancer's, so that faults limited to a stack know it."""

    id: str
    name: str
    region: str
    zone: str
    vpc_id: str
    subnet_id: str
    nic_id: str
    mac: str
    address: str


def nodes_of(balancer: Balancer) -> list[Node]:
    """Both of a balancer's."""
    return [
        Node(
            node["id"], balancer.name, balancer.region, node["zone"], balancer.vpc_id, balancer.subnet_id, node["nic_id"],
            node["mac"], node["address"],
        )
        for node in balancer.nodes
    ]  # fmt: skip


def all_nodes(store: Store) -> list[Node]:
    """Those of all balancers."""
    return [node for balancer in store.find(BALANCERS) for node in nodes_of(balancer)]


def node_nic(node: Node, subnet: Subnet) -> api.Nic:
    """The network card of a process."""
    return api.Nic(
        nic_id=node.nic_id,
        instance_id=node.id,
        mac=node.mac,
        address=node.address,
        prefix=ipaddress.IPv4Network(subnet.cidr).prefixlen,
        gateway=subnet.gateway,
        groups=(GROUP,),
    )
