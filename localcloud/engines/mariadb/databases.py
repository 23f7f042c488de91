"""The database engine, put together from its parts; and the looks at nodes, for which all of them are needed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pymysql.cursors import Cursor

from localcloud.engines.context import Context
from localcloud.engines.disks.disks import Disks
from localcloud.engines.interface.databases import DatabaseNode, NodeState
from localcloud.engines.interface.engines import EngineError
from localcloud.engines.mariadb.accounts import denied
from localcloud.engines.mariadb.backups import MariadbBackups
from localcloud.engines.mariadb.inside import InsideNodes
from localcloud.engines.mariadb.links import DatabaseLinks
from localcloud.engines.mariadb.nodes import DatabaseNodes
from localcloud.engines.mariadb.replication import MariadbReplication
from localcloud.engines.mariadb.semi_sync import SemiSync
from localcloud.engines.mariadb.sql import Sql, by_column
from localcloud.engines.mariadb.state import COUNTERS, LOOK, SOURCE, seen
from localcloud.engines.network.network import Networks

_LOOK = 0.8  # of the time that a look may take, for MariaDB to say something


class MariadbEngine:
    """Implements `interface.databases.DatabaseEngine` by its parts; what they promise stands there."""

    def __init__(self, context: Context, networks: Networks, disks: Disks) -> None:
        self.inside = InsideNodes(context)
        self._sql = Sql(self.inside.folder)
        self.nodes = DatabaseNodes(context, networks, disks, self.inside, self._sql)
        self.links = DatabaseLinks(context, networks)
        self.replication, self.semi_sync = MariadbReplication(self.inside, self._sql), SemiSync(self._sql)
        self.backups = MariadbBackups(context, self.nodes, self.inside, self._sql)

    def close(self) -> None:
        """Let go of threads."""
        self._sql.close()

    async def observe(self, nodes: Collection[DatabaseNode], timeout: float) -> Mapping[str, NodeState]:
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

    async def sql(self, node_id: str, statements: Sequence[tuple[str, Sequence[Any]]], log: bool = True) -> list[tuple[Any, ...]]:
        before: list[tuple[str, Sequence[Any]]] = [] if log else [("SET SESSION sql_log_bin = 0", ())]
        return await self._sql.run(node_id, *before, *statements)

    async def _observe(self, node: DatabaseNode, seconds: float, seen: dict[str, NodeState]) -> None:
        """Docker, which takes its time, is asked only where MariaDB does not answer itself. What is known stays if it hangs."""
        began = time.monotonic()
        greeting = asyncio.ensure_future(self.links.greets(node, seconds))
        try:
            async with asyncio.timeout(seconds):
                state = await self._sql.do(node.node_id, _state, seconds)
        except (EngineError, TimeoutError) as exc:
            greeting.cancel()
            took, shut_out = time.monotonic() - began, exc.__cause__ is not None and denied(exc.__cause__)
            seen[node.node_id] = NodeState(running=True, answers=False, reachable=False, shut_out=shut_out, took=took)
            with suppress(EngineError):
                if not await self.inside.is_running(node.node_id):
                    seen[node.node_id] = NodeState(running=False, answers=False, reachable=False)
        else:
            seen[node.node_id] = replace(state, reachable=await greeting, took=time.monotonic() - began)


def _state(cursor: Cursor) -> NodeState:
    cursor.execute(LOOK)
    look = cursor.fetchone() or ()
    counters = {str(row["Variable_name"]): str(row["Value"]) for row in by_column(cursor, COUNTERS)}
    source = by_column(cursor, SOURCE)
    return seen(look, counters, source[0] if source else None)
