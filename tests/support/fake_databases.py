"""MySQL nodes that only count: each write is a number, and replication, power, links and semi-sync follow MariaDB's rules.

`reached`: what a node has executed; `relay`: what it has received besides. Numbers count up over an instance's whole life.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from localcloud.engines.interface.databases import Applying, DatabaseNode, NodeState, Replication
from localcloud.engines.interface.engines import EngineError, VpcNetwork

FULL = "disk full"
MEGABYTE = 1_000_000


@dataclass
class FakeNode:
    """One node. `log`: the writes it has executed, by number."""

    spec: DatabaseNode
    running: bool = False
    writable: bool = False
    semi_sync: bool = False
    trial: bool = False  # asks for acknowledgements, and waits for none
    in_time: bool = False
    acks: int = 0
    log: dict[int, str] = field(default_factory=dict)
    relay: dict[int, str] = field(default_factory=dict)
    source: str = ""
    acknowledges: bool = True
    asks: bool = False  # its receiver runs, connected or not
    receiving: bool = False
    applying: bool = False
    lazy: bool = False  # receives, but applies only when it is told to
    mute: bool = False  # receives, but nobody hears its acknowledgements
    late: bool = False  # receives a write only when there is another one
    broken: str = ""
    left: int = 0  # bytes that its applier needs a second for each million of
    stuck: bool = False  # its relay log cannot be read to its end
    checked: str = ""  # the source that it has been held against
    full: bool = False
    hangs: bool = False
    slow: float = 0.0  # seconds that a look at it takes
    waiting: dict[int, str] = field(default_factory=dict)  # written, and not acknowledged yet
    refused: str = ""  # what its source says to it, where it does not let it in
    disk_gib: int = 0  # of its file system, which takes over what its file has when the node boots

    @property
    def reached(self) -> int:
        return next(reversed(self.log), 0)  # numbers are added in their order

    @property
    def received(self) -> int:
        return next(reversed(self.relay), self.reached)

    def stop(self) -> None:
        self.running = self.writable = self.asks = self.receiving = self.applying = self.hangs = False
        self.semi_sync = self.trial = self.in_time = False
        self.waiting.clear()


@dataclass
class FakeDatabases:
    """The engine. `journal` holds what it was asked, `fail` names calls that raise, `on_call` runs before one."""

    networks: Mapping[str, VpcNetwork] = field(default_factory=dict)
    journal: list[tuple[Any, ...]] = field(default_factory=list)
    fail: dict[str, str] = field(default_factory=dict)
    on_call: dict[str, Callable[[], None]] = field(default_factory=dict)
    there: dict[str, FakeNode] = field(default_factory=dict)
    seats: dict[str, str] = field(default_factory=dict)  # moving address -> node id
    severed: set[frozenset[str]] = field(default_factory=set)  # pairs of nodes that do not hear each other
    isolated: set[str] = field(default_factory=set)  # nodes that nobody reaches
    acknowledged: list[tuple[int, str]] = field(default_factory=list)
    results: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)  # statement -> rows
    backups: dict[str, dict[int, str]] = field(default_factory=dict)
    lock_holders: dict[str, tuple[str, ...]] = field(default_factory=dict)  # node id -> sessions that hold up its applier
    answer: Callable[[str, Sequence[tuple[str, Sequence[Any]]]], list[tuple[Any, ...]]] | None = None

    def _did(self, name: str, *what: Any) -> None:
        self.journal.append((name, *what))
        if name in self.on_call:
            self.on_call[name]()
        if name in self.fail:
            raise EngineError(self.fail[name])

    def _running(self, node_id: str) -> FakeNode:
        node = self.there.get(node_id)
        if node is None or not node.running or node.hangs:
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
            source.acks += self._acknowledge(source, node.received)
            source.in_time = source.in_time or node.received == newest

    def _acknowledge(self, source: FakeNode, upto: int) -> int:
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
            self._acknowledge(node, number)
        self.flow()
        if node.trial and number in node.waiting:
            node.in_time = False
            self._acknowledge(node, number)
        return number not in node.waiting

    def takers(self) -> list[str]:
        """The nodes that would take a write now, whoever gets through to them."""
        return [node_id for node_id, node in self.there.items() if node.running and node.writable]

    # -- the engine -----------------------------------------------------------------------------------------------------
    async def create_node(self, node: DatabaseNode) -> None:
        self._did("create_node", node.node_id)
        found = self.there.setdefault(node.node_id, FakeNode(node))
        found.spec = replace(node, disk_gib=max(node.disk_gib, found.spec.disk_gib))

    async def size_node(self, node: DatabaseNode) -> None:
        self._did("size_node", node.node_id, node.cpus, node.memory_mib, node.disk_gib)
        if found := self.there.get(node.node_id):
            found.spec = replace(node, disk_gib=max(node.disk_gib, found.spec.disk_gib))

    async def boot_node(self, node: DatabaseNode) -> None:
        self._did("boot_node", node.node_id)
        found = self.there[node.node_id]
        if not found.running:
            found.running, found.disk_gib = True, found.spec.disk_gib

    async def shut_down_node(self, node_id: str, timeout: float) -> None:
        self._did("shut_down_node", node_id)
        if node_id in self.there:
            self.there[node_id].stop()

    async def cut_node_power(self, node_ids: Collection[str]) -> None:
        self._did("cut_node_power", *node_ids)
        for node_id in set(node_ids) & set(self.there):
            self.lose_power(node_id)

    def lose_power(self, node_id: str) -> None:
        node = self.there[node_id]
        node.log |= node.waiting  # in its binary log, and committed when it comes back
        node.stop()

    async def remove_nodes(self, node_ids: Collection[str]) -> None:
        self._did("remove_nodes", *node_ids)
        for node_id in node_ids:
            self.there.pop(node_id, None)

    async def nodes(self) -> Mapping[str, bool]:
        return {node_id: node.running for node_id, node in self.there.items()}

    async def observe_nodes(self, nodes: Collection[DatabaseNode], timeout: float) -> Mapping[str, NodeState]:
        self.flow()
        return {node.node_id: self._state(self.there.get(node.node_id), timeout) for node in nodes}

    def _state(self, node: FakeNode | None, timeout: float) -> NodeState:
        if node is None or not node.running:
            return NodeState(False, False, False)
        if node.hangs or node.slow >= timeout:
            return NodeState(True, False, False, took=timeout)
        followers = [one for one in self.there.values() if one.receiving and one.source == node.spec.nic.address]
        source = self._source_of(node)
        return NodeState(
            running=True, answers=True, reachable=self.linked(node), writable=node.writable,
            gtid=_gtid(max([node.reached, *node.waiting])), received=_gtid(node.received) if node.source else "",
            following=node.source, receiving=node.receiving, applying=node.applying and not node.broken,
            behind=0.0 if node.receiving and source and node.reached >= source.reached else None,
            problem=FULL if node.full else node.broken or node.refused, semi_sync=node.semi_sync,
            trial=node.trial, in_time=node.in_time, acks=node.acks,
            standbys=len([one for one in followers if one.acknowledges]), waiting=len(node.waiting), took=node.slow,
        )  # fmt: skip

    async def follow(self, node_id: str, source: Replication) -> None:
        self._did("follow", node_id, source.address)
        node = self._running(node_id)
        node.source, node.acknowledges, node.relay, node.broken, node.checked = source.address, source.acknowledge, {}, "", ""
        node.asks = node.applying = True
        node.writable = node.semi_sync = node.trial = node.in_time = False
        self.flow()

    async def stop_receiving(self, node_id: str) -> None:
        self._did("stop_receiving", node_id)
        node = self._running(node_id)
        node.asks = node.receiving = False

    async def apply_all(self, node_id: str, timeout: float) -> str:
        self._did("apply_all", node_id)
        node = self._running(node_id)
        if node.broken or node.full or node.stuck:
            why = node.broken or (FULL if node.full else "its relay log ends too early")
            raise EngineError(f"MySQL node {node_id} cannot apply what it has received: {why}")
        node.log |= node.relay
        node.relay = {}
        return _gtid(node.reached)

    async def apply_for(self, node_id: str, seconds: float) -> Applying:
        self._did("apply_for", node_id)
        node, ended = self._running(node_id), self.lock_holders.pop(node_id, ())
        if node.left > 0:
            await asyncio.sleep(seconds)
            node.left = max(0, node.left - round(seconds * MEGABYTE))
            return Applying(False, ended, node.left, ("shop.orders",), "it changes rows")
        await self.apply_all(node_id, seconds)
        return Applying(True, ended)

    async def end_lock_holders(self, node_id: str) -> Sequence[str]:
        self._did("end_lock_holders", node_id)
        self._running(node_id)
        return self.lock_holders.pop(node_id, ())

    async def forget_source(self, node_id: str) -> None:
        self._did("forget_source", node_id)
        node = self._running(node_id)
        node.source, node.asks, node.receiving, node.applying, node.relay = "", False, False, False, {}

    async def set_semi_sync(self, node_id: str, wanted: bool) -> None:
        self._did("set_semi_sync", node_id, wanted)
        node = self._running(node_id)
        node.semi_sync = node.in_time = wanted
        node.trial = False
        if not wanted and node.waiting:
            self._acknowledge(node, max(node.waiting))

    async def try_semi_sync(self, node_id: str) -> None:
        self._did("try_semi_sync", node_id)
        node = self._running(node_id)
        node.trial = node.in_time = True
        node.semi_sync = False

    async def end_follower(self, node_id: str, address: str, user: str) -> None:
        self._did("end_follower", node_id, address)
        self._running(node_id)

    async def open_writes(self, node_id: str) -> None:
        self._did("open_writes", node_id)
        self._running(node_id).writable = True

    async def match_events(self, node_id: str, source_id: str) -> None:
        self._did("match_events", node_id, source_id)
        self._running(node_id)
        self._running(source_id)

    async def close_writes(self, node_id: str, timeout: float) -> str:
        self._did("close_writes", node_id)
        node = self._running(node_id)
        node.writable = False
        self.flow()
        if node.waiting:
            await asyncio.sleep(timeout)
        if node.waiting:
            raise EngineError(f"MySQL node {node_id} has writes that wait for its standby")
        return _gtid(node.reached)

    async def reseed(self, node: DatabaseNode, source_id: str) -> None:
        self._did("reseed", node.node_id, source_id)
        source, fresh = self._running(source_id), self.there[node.node_id]
        if fresh.full:
            raise EngineError(f"MySQL node {node.node_id} cannot be rebuilt: its disk is full")
        fresh.stop()
        fresh.log, fresh.relay, fresh.source, fresh.broken, fresh.stuck = dict(source.log), {}, "", "", False
        fresh.running, fresh.disk_gib = True, fresh.spec.disk_gib

    async def sql(self, node_id: str, statements: Sequence[tuple[str, Sequence[Any]]], log: bool = True) -> list[tuple[Any, ...]]:
        self._did("sql", node_id, [statement for statement, _ in statements])
        address = self._running(node_id).spec.nic.address
        if statements[-1][0].startswith("GRANT REPLICATION SLAVE"):
            for follower in [node for node in self.there.values() if node.source == address]:
                follower.refused = ""
        if self.answer is not None:
            return self.answer(node_id, statements)
        return self.results.get(statements[-1][0], [])

    async def node_disk(self, node_id: str) -> tuple[int, int]:
        size, used = self._running(node_id).disk_gib << 30, 1 << 30
        return (size, 0) if self.there[node_id].full else (used, size - used)

    async def fill_node_disk(self, node_id: str) -> None:
        self._did("fill_node_disk", node_id)
        self.there[node_id].full = True

    async def free_node_disk(self, node_id: str) -> None:
        self._did("free_node_disk", node_id)
        self.there[node_id].full = False

    async def kill_node_process(self, node_id: str, process: str) -> int:
        self._did("kill_node_process", node_id, process)
        if process != "mariadbd" or not self.there[node_id].running:
            return 0
        self.there[node_id].log |= self.there[node_id].waiting
        self.there[node_id].stop()
        return 1

    async def run_in_node(self, node_id: str, command: Sequence[str], stdin: bytes = b"") -> tuple[int, bytes]:
        self._did("run_in_node", node_id, list(command))
        return (0, b"") if self.linked(self._running(node_id)) else (1, b"")

    async def move_database_address(self, address: str, to_node: str, from_nodes: Collection[str]) -> None:
        self._did("move_database_address", address, to_node)
        self._running(to_node)
        self.seats[address] = to_node

    async def back_up(self, node_id: str, backup_id: str) -> int:
        self._did("back_up", node_id, backup_id)
        self.backups[backup_id] = dict(self._running(node_id).log)
        return 1000 + len(self.backups[backup_id])

    async def keep_binlogs(self, node_id: str, instance_id: str) -> None:
        self._did("keep_binlogs", node_id, instance_id)

    async def restore(self, node: DatabaseNode, backup_id: str, instance_id: str, until: float | None) -> None:
        self._did("restore", node.node_id, backup_id, instance_id, until)
        if backup_id not in self.backups:
            raise EngineError(f"there is no backup {backup_id}")
        fresh = self.there[node.node_id]
        fresh.stop()
        fresh.log, fresh.relay, fresh.source, fresh.running = dict(self.backups[backup_id]), {}, "", True

    async def remove_backup(self, backup_id: str) -> None:
        self._did("remove_backup", backup_id)
        self.backups.pop(backup_id, None)

    async def remove_binlogs(self, instance_id: str) -> None:
        self._did("remove_binlogs", instance_id)


def _gtid(number: int) -> str:
    return f"0-1-{number}" if number else ""
