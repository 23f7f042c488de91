"""Nodes of databases in `./lab status`, and in a stack's outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ctyun.local_databases import PAIR, LocalDatabase
from drlab.names import short_name, stack_of

NODES_OUTPUT = "databaseNodes"  # of a stack: name, zone and role of each node, as its last update saw them


@dataclass(frozen=True)
class NodeView:
    """A node of a database. `address` is the database's, which follows the primary; its standby has `inSync`."""

    name: str
    short_name: str
    stack: str | None
    database: str
    region: str
    zone: str
    role: str  # "primary" | "standby" | "replica" | "fenced" | "reseeding"
    power: str  # "running" | "stopped" | "off" (by its owner or a fault)
    leads: bool  # the primary by the records, whatever has become of it
    inSync: bool
    address: str
    eip: str | None


def node_views(database: LocalDatabase, stages: Sequence[str]) -> list[NodeView]:
    return [
        NodeView(
            name=node.name,
            short_name=short_name(node.name, stages),
            stack=stack_of(node.name, stages),
            database=database.name,
            region=database.region,
            zone=node.zone,
            role=node.role,
            power=node.power,
            leads=node is database.leader,
            inSync=database.in_sync and database.kind == PAIR,
            address=f"{database.address}:{database.port}",
            eip=database.eip,
        )
        for node in database.nodes
    ]


def node_table(nodes: Sequence[NodeView]) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """The address stands at the primary, which it follows."""
    several = len({node.stack for node in nodes}) > 1
    rows = [
        (
            f"{node.stack or '-'}/{node.short_name}" if several else node.short_name,
            f"{node.region}/{node.zone}",
            role_words(node),
            "on" if node.power == "running" else node.power,
            node.address if node.leads else "-",
            (node.eip or "-") if node.leads else "-",
        )
        for node in nodes
    ]
    return ("DATABASE", "ZONE", "ROLE", "POWER", "ADDRESS", "EIP"), rows


def role_words(node: NodeView) -> str:
    """`standby, in sync`."""
    if node.role != "standby":
        return node.role
    return f"{node.role}, {'in sync' if node.inSync else 'OUT OF SYNC'}"


def with_roles(outputs: Mapping[str, Any], databases: Sequence[LocalDatabase]) -> Mapping[str, Any]:
    """A stack's outputs with the roles that its nodes have now: a change of roles is no update, and leaves outputs alone."""
    known = outputs.get(NODES_OUTPUT)
    if not known:
        return outputs
    roles = {node.name: node.role for database in databases for node in database.nodes}
    return {**outputs, NODES_OUTPUT: [{**node, "role": roles.get(node["name"], node["role"])} for node in known]}
