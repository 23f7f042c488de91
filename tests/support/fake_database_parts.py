"""The parts of the fake database engine: each asks and changes the memory that all share."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from support.fake_nodes import FULL, MEGABYTE, FakeNode, gtid

from localcloud.engines.interface.databases import Applying, DatabaseNode, Replication
from localcloud.engines.interface.engines import EngineError

if TYPE_CHECKING:
    from support.fake_databases import FakeDatabases


class Part:
    """Works on the memory of one engine."""

    def __init__(self, memory: FakeDatabases) -> None:
        self._memory = memory


class FakeNodes(Part):
    """Nodes as machines."""

    async def create(self, node: DatabaseNode) -> None:
        self._memory.did("create_node", node.node_id)
        found = self._memory.there.setdefault(node.node_id, FakeNode(node))
        found.spec = replace(node, disk_gib=max(node.disk_gib, found.spec.disk_gib))

    async def size(self, node: DatabaseNode) -> None:
        self._memory.did("size_node", node.node_id, node.cpus, node.memory_mib, node.disk_gib)
        if found := self._memory.there.get(node.node_id):
            found.spec = replace(node, disk_gib=max(node.disk_gib, found.spec.disk_gib))

    async def boot(self, node: DatabaseNode) -> None:
        self._memory.did("boot_node", node.node_id)
        found = self._memory.there[node.node_id]
        if not found.running:
            found.running, found.disk_gib = True, found.spec.disk_gib

    async def shut_down(self, node_id: str, seconds: float) -> None:
        self._memory.did("shut_down_node", node_id)
        if node_id in self._memory.there:
            self._memory.there[node_id].stop()

    async def cut_power(self, node_ids: Collection[str]) -> None:
        self._memory.did("cut_node_power", *node_ids)
        for node_id in set(node_ids) & set(self._memory.there):
            self._memory.lose_power(node_id)

    async def remove(self, node_ids: Collection[str]) -> None:
        self._memory.did("remove_nodes", *node_ids)
        for node_id in node_ids:
            self._memory.there.pop(node_id, None)

    async def all(self) -> Mapping[str, bool]:
        return {node_id: node.running for node_id, node in self._memory.there.items()}

    async def room(self, node_id: str) -> tuple[int, int]:
        size, used = self._memory.running(node_id).disk_gib << 30, 1 << 30
        return (size, 0) if self._memory.there[node_id].full else (used, size - used)


class FakeInside(Part):
    """What is done inside nodes."""

    async def fill_disk(self, node_id: str) -> None:
        self._memory.did("fill_node_disk", node_id)
        self._memory.there[node_id].full = True

    async def free_disk(self, node_id: str) -> None:
        self._memory.did("free_node_disk", node_id)
        self._memory.there[node_id].full = False

    async def kill_process(self, node_id: str, process: str) -> int:
        self._memory.did("kill_node_process", node_id, process)
        if process != "mariadbd" or not self._memory.there[node_id].running:
            return 0
        self._memory.there[node_id].log |= self._memory.there[node_id].waiting
        self._memory.there[node_id].stop()
        return 1

    async def run(self, node_id: str, command: Sequence[str], stdin: bytes = b"") -> tuple[int, bytes]:
        self._memory.did("run_in_node", node_id, list(command))
        return (0, b"") if self._memory.linked(self._memory.running(node_id)) else (1, b"")


class FakeReplication(Part):
    """Who follows whom, and who takes writes."""

    async def follow(self, node_id: str, source: Replication) -> None:
        self._memory.did("follow", node_id, source.address)
        node = self._memory.running(node_id)
        node.source, node.acknowledges, node.relay, node.broken, node.checked = source.address, source.acknowledge, {}, "", ""
        node.applying, node.asks = True, not node.torn
        node.writable = node.semi_sync = node.trial = node.in_time = False
        self._memory.flow()
        if node.torn:
            raise EngineError(f"MySQL node {node_id} cannot receive from {source.address}: its relay log cannot be written")

    async def stop_receiving(self, node_id: str) -> None:
        self._memory.did("stop_receiving", node_id)
        node = self._memory.running(node_id)
        node.asks = node.receiving = False

    async def apply_all(self, node_id: str, seconds: float) -> str:
        self._memory.did("apply_all", node_id)
        node = self._memory.running(node_id)
        if node.broken or node.full or node.stuck:
            why = node.broken or (FULL if node.full else "its relay log ends too early")
            raise EngineError(f"MySQL node {node_id} cannot apply what it has received: {why}")
        node.log |= node.relay
        node.relay = {}
        return gtid(node.reached)

    async def apply_for(self, node_id: str, seconds: float) -> Applying:
        self._memory.did("apply_for", node_id)
        node, ended = self._memory.running(node_id), self._memory.lock_holders.pop(node_id, ())
        if node.left > 0:
            await asyncio.sleep(seconds)
            node.left = max(0, node.left - round(seconds * MEGABYTE))
            return Applying(False, ended, node.left, ("shop.orders",), "it changes rows")
        await self.apply_all(node_id, seconds)
        return Applying(True, ended)

    async def end_lock_holders(self, node_id: str) -> Sequence[str]:
        self._memory.did("end_lock_holders", node_id)
        self._memory.running(node_id)
        return self._memory.lock_holders.pop(node_id, ())

    async def forget_source(self, node_id: str) -> None:
        self._memory.did("forget_source", node_id)
        node = self._memory.running(node_id)
        node.source, node.asks, node.receiving, node.applying, node.relay = "", False, False, False, {}

    async def end_follower(self, node_id: str, address: str, user: str) -> None:
        self._memory.did("end_follower", node_id, address)
        self._memory.running(node_id)

    async def open_writes(self, node_id: str) -> None:
        self._memory.did("open_writes", node_id)
        self._memory.running(node_id).writable = True

    async def match_events(self, node_id: str, source_id: str) -> None:
        self._memory.did("match_events", node_id, source_id)
        self._memory.running(node_id)
        self._memory.running(source_id)

    async def close_writes(self, node_id: str, seconds: float) -> str:
        self._memory.did("close_writes", node_id)
        node = self._memory.running(node_id)
        node.writable = False
        self._memory.flow()
        if node.waiting:
            await asyncio.sleep(seconds)
        if node.waiting:
            raise EngineError(f"MySQL node {node_id} has writes that wait for its standby")
        return gtid(node.reached)


class FakeSemiSync(Part):
    """Whether commits wait for a standby."""

    async def switch(self, node_id: str, wanted: bool) -> None:
        self._memory.did("set_semi_sync", node_id, wanted)
        node = self._memory.running(node_id)
        node.semi_sync = node.in_time = wanted
        node.trial = False
        if not wanted and node.waiting:
            self._memory.acknowledge(node, max(node.waiting))

    async def attempt(self, node_id: str) -> None:
        self._memory.did("try_semi_sync", node_id)
        node = self._memory.running(node_id)
        node.trial = node.in_time = True
        node.semi_sync = False


class FakeLinks(Part):
    """The addresses that move."""

    async def move_address(self, address: str, to_node: str, from_nodes: Collection[str]) -> None:
        self._memory.did("move_database_address", address, to_node)
        self._memory.running(to_node)
        self._memory.seats[address] = to_node


class FakeNodeBackups(Part):
    """Copies of what nodes have executed."""

    async def back_up(self, node_id: str, backup_id: str) -> int:
        self._memory.did("back_up", node_id, backup_id)
        self._memory.kept[backup_id] = dict(self._memory.running(node_id).log)
        return 1000 + len(self._memory.kept[backup_id])

    async def restore(self, node: DatabaseNode, backup_id: str, instance_id: str, until: float | None) -> None:
        self._memory.did("restore", node.node_id, backup_id, instance_id, until)
        if backup_id not in self._memory.kept:
            raise EngineError(f"there is no backup {backup_id}")
        fresh = self._memory.there[node.node_id]
        fresh.stop()
        fresh.log, fresh.relay, fresh.source, fresh.running = dict(self._memory.kept[backup_id]), {}, "", True

    async def reseed(self, node: DatabaseNode, source_id: str) -> None:
        self._memory.did("reseed", node.node_id, source_id)
        source, fresh = self._memory.running(source_id), self._memory.there[node.node_id]
        if fresh.full:
            raise EngineError(f"MySQL node {node.node_id} cannot be rebuilt: its disk is full")
        fresh.stop()
        fresh.log, fresh.relay, fresh.source, fresh.broken = dict(source.log), {}, "", ""
        fresh.stuck = fresh.torn = False
        fresh.running, fresh.disk_gib = True, fresh.spec.disk_gib

    async def remove(self, backup_id: str) -> None:
        self._memory.did("remove_backup", backup_id)
        self._memory.kept.pop(backup_id, None)

    async def keep_logs(self, node_id: str, instance_id: str) -> None:
        self._memory.did("keep_binlogs", node_id, instance_id)

    async def remove_logs(self, instance_id: str) -> None:
        self._memory.did("remove_binlogs", instance_id)
