"""Sessions whose locks the applier of a node waits for, or clients would once it takes writes; and their end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
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
