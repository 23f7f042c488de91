"""Backups of real MariaDB nodes, and the way back: to the backup, and to a point in time between two writes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localcloud.engines.interface.databases import DatabaseNode, Replication
from localcloud.engines.interface.engines import EngineError, Nic, Rule
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
