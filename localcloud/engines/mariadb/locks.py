"""Sessions whose locks others wait for: a node's applier, clients once it takes writes, copies of its data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pymysql
from pymysql.cursors import Cursor

from localcloud.engines.mariadb.sql import by_column

_SESSION = (
    "P.ID <> CONNECTION_ID() AND P.COMMAND NOT IN ('Binlog Dump', 'Slave_IO', 'Slave_SQL', 'Slave_worker', 'Daemon') "
    "AND P.USER <> 'system user'"
)
_LOCKS = (
    "SELECT P.ID, P.USER, P.HOST, M.LOCK_MODE, M.LOCK_TYPE, M.TABLE_SCHEMA, M.TABLE_NAME "
    "FROM information_schema.METADATA_LOCK_INFO M JOIN information_schema.PROCESSLIST P ON P.ID = M.THREAD_ID WHERE " + _SESSION
)
# A node that follows takes no writes: who has locked rows there reads them in a way that keeps others from changing them.
_ROWS = (
    "SELECT P.ID, P.USER, P.HOST, 'rows' AS LOCK_MODE, '' AS LOCK_TYPE, '' AS TABLE_SCHEMA, '' AS TABLE_NAME "
    "FROM information_schema.INNODB_TRX T JOIN information_schema.PROCESSLIST P ON P.ID = T.trx_mysql_thread_id "
    "WHERE T.trx_rows_locked > 0 AND " + _SESSION
)
APPLIER = "SELECT STATE FROM information_schema.PROCESSLIST WHERE COMMAND IN ('Slave_SQL', 'Slave_worker')"
CHANGED = (
    "SELECT DISTINCT CONCAT(M.TABLE_SCHEMA, '.', M.TABLE_NAME) AS NAME FROM information_schema.METADATA_LOCK_INFO M "
    "JOIN information_schema.PROCESSLIST P ON P.ID = M.THREAD_ID WHERE P.COMMAND IN ('Slave_SQL', 'Slave_worker') "
    "AND M.LOCK_MODE <> 'MDL_SHARED_READ' AND M.TABLE_NAME <> '' AND M.TABLE_SCHEMA <> 'mysql' ORDER BY NAME"
)
_READING = "reads"
_HELD = {  # modes that keep others from writing
    "rows": "row locks",
    "MDL_SHARED_READ_ONLY": "a read lock on",
    "MDL_SHARED_NO_WRITE": "a lock on",
    "MDL_SHARED_NO_READ_WRITE": "a write lock on",
    "MDL_EXCLUSIVE": "an exclusive lock on",
    "MDL_BACKUP_FTWRL1": "a global read lock",
    "MDL_BACKUP_FTWRL2": "a global read lock",
    "MDL_BACKUP_FLUSH": "a backup lock",
    "MDL_BACKUP_WAIT_FLUSH": "a backup lock",
    "MDL_BACKUP_WAIT_DDL": "a backup lock",
    "MDL_BACKUP_WAIT_COMMIT": "a backup lock",
}


def end_holders(cursor: Cursor) -> list[str]:
    """End the sessions that keep others from writing, or that only read while the applier waits for a table; whose they were."""
    rows = by_column(cursor, _LOCKS) + by_column(cursor, _ROWS)
    holders = [row for row in rows if row["LOCK_MODE"] in _HELD]
    if not holders and rows and any(waits(str(row["STATE"])) for row in by_column(cursor, APPLIER)):
        holders = [row for row in rows if row["TABLE_NAME"]]
    for number in {int(row["ID"]) for row in holders}:
        with suppress(pymysql.OperationalError):  # it has ended by itself
            cursor.execute(f"KILL CONNECTION {number}")
    return sessions(holders)


def waits(state: str) -> bool:
    """An applier in that state waits for a lock on a table, or for all to let go of it."""
    return state.startswith("Waiting for") and ("lock" in state or "flush" in state)


def sessions(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """ "report@10.0.0.5 (connection 204, a read lock on shop.orders)" of each session. No statements: they may hold secrets."""
    held: defaultdict[str, list[str]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row["ID"])):
        host = str(row["HOST"]).rpartition(":")[0] or row["HOST"]
        table = f"{row['TABLE_SCHEMA']}.{row['TABLE_NAME']}" if row["TABLE_NAME"] else ""
        what = f"{_HELD.get(str(row['LOCK_MODE']), _READING)} {table}".rstrip()
        if what not in held[who := f"{row['USER']}@{host} (connection {row['ID']}"]:
            held[who].append(what)
    return [f"{who}, {' and '.join(what)})" for who, what in held.items()]


# -- copies: mariadb-backup's own session, and what it waits for -----------------------------------------------------------
# Clients come by TCP; nothing else on the socket takes backup locks.
_COPIES = (
    "SELECT ID, TIME, STATE, INFO FROM information_schema.PROCESSLIST "
    "WHERE USER = 'root' AND HOST = 'localhost' AND INFO LIKE 'BACKUP %'"
)
_OTHERS = (
    "SELECT P.ID, P.USER, P.HOST, P.COMMAND, P.TIME, P.INFO, M.LOCK_MODE, M.TABLE_SCHEMA, M.TABLE_NAME "
    "FROM information_schema.METADATA_LOCK_INFO M JOIN information_schema.PROCESSLIST P ON P.ID = M.THREAD_ID "
    "WHERE P.ID NOT IN (CONNECTION_ID(), {copy})"
)
_STAGES = {f"MDL_BACKUP_{stage}" for stage in ("START", "FLUSH", "WAIT_FLUSH", "WAIT_DDL", "WAIT_COMMIT")}
_AGAINST = {  # statement -> locks that it waits for, besides those of another copy
    "BACKUP STAGE START": {"MDL_BACKUP_DDL"},
    "BACKUP STAGE BLOCK_DDL": {"MDL_BACKUP_DDL", "MDL_BACKUP_DML"},
    "BACKUP STAGE BLOCK_COMMIT": {"MDL_BACKUP_COMMIT", "MDL_BACKUP_SYS_DML", "MDL_BACKUP_DML"},
}
_WORDS = _HELD | {"MDL_SHARED_WRITE": "writes to", "MDL_SHARED_UPGRADABLE": "changes"}


@dataclass(frozen=True)
class Held:
    """A copy's `statement` waited for so many seconds; who holds what it waited for."""

    statement: str
    seconds: float
    by: tuple[str, ...]


def give_up_waiting_copy(cursor: Cursor, most: float) -> Held | None:
    """End a copy's session that has waited for so many seconds for a lock."""
    for row in by_column(cursor, _COPIES):
        if waits(str(row["STATE"])) and row["TIME"] >= most:
            statement, others = str(row["INFO"]), by_column(cursor, _OTHERS.format(copy=row["ID"]))
            held = Held(statement, row["TIME"], tuple(holders(statement, others)))
            _end(cursor, row["ID"])
            return held
    return None


def end_waiting_copies(cursor: Cursor) -> None:
    for row in by_column(cursor, _COPIES):
        _end(cursor, row["ID"])


def holders(statement: str, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """ "app@10.0.0.5 (connection 204, a write lock on shop.orders, idle for 34 s)" of each whom that statement waits for."""
    rows = list(rows)
    against = _AGAINST.get(statement)
    found = []
    for number in sorted({int(row["ID"]) for row in rows}):
        own = [row for row in rows if int(row["ID"]) == number]
        modes = {str(row["LOCK_MODE"]) for row in own}
        if modes & _STAGES or (modes & against if against else modes):
            found.append(_holder(own))
    return found


def _holder(rows: list[Mapping[str, Any]]) -> str:
    first, number = rows[0], rows[0]["ID"]
    tables = [row for row in rows if row["TABLE_NAME"] and row["LOCK_MODE"] in _WORDS]
    held = [f"{_WORDS[row['LOCK_MODE']]} {row['TABLE_SCHEMA']}.{row['TABLE_NAME']}" for row in tables]
    verb = str(first["INFO"] or "").partition(" ")[0]  # no more of a statement: it may hold secrets
    busy = f"busy{f' with {verb.upper()}' if verb.isalpha() else ''}"
    doing = f"{'idle' if first['COMMAND'] == 'Sleep' else busy} for {first['TIME']} s"
    host = str(first["HOST"]).rpartition(":")[0] or first["HOST"]
    who = "the applier" if first["USER"] == "system user" else f"{first['USER']}@{host}"
    return f"{who} ({', '.join((f'connection {number}', *held, doing))})"


def _end(cursor: Cursor, number: int) -> None:
    with suppress(pymysql.OperationalError):  # it has ended by itself
        cursor.execute(f"KILL CONNECTION {int(number)}")
