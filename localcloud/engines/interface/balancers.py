"""What controllers ask of the balancer engine: HAProxy processes, their configuration, and the address that one of them has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from localcloud.engines.interface.values import BalancerSpec


class BalancerEngine(Protocol):
    """The balancer nodes of one cloud. Calls may be repeated, also at the same time, and raise EngineError."""

    async def apply(self, spec: BalancerSpec) -> None:
        """Start and plug in what does not run of a balancer's nodes, and bring all of them to the wanted configuration.

        Targets and weights change without a reload. The network must have been applied. Raises HalfApplied where it worked for
        one of them.
        """

    async def nodes(self) -> frozenset[str]:
        """All balancer nodes that there are, running or not."""

    async def answering(self, node_ids: Collection[str]) -> frozenset[str]:
        """Those of these balancer nodes whose HAProxy answers now."""

    async def move_address(self, address: str, to_node: str, from_nodes: Collection[str]) -> None:
        """Take the address from the others and announce it at one node. The network must have been applied before."""

    async def target_health(self, node_id: str) -> Mapping[str, str]:
        """What a node's health checks say, by target id: "online", "offline" or "unknown"."""

    async def remove(self, node_ids: Collection[str]) -> None:
        """Kill and remove balancer nodes; fine if some are gone."""
