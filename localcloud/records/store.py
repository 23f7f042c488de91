"""The cloud's records in SQLite: one table per kind of record, the record itself as JSON, a few indexed columns beside it.

One connection, used by one thread at a time (the event loop's). WAL with synchronous=NORMAL survives the death of the
process; a handler runs in one transaction, so a killed daemon leaves either all of a call or nothing. What must also survive
the death of the machine is stored `durably`.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from localcloud.records.errors import NotFound, TokenReused

TOKEN_SECONDS = 24 * 3600  # how long the cloud remembers a clientToken
PRUNE_SECONDS = 600


class Record(Protocol):
    """A frozen dataclass with an id; its fields are JSON values, tuples and dicts of them."""

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Kind(Generic[R]):
    """A table: its name, its record class, the fields that can be searched, and the error for an unknown id."""

    table: str
    record: type[R]
    indexed: tuple[str, ...]
    missing: type[NotFound]


class Store:
    """All state of one cloud. `path` None keeps it in memory (tests)."""

    def __init__(self, path: Path | None, kinds: Sequence[Kind[Any]]) -> None:
        if path is not None:
            path.touch(mode=0o600)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, cached_statements=256)
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")  # nobody else opens it; saves several system calls for each read
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._pruned = 0.0  # when old tokens were last forgotten
        with self.transaction():  # one, not a hundred
            self._make_tables(kinds)

    def _make_tables(self, kinds: Sequence[Kind[Any]]) -> None:
        for kind in kinds:
            self._make_table(kind)
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS tokens "
            "(path TEXT, token TEXT, digest TEXT, answer TEXT, at REAL, PRIMARY KEY (path, token)) WITHOUT ROWID"
        )
        self._db.execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT)")
        self._db.execute("CREATE TABLE IF NOT EXISTS dirty_networks (vpc_id TEXT PRIMARY KEY)")

    def _make_table(self, kind: Kind[Any]) -> None:
        columns = "".join(f", {name} TEXT" for name in kind.indexed)
        self._db.execute(f"CREATE TABLE IF NOT EXISTS {kind.table} (id TEXT PRIMARY KEY, body TEXT NOT NULL{columns})")
        for name in kind.indexed:
            self._db.execute(f"CREATE INDEX IF NOT EXISTS {kind.table}_{name} ON {kind.table} ({name})")

    def close(self) -> None:
        """Write everything back into the main file and let go of it."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; an inner one is part of the outer one. Never await inside."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def durably(self) -> Iterator[None]:
        """A transaction that is on the disk when it ends: what others act on must not be forgotten when the whole machine dies.

        Inside another transaction it is as durable as that one.
        """
        if self._db.in_transaction:
            yield
            return
        self._db.execute("PRAGMA synchronous=FULL")
        try:
            with self.transaction():
                yield
        finally:
            self._db.execute("PRAGMA synchronous=NORMAL")

    # -- records -------------------------------------------------------------------------------------------------------
    def get(self, kind: Kind[R], record_id: str) -> R | None:
        """The record, or None."""
        row = self._db.execute(f"SELECT body FROM {kind.table} WHERE id = ?", (record_id,)).fetchone()
        return _decode(kind, row[0]) if row else None

    def require(self, kind: Kind[R], record_id: str, region: str | None = None) -> R:
        """The record; raises the kind's NotFound when there is none (or it lives in another region)."""
        record = self.get(kind, record_id)
        if record is None or (region is not None and getattr(record, "region", region) != region):
            raise kind.missing(record_id, region)
        return record

    def find(self, kind: Kind[R], /, **equals: str) -> list[R]:
        """All records whose indexed columns have these values, oldest first."""
        where = " AND ".join(f"{name} = ?" for name in equals) or "1"
        rows = self._db.execute(f"SELECT body FROM {kind.table} WHERE {where} ORDER BY rowid", tuple(equals.values()))
        return [_decode(kind, row[0]) for row in rows]

    def count(self, kind: Kind[Any], /, **equals: str) -> int:
        """How many `find` would give."""
        where = " AND ".join(f"{name} = ?" for name in equals) or "1"
        row = self._db.execute(f"SELECT count(*) FROM {kind.table} WHERE {where}", tuple(equals.values())).fetchone()
        return int(row[0])

    def put(self, kind: Kind[R], record: R) -> R:
        """Insert or replace; keeps its place in the order."""
        body = json.dumps(vars(record), ensure_ascii=False, separators=(",", ":"))
        columns = "".join(f", {name}" for name in kind.indexed)
        marks = ", ?" * len(kind.indexed)
        updates = "".join(f", {name} = excluded.{name}" for name in kind.indexed)
        self._db.execute(
            f"INSERT INTO {kind.table} (id, body{columns}) VALUES (?, ?{marks}) "
            f"ON CONFLICT (id) DO UPDATE SET body = excluded.body{updates}",
            (record.id, body, *(getattr(record, name) for name in kind.indexed)),
        )
        return record

    def delete(self, kind: Kind[Any], record_id: str) -> None:
        """Forget it; fine if it is gone."""
        self._db.execute(f"DELETE FROM {kind.table} WHERE id = ?", (record_id,))

    # -- client tokens -------------------------------------------------------------------------------------------------
    def token_answer(self, path: str, token: str, digest: str) -> Any | None:
        """The stored answer of an equal earlier call, None for a new token; raises TokenReused for an unequal one."""
        query = "SELECT digest, answer FROM tokens WHERE path = ? AND token = ? AND at > ?"
        row = self._db.execute(query, (path, token, time.time() - TOKEN_SECONDS)).fetchone()
        if row is None:
            return None
        if row[0] != digest:
            raise TokenReused(path)
        return json.loads(row[1])

    def keep_token(self, path: str, token: str, digest: str, answer: Any) -> None:
        """Remember what a call with this token was answered; now and then forget those that are too old."""
        now = time.time()
        if now - self._pruned > PRUNE_SECONDS:
            self._db.execute("DELETE FROM tokens WHERE at < ?", (now - TOKEN_SECONDS,))
            self._pruned = now
        self._db.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?)", (path, token, digest, json.dumps(answer), now))

    # -- small things --------------------------------------------------------------------------------------------------
    def note(self, name: str) -> str | None:
        """A single named value, or None."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_note(self, name: str, value: str | None) -> None:
        """Keep a single named value; None forgets it."""
        if value is None:
            self._db.execute("DELETE FROM meta WHERE name = ?", (name,))
        else:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def mark_dirty(self, vpc_id: str) -> None:
        """The VPC's network must be applied; kept until it has been, so that a killed daemon catches up."""
        self._db.execute("INSERT OR IGNORE INTO dirty_networks VALUES (?)", (vpc_id,))

    def clear_dirty(self, vpc_id: str) -> None:
        """The VPC's network is as its records say."""
        self._db.execute("DELETE FROM dirty_networks WHERE vpc_id = ?", (vpc_id,))

    def dirty(self) -> list[str]:
        """VPCs whose network still has to be applied."""
        return [row[0] for row in self._db.execute("SELECT vpc_id FROM dirty_networks")]


def _decode(kind: Kind[R], body: str) -> R:
    fields = {name: tuple(value) if type(value) is list else value for name, value in json.loads(body).items()}
    return kind.record(**fields)
