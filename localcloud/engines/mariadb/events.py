"""Events of MariaDB: they run on the node that takes writes, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable

from pymysql.cursors import Cursor

from localcloud.engines.mariadb.sql import OPERATOR, by_column

STOP = "SET GLOBAL event_scheduler = 0"
# One statement: whoever asks for it may die, and the node has done both or nothing. Later than read_only, as what is overdue runs
# at once.
OPEN = "BEGIN NOT ATOMIC SET GLOBAL read_only = 0; SET GLOBAL event_scheduler = 1; END"
# Whoever has just logged in and said nothing yet looks like one. The local cloud's own sessions are known by the socket: an
# instance's administrator is called root as well, and has events.
_OWN = f"(HOST = 'localhost' AND USER IN ('root', '{OPERATOR}'))"
_NOBODY = "('system user', 'unauthenticated user')"
RUNNING = f"(COMMAND = 'Connect' AND HOST NOT REGEXP ':[0-9]+$' AND USER NOT IN {_NOBODY} AND NOT {_OWN})"
_BRIEF = "SET SESSION sql_log_bin = 0, lock_wait_timeout = 1"
_REPLICATED, _OFF = "SLAVESIDE_DISABLED", "DISABLED"
_STATES = f"SELECT db, name, status, definer FROM mysql.event WHERE status IN ('{_REPLICATED}', '{_OFF}')"
# What ALTER EVENT takes from whoever says it.
_KEPT = ("definer", "sql_mode", "character_set_client", "collation_connection", "db_collation", "created", "modified")


def enable(cursor: Cursor) -> None:
    """Make ready to run what came by replication, which MariaDB marks as disabled.

    MariaDB knows events to run from its start and from statements: a change of its table alone would do nothing.
    """
    cursor.execute(_BRIEF)
    events = [row for row in by_column(cursor, _STATES) if row["status"] == _REPLICATED]
    for event in events:
        db, name = str(event["db"]), str(event["name"])
        user, _, host = str(event["definer"]).rpartition("@")
        cursor.execute(f"SELECT {', '.join(_KEPT)} FROM mysql.event WHERE db = %s AND name = %s", (db, name))
        before = cursor.fetchone() or ()
        cursor.execute(f"ALTER DEFINER = {_quoted(user)}@{_quoted(host)} EVENT {_quoted(db)}.{_quoted(name)} ENABLE")
        kept = ", ".join(f"{column} = %s" for column in _KEPT)
        cursor.execute(f"UPDATE mysql.event SET {kept} WHERE db = %s AND name = %s", (*before, db, name))


def switched_off(cursor: Cursor) -> set[tuple[str, str]]:
    """Those that their owner has disabled, as (database, name)."""
    cursor.execute(_BRIEF)
    return {(str(row["db"]), str(row["name"])) for row in by_column(cursor, _STATES) if row["status"] == _OFF}


def mark_off(cursor: Cursor, wanted: Iterable[tuple[str, str]]) -> None:
    """Have a node that follows know which ones its source has disabled: by replication all look alike."""
    cursor.execute(_BRIEF)
    off = set(wanted)
    for row in by_column(cursor, _STATES):
        event = (str(row["db"]), str(row["name"]))
        if (status := _OFF if event in off else _REPLICATED) != row["status"]:
            cursor.execute("UPDATE mysql.event SET status = %s WHERE db = %s AND name = %s", (status, *event))


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"
