"""How long the commits of a primary wait for a standby's acknowledgement: without an end, for a moment, or not at all."""

from __future__ import annotations

from localcloud.engines.interface.engines import EngineError
from localcloud.engines.mariadb.sql import Sql
from localcloud.engines.mariadb.state import ENDLESS, MOMENT
from localcloud.engines.waiting import within

_WAITING = "SELECT QUERY_ID FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for semi-sync ACK%'"
_MOMENTS_END = 1.0  # seconds until all of those have ended that wait for a moment


class SemiSync:
    """Implements `interface.databases.SemiSyncEngine`."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def switch(self, node_id: str, wanted: bool) -> None:
        """After a trial by the time-out alone: a commit that is under way when it is switched on waits, and nobody was asked."""
        if not wanted:
            await self._sql.run(node_id, "SET GLOBAL rpl_semi_sync_master_enabled = 0")
            return
        await self._ask(node_id, ENDLESS)
        brief = await self._waiting(node_id)  # one whose moment passes now lets all others go on alone

        async def none_left() -> str | None:
            left = brief & await self._waiting(node_id)
            return f"{len(left)} commits that wait for a moment" if left else None

        last_seen = await within(none_left, _MOMENTS_END)
        if last_seen is not None:
            await self._ask(node_id, MOMENT)
            raise EngineError(f"node {node_id} cannot wait for its standby yet: after {_MOMENTS_END:g} s there are {last_seen}")

    async def attempt(self, node_id: str) -> None:
        await self._ask(node_id, MOMENT)

    async def _ask(self, node_id: str, milliseconds: int) -> None:
        timeout = f"SET GLOBAL rpl_semi_sync_master_timeout = {milliseconds}"
        await self._sql.run(node_id, timeout, "SET GLOBAL rpl_semi_sync_master_enabled = 1")

    async def _waiting(self, node_id: str) -> set[int]:
        """The statements that wait for an acknowledgement."""
        return {int(row["QUERY_ID"]) for row in await self._sql.rows(node_id, _WAITING)}
