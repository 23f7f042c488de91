"""A MySQL pair behind an EIP, and a writer that knows which of its writes were acknowledged."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pymysql
from contract.factories import Factory
from contract.own_cloud import OwnCloud
from contract.running_cloud import Run
from support.waiting import wait_until

from ctyun import Client, CloudRecord, LocalCloud, NewMysql, Rule
from ctyun.local_databases import LocalDatabase, LocalNode

PASSWORD = "Right-2026!"  # noqa: S105 - of a test's own account
SECONDS = 120.0  # for what takes ten at most on a quiet machine


@dataclass
class Ledger:
    """Inserts numbers through an address, one after the other, until it is stopped; what was acknowledged, and when."""

    address: str
    acknowledged: list[tuple[int, float]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Ledger:
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()
        wait_until(lambda: self.acknowledged, SECONDS, "a first write to be acknowledged")
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join(60)
        assert not self._thread.is_alive(), "the writer did not stop"

    def _write(self) -> None:
        connection, number = None, self.last
        while not self._stop.is_set():
            number += 1
            try:
                connection = connection or connect(self.address)
                with connection.cursor() as cursor:
                    cursor.execute("INSERT INTO ledger VALUES (%s)", (number,))
                self.acknowledged.append((number, time.monotonic()))
            except pymysql.Error:  # whether it was written is not known
                if connection is not None:
                    with suppress(pymysql.Error):
                        connection.close()
                connection = None
            self._stop.wait(0.02)

    @property
    def last(self) -> int:
        with connect(self.address) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(number), 0) FROM ledger")
            return int(cursor.fetchone()[0])

    def goes_on(self) -> None:
        """Wait for a write that begins and is acknowledged from now on."""
        count = len(self.acknowledged)
        wait_until(lambda: len(self.acknowledged) > count + 1, SECONDS, "writes to be acknowledged again")

    def silence(self) -> float:
        """The longest time between two acknowledged writes, in seconds."""
        times = [at for _, at in self.acknowledged]
        return max(after - before for before, after in pairwise(times))

    def lost(self) -> list[int]:
        """Acknowledged numbers that are not there."""
        with connect(self.address) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT number FROM ledger")
            there = {int(row[0]) for row in cursor.fetchall()}
        return [number for number, _ in self.acknowledged if number not in there]


def connect(address: str) -> Any:
    return pymysql.connect(
        host=address, user="app", password=PASSWORD, database="hr_db", connect_timeout=1, read_timeout=2, write_timeout=2,
        autocommit=True,
    )  # fmt: skip


def connect_at(path: Path) -> Any:
    """On a node's management socket, with a client's account."""
    plain = socket.socket(socket.AF_UNIX)  # PyMySQL would leave it open where nobody listens
    try:
        plain.settimeout(2)
        plain.connect(str(path))
        connection = pymysql.connect(
            user="app", password=PASSWORD, database="hr_db", read_timeout=2, write_timeout=2, autocommit=True, ssl_disabled=True,
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

    sockets: dict[str, Path]  # node id -> its management socket
    done: list[tuple[float, str]] = field(default_factory=list)  # when a write was acknowledged, and by which node
    tried: dict[str, int] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Trials:
        for place, node_id in enumerate(self.sockets):
            self._threads.append(threading.Thread(target=self._try, args=(node_id, place), daemon=True))
            self._threads[-1].start()
        wait_until(lambda: self.done, SECONDS, "a node to take a write")
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
                with connect_at(self.sockets[node_id]) as connection, connection.cursor() as cursor:
                    cursor.execute("INSERT INTO ledger VALUES (%s)", (-(first + number) * len(self.sockets) - place,))
                self.done.append((time.monotonic(), node_id))
            self._stop.wait(0.03)

    def turns(self) -> list[str]:
        """The nodes that took writes, in turn: two that did at the same time take turns again and again."""
        return [node_id for node_id, _ in groupby(node_id for _, node_id in sorted(self.done))]


@dataclass
class PairOfNodes:
    """A MySQL pair of a cloud that may be killed."""

    own: OwnCloud
    record: CloudRecord
    run: Run
    id: str
    address: str  # public

    def seen(self) -> LocalDatabase:
        async def look() -> LocalDatabase:
            async with LocalCloud(self.record) as local:
                return next(found for found in await local.databases() if found.id == self.id)

        return self.run(look())

    def node(self, role: str) -> LocalNode:
        return next(node for node in self.seen().nodes if node.role == role)

    def in_sync(self) -> bool:
        seen = self.seen()
        return seen.in_sync and not seen.step and {node.role for node in seen.nodes} == {"primary", "standby"}

    def settled(self) -> None:
        """Wait until both nodes have their roles and every write."""
        wait_until(self.in_sync, SECONDS, "the standby to be in sync")

    def fault(self, kind: str, target: str, **more: Any) -> str:
        """Its id."""

        async def put() -> str:
            async with LocalCloud(self.record) as local:
                fault = await local.put_fault(kind, target, **more)
                assert fault.landed, fault.proof
                return fault.id

        return self.run(put())

    def undo(self, fault_id: str) -> None:
        async def undo() -> None:
            async with LocalCloud(self.record) as local:
                await local.undo_fault(fault_id)

        self.run(undo())

    def waits_to_say(self, *words: str) -> None:
        """Wait until the controller's sentence has all these words."""

        def said() -> bool:
            verdict = self.seen().verdict
            assert all(word in verdict for word in words), verdict
            return True

        wait_until(said, SECONDS, f"the controller to say {words}")

    def trials(self) -> Trials:
        folder = self.own.state / "databases"
        return Trials({node.id: folder / node.id / "mysql.sock" for node in self.seen().nodes})

    def write_on(self, node: LocalNode) -> str:
        """What MariaDB says to a client that writes on this very node."""
        command = ["docker", "exec", "-e", f"MYSQL_PWD={PASSWORD}", f"drlab-{self.record.id}-{node.id}", "mariadb", "-u", "app"]
        command += ["-h", "127.0.0.1", "hr_db", "-e", "INSERT INTO ledger VALUES (-1)"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        return "written" if done.returncode == 0 else done.stderr

    def story(self) -> str:
        """What the local cloud says about it, for failures."""
        lines = (self.own.state / "stdout.log").read_text().splitlines()
        return "\n".join(line for line in lines[-400:] if "MySQL instance" in line or "fault" in line)

    def restart_cloud(self) -> None:
        """kill -9, and another daemon on the same state."""
        self.own.kill()
        self.record = self.own.start()


def make_pair(own: OwnCloud, record: CloudRecord, run: Run, region: str, cleanup: ExitStack) -> PairOfNodes:
    """With an account, a table and an EIP; in sync."""
    client = Client.local(record)
    cleanup.callback(lambda: run(client.aclose()))
    make = Factory(client, run, region, cleanup)
    vpc_id = make.vpc()
    subnet_id, group_id = make.subnet(vpc_id), make.group(vpc_id)
    run(client.security_groups.add_rules(region, group_id, [Rule("ingress", "accept", "TCP", ports="3306")]))
    zones = [run(client.regions.zone(region, name)).name for name in ("AZ1", "AZ2")]
    eip = make.eip()
    mysql_id = run(client.mysqls.create(region, NewMysql(make.name("data"), "8.0", "2C4G", vpc_id, subnet_id, group_id, *zones)))
    make.remove_later(lambda: client.mysqls.delete(region, mysql_id))
    run(client.mysqls.wait(region, mysql_id, timeout=SECONDS))
    run(client.mysql_eips.bind(region, mysql_id, eip.id, eip.address))
    run(client.mysql_databases.create(region, mysql_id, "hr_db"))
    run(client.mysql_accounts.create(region, mysql_id, "app", password=PASSWORD, grants={"hr_db": "readWrite"}))
    with connect(eip.address) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE ledger (number BIGINT PRIMARY KEY)")
    return PairOfNodes(own, record, run, mysql_id, eip.address)
