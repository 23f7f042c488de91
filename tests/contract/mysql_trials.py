"""Writers on the nodes of a MySQL pair themselves, past address, link and rules: who takes writes at all."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pymysql
from support.waiting import wait_until


def connect_at(path: Path, password: str) -> Any:
    """On a node's management socket, with a client's account."""
    plain = socket.socket(socket.AF_UNIX)  # PyMySQL would leave it open where nobody listens
    try:
        plain.settimeout(2)
        plain.connect(str(path))
        connection = pymysql.connect(
            user="app", password=password, database="hr_db", read_timeout=2, write_timeout=2, autocommit=True, ssl_disabled=True,
            defer_connect=True,
        )  # fmt: skip
        connection.connect(plain)
    except BaseException:
        plain.close()
        raise
    return connection


@dataclass
class Trials:
    """Writes on each node itself, past address, link and rules, again and again: who lets it happen at all.

    Its numbers are negative, and differ from node to node.
    """

    password: str
    sockets: dict[str, Path]  # node id -> its management socket
    done: list[tuple[float, str]] = field(default_factory=list)  # when a write was acknowledged, and by which node
    tried: dict[str, int] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Trials:
        for place, node_id in enumerate(self.sockets):
            self._threads.append(threading.Thread(target=self._try, args=(node_id, place), daemon=True))
            self._threads[-1].start()
        wait_until(lambda: self.done, 60, "a node to take a write")
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a writer did not stop"

    def _try(self, node_id: str, place: int) -> None:
        first = time.time_ns() // 1000
        while not self._stop.is_set():
            number = self.tried[node_id] = self.tried.get(node_id, 0) + 1
            with suppress(pymysql.Error, OSError):
                with connect_at(self.sockets[node_id], self.password) as connection, connection.cursor() as cursor:
                    cursor.execute("INSERT INTO ledger VALUES (%s)", (-(first + number) * len(self.sockets) - place,))
                self.done.append((time.monotonic(), node_id))
            self._stop.wait(0.03)

    def turns(self) -> list[str]:
        """The nodes that took writes, in turn: two that did at the same time take turns again and again."""
        return [node_id for node_id, _ in groupby(node_id for _, node_id in sorted(self.done))]
