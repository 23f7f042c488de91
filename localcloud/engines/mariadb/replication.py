"""Replication of MariaDB nodes by GTID, semi-synchronous where it must be; and the one who may write."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pymysql
from pymysql.cursors import Cursor

from localcloud.engines.interface.databases import Applying, Replication
from localcloud.engines.interface.engines import EngineError
from localcloud.engines.mariadb import events
from localcloud.engines.mariadb.inside import LOGS, MYSQL, InsideNodes
from localcloud.engines.mariadb.locks import CHANGED, end_holders
from localcloud.engines.mariadb.replay import replay_relay_log
from localcloud.engines.mariadb.sql import Sql, by_column
from localcloud.engines.mariadb.state import SOURCE, position, sequence, unread
from localcloud.engines.waiting import within

log = logging.getLogger("localcloud")

_APPLY = 60.0  # seconds for what a node has received before it is made to follow somebody else
_EARLIER_ENDS = 3.0
_FIRST_EVENTS = 1.0  # until a source that can be reached has sent what a receiver may end over
_EVENTS = 5.0  # for one statement about events, of which none waits longer than 1 s
_ALL_APPLIED = "Slave has read all relay log"
_RECEIVES = "Waiting for master to send event"
# Everybody who came over the network, except for standbys; and events that run.
_CLIENTS = (
    "SELECT ID FROM information_schema.PROCESSLIST WHERE HOST LIKE '%:%' "
    f"AND COMMAND NOT IN ('Binlog Dump', 'Slave_IO', 'Slave_SQL', 'Slave_worker', 'Daemon') OR {events.RUNNING}"
)
# By whose they are: a thread that is ending ("Killed") or beginning is no "Binlog Dump", and the next one waits for it.
_FOLLOWER = "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = '{user}' AND HOST LIKE '{address}:%'"
# How far the applier is within a transaction MariaDB does not say, but the kernel does: where it reads in which relay log. Only
# MariaDB's own user is told.
_READ = f"""
cd {LOGS}
for file in relay-*.[0-9]*; do echo "size $file $(stat -c %s "$file")"; done
find "/proc/$(cat /data/mariadbd.pid)/fd" -lname '{LOGS}/relay-*.[0-9]*' -printf '%f %l\\n' | while read -r number name; do
    echo "at ${{name##*/}} $(sed -n 's/^pos:[[:space:]]*//p' "/proc/$(cat /data/mariadbd.pid)/fdinfo/$number")"
done
"""
_AS_MARIADB = ("setpriv", f"--reuid={MYSQL}", f"--regid={MYSQL}", "--clear-groups")


class MariadbReplication:
    """Who follows whom, and who takes writes."""

    def __init__(self, inside: InsideNodes, sql: Sql) -> None:
        self._inside, self._sql = inside, sql

    async def follow(self, node_id: str, source: Replication) -> None:
        """From the same source as before nothing is forgotten that it has received, not even for a moment."""
        await self._sql.run(node_id, events.STOP, "SET GLOBAL read_only = 1")
        found = await self._sql.rows(node_id, SOURCE)
        if found and _is(found[0], source):
            if await self._goes_on(node_id, found[0], source):
                return
            await self.apply_all(node_id, _APPLY)
        await self._sql.run(node_id, "STOP SLAVE")
        await self._end_earlier(node_id, source)
        await self._sql.do(node_id, lambda cursor: _follow(cursor, source))
        await within(lambda: self._unreceived(node_id), _FIRST_EVENTS)

    async def stop_receiving(self, node_id: str) -> None:
        await self._sql.run(node_id, "STOP SLAVE IO_THREAD")

    async def apply_all(self, node_id: str, seconds: float) -> str:
        applying = await self.apply_for(node_id, seconds)
        if not applying.done:
            raise EngineError(f"node {node_id} has not applied what it has received within {seconds:.0f} s: {applying.last_seen}")
        return await self.position(node_id)

    async def apply_for(self, node_id: str, seconds: float) -> Applying:
        """By the applier where it runs; it is never started for this: MariaDB would throw the relay log away before."""
        source = await self._sql.rows(node_id, SOURCE)
        if source and source[0]["Slave_SQL_Running"] == "Yes":
            return await self._wait_for_applier(node_id, seconds)
        if source and source[0]["Slave_IO_Running"] == "No":
            await replay_relay_log(self._inside, node_id)
        return Applying(True)

    async def _wait_for_applier(self, node_id: str, seconds: float) -> Applying:
        ended: list[str] = []

        async def unapplied() -> str | None:
            waits_for = await self._unapplied(node_id)
            if waits_for is not None:
                ended.extend(await self.end_lock_holders(node_id))
            return waits_for

        last_seen = await within(unapplied, seconds)
        if last_seen is None:
            return Applying(True, tuple(ended))
        _status, output = await self._inside.run(node_id, [*_AS_MARIADB, "bash", "-c", _READ])
        tables = await self._sql.rows(node_id, CHANGED)
        return Applying(False, tuple(ended), unread(output.decode()), tuple(str(row["NAME"]) for row in tables), last_seen)

    async def end_lock_holders(self, node_id: str) -> list[str]:
        ended = await self._sql.do(node_id, end_holders)
        for session in ended:
            log.warning("database node %s: a session that kept it from its new role was ended: %s", node_id, session)
        return ended

    async def forget_source(self, node_id: str) -> None:
        await self._sql.run(node_id, "STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL rpl_semi_sync_slave_enabled = 0")

    async def end_follower(self, node_id: str, address: str, user: str) -> None:
        await within(lambda: self._follower(node_id, _FOLLOWER.format(user=user, address=address)), _EARLIER_ENDS)

    async def open_writes(self, node_id: str) -> None:
        """Nothing that is wrong with events keeps clients from writing."""
        await self._about_events(node_id, events.enable)
        await self._sql.do(node_id, _open)

    async def match_events(self, node_id: str, source_id: str) -> None:
        off = await self._sql.do(source_id, events.switched_off, _EVENTS)
        await self._about_events(node_id, lambda cursor: events.mark_off(cursor, off))

    async def _about_events(self, node_id: str, work: Callable[[Cursor], None]) -> None:
        try:
            await self._sql.do(node_id, work, _EVENTS)
        except EngineError as exc:
            log.warning("events on database node %s are not as they should be: %s", node_id, exc)

    async def close_writes(self, node_id: str, seconds: float) -> str:
        """Raises EngineError when a write did not end in time; whether the node takes writes then is not known."""
        closing = asyncio.ensure_future(self._sql.do(node_id, lambda cursor: _close(cursor, seconds), seconds + 2))
        try:
            while not closing.done():
                await self.end_clients(node_id, seconds)
                await asyncio.wait([closing], timeout=0.05)
        finally:
            await asyncio.wait([closing])
        try:
            closing.result()
        except EngineError as exc:
            raise EngineError(f"a write on node {node_id} did not end within {seconds:g} s: {exc}") from exc
        await self.end_clients(node_id, seconds)
        return await self.position(node_id)

    async def end_clients(self, node_id: str, seconds: float) -> None:
        """All sessions that came over the network, except for standbys, and the events that run."""
        await self._sql.do(node_id, lambda cursor: _end(cursor, _CLIENTS), seconds)

    async def position(self, node_id: str) -> str:
        row = (await self._sql.run(node_id, "SELECT @@gtid_binlog_pos, @@gtid_slave_pos"))[0]
        return position(*row)

    async def _goes_on(self, node_id: str, found: Mapping[str, Any], source: Replication) -> bool:
        """Whether the applier runs, with a receiver that is as it should be, or is started beside it."""
        acknowledges = (await self._sql.run(node_id, "SELECT @@rpl_semi_sync_slave_enabled"))[0][0]
        if found["Slave_SQL_Running"] != "Yes" or bool(int(acknowledges)) != source.acknowledge:
            return False
        if found["Slave_IO_Running"] == "No":
            if found["Last_IO_Errno"]:  # its relay log may be what ended it
                return False
            await self._end_earlier(node_id, source)
        await self._sql.run(node_id, "START SLAVE IO_THREAD")
        return True

    async def _unreceived(self, node_id: str) -> str | None:
        """Why nothing has come in yet, None when something has. Raises EngineError: the receiver has ended over it."""
        found = (await self._sql.rows(node_id, SOURCE))[0]
        if found["Slave_IO_Running"] == "No" and found["Last_IO_Error"]:
            raise EngineError(f"node {node_id} cannot receive from {found['Master_Host']}: {found['Last_IO_Error']}")
        state = str(found["Slave_IO_State"])
        return None if state.startswith(_RECEIVES) or found["Last_IO_Error"] else state

    async def _end_earlier(self, node_id: str, source: Replication) -> None:
        """End what an earlier connection of a follower has left at its source.

        MariaDB does so itself when the follower comes again; where that has just begun to end by itself, it hangs for ever
        (10.11: kill_zombie_dump_threads waits for the receiver of acknowledgements, and everybody for it).
        """
        with suppress(EngineError):  # a source that does not answer cannot be connected to either
            address = (await self._sql.run(node_id, "SELECT @@report_host"))[0][0]
            await self.end_follower(source.node_id, address, source.user)

    async def _follower(self, source: str, query: str) -> str | None:
        ended = await self._sql.do(source, lambda cursor: _end(cursor, query), _EARLIER_ENDS)
        return f"{ended} connections" if ended else None

    async def _unapplied(self, node_id: str) -> str | None:
        found = await self._sql.rows(node_id, SOURCE)
        if not found or found[0]["Slave_SQL_Running"] != "Yes":
            reason = found[0]["Last_SQL_Error"] if found else "it has no source any more"
            raise EngineError(f"node {node_id} cannot apply what it has received: {reason or 'its applier was stopped'}")
        state, received = str(found[0]["Slave_SQL_Running_State"]), str(found[0]["Gtid_IO_Pos"] or "")
        applied = await self.position(node_id)
        # The state alone would not do: it is still that of before while the applier wakes up for what has just come in.
        done = state.startswith(_ALL_APPLIED) and sequence(applied) >= sequence(received)
        return None if done else f"{applied or 'nothing'} of {received or 'unknown'} applied, {state!r}"


def _is(found: Mapping[str, Any], source: Replication) -> bool:
    wanted = (source.address, source.port, source.user)
    return (found["Master_Host"], int(found["Master_Port"]), found["Master_User"]) == wanted


def _follow(cursor: Cursor, source: Replication) -> None:
    cursor.execute("SELECT @@gtid_binlog_pos, @@gtid_slave_pos")
    binlog, applied = cursor.fetchone() or ("", "")
    if sequence(binlog) > sequence(applied):  # it was primary, or has replayed: MariaDB counts only what its applier did
        cursor.execute("RESET SLAVE ALL")
        cursor.execute("SET GLOBAL gtid_slave_pos = %s", (binlog,))
    cursor.execute(f"SET GLOBAL rpl_semi_sync_slave_enabled = {int(source.acknowledge)}")
    cursor.execute("SET GLOBAL rpl_semi_sync_master_enabled = 0")  # what it applies, too, would wait for a standby of its own
    cursor.execute(
        "CHANGE MASTER TO MASTER_HOST = %s, MASTER_PORT = %s, MASTER_USER = %s, MASTER_PASSWORD = %s, "
        "MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1, MASTER_HEARTBEAT_PERIOD = 1",
        (source.address, source.port, source.user, source.password),
    )
    cursor.execute("START SLAVE")


def _close(cursor: Cursor, seconds: float) -> None:
    """Waits until no write is open; if that takes too long, all goes on as before."""
    cursor.execute("SET SESSION lock_wait_timeout = %s", (max(1, round(seconds)),))
    cursor.execute(events.STOP)
    try:
        cursor.execute("SET GLOBAL read_only = 1")
    except pymysql.Error:
        cursor.execute(events.OPEN)
        raise


def _open(cursor: Cursor) -> None:
    try:
        cursor.execute(events.OPEN)
    except pymysql.Error as exc:  # its first half was done
        log.warning("events do not run: %s", exc)
        cursor.execute("SET GLOBAL read_only = 0")


def _end(cursor: Cursor, sessions: str) -> int:
    """Kill the sessions that a query names; how many there were."""
    found = by_column(cursor, sessions)
    for row in found:
        with suppress(pymysql.OperationalError):  # it has ended by itself
            cursor.execute(f"KILL CONNECTION {int(row['ID'])}")
    return len(found)
