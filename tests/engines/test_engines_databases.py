"""Real MariaDB nodes: they follow each other, wait for each other, and lose nothing that they have acknowledged."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import IO, Any

import pytest

from localcloud.engines.interface.databases import DatabaseNode, NodeState, Replication
from localcloud.engines.interface.engines import Cut, EngineError, MovingAddress, Nic, Rule
from localcloud.engines.mariadb.events import RUNNING
from localcloud.engines.scan import scan

pytestmark = [pytest.mark.contract, pytest.mark.timeout(300)]
Cloud = Any  # conftest.Cloud
ANY = (Rule("ingress", "accept", "ANY", 1, None, "0.0.0.0/0"), Rule("egress", "accept", "ANY", 1, None, "0.0.0.0/0"))
VPC = "vpc-1"
GRACE = 60.0  # seconds for what takes one here


def has_gtid(wanted: str, state: NodeState) -> bool:
    return state.gtid == wanted


def nothing_works(pair: Pair, name: str) -> bool:
    return pair.sql(name, _WORKERS) == [(0,)]


@dataclass
class Pair:
    """Three nodes of one VPC: one takes writes, one follows it, and one is where clients sit."""

    cloud: Cloud
    nodes: dict[str, DatabaseNode] = field(default_factory=dict)

    @property
    def engine(self) -> Any:
        return self.cloud.engines.databases

    def do(self, work: Any) -> Any:
        return self.cloud.do(work)

    def node(self, name: str, number: int, memory_mib: int = 512) -> DatabaseNode:
        nic = Nic(f"port-{name}", name, f"02:16:3e:00:01:{number:02x}", f"192.168.1.{100 + number}", 24, "192.168.1.1", ("all",))
        network = self.cloud.networks[VPC]
        self.cloud.change(VPC, nics=(*network.nics, nic))
        self.nodes[name] = DatabaseNode(name, f"db-{number}", "region", "AZ1", VPC, nic, number, 1.0, memory_mib, 1)
        return self.nodes[name]

    def boot(self, name: str) -> None:
        self.do(self.engine.nodes.boot(self.nodes[name]))

    def state(self, name: str) -> NodeState:
        found = self.do(self.engine.observe([self.nodes[name]], 3.0))[name]
        assert isinstance(found, NodeState)
        return found

    def sql(self, name: str, *statements: str) -> list[tuple[Any, ...]]:
        return list(self.do(self.engine.sql(name, [(text, ()) for text in statements])))

    def follow(self, name: str, source: str, acknowledge: bool = True) -> None:
        address = self.nodes[source].nic.address
        self.do(self.engine.replication.follow(name, Replication(source, address, "repl", "secret", acknowledge=acknowledge)))
        self.until(name, lambda state: state.receiving and state.applying, "it to follow")

    def until(self, name: str, wanted: Callable[[NodeState], bool], what: str) -> NodeState:
        last = [self.state(name)]
        self.cloud.wait_until(lambda: wanted(last.__setitem__(0, self.state(name)) or last[0]), GRACE, f"{name}: {what}; {last}")
        return last[0]

    def shell(self, name: str, script: str) -> tuple[int, str]:
        status, output = self.do(self.engine.inside.run(name, ["bash", "-c", script]))
        return status, output.decode(errors="replace").strip()

    def client(self, statement: str, target: str = "db-a", seconds: float = 20.0) -> tuple[int, str]:
        """A statement over the network, from the node where clients sit; status 124 when it did not end in time."""
        address = self.nodes[target].nic.address if target in self.nodes else target
        return self.shell(
            "client", f"timeout {seconds} mariadb -h {address} -u app -papp --connect-timeout 3 -BN -e '{statement}' 2>&1"
        )

    @contextmanager
    def writer(self, first: int) -> Iterator[IO[str]]:
        """One row after the other over the network, each in a connection of its own; the number of each that was acknowledged."""
        insert = f"mariadb -h {self.nodes['db-a'].nic.address} -u app -papp --connect-timeout 3 -e"
        loop = (
            f'for n in $(seq {first} {first + 8999}); do {insert} "INSERT INTO shop.orders VALUES ($n)" || break; echo $n; done'
        )
        command = ["docker", "exec", f"drlab-{self.cloud.id}-client", "timeout", "15", "bash", "-c", loop]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
            assert running.stdout is not None
            yield running.stdout

    def cut_power(self, *names: str) -> None:
        nics = {self.nodes[name].nic.nic_id for name in names}
        self.cloud.change(VPC, dead_nics=self.cloud.networks[VPC].dead_nics | nics)
        self.do(self.engine.nodes.cut_power(names))

    def power_on(self, *names: str) -> None:
        nics = {self.nodes[name].nic.nic_id for name in names}
        self.cloud.change(VPC, dead_nics=self.cloud.networks[VPC].dead_nics - nics)
        for name in names:
            self.boot(name)

    def semi_sync(self) -> None:
        """db-b follows db-a, whose commits wait for it; also where a test that failed has left them in each other's role."""
        self.do(self.engine.replication.forget_source("db-a"))
        self.do(self.engine.replication.open_writes("db-a"))
        self.follow("db-b", "db-a")
        self.do(self.engine.semi_sync.switch("db-a", True))
        self.until("db-a", lambda state: state.semi_sync and state.standbys == 1, "a standby that acknowledges")
        self.caught_up()

    def caught_up(self) -> None:
        wanted = self.state("db-a").gtid
        self.until("db-b", lambda state: state.gtid == wanted, f"it to reach {wanted}")


@pytest.fixture(scope="module")
def pair(make_cloud: Callable[..., Cloud]) -> Iterator[Pair]:
    cloud = make_cloud()
    cloud.vpc(VPC, {"all": ANY})
    pair = Pair(cloud)
    # A replay takes some ten times the largest statement's rows in memory, of which a test here has 50 MB.
    nodes = [pair.node(name, number, memory_mib=2048) for number, name in enumerate(("db-a", "db-b", "client"), 1)]
    try:
        for node in nodes:
            pair.do(pair.engine.nodes.create(node))
            pair.boot(node.node_id)
        pair.do(pair.engine.replication.open_writes("db-a"))
        pair.sql(
            "db-a",
            "CREATE USER repl@'%' IDENTIFIED BY 'secret'",
            "GRANT REPLICATION SLAVE ON *.* TO repl@'%'",
            "CREATE USER app@'%' IDENTIFIED BY 'app'",
            "GRANT ALL ON shop.* TO app@'%'",
            "CREATE DATABASE shop",
            "CREATE TABLE shop.orders (id INT PRIMARY KEY)",
        )
        yield pair
    finally:
        pair.do(pair.engine.nodes.remove(list(pair.nodes)))


def test_a_node_boots_read_only_with_nobody_to_follow(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    node = pair.node("fresh", 9)
    began = time.monotonic()
    pair.do(pair.engine.nodes.create(node))
    pair.boot("fresh")
    took = time.monotonic() - began
    state = pair.state("fresh")
    assert (state.running, state.answers, state.reachable) == (True, True, True)
    assert (state.writable, state.following, state.gtid, state.semi_sync, state.problem) == (False, "", "", False, "")
    _status, used = pair.shell("fresh", "cat /sys/fs/cgroup/memory/memory.usage_in_bytes || cat /sys/fs/cgroup/memory.current")
    pair.do(pair.engine.nodes.create(node))
    pair.boot("fresh")  # again: nothing changes
    assert pair.do(pair.engine.nodes.all())["fresh"] is True
    pair.do(pair.engine.nodes.remove(["fresh"]))
    pair.do(pair.engine.nodes.remove(["fresh"]))
    assert "fresh" not in pair.do(pair.engine.nodes.all())
    assert pair.do(pair.engine.observe([node], 2.0))["fresh"] == NodeState(False, False, False)
    with capsys.disabled():
        print(f"\n  a new node answers after {took:.2f} s and uses {int(used.split()[-1]) >> 20} MiB (files included)")


def test_a_write_waits_for_the_standby_and_nobody_sees_it_before(pair: Pair) -> None:
    pair.semi_sync()
    assert pair.client("INSERT INTO shop.orders VALUES (1)") == (0, "")
    standby = frozenset({pair.nodes["db-b"].nic.nic_id})
    pair.cloud.cut(VPC, Cut(standby, None), Cut(None, standby))
    assert pair.client("INSERT INTO shop.orders VALUES (2)", seconds=3)[0] == 124, "no acknowledgement without the standby"
    state = pair.until("db-a", lambda state: state.waiting == 1, "a session that waits")
    assert state.standbys == 1, "its connection is silent, not ended"
    assert pair.client("SELECT id FROM shop.orders") == (0, "1"), "AFTER_SYNC: what is not acknowledged is not seen"
    assert pair.state("db-b").answers, "the management socket is no part of the network"
    assert not pair.state("db-b").reachable
    pair.do(pair.engine.semi_sync.switch("db-a", False))
    pair.until("db-a", lambda state: state.waiting == 0, "nobody to wait")
    assert pair.client("SELECT id FROM shop.orders") == (0, "1\n2")
    pair.do(pair.engine.replication.end_follower("db-a", pair.nodes["db-b"].nic.address, "repl"))
    assert pair.state("db-a").standbys == 0
    pair.do(pair.engine.semi_sync.attempt("db-a"))
    assert pair.client("INSERT INTO shop.orders VALUES (3)", seconds=3) == (0, ""), "nobody waits for a standby that is tried"
    state = pair.state("db-a")
    assert (state.trial, state.in_time, state.semi_sync) == (True, False, False)
    pair.cloud.cut(VPC)
    pair.until("db-a", lambda state: state.trial and state.in_time, "its standby to have acknowledged everything")
    pair.caught_up()
    pair.semi_sync()


def test_reachable_is_what_the_router_sees(pair: Pair) -> None:
    pair.semi_sync()
    node, other = (frozenset({pair.nodes[name].nic.nic_id}) for name in ("db-b", "db-a"))
    for cuts, expected in (
        ((Cut(node, None),), False),
        ((Cut(None, node),), False),
        ((Cut(node, other), Cut(other, node)), True),
        ((), True),
    ):
        pair.cloud.cut(VPC, *cuts)
        assert pair.state("db-b").reachable is expected, cuts
    pair.cloud.change(VPC, dead_nics=node)
    assert not pair.state("db-b").reachable
    pair.cloud.change(VPC, dead_nics=frozenset())
    assert pair.state("db-b").reachable
    pair.until("db-b", lambda state: state.receiving, "the receiver to come back")


def test_what_was_received_is_applied_after_a_power_cut(pair: Pair) -> None:
    """MariaDB itself would throw the relay log away, and with it the only copy there is of what was acknowledged."""
    pair.semi_sync()
    pair.sql("db-b", "STOP SLAVE SQL_THREAD")
    for number in range(100, 110):
        assert pair.client(f"INSERT INTO shop.orders VALUES ({number})")[0] == 0
    # More than the largest statement of a client, once it is in base64; and relay logs that end within statements.
    pair.sql("db-a", "CREATE TABLE shop.large (id INT PRIMARY KEY, content LONGBLOB)")
    pair.sql("db-a", "INSERT INTO shop.large SELECT seq, REPEAT(CHAR(65 + seq), 10000000) FROM shop.seq_1_to_5")
    pair.sql("db-b", "SET GLOBAL max_relay_log_size = 4096")
    pair.sql("db-a", "INSERT INTO shop.orders SELECT seq FROM shop.seq_10000_to_25000")
    received = pair.state("db-b").received
    assert received == pair.state("db-a").gtid
    assert pair.sql("db-b", "SELECT COUNT(*) FROM shop.orders WHERE id >= 100") == [(0,)]
    whole = "CHECKSUM TABLE shop.orders, shop.large"
    expected = pair.sql("db-a", whole)
    pair.cut_power("db-b", "db-a")
    assert pair.state("db-b") == NodeState(False, False, False)
    pair.power_on("db-b")
    assert pair.do(pair.engine.replication.apply_all("db-b", GRACE)) == received
    assert pair.state("db-b").gtid == received
    assert not pair.state("db-b").writable
    assert pair.sql("db-b", "SELECT COUNT(*) FROM shop.orders WHERE id BETWEEN 100 AND 9999") == [(10,)]
    assert pair.sql("db-b", whole) == expected, "to the last row"
    assert pair.sql("db-b", "SELECT @@max_allowed_packet, @@max_relay_log_size") == [(64 << 20, 64 << 20)]
    pair.power_on("db-a")
    pair.semi_sync()
    pair.sql("db-a", "DROP TABLE shop.large", "DELETE FROM shop.orders WHERE id >= 10000", "FLUSH BINARY LOGS")
    pair.caught_up()


def test_a_relay_log_that_was_applied_is_nothing_remarkable(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    pair.semi_sync()
    assert pair.client("INSERT INTO shop.orders VALUES (90)") == (0, "")
    pair.caught_up()
    pair.cut_power("db-b")
    pair.power_on("db-b")
    assert "relay log" not in caplog.text
    pair.semi_sync()


def test_a_relay_log_that_was_torn_gives_what_is_whole(pair: Pair) -> None:
    pair.semi_sync()
    pair.sql("db-b", "STOP SLAVE SQL_THREAD")
    for number in (120, 121):
        assert pair.client(f"INSERT INTO shop.orders VALUES ({number})")[0] == 0
    pair.sql("db-b", "SET SESSION sql_log_bin = 0", "DROP USER root@localhost")
    # As a power cut in the middle of a write leaves it: the last event is not complete.
    assert pair.shell("db-b", "truncate -s -10 $(ls /data/mysql/relay-*.0* | tail -n 1)") == (0, "")
    assert pair.do(pair.engine.inside.kill_process("db-b", "mariadbd")) == 1
    pair.cloud.wait_until(lambda: not pair.state("db-b").running, GRACE, "the node to end with its mariadbd")
    pair.boot("db-b")
    assert pair.sql("db-b", "SELECT id FROM shop.orders WHERE id IN (120, 121)") == [(120,)]
    assert not pair.state("db-b").writable
    assert pair.shell("db-b", _WHO) == (0, "root@localhost"), "made by the start itself"
    pair.semi_sync()


def test_accounts_that_a_node_is_run_by_are_made_anew(pair: Pair) -> None:
    """An administrator may drop them, or overwrite them by a dump of all databases: on both nodes."""
    pair.semi_sync()
    gone = "DELETE FROM mysql.global_priv WHERE Host = 'localhost' AND User IN ('root', 'operator', 'mysql')"
    for ruined in ((gone, "FLUSH PRIVILEGES"), ("REVOKE ALL PRIVILEGES, GRANT OPTION FROM root@localhost, operator@localhost",)):
        pair.sql("db-a", *ruined)
        for name in ("db-a", "db-b"):
            pair.cloud.wait_until(lambda name=name: "denied" in pair.shell(name, _STATUS)[1], GRACE, name)
        for name in ("db-a", "db-b"):
            pair.until(name, lambda state: state.answers, "it to be looked at again")
            assert pair.shell(name, f"{_STATUS} > /dev/null && {_WHO}") == (0, "root@localhost")
    pair.caught_up()


def test_a_power_cut_keeps_every_acknowledged_write(pair: Pair) -> None:
    pair.semi_sync()
    written: list[str] = []
    with pair.writer(1000) as said:
        for line in said:
            written.append(line.strip())
            if len(written) == 20:
                break
        pair.cut_power("db-a")
        written += [line.strip() for line in said]
    pair.do(pair.engine.replication.stop_receiving("db-b"))
    pair.do(pair.engine.replication.apply_all("db-b", GRACE))
    pair.power_on("db-a")
    for name in ("db-a", "db-b"):
        there = {str(row[0]) for row in pair.sql(name, "SELECT id FROM shop.orders WHERE id >= 1000")}
        assert set(written) <= there, f"{name} lacks what a client was told of"
    pair.sql("db-b", "START SLAVE IO_THREAD")
    pair.semi_sync()


def test_applying_everything_ends_at_what_was_received(pair: Pair) -> None:
    pair.semi_sync()
    for number in range(200, 230):
        assert pair.client(f"INSERT INTO shop.orders VALUES ({number})")[0] == 0
    pair.do(pair.engine.replication.stop_receiving("db-b"))
    received = pair.state("db-b").received
    assert pair.do(pair.engine.replication.apply_all("db-b", GRACE)) == received == pair.state("db-a").gtid
    pair.follow("db-b", "db-a")


def test_roles_change_without_a_copy(pair: Pair) -> None:
    pair.semi_sync()
    closed = pair.do(pair.engine.replication.close_writes("db-a", 5.0))
    assert pair.client("INSERT INTO shop.orders VALUES (300)")[0] == 1, "read-only for clients"
    pair.until("db-b", lambda state: state.gtid == closed, "it to have everything")
    pair.do(pair.engine.semi_sync.switch("db-a", False))
    pair.do(pair.engine.replication.forget_source("db-b"))
    pair.do(pair.engine.replication.open_writes("db-b"))
    assert pair.client("INSERT INTO shop.orders VALUES (301)", "db-b") == (0, "")
    pair.follow("db-a", "db-b")
    wanted = pair.state("db-b").gtid
    pair.until("db-a", lambda state: state.gtid == wanted, "the former primary to follow")
    # and back
    closed = pair.do(pair.engine.replication.close_writes("db-b", 5.0))
    pair.until("db-a", lambda state: state.gtid == closed, "it to have everything")
    pair.do(pair.engine.replication.forget_source("db-a"))
    pair.semi_sync()
    assert pair.client("SELECT id FROM shop.orders WHERE id IN (300, 301)") == (0, "301")


def test_events_run_where_writes_are_taken_and_nowhere_else(pair: Pair) -> None:
    pair.semi_sync()
    every = "ON SCHEDULE EVERY 1 SECOND"
    tick = f"CREATE EVENT shop.tick {every} DO INSERT INTO shop.ticks VALUES (@@server_id)"
    off = f"CREATE EVENT shop.off {every} DISABLE DO INSERT INTO shop.ticks VALUES (99)"
    slow = f"CREATE EVENT shop.slow {every} DO SELECT SLEEP(60)"
    made = f"SET NAMES latin1; CREATE TABLE shop.ticks (node INT); {tick}; {off}; {slow}"
    assert pair.client(made) == (0, "")
    about = "SELECT definer, sql_mode, character_set_client, body, modified FROM mysql.event WHERE name = 'tick'"
    before = pair.sql("db-a", about)

    def ticking(name: str) -> None:
        mine = f"SELECT COUNT(*) FROM shop.ticks WHERE node = {pair.nodes[name].server_id}"
        since = pair.sql(name, mine)[0][0]
        pair.cloud.wait_until(lambda: pair.sql(name, mine)[0][0] > since, GRACE, f"an event to run on {name}")

    ticking("db-a")
    pair.caught_up()
    pair.do(pair.engine.replication.match_events("db-b", "db-a"))
    for loser, winner in (("db-a", "db-b"), ("db-b", "db-a")):
        closed = pair.do(pair.engine.replication.close_writes(loser, 5.0))
        pair.cloud.wait_until(partial(nothing_works, pair, loser), GRACE, f"events that were ended on {loser} to be gone")
        pair.until(winner, partial(has_gtid, closed), "it to have everything")
        pair.do(pair.engine.semi_sync.switch(loser, False))
        pair.do(pair.engine.replication.forget_source(winner))
        pair.do(pair.engine.replication.open_writes(winner))
        pair.follow(loser, winner)
        ticking(winner)
        assert pair.sql(loser, "SELECT @@event_scheduler") == [("OFF",)]
        states = "SELECT name, status FROM mysql.event ORDER BY name"
        assert pair.sql(winner, states) == [("off", "DISABLED"), ("slow", "ENABLED"), ("tick", "ENABLED")]
        assert pair.sql(winner, about) == before, "nothing about it has changed"
    assert pair.sql("db-a", "SELECT DISTINCT node FROM shop.ticks ORDER BY node") == [(1,), (2,)]
    assert pair.client("DROP EVENT shop.tick; DROP EVENT shop.off; DROP EVENT shop.slow")[0] == 0
    pair.semi_sync()


def test_sessions_that_write_end_when_writes_are_closed(pair: Pair) -> None:
    pair.semi_sync()
    script = "(echo 'BEGIN; INSERT INTO shop.orders VALUES (310);'; sleep 30) | mariadb -n -u app -papp -h"
    pair.shell("client", f'nohup bash -c "{script} {pair.nodes["db-a"].nic.address}" > /dev/null 2>&1 &')

    def locked() -> bool:
        try:
            return bool(pair.sql("db-a", "SELECT 1 FROM shop.orders WHERE id = 310 LOCK IN SHARE MODE NOWAIT"))
        except EngineError:
            return True

    pair.cloud.wait_until(locked, GRACE, "a transaction that is open")
    pair.do(pair.engine.replication.close_writes("db-a", 10.0))
    pair.cloud.wait_until(lambda: not locked(), GRACE, "a session that was ended to be gone")
    pair.do(pair.engine.replication.open_writes("db-a"))
    assert pair.client("SELECT COUNT(*) FROM shop.orders WHERE id = 310") == (0, "0")


def test_whoever_is_logging_in_is_no_event(pair: Pair) -> None:
    """To MariaDB both are connected and say nothing: a session of the cloud's own must not be ended for an event."""
    sessions = {"root@localhost": 0, "operator@localhost": 0, "unauthenticated user@localhost": 0, "app@10.0.0.5:3312": 0}
    sessions |= {"app@%": 1, "app@localhost": 1, "root@%": 1, "operator@%": 1}  # clients may be called so, too
    for session, expected in sessions.items():
        user, _, host = session.partition("@")
        one = f"(SELECT 'Connect' AS COMMAND, '{host}' AS HOST, '{user}' AS USER)"
        assert pair.sql("db-a", f"SELECT COUNT(*) FROM {one} P WHERE {RUNNING}") == [(expected,)], session


def test_a_receiver_that_has_ended_by_an_error_follows_anew(pair: Pair) -> None:
    """Here over an event that is larger than it may take; a receiver that was switched off by hand is only started."""
    pair.semi_sync()
    pair.do(pair.engine.semi_sync.switch("db-a", False))
    pair.sql("db-a", "CREATE TABLE shop.large (text LONGTEXT)")
    pair.caught_up()
    usual = pair.sql("db-b", "SELECT @@slave_max_allowed_packet")[0][0]
    pair.sql("db-b", "SET GLOBAL slave_max_allowed_packet = 1024")
    pair.sql("db-b", "STOP SLAVE IO_THREAD", "START SLAVE IO_THREAD")
    pair.sql("db-a", "INSERT INTO shop.large VALUES (REPEAT('x', 100000))")
    ended = pair.until("db-b", lambda state: state.receiver_ended, "its receiver to end")
    assert ended.applying and "slave_max_allowed_packet" in ended.problem, ended
    source = Replication("db-a", pair.nodes["db-a"].nic.address, "repl", "secret", acknowledge=True)
    with pytest.raises(EngineError, match=r"node db-b cannot receive from .*slave_max_allowed_packet"):
        pair.do(pair.engine.replication.follow("db-b", source))
    pair.sql("db-b", f"SET GLOBAL slave_max_allowed_packet = {usual}")
    pair.follow("db-b", "db-a")
    pair.caught_up()
    pair.sql("db-b", "STOP SLAVE IO_THREAD")
    assert pair.state("db-b").receiver_ended
    pair.follow("db-b", "db-a")


def test_a_node_is_made_anew_from_another(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    pair.semi_sync()
    pair.do(pair.engine.semi_sync.switch("db-a", False))
    pair.sql("db-b", "STOP SLAVE", "CREATE DATABASE astray", "DROP TABLE shop.orders")
    began = time.monotonic()
    pair.do(pair.engine.backups.reseed(pair.nodes["db-b"], "db-a"))
    took = time.monotonic() - began
    state = pair.state("db-b")
    assert (state.gtid, state.following, state.writable) == (pair.state("db-a").gtid, "", False)
    assert ("astray",) not in pair.sql("db-b", "SHOW DATABASES")
    assert pair.client("INSERT INTO shop.orders VALUES (400)")[0] == 0
    pair.semi_sync()
    assert pair.sql("db-b", "SELECT COUNT(*) FROM shop.orders WHERE id = 400") == [(1,)]
    with capsys.disabled():
        print(f"\n  a node made anew from another in {took:.2f} s")


def test_a_read_replica_does_not_acknowledge(pair: Pair) -> None:
    pair.semi_sync()
    node = pair.node("reader", 8)
    pair.do(pair.engine.nodes.create(node))
    try:
        pair.do(pair.engine.backups.reseed(node, "db-a"))
        pair.follow("reader", "db-a", acknowledge=False)
        assert pair.state("db-a").standbys == 1
        assert pair.client("INSERT INTO shop.orders VALUES (450)")[0] == 0
        pair.until("reader", lambda state: state.gtid == pair.state("db-a").gtid, "it to have everything")
        pair.until("reader", lambda state: state.behind == 0, "no lag")
    finally:
        pair.do(pair.engine.nodes.remove(["reader"]))


def test_an_address_moves(pair: Pair) -> None:
    pair.semi_sync()
    address = "192.168.1.200"
    network = pair.cloud.networks[VPC]
    for winner, loser in (("db-a", "db-b"), ("db-b", "db-a"), ("db-a", "db-b")):
        pair.cloud.change(VPC, moving=(MovingAddress(address, pair.nodes[winner].nic.nic_id),))
        pair.do(pair.engine.links.move_address(address, winner, [loser]))
        number = str(pair.nodes[winner].server_id)
        assert pair.client("SELECT @@server_id", address) == (0, number)
    pair.cloud.change(VPC, moving=network.moving)


def test_a_full_disk_is_told_and_ends_when_there_is_room(pair: Pair) -> None:
    pair.semi_sync()
    used, free = pair.do(pair.engine.nodes.room("db-a"))
    assert 0 < used < free
    pair.do(pair.engine.inside.fill_disk("db-a"))
    try:
        assert pair.state("db-a").problem == "disk full"
        assert pair.do(pair.engine.nodes.room("db-a"))[1] < 1 << 20
        blob = 'CREATE TABLE shop.big AS SELECT REPEAT("x", 4000000) AS content'
        assert pair.client(blob, seconds=5)[0] != 0
    finally:
        pair.do(pair.engine.inside.free_disk("db-a"))
    pair.until("db-a", lambda state: state.problem == "", "room")
    assert pair.client("INSERT INTO shop.orders VALUES (500)", seconds=90)[0] == 0


def test_a_full_disk_of_a_node_that_is_down_has_room_at_its_next_start(pair: Pair) -> None:
    pair.semi_sync()
    pair.do(pair.engine.inside.fill_disk("db-b"))
    pair.cut_power("db-b")
    pair.do(pair.engine.inside.free_disk("db-b"))
    pair.power_on("db-b")
    assert pair.state("db-b").problem == ""
    pair.semi_sync()


def test_errors_are_mariadbs_sentences_without_parameters(pair: Pair) -> None:
    with pytest.raises(EngineError, match=r"Table 'shop\.nothing' doesn't exist"):
        pair.sql("db-a", "SELECT * FROM shop.nothing")
    with pytest.raises(EngineError) as caught:
        pair.do(pair.engine.sql("db-a", [("INSERT INTO shop.orders VALUES (%s)", ("hidden-secret",))]))
    assert "hidden-secret" not in str(caught.value)
    with pytest.raises(EngineError, match="database node nobody is not running"):
        pair.do(pair.engine.inside.fill_disk("nobody"))


def test_only_listed_addresses_get_through(pair: Pair) -> None:
    pair.semi_sync()
    network = pair.cloud.networks[VPC]

    def only(*cidrs: str) -> None:
        nics = [replace(nic, only_from=cidrs, only_port=3306) if nic.nic_id == "port-db-a" else nic for nic in network.nics]
        pair.cloud.change(VPC, nics=tuple(nics))

    address, standby = (pair.nodes[name].nic.address for name in ("db-a", "db-b"))
    pair.shell("client", f"nohup mariadb -u app -papp -h {address} -e 'SELECT SLEEP(60)' > /dev/null 2>&1 &")
    pair.cloud.wait_until(lambda: pair.sql("db-a", _SLEEPERS) == [(1,)], GRACE, "a session of the client")
    try:
        only(standby)
        assert pair.client("SELECT 1")[0] != 0
        assert "Can't connect" in pair.client("SELECT 1")[1], "silence, whatever the group says"
        assert pair.state("db-a").reachable, "the router itself is not on the list and needs not be"
        pair.do(pair.engine.replication.stop_receiving("db-b"))
        pair.follow("db-b", "db-a")
        only(standby, "192.168.1.0/24")
        assert pair.client("SELECT 1") == (0, "1")
        only(standby, "0.0.0.0/0")
        assert pair.client("SELECT 1") == (0, "1")
    finally:
        pair.cloud.change(VPC, nics=network.nics)
        for row in pair.sql("db-a", _SLEEPERS.replace("COUNT(*)", "ID")):
            pair.sql("db-a", f"KILL {row[0]}")


_WORKERS = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(60)%' AND COMMAND = 'Connect'"
_WHO = 'mariadb -BNe "SELECT CURRENT_USER()"'
_STATUS = "mariadb -e 'SHOW SLAVE STATUS' 2>&1"  # takes a privilege
_SLEEPERS = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(60)%' AND HOST LIKE '%:%'"


def test_the_scan_names_what_nodes_have_left(pair: Pair) -> None:
    found = {(item.kind, item.name) for item in pair.do(scan(pair.cloud.state, pair.cloud.id, running=True))}
    assert ("container", f"drlab-{pair.cloud.id}-db-a") in found
    assert ("record", "db-a") in found
    assert ("disk", f"{pair.cloud.state}/disks/db-a.img") in found


@pytest.mark.parametrize("ends", ["in good order", "without power"])
def test_a_node_is_given_more_while_it_runs_and_its_file_system_at_its_next_boot(pair: Pair, ends: str) -> None:
    node = pair.node("growing", 10)
    pair.do(pair.engine.nodes.create(node))
    try:
        pair.boot("growing")
        pair.do(pair.engine.replication.open_writes("growing"))
        pair.sql("growing", "CREATE DATABASE kept", "CREATE TABLE kept.rows (id INT)", "INSERT INTO kept.rows VALUES (7)")
        before = sum(pair.do(pair.engine.nodes.room("growing")))
        larger = replace(node, cpus=0.5, memory_mib=768, disk_gib=3)
        pair.nodes["growing"] = larger
        pair.do(pair.engine.nodes.size(larger))
        pair.do(pair.engine.nodes.size(larger))
        memory = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null"
        assert pair.shell("growing", memory)[1] == str(768 << 20)
        assert sum(pair.do(pair.engine.nodes.room("growing"))) == before < 1 << 30
        if ends == "without power":
            pair.cut_power("growing")
            pair.power_on("growing")
        else:
            pair.do(pair.engine.nodes.shut_down("growing", 20.0))
            pair.boot("growing")
        assert sum(pair.do(pair.engine.nodes.room("growing"))) > 2.8 * (1 << 30)
        assert pair.sql("growing", "SELECT id FROM kept.rows") == [(7,)]
    finally:
        pair.do(pair.engine.nodes.remove(["growing"]))
