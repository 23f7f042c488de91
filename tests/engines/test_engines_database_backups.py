"""Backups of real MariaDB nodes, and the way back: to the backup, and to a point in time between two writes."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from localcloud.engines.interface.databases import DatabaseNode, Replication
from localcloud.engines.interface.engines import EngineError, Nic, Rule
from localcloud.engines.mariadb import copying
from localcloud.engines.waiting import wait_until

pytestmark = [pytest.mark.contract, pytest.mark.timeout(300)]
Cloud = Any  # conftest.Cloud
ANY = (Rule("ingress", "accept", "ANY", 1, None, "0.0.0.0/0"), Rule("egress", "accept", "ANY", 1, None, "0.0.0.0/0"))
VPC, INSTANCE = "vpc-1", "mysql-1"


@pytest.fixture(scope="module")
def cloud(make_cloud: Callable[..., Cloud]) -> Iterator[Cloud]:
    """`one`, which takes writes, and `two`, where things are restored to."""
    cloud = make_cloud()
    cloud.vpc(VPC, {"all": ANY})
    cloud.nodes = {}
    for number, name in enumerate(("one", "two"), 1):
        nic = Nic(f"port-{name}", name, f"02:16:3e:00:02:0{number}", f"192.168.1.{number + 10}", 24, "192.168.1.1", ("all",))
        cloud.change(VPC, nics=(*cloud.networks[VPC].nics, nic))
        cloud.nodes[name] = DatabaseNode(name, name, "region", "AZ1", VPC, nic, number, 1.0, 512, 1)
    try:
        for node in cloud.nodes.values():
            cloud.do(cloud.engines.databases.nodes.create(node))
            cloud.do(cloud.engines.databases.nodes.boot(node))
        cloud.do(cloud.engines.databases.replication.open_writes("one"))
        sql(cloud, "one", "CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT PRIMARY KEY)")
        sql(cloud, "one", "CREATE USER repl@'%' IDENTIFIED BY 'secret'", "GRANT REPLICATION SLAVE ON *.* TO repl@'%'")
        yield cloud
    finally:
        cloud.do(cloud.engines.databases.nodes.remove(list(cloud.nodes)))


def sql(cloud: Cloud, name: str, *statements: str) -> list[tuple[Any, ...]]:
    return list(cloud.do(cloud.engines.databases.sql(name, [(text, ()) for text in statements])))


def orders(cloud: Cloud, name: str) -> list[int]:
    return [row[0] for row in sql(cloud, name, "SELECT id FROM shop.orders ORDER BY id")]


def next_second(cloud: Cloud) -> float:
    """The beginning of a second that no write so far lies in."""
    now = float(int(time.time()) + 1)
    cloud.wait_until(lambda: time.time() > now + 0.05, 10, "the next second")
    return now


def test_back_to_a_backup_and_to_any_second_after_it(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    engine = cloud.engines.databases
    sql(cloud, "one", "INSERT INTO shop.orders VALUES (1), (2)")
    began = time.monotonic()
    size = cloud.do(engine.backups.back_up("one", "backup-1"))
    took = time.monotonic() - began
    assert size > 1 << 20
    cloud.do(engine.backups.keep_logs("one", INSTANCE))
    sql(cloud, "one", "INSERT INTO shop.orders VALUES (3)")
    between = next_second(cloud)
    sql(cloud, "one", "FLUSH BINARY LOGS", "DELETE FROM shop.orders")
    cloud.do(engine.backups.keep_logs("one", INSTANCE))
    cloud.do(engine.backups.keep_logs("one", INSTANCE))  # nothing new

    began = time.monotonic()
    cloud.do(engine.backups.restore(cloud.nodes["two"], "backup-1", INSTANCE, None))
    back = time.monotonic() - began
    assert orders(cloud, "two") == [1, 2]
    cloud.do(engine.backups.restore(cloud.nodes["two"], "backup-1", INSTANCE, between))
    assert orders(cloud, "two") == [1, 2, 3]
    state = cloud.do(engine.observe([cloud.nodes["two"]], 3.0))["two"]
    assert not state.writable
    cloud.do(engine.backups.restore(cloud.nodes["two"], "backup-1", INSTANCE, time.time() + 1))
    assert orders(cloud, "two") == []
    with capsys.disabled():
        print(f"\n  backup in {took:.2f} s ({size >> 20} MiB), restored in {back:.2f} s")


def test_the_way_back_follows_the_primary_over_a_change_of_roles(cloud: Cloud) -> None:
    """What the old primary wrote last, and nobody had acknowledged, is not on it."""
    engine = cloud.engines.databases
    sql(cloud, "one", "DELETE FROM shop.orders", "INSERT INTO shop.orders VALUES (10)")
    cloud.do(engine.backups.back_up("one", "backup-2"))
    cloud.do(engine.backups.reseed(cloud.nodes["two"], "one"))
    cloud.do(engine.replication.follow("two", Replication("one", cloud.nodes["one"].nic.address, "repl", "secret")))
    sql(cloud, "one", "INSERT INTO shop.orders VALUES (11)")
    wanted = cloud.do(engine.observe([cloud.nodes["one"]], 3.0))["one"].gtid

    def reached() -> bool:
        return bool(cloud.do(engine.observe([cloud.nodes["two"]], 3.0))["two"].gtid == wanted)

    cloud.wait_until(reached, 60, "the standby to have everything")
    cloud.do(engine.replication.stop_receiving("two"))
    sql(cloud, "one", "INSERT INTO shop.orders VALUES (666)")
    cloud.do(engine.backups.keep_logs("one", INSTANCE))
    cloud.do(engine.replication.apply_all("two", 60))
    cloud.do(engine.replication.forget_source("two"))
    cloud.do(engine.replication.open_writes("two"))
    sql(cloud, "two", "INSERT INTO shop.orders VALUES (12)")
    cloud.do(engine.backups.keep_logs("two", INSTANCE))
    cloud.do(engine.backups.restore(cloud.nodes["one"], "backup-2", INSTANCE, time.time() + 1))
    assert orders(cloud, "one") == [10, 11, 12]


def test_a_backup_that_was_interrupted_is_made_anew(cloud: Cloud) -> None:
    engine = cloud.engines.databases

    async def interrupted() -> None:
        making = asyncio.create_task(engine.backups.back_up("two", "backup-3"))

        async def not_hit() -> str | None:
            return None if making.done() or await engine.inside.kill_process("two", "mariadb-backup") else "none runs"

        await wait_until(not_hit, 60, "a mariadb-backup to kill")
        await making

    with pytest.raises(EngineError, match="copying the data of node two failed"):
        cloud.do(interrupted())
    assert not (cloud.state / "database-backups/backup-3").exists()
    size = cloud.do(engine.backups.back_up("two", "backup-3"))
    assert {file.name for file in (cloud.state / "database-backups/backup-3").iterdir()} == {"data.tar", "node"}
    assert cloud.do(engine.backups.back_up("two", "backup-3")) > size // 2, "again: another one in its place"


def test_what_is_not_there_cannot_be_restored(cloud: Cloud) -> None:
    engine = cloud.engines.databases
    with pytest.raises(EngineError, match="backup nothing is not there, or was not finished"):
        cloud.do(engine.backups.restore(cloud.nodes["two"], "nothing", INSTANCE, None))
    cloud.do(engine.backups.remove("backup-1"))
    cloud.do(engine.backups.remove("backup-1"))
    cloud.do(engine.backups.remove_logs(INSTANCE))
    assert not (cloud.state / "database-backups/backup-1").exists()
    assert not list((cloud.state / "database-binlogs").iterdir())


def test_a_copy_that_does_not_fit_is_refused_and_leaves_the_disk_as_it_was(cloud: Cloud) -> None:
    """A primary whose disk a copy had filled would not serve any more."""
    engine = cloud.engines.databases
    free = cloud.do(engine.nodes.room("one"))[1]
    assert cloud.do(engine.inside.run("one", ["fallocate", "-l", str(free - (20 << 20)), "/data/ballast"]))[0] == 0
    try:
        with pytest.raises(EngineError, match="too few for a copy"):
            cloud.do(engine.backups.back_up("one", "backup-3"))
        assert cloud.do(engine.inside.run("one", ["sh", "-c", "ls -d /data/copy*"]))[0] != 0
    finally:
        cloud.do(engine.inside.run("one", ["rm", "/data/ballast"]))


def test_two_copies_of_one_node_wait_for_each_other(cloud: Cloud) -> None:
    async def both() -> list[int]:
        engine = cloud.engines.databases
        return list(await asyncio.gather(engine.backups.back_up("one", "backup-4"), engine.backups.back_up("one", "backup-5")))

    assert min(cloud.do(both())) > 1 << 20
    assert cloud.do(cloud.engines.databases.inside.run("one", ["sh", "-c", "ls -d /data/copy*"]))[0] != 0


@contextmanager
def session(cloud: Cloud, *statements: str, waits: str = "") -> Iterator[None]:
    """A client of `one` in which these statements have been done, and which waits in the last one."""
    command = ["docker", "exec", "-i", "-u", "0", f"drlab-{cloud.id}-one", "mariadb", "-BN", "--unbuffered", "shop"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdin is not None and client.stdout is not None
        client.stdin.write("".join(f"{statement};\n" for statement in (*statements, "SELECT 'done'", waits) if statement))
        client.stdin.flush()
        assert client.stdout.readline() == "done\n"
        asked = f"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for %' AND INFO = '{waits}'"
        if waits:
            cloud.wait_until(lambda: sql(cloud, "one", asked) == [(1,)], 60, f"{waits} to wait")
        yield
        client.kill()


def copied_meanwhile(cloud: Cloud, backup_id: str, *statements: str) -> tuple[str, list[float]]:
    """Why there is no backup, if there is none, and how long each statement took that others began in its first seconds."""
    engine = cloud.engines.databases

    async def timed(statement: str) -> float:
        await asyncio.sleep(3)
        began = time.monotonic()
        await engine.sql("one", [(statement, ())])
        return time.monotonic() - began

    async def both() -> tuple[str, list[float]]:
        others = [asyncio.create_task(timed(statement)) for statement in statements]
        problem = ""
        try:
            await engine.backups.back_up("one", backup_id)
        except EngineError as exc:
            problem = str(exc)
        return problem, await asyncio.gather(*others)

    result: tuple[str, list[float]] = cloud.do(both())
    return result


def test_a_copy_waits_for_a_clients_write_lock_for_ten_seconds_and_says_whose_it_is(cloud: Cloud) -> None:
    """It would wait as long as the client, and with it whoever changes a table."""
    sql(cloud, "one", "CREATE TABLE shop.free (id INT PRIMARY KEY)")
    began = time.monotonic()
    with session(cloud, "LOCK TABLES orders WRITE"):
        changes = ("INSERT INTO shop.free VALUES (1)", "ALTER TABLE shop.free ADD COLUMN more INT")
        problem, (written, altered) = copied_meanwhile(cloud, "backup-6", *changes)
        took = time.monotonic() - began
    assert re.search(
        r"copying the data of node one was given up: BACKUP STAGE START waited \d+ s for a lock.* held by root@localhost "
        r"\(connection \d+, a write lock on shop.orders, idle for \d+ s\)",
        problem,
    ), problem
    assert written < 5 < altered < took < 60
    assert cloud.do(cloud.engines.databases.backups.back_up("one", "backup-6")) > 1 << 20


def test_what_a_copy_need_not_wait_for(cloud: Cloud) -> None:
    """A global read lock; a transaction without an end, for which somebody waits who changes its table."""
    for held in (("FLUSH TABLES WITH READ LOCK",), ("BEGIN", "INSERT INTO orders VALUES (4711)")):
        with ExitStack() as clients:
            clients.enter_context(session(cloud, *held))
            if "BEGIN" in held:
                clients.enter_context(session(cloud, waits="ALTER TABLE orders ADD COLUMN more INT"))
            assert copied_meanwhile(cloud, "backup-7")[0] == ""
    cloud.do(cloud.engines.databases.backups.restore(cloud.nodes["two"], "backup-7", INSTANCE, None))
    assert 4711 not in orders(cloud, "two")


def test_a_copy_of_a_node_that_hangs_comes_to_an_end(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "_SILENT", 2.0)
    engine = cloud.engines.databases

    def signalled(word: str) -> None:
        kill = ["docker", "exec", f"drlab-{cloud.id}-one", "sh", "-c", f"kill -{word} $(cat /data/mariadbd.pid)"]
        subprocess.run(kill, timeout=30, check=True)

    async def hung() -> None:
        making = asyncio.create_task(engine.backups.back_up("one", "backup-8"))

        async def not_there() -> str | None:
            status, _ = await engine.inside.run("one", ["pgrep", "-x", "mariadb-backup"])
            return "none runs" if status else None

        await wait_until(not_there, 60, "a mariadb-backup")
        signalled("STOP")
        await making

    try:
        with pytest.raises(EngineError, match="copying the data of node one was given up: its MariaDB has not answered for"):
            cloud.do(hung())
    finally:
        signalled("CONT")
    assert cloud.do(engine.backups.back_up("one", "backup-8")) > 1 << 20
