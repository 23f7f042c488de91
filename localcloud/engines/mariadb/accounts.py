"""The accounts that a node is run by, made anew where an administrator has dropped, changed or overwritten them.

Who is shut out cannot help himself, but a connection that stood before keeps its rights: one is kept for each node. Where there
is none either, a start of the node makes the accounts (`init-file`).
"""

from __future__ import annotations

import select
import threading
from collections.abc import Callable

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from localcloud.engines.images import ROOT

FILE = ROOT / "localcloud/images/database/rootfs/etc/mysql/accounts.sql"
# MariaDB's errors to somebody whose account is gone, locked, limited, has another password, or lacks privileges.
DENIED = frozenset({1044, 1045, 1130, 1142, 1143, 1226, 1227, 1698, 1820, 4151})
_KEPT = "SET SESSION wait_timeout = 31536000, lock_wait_timeout = 2"


class Accounts:
    """The kept connections of one cloud, by node; used by many threads."""

    def __init__(self) -> None:
        self._kept: dict[str, Connection[Cursor]] = {}
        self._lock = threading.Lock()

    def keep(self, node_id: str, connect: Callable[[], Connection[Cursor]]) -> None:
        """Keep a connection to the node, unless there is one that stands."""
        with self._lock:
            if _stands(self._kept.get(node_id)):
                return
        fresh = connect()
        with fresh.cursor() as cursor:
            cursor.execute(_KEPT)
        self._put(node_id, fresh)

    def make_anew(self, node_id: str) -> bool:
        """Whether that was possible; nothing of it gets to other nodes."""
        wanted = statements()
        with self._lock:
            kept = self._kept.pop(node_id, None)
        if kept is None or not _stands(kept):
            return False
        try:
            with kept.cursor() as cursor:
                for statement in wanted:
                    cursor.execute(statement)
        except (OSError, pymysql.Error):
            _close(kept)
            return False
        self._put(node_id, kept)
        return True

    def forget(self, node_id: str) -> None:
        with self._lock:
            _close(self._kept.pop(node_id, None))

    def close(self) -> None:
        with self._lock:
            for kept in self._kept.values():
                _close(kept)
            self._kept.clear()

    def _put(self, node_id: str, connection: Connection[Cursor]) -> None:
        with self._lock:
            _close(self._kept.get(node_id))
            self._kept[node_id] = connection


def statements() -> list[str]:
    """What makes the accounts."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("--")]


def denied(exc: BaseException) -> bool:
    """Whether MariaDB said that this account may not do that."""
    return isinstance(exc, pymysql.Error) and bool(exc.args) and exc.args[0] in DENIED


def _stands(connection: Connection[Cursor] | None) -> bool:
    """Nothing is read from one that is idle, unless it was hung up."""
    if connection is None or not connection.open:
        return False
    poll = select.poll()
    poll.register(getattr(connection, "_sock"), select.POLLIN)  # noqa: B009 - the type stubs lack it; no other way to the socket
    return not poll.poll(0)


def _close(connection: Connection[Cursor] | None) -> None:
    if connection is not None and connection.open:
        connection.close()
