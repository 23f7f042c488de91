"""A MySQL pair behind an EIP, and a writer that knows which of its writes were acknowledged."""

from __future__ import annotations

import asyncio
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pymysql
from contract.factories import Factory
from contract.mysql_trials import Trials
from contract.own_cloud import OwnCloud
from contract.running_cloud import Run
from support.waiting import wait_until

from ctyun import Client, CloudRecord, LocalCloud, NewMysql, Rule
from ctyun.local_databases import LocalDatabase, LocalNode

PASSWORD = "Right-2026!"  # noqa: S105 - of a test's own account
ROOT = "Root-2026-right!"  # of the instance's administrator
SECONDS = 120.0  # for what takes ten at most on a quiet machine


@dataclass
class Ledger:
    """Inserts numbers through an address, one after the other, until it is stopped; what was acknowledged, and when."""

    address: str
    rest: float = 0.02  # seconds between an answer and the next write
    table: str = "ledger"
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
        connection, number = None, 0
        while not self._stop.is_set():
            try:
                number = (number or self.last) + 1
                connection = connection or connect(self.address)
                with connection.cursor() as cursor:
                    cursor.execute(f"INSERT INTO {self.table} (number) VALUES (%s)", (number,))
                self.acknowledged.append((number, time.monotonic()))
            except pymysql.Error:  # whether it was written is not known
                if connection is not None:
                    with suppress(pymysql.Error):
                        connection.close()
                connection = None
            self._stop.wait(self.rest)

    @property
    def last(self) -> int:
        with connect(self.address) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT coalesce(max(number), 0) FROM {self.table}")
            return int(cursor.fetchone()[0])

    def goes_on(self) -> None:
        """Wait for a write that begins and is acknowledged from now on."""
        count = len(self.acknowledged)
        wait_until(lambda: len(self.acknowledged) > count + 1, SECONDS, "writes to be acknowledged again")

    def silence(self) -> float:
        """The longest time between two acknowledged writes, in seconds."""
        return max(self.gaps(0.0))

    def gaps(self, longest: float) -> list[float]:
        """The times between two acknowledged writes that took longer than that, in seconds."""
        times = [at for _, at in self.acknowledged]
        return [after - before for before, after in pairwise(times) if after - before > longest]

    def lost(self) -> list[int]:
        """Acknowledged numbers that are not there."""
        with connect(self.address) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT number FROM {self.table}")
            there = {int(row[0]) for row in cursor.fetchall()}
        return [number for number, _ in self.acknowledged if number not in there]


def connect(address: str, seconds: float = 2) -> Any:
    return pymysql.connect(
        host=address, user="app", password=PASSWORD, database="hr_db", connect_timeout=1, read_timeout=seconds,
        write_timeout=seconds, autocommit=True,
    )  # fmt: skip


@dataclass
class Session:
    """A client at its prompt."""

    client: subprocess.Popen[str]

    def says(self, *statements: str) -> str:
        """Its next line after these statements; "" once the server has ended it."""
        assert self.client.stdin is not None and self.client.stdout is not None
        with suppress(BrokenPipeError):
            self.client.stdin.write("".join(f"{statement};\n" for statement in statements))
            self.client.stdin.flush()
        said, _, _ = select.select([self.client.stdout], [], [], SECONDS)
        assert said, f"{statements} did not come to an end"
        return self.client.stdout.readline().strip()


@dataclass
class PairOfNodes:
    """A MySQL pair of a cloud that may be killed."""

    own: OwnCloud  # one that halts where it is told to
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
        """By the records, and by what the last look saw: right after a start the records are all that there is."""
        seen = self.seen()
        nodes = {node.role: node for node in seen.nodes}
        if set(nodes) != {"primary", "standby"} or not all(node.reachable for node in seen.nodes):
            return False
        return seen.in_sync and not seen.step and nodes["standby"].receiving and nodes["standby"].applying

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """A cursor of a client's, which waits as long as it takes."""
        with connect(self.address, seconds=SECONDS) as connection, connection.cursor() as cursor:
            yield cursor

    def settled(self) -> None:
        """Wait until both nodes have their roles, every write, and each other."""
        wait_until(self.in_sync, SECONDS, "the standby to be in sync")

    def power_off(self, node: LocalNode) -> str:
        return self.fault("power-off", f"server:{node.name}")

    def power_off_both(self) -> dict[str, str]:
        """At once: the one that is left for some seconds would go on alone. Node to its fault."""
        nodes = self.seen().nodes

        async def both() -> list[str]:
            return await asyncio.gather(*(self._put("power-off", f"server:{node.name}") for node in nodes))

        return {node.id: fault for node, fault in zip(nodes, self.run(both()), strict=True)}

    def fault(self, kind: str, target: str, **more: Any) -> str:
        """Its id."""
        return self.run(self._put(kind, target, **more))

    async def _put(self, kind: str, target: str, **more: Any) -> str:
        async with LocalCloud(self.record) as local:
            fault = await local.put_fault(kind, target, **more)
        assert fault.landed, fault.proof
        return fault.id

    def undo(self, fault_id: str) -> None:
        async def undo() -> None:
            async with LocalCloud(self.record) as local:
                await local.undo_fault(fault_id)

        self.run(undo())

    def undo_all(self) -> None:
        """What a test that failed has left, so that the next one can be judged."""

        async def undo() -> None:
            async with LocalCloud(self.record) as local:
                for fault in await local.faults():
                    await local.undo_fault(fault.id)

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
        return Trials(PASSWORD, {node.id: folder / node.id / "mysql.sock" for node in self.seen().nodes})

    @contextmanager
    def nothing_applied(self, node: LocalNode) -> Iterator[None]:
        """The node receives what is written, but somebody reads what its applier would change."""
        command = ["docker", "exec", "-i", self.container(node), "mariadb", "-BN", "--unbuffered"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
            assert reader.stdin is not None and reader.stdout is not None
            reader.stdin.write("LOCK TABLES hr_db.ledger READ; SELECT 'locked';\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == "locked\n"
            yield
            reader.kill()

    @contextmanager
    def session(self, node: LocalNode, *statements: str) -> Iterator[Session]:
        """A client of the administrator's on this very node's address, in which these statements have been done."""
        login = "mariadb -BN --unbuffered -u root -h $(mariadb -BNe 'SELECT @@report_host') hr_db"
        command = ["docker", "exec", "-i", "-e", f"MYSQL_PWD={ROOT}", self.container(node), "sh", "-c", login]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            session = Session(client)
            assert session.says(*statements, "SELECT 'done'") == "done"
            yield session
            client.kill()

    def hang(self, node: LocalNode) -> None:
        """Its MariaDB is there, and does nothing any more."""
        command = ["docker", "exec", self.container(node), "sh", "-c", "kill -STOP $(cat /data/mariadbd.pid)"]
        subprocess.run(command, timeout=30, check=True)

    def drop_accounts_of_the_cloud(self, node: LocalNode) -> None:
        """As an administrator does it who thinks that nobody needs them; it gets to the standby, too."""
        drop = "DELETE FROM mysql.global_priv WHERE User NOT IN ('app', 'PUBLIC') AND NOT (User = 'root' AND Host = '%')"
        command = ["docker", "exec", self.container(node), "mariadb", "-e", f"{drop}; FLUSH PRIVILEGES"]
        subprocess.run(command, timeout=30, check=True)

    def last_on(self, node: LocalNode) -> int:
        """The greatest number that this very node shows."""
        command = ["docker", "exec", self.container(node), "mariadb", "-BNe", "SELECT COALESCE(MAX(number), 0) FROM hr_db.ledger"]
        return int(subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout)

    def container(self, node: LocalNode) -> str:
        return f"drlab-{self.record.id}-{node.id}"

    def write_on(self, node: LocalNode) -> str:
        """What MariaDB says to a client that writes on this very node."""
        command = ["docker", "exec", "-e", f"MYSQL_PWD={PASSWORD}", self.container(node), "mariadb", "-u", "app"]
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

    @contextmanager
    def halted(self, call: str) -> Iterator[Callable[[], object]]:
        """The controller halts before its next such call until the end of this; what is given waits until it has come there."""
        halt, halted = (self.own.state / f"{word}-{call}" for word in ("halt", "halted"))
        halted.unlink(missing_ok=True)
        halt.touch()
        try:
            yield lambda: wait_until(halted.exists, SECONDS, f"the controller to come to {call}")
        finally:
            halt.unlink()


def make_pair(own: OwnCloud, record: CloudRecord, run: Run, region: str, cleanup: ExitStack) -> PairOfNodes:
    """With an account, a table and an EIP; in sync."""
    client = Client.local(record)
    cleanup.callback(lambda: run(client.aclose()))
    make = Factory(client, run, region, cleanup)
    vpc_id = make.vpc()
    subnet_id, group_id = make.subnet(vpc_id), make.group(vpc_id)
    run(client.security_groups.add_rules(region, group_id, [Rule("ingress", "accept", "TCP", ports="3306")]))
    first, second = (run(client.regions.zone(region, name)).name for name in ("AZ1", "AZ2"))
    eip = make.eip()
    new = NewMysql(make.name("data"), "8.0", "2C4G", vpc_id, subnet_id, group_id, first, second, password=ROOT)
    mysql_id = run(client.mysqls.create(region, new))
    make.remove_later(lambda: client.mysqls.delete(region, mysql_id))
    run(client.mysqls.wait(region, mysql_id, timeout=SECONDS))
    run(client.mysql_eips.bind(region, mysql_id, eip.id, eip.address))
    run(client.mysql_databases.create(region, mysql_id, "hr_db"))
    run(client.mysql_accounts.create(region, mysql_id, "app", password=PASSWORD, grants={"hr_db": "readWrite"}))
    with connect(eip.address) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE ledger (number BIGINT PRIMARY KEY)")
    return PairOfNodes(own, record, run, mysql_id, eip.address)
