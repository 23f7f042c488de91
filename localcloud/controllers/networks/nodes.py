"""Processes that are parts of a network and of a zone without being servers: balancers' HAProxys and MySQL nodes.

Pure functions of records.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from localcloud.engines.interface import engines as api
from localcloud.records.balancers import BALANCERS, Balancer
from localcloud.records.compute import Instance, Subnet
from localcloud.records.databases import MYSQL_NODES, MYSQLS, WHITE_LISTS, Mysql
from localcloud.records.store import Store

GROUP = "balancers"  # a security group that no user sees: what may reach a balancer is what its listeners take
OPEN = tuple(api.Rule(direction, "accept", "ANY", 1) for direction in ("ingress", "egress"))


@dataclass(frozen=True)
class Node:
    """One process. `name` is its balancer's, or a MySQL node's own, so that faults limited to a stack know it."""

    id: str
    name: str
    region: str
    zone: str
    vpc_id: str
    subnet_id: str
    nic_id: str
    mac: str
    address: str
    groups: tuple[str, ...] = (GROUP,)
    only_from: tuple[str, ...] | None = None  # a MySQL instance's white list; to `port` nobody else gets through
    port: int = 0
    fenced: bool = False  # its link is down at the router
    mysql_id: str = ""  # of a MySQL node


def nodes_of(balancer: Balancer) -> list[Node]:
    """Both of a balancer's."""
    return [
        Node(
            node["id"], balancer.name, balancer.region, node["zone"], balancer.vpc_id, balancer.subnet_id, node["nic_id"],
            node["mac"], node["address"],
        )
        for node in balancer.nodes
    ]  # fmt: skip


def balancer_nodes(store: Store) -> list[Node]:
    """Those of all balancers."""
    return [node for balancer in store.find(BALANCERS) for node in nodes_of(balancer)]


def database_nodes(store: Store) -> list[Node]:
    """Those of all MySQL instances."""
    return [node for mysql in store.find(MYSQLS) for node in mysql_nodes(store, mysql)]


def listed_network(text: str) -> str:
    """An entry of a white list as a network: "192.168.0.*" -> "192.168.0.0/24"; what has no stars at its end stays."""
    parts = text.split(".")
    stars = next((count for count, part in enumerate(reversed(parts)) if part != "*"), len(parts))
    return f"{'.'.join(parts[: 4 - stars] + ['0'] * stars)}/{32 - 8 * stars}" if stars and len(parts) == 4 else text


def mysql_nodes(store: Store, mysql: Mysql) -> list[Node]:
    """An instance's: one, or two. Only the white list and the instance's own family get to their port."""
    lists = store.find(WHITE_LISTS, mysql_id=mysql.id)
    allowed = tuple(listed_network(address) for white_list in lists for address in white_list.addresses)
    relatives = tuple(f"{node.address}/32" for kin in family(store, mysql) for node in store.find(MYSQL_NODES, mysql_id=kin.id))
    return [
        Node(
            node.id, node.name, node.region, node.zone, mysql.vpc_id, mysql.subnet_id, node.nic_id, node.mac, node.address,
            groups=(mysql.group_id, family_group(mysql)), only_from=(*allowed, *relatives) if lists else None, port=mysql.port,
            fenced=node.fenced, mysql_id=mysql.id,
        )
        for node in store.find(MYSQL_NODES, mysql_id=mysql.id)
    ]  # fmt: skip


def family(store: Store, mysql: Mysql) -> list[Mysql]:
    """An instance with its parent or its read replicas: they replicate from each other."""
    head = store.get(MYSQLS, mysql.parent) if mysql.parent else mysql
    return [kin for kin in (head, *store.find(MYSQLS, parent=mysql.parent or mysql.id)) if kin]


def family_group(mysql: Mysql) -> str:
    """A security group that no user sees: replication goes on whatever the instance's own group says."""
    return f"mysql-{mysql.parent or mysql.id}"


def family_rules(mysql: Mysql) -> tuple[api.Rule, ...]:
    """Of that group."""
    ports, group = (mysql.port, mysql.port), family_group(mysql)
    return tuple(api.Rule(direction, "accept", "TCP", 1, ports=ports, peer_group=group) for direction in ("ingress", "egress"))


def all_nodes(store: Store) -> list[Node]:
    """Those of all balancers and MySQL instances."""
    return balancer_nodes(store) + database_nodes(store)


def nic(part: Instance | Node, subnet: Subnet) -> api.Nic:
    """The one network card of a server or a process."""
    only_from, only_port = (part.only_from, part.port) if isinstance(part, Node) and part.only_from is not None else (None, 0)
    return api.Nic(
        nic_id=part.nic_id,
        instance_id=part.id,
        mac=part.mac,
        address=part.address,
        prefix=ipaddress.IPv4Network(subnet.cidr).prefixlen,
        gateway=subnet.gateway,
        groups=tuple(part.groups),
        only_from=only_from,
        only_port=only_port,
    )
