"""SQL to database nodes on their management sockets, in threads, with a deadline each."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from localcloud.engines.interface.engines import EngineError
from localcloud.engines.mariadb.accounts import Accounts, denied

log = logging.getLogger("localcloud")
T = TypeVar("T")
Statement = tuple[str, Sequence[Any]]
SECONDS = 60.0  # for one call, all its statements
SOCKET = "mysql.sock"
OPERATOR = "operator"  # the account of whoever runs the cloud, unless that is root
_KEEPING = 5.0  # for each thing that is done on a connection that is kept
_WORKERS = 32  # a node that hangs holds one until its deadline


class Sql:
    """The management sockets of one cloud's nodes. Each call opens a connection of its own: that it can is part of the answer."""

    def __init__(self, folder: Callable[[str], Path]) -> None:
        self._folder, self._accounts = folder, Accounts()
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="sql")

    def close(self) -> None:
        """Nothing more is begun; what runs ends at its deadline."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._accounts.close()

    def forget(self, node_id: str) -> None:
        """The node is gone."""
        self._accounts.forget(node_id)

    async def run(self, node_id: str, *statements: str | Statement, seconds: float = SECONDS) -> list[tuple[Any, ...]]:
        """The rows of the last statement. Raises EngineError with MariaDB's own sentence, without parameters."""
        wanted = [(item, ()) if isinstance(item, str) else item for item in statements]
        return await self.do(node_id, lambda cursor: _all(cursor, wanted), seconds)

    async def rows(self, node_id: str, statement: str, seconds: float = SECONDS) -> list[dict[str, Any]]:
        """The rows of a statement, by column."""
        return await self.do(node_id, lambda cursor: by_column(cursor, statement), seconds)

    async def do(self, node_id: str, work: Callable[[Cursor], T], seconds: float = SECONDS) -> T:
        """Run `work` in a thread, with a cursor on a connection of its own; every statement has `seconds`."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._do, node_id, work, seconds)

    def _do(self, node_id: str, work: Callable[[Cursor], T], seconds: float) -> T:
        try:
            connection = self._let_in(node_id, seconds)
        except (OSError, pymysql.Error) as exc:
            raise EngineError(f"database node {node_id} does not answer on its management socket: {_sentence(exc)}") from exc
        try:
            with connection.cursor() as cursor:
                return work(cursor)
        except (OSError, pymysql.Error) as exc:
            if denied(exc):  # the next one who asks gets through
                self._make_accounts(node_id, exc)
            raise EngineError(f"database node {node_id} refused: {_sentence(exc)}") from exc
        finally:
            if connection.open:  # a deadline that passed has closed it
                connection.close()

    def _let_in(self, node_id: str, seconds: float) -> Connection[Cursor]:
        """A connection, also where the accounts have to be made anew for it."""
        try:
            found = self._connected(node_id, seconds)
        except pymysql.Error as exc:
            if not denied(exc) or not self._make_accounts(node_id, exc):
                raise
            found = self._connected(node_id, seconds)
        try:
            self._accounts.keep(node_id, lambda: self._connected(node_id, _KEEPING))
        except BaseException:
            found.close()
            raise
        return found

    def _make_accounts(self, node_id: str, exc: BaseException) -> bool:
        made = self._accounts.make_anew(node_id)
        if made:
            log.warning(
                "database node %s: the accounts that it is run by were made anew; it had said: %s", node_id, _sentence(exc)
            )
        return made

    def _connected(self, node_id: str, seconds: float) -> Connection[Cursor]:
        connection = pymysql.Connection(
            user="root" if os.getuid() == 0 else OPERATOR,
            read_timeout=seconds,
            write_timeout=seconds,
            charset="utf8mb4",
            autocommit=True,
            ssl_disabled=True,  # on a Unix socket; PyMySQL would read all of the system's certificates each time
            defer_connect=True,
        )
        plain = _plain(self._folder(node_id), seconds)  # PyMySQL would leave it open where nobody listens
        try:
            connection.connect(plain)
        except BaseException:
            plain.close()
            raise
        return connection


def _plain(folder: Path, seconds: float) -> socket.socket:
    # A socket's path may have 107 bytes; going through the folder's descriptor, state folders may be of any depth.
    number = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        found.settimeout(seconds)
        found.connect(f"/proc/self/fd/{number}/{SOCKET}")
    except BaseException:
        found.close()
        raise
    finally:
        os.close(number)
    return found


def by_column(cursor: Cursor, statement: str) -> list[dict[str, Any]]:
    """The rows of a statement as dictionaries."""
    cursor.execute(statement)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _all(cursor: Cursor, statements: Sequence[Statement]) -> list[tuple[Any, ...]]:
    for text, values in statements:
        try:
            cursor.execute(text, tuple(values) or None)
        except pymysql.Error as exc:
            raise EngineError(f"the database refused: {without(_sentence(exc), values)}") from None
    return [tuple(row) for row in cursor.fetchall()]


def without(sentence: str, values: Sequence[Any]) -> str:
    """A sentence of MariaDB's in which no parameter stands: it quotes what it could not parse."""
    for value in sorted((str(value) for value in values), key=len, reverse=True):
        if value:
            sentence = sentence.replace(value, "…")
    return sentence


def _sentence(exc: BaseException) -> str:
    """ "Table 'x' already exists (1050)"."""
    if isinstance(exc, pymysql.Error) and len(exc.args) > 1:
        return f"{exc.args[1]} ({exc.args[0]})"
    return str(exc) or type(exc).__name__
