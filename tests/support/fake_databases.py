"""MySQL nodes that only count: replication, power, links and semi-sync follow MariaDB's rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.fake_database_parts import FakeInside, FakeLinks, FakeNodeBackups, FakeNodes, FakeReplication, FakeSemiSync
from support.fake_journal import Journal
from support.fake_nodes import FULL, FakeNode, gtid

from localcloud.engines.interface.databases import DatabaseNode, NodeState
from localcloud.engines.interface.engines import EngineError, VpcNetwork


@dataclass
class FakeDatabases(Journal):
    """The memory, and the parts of the engine that work on it.

    `journal` holds what it was asked, `fail` names calls that raise, `on_call` runs before one.
    """

    networks: Mapping[str, VpcNetwork] = field(default_factory=dict)
    there: dict[str, FakeNode] = field(default_factory=dict)
    seats: dict[str, str] = field(default_factory=dict)  # moving address -> node id
    severed: set[frozenset[str]] = field(default_factory=set)  # pairs of nodes that do not hear each other
    isolated: set[str] = field(default_factory=set)  # nodes that nobody reaches
    acknowledged: list[tuple[int, str]] = field(default_factory=list)
    results: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)  # statement -> rows
    kept: dict[str, dict[int, str]] = field(default_factory=dict)
    lock_holders: dict[str, tuple[str, ...]] = field(default_factory=dict)  # node id -> sessions that hold up its applier
    answer: Callable[[str, Sequence[tuple[str, Sequence[Any]]]], list[tuple[Any, ...]]] | None = None

    def __post_init__(self) -> None:
        self.nodes, self.inside, self.links = FakeNodes(self), FakeInside(self), FakeLinks(self)
        self.replication, self.semi_sync, self.backups = FakeReplication(self), FakeSemiSync(self), FakeNodeBackups(self)

    def running(self, node_id: str) -> FakeNode:
        node = self.there.get(node_id)
        if node is None or not node.running or node.hangs or node.shut_out:
            raise EngineError(f"MySQL node {node_id} does not answer")
        return node

    # -- the network between them ---------------------------------------------------------------------------------------
    def linked(self, node: FakeNode) -> bool:
        """Its link is up, and no cut keeps everybody from it."""
        network = self.networks.get(node.spec.vpc_id)
        dead = network is None or node.spec.nic.nic_id in network.dead_nics
        return node.running and not dead and node.spec.node_id not in self.isolated

    def _hear(self, one: FakeNode, other: FakeNode) -> bool:
        pair = frozenset((one.spec.node_id, other.spec.node_id))
        return self.linked(one) and self.linked(other) and pair not in self.severed and not (one.hangs or other.hangs)

    def _source_of(self, node: FakeNode) -> FakeNode | None:
        found = [other for other in self.there.values() if node.source and other.spec.nic.address == node.source]
        return found[0] if found and self._hear(node, found[0]) else None

    def flow(self) -> None:
        """What has been written gets to whom it can."""
        for node in self.there.values():
            source = self._source_of(node) if node.running and node.source else None
            node.receiving = node.asks and not node.broken and not node.refused and source is not None
            if node.receiving and source is not None:
                self._receive(node, source)
            if node.applying and not node.lazy and not node.broken and not node.full:
                node.log |= node.relay
                node.relay = {}

    def _receive(self, node: FakeNode, source: FakeNode) -> None:
        if node.checked != source.spec.node_id and not node.log.keys() <= source.log.keys() | source.waiting.keys():
            node.broken, node.receiving = "1236: the node has writes that its source has not", False
            return
        if node.full:
            return
        node.checked = source.spec.node_id
        newest = max([source.reached, *source.waiting])
        for number in range(node.received + 1, newest + 1 - node.late):
            node.relay[number] = source.log.get(number) or source.waiting[number]
        if node.acknowledges and (source.semi_sync or source.trial) and not node.mute:
            source.acks += self.acknowledge(source, node.received)
            source.in_time = source.in_time or node.received == newest

    def acknowledge(self, source: FakeNode, upto: int) -> int:
        """To clients, in the order of their writes; how many there were."""
        numbers = sorted(number for number in source.waiting if number <= upto)
        for number in numbers:
            source.log[number] = source.waiting.pop(number)
            self.acknowledged.append((number, source.log[number]))
        return len(numbers)

    # -- clients --------------------------------------------------------------------------------------------------------
    def write(self, address: str, text: str) -> bool:
        """A client's write through the moving address: was it acknowledged?"""
        node = self.there.get(self.seats.get(address, ""))
        if node is None or not self.linked(node) or not node.writable or node.hangs or node.full:
            return False
        number = max([*node.log, *node.waiting], default=0) + 1
        node.waiting[number] = text
        if not (node.semi_sync or node.trial):
            self.acknowledge(node, number)
        self.flow()
        if node.trial and number in node.waiting:
            node.in_time = False
            self.acknowledge(node, number)
        return number not in node.waiting

    def takers(self) -> list[str]:
        """The nodes that would take a write now, whoever gets through to them."""
        return [node_id for node_id, node in self.there.items() if node.running and node.writable]

    # -- the engine -----------------------------------------------------------------------------------------------------
    def lose_power(self, node_id: str) -> None:
        node = self.there[node_id]
        node.log |= node.waiting  # in its binary log, and committed when it comes back
        node.stop()

    async def observe(self, nodes: Collection[DatabaseNode], timeout: float) -> Mapping[str, NodeState]:
        self.flow()
        return {node.node_id: self._state(self.there.get(node.node_id), timeout) for node in nodes}

    def _state(self, node: FakeNode | None, timeout: float) -> NodeState:
        if node is None or not node.running:
            return NodeState(False, False, False)
        if node.hangs or node.slow >= timeout:
            return NodeState(True, False, False, took=timeout)
        if node.shut_out:
            return NodeState(True, False, False, shut_out=True, took=node.slow)
        followers = [one for one in self.there.values() if one.receiving and one.source == node.spec.nic.address]
        source = self._source_of(node)
        return NodeState(
            running=True, answers=True, reachable=self.linked(node), writable=node.writable,
            gtid=gtid(max([node.reached, *node.waiting])), received=gtid(node.received) if node.source else "",
            following=node.source, receiving=node.receiving, receiver_ended=bool(node.source) and not node.asks,
            applying=node.applying and not node.broken,
            behind=0.0 if node.receiving and source and node.reached >= source.reached else None,
            problem=FULL if node.full else node.broken or node.refused, semi_sync=node.semi_sync,
            trial=node.trial, in_time=node.in_time, acks=node.acks,
            standbys=len([one for one in followers if one.acknowledges]), waiting=len(node.waiting), took=node.slow,
        )  # fmt: skip

    async def sql(self, node_id: str, statements: Sequence[tuple[str, Sequence[Any]]], log: bool = True) -> list[tuple[Any, ...]]:
        self.did("sql", node_id, [statement for statement, _ in statements])
        address = self.running(node_id).spec.nic.address
        if statements[-1][0].startswith("GRANT REPLICATION SLAVE"):
            for follower in [node for node in self.there.values() if node.source == address]:
                follower.refused = ""
        if self.answer is not None:
            return self.answer(node_id, statements)
        return self.results.get(statements[-1][0], [])
