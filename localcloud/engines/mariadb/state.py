"""Pure functions: what MariaDB says of itself, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from localcloud.engines.interface.databases import NodeState

FULL_KIB = 1024  # less room than this, and the disk is called full
# One row. DISKS is the disk as MariaDB sees it, in KiB.
LOOK = (
    "SELECT @@read_only, @@gtid_binlog_pos, @@gtid_slave_pos, @@rpl_semi_sync_master_enabled, @@rpl_semi_sync_master_timeout, "
    "(SELECT Available FROM information_schema.DISKS WHERE Path = '/data' LIMIT 1)"
)
COUNTERS = (
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Rpl_semi_sync_master_clients', 'Rpl_semi_sync_master_wait_sessions', "
    "'Rpl_semi_sync_master_status', 'Rpl_semi_sync_master_get_ack')"
)
MOMENT = 200  # ms that a commit waits for a standby which is tried; slow disks acknowledge in a third of that
ENDLESS = 18446744073709551615
SOURCE = "SHOW SLAVE STATUS"


def position(binlog: str | None, applied: str | None) -> str:
    """What a node has executed. Both positions have one domain here; the further one holds.

    gtid_current_pos would not do: it leaves out what was replayed from another server's log.
    """
    return max(binlog or "", applied or "", key=sequence)


def sequence(gtid: str) -> int:
    """The number of a position in the one domain ("0-2-71" -> 71); 0 for none."""
    return max((int(part.rsplit("-", 1)[1]) for part in gtid.split(",") if part.count("-") == 2), default=0)


def seen(look: tuple[Any, ...], counters: Mapping[str, str], source: Mapping[str, Any] | None) -> NodeState:
    """The state of a node that answers; whether it is reachable is not known here."""
    read_only, binlog, applied, enabled, patience, room = look
    in_time = bool(int(enabled)) and counters.get("Rpl_semi_sync_master_status") == "ON"  # else commits do not wait at all
    endless = in_time and int(patience) > MOMENT
    state = NodeState(
        running=True,
        answers=True,
        reachable=False,
        writable=not int(read_only),
        gtid=position(binlog, applied),
        semi_sync=endless,
        trial=bool(int(enabled)) and not endless,
        in_time=in_time,
        acks=int(counters.get("Rpl_semi_sync_master_get_ack", 0)),
        standbys=int(counters.get("Rpl_semi_sync_master_clients", 0)),
        waiting=int(counters.get("Rpl_semi_sync_master_wait_sessions", 0)),
        problem="disk full" if room is not None and int(room) < FULL_KIB else "",
    )
    return state if source is None else _following(state, source)


def _following(state: NodeState, source: Mapping[str, Any]) -> NodeState:
    behind = source["Seconds_Behind_Master"]
    return replace(
        state,
        following=str(source["Master_Host"] or ""),
        received=str(source["Gtid_IO_Pos"] or ""),
        receiving=source["Slave_IO_Running"] == "Yes",
        receiver_ended=source["Slave_IO_Running"] == "No",
        applying=source["Slave_SQL_Running"] == "Yes",
        behind=None if behind is None else float(behind),
        problem=state.problem or str(source["Last_SQL_Error"] or source["Last_IO_Error"] or ""),
    )


def unread(said: str) -> int | None:
    """How many bytes of its relay logs an applier has not read yet, by lines of "size FILE BYTES" and of "at FILE POSITION".

    The file that it reads is the earliest that is open. None while it reads none.
    """
    found: dict[str, dict[str, int]] = {"size": {}, "at": {}}
    for kind, file, number in (line.split() for line in said.splitlines() if line.count(" ") == 2 and not line.endswith(" ")):
        found[kind][file] = int(number)
    sizes, current = found["size"], min(found["at"], default=None)
    if current is None or current not in sizes:
        return None
    return max(0, sum(size for file, size in sizes.items() if file >= current) - found["at"][current])
