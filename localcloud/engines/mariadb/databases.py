"""The database engine: what services ask of MariaDB nodes, put together from nodes, replication and backups."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pymysql.cursors import Cursor

from localcloud.engines.context import Context
from localcloud.engines.disks.disks import Disks
from localcloud.engines.interface.databases import Applying, DatabaseNode, NodeState, Replication
from localcloud.engines.interface.engines import EngineError
from localcloud.engines.mariadb.backups import MariadbBackups
from localcloud.engines.mariadb.links import DatabaseLinks
from localcloud.engines.mariadb.nodes import DatabaseNodes
from localcloud.engines.mariadb.replication import MariadbReplication
from localcloud.engines.mariadb.semi_sync import SemiSync
from localcloud.engines.mariadb.sql import by_column
from localcloud.engines.mariadb.state import COUNTERS, LOOK, SOURCE, seen
from localcloud.engines.network.network import Networks

log = logging.getLogger("localcloud")
_LOOK = 0.8  # of the time that a look may take, for MariaDB to say something


class MariadbEngine:
    """Implements `interface.databases.DatabaseEngine`; its docstrings say what each method promises."""

    def __init__(self, context: Context, networks: Networks, disks: Disks) -> None:
        self._nodes = DatabaseNodes(context, networks, disks)
        self._links = DatabaseLinks(context, networks)
        self._replication, self._semi_sync = MariadbReplication(self._nodes), SemiSync(self._nodes.sql)
        self._backups = MariadbBackups(context, self._nodes)

    def close(self) -> None:
        """Let go of threads."""
        self._nodes.sql.close()

    # -- nodes -----------------------------------------------------------------------------------------------------------
    async def create_node(self, node: DatabaseNode) -> None:
        await self._nodes.create(node)

    async def size_node(self, node: DatabaseNode) -> None:
        await self._nodes.size(node)

    async def boot_node(self, node: DatabaseNode) -> None:
        async with self._nodes.held(node.node_id):
            if await self._nodes.boot(node):
                await self._catch_up(node.node_id)

    async def shut_down_node(self, node_id: str, timeout: float) -> None:
        async with self._nodes.held(node_id):
            await self._nodes.shut_down(node_id, timeout)

    async def cut_node_power(self, node_ids: Collection[str]) -> None:
        await self._nodes.cut_power(node_ids)

    async def remove_nodes(self, node_ids: Collection[str]) -> None:
        await self._nodes.remove(node_ids)

    async def nodes(self) -> Mapping[str, bool]:
        return await self._nodes.all()

    async def observe_nodes(self, nodes: Collection[DatabaseNode], timeout: float) -> Mapping[str, NodeState]:
        # Where a look comes to nothing in time, nothing is known, least of all that a node could be started.
        seen = {node.node_id: NodeState(True, False, False, took=timeout) for node in nodes}
        looks = [asyncio.ensure_future(self._observe(node, timeout * _LOOK, seen)) for node in nodes]
        if looks:
            done, late = await asyncio.wait(looks, timeout=timeout)
            for look in late:
                look.cancel()
            for look in done:
                look.result()
        return seen

    # -- replication -----------------------------------------------------------------------------------------------------
    async def follow(self, node_id: str, source: Replication) -> None:
        await self._replication.follow(node_id, source)

    async def stop_receiving(self, node_id: str) -> None:
        await self._replication.stop_receiving(node_id)

    async def apply_all(self, node_id: str, timeout: float) -> str:
        return await self._replication.apply_all(node_id, timeout)

    async def apply_for(self, node_id: str, seconds: float) -> Applying:
        return await self._replication.apply_for(node_id, seconds)

    async def end_lock_holders(self, node_id: str) -> Sequence[str]:
        return await self._replication.end_lock_holders(node_id)

    async def forget_source(self, node_id: str) -> None:
        await self._replication.forget_source(node_id)

    async def set_semi_sync(self, node_id: str, wanted: bool) -> None:
        await self._semi_sync.switch(node_id, wanted)

    async def try_semi_sync(self, node_id: str) -> None:
        await self._semi_sync.attempt(node_id)

    async def end_follower(self, node_id: str, address: str, user: str) -> None:
        await self._replication.end_follower(node_id, address, user)

    async def open_writes(self, node_id: str) -> None:
        await self._replication.open_writes(node_id)

    async def match_events(self, node_id: str, source_id: str) -> None:
        await self._replication.match_events(node_id, source_id)

    async def close_writes(self, node_id: str, timeout: float) -> str:
        return await self._replication.close_writes(node_id, timeout)

    async def reseed(self, node: DatabaseNode, source_id: str) -> None:
        made = await self._backups.copy_for(node, source_id)
        async with self._nodes.held(node.node_id):
            await self._backups.reseed(node, made)

    # -- questions, faults -----------------------------------------------------------------------------------------------
    async def sql(self, node_id: str, statements: Sequence[tuple[str, Sequence[Any]]], log: bool = True) -> list[tuple[Any, ...]]:
        before: list[tuple[str, Sequence[Any]]] = [] if log else [("SET SESSION sql_log_bin = 0", ())]
        return await self._nodes.sql.run(node_id, *before, *statements)

    async def node_disk(self, node_id: str) -> tuple[int, int]:
        statement = "SELECT Used * 1024, Available * 1024 FROM information_schema.DISKS WHERE Path = '/data' LIMIT 1"
        used, free = (await self._nodes.sql.run(node_id, statement))[0]
        return int(used), int(free)

    async def fill_node_disk(self, node_id: str) -> None:
        await self._nodes.fill_disk(node_id)

    async def free_node_disk(self, node_id: str) -> None:
        await self._nodes.free_disk(node_id)

    async def kill_node_process(self, node_id: str, process: str) -> int:
        return await self._nodes.kill_process(node_id, process)

    async def run_in_node(self, node_id: str, command: Sequence[str], stdin: bytes = b"") -> tuple[int, bytes]:
        return await self._nodes.run(node_id, command, stdin)

    async def move_database_address(self, address: str, to_node: str, from_nodes: Collection[str]) -> None:
        await self._links.move_address(address, to_node, from_nodes)

    # -- backups ---------------------------------------------------------------------------------------------------------
    async def back_up(self, node_id: str, backup_id: str) -> int:
        return await self._backups.back_up(node_id, backup_id)

    async def keep_binlogs(self, node_id: str, instance_id: str) -> None:
        await self._backups.keep(node_id, instance_id)

    async def restore(self, node: DatabaseNode, backup_id: str, instance_id: str, until: float | None) -> None:
        async with self._nodes.held(node.node_id):
            await self._backups.restore(node, backup_id, instance_id, until)

    async def remove_backup(self, backup_id: str) -> None:
        await self._backups.remove_backup(backup_id)

    async def remove_binlogs(self, instance_id: str) -> None:
        await self._backups.remove_logs(instance_id)

    async def _catch_up(self, node_id: str) -> None:
        """What a node had received and not applied when it went down: it may be the only one that still has it."""
        if not await self._nodes.sql.rows(node_id, SOURCE):
            return
        remarkable = await self._replication.replay_relay_log(node_id)
        if remarkable:
            log.warning("database node %s: %s", node_id, remarkable)

    async def _observe(self, node: DatabaseNode, seconds: float, seen: dict[str, NodeState]) -> None:
        """Docker, which takes its time, is asked only where MariaDB does not answer itself. What is known stays if it hangs."""
        began = time.monotonic()
        greeting = asyncio.ensure_future(self._links.greets(node, seconds))
        try:
            async with asyncio.timeout(seconds):
                state = await self._nodes.sql.do(node.node_id, _state, seconds)
        except (EngineError, TimeoutError):
            greeting.cancel()
            seen[node.node_id] = NodeState(running=True, answers=False, reachable=False, took=time.monotonic() - began)
            with suppress(EngineError):
                if not await self._nodes.is_running(node.node_id):
                    seen[node.node_id] = NodeState(running=False, answers=False, reachable=False)
        else:
            seen[node.node_id] = replace(state, reachable=await greeting, took=time.monotonic() - began)


def _state(cursor: Cursor) -> NodeState:
    cursor.execute(LOOK)
    look = cursor.fetchone() or ()
    counters = {str(row["Variable_name"]): str(row["Value"]) for row in by_column(cursor, COUNTERS)}
    source = by_column(cursor, SOURCE)
    return seen(look, counters, source[0] if source else None)
