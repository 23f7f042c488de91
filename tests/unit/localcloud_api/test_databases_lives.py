"""MySQL instances from their order to their end: jobs, backups, read replicas, suspending. Times are virtual."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from support.mysql_records import ADDRESS, MYSQL, ORDER, REGION, VPC, Cloud, power_fault
from support.virtual_time import run_virtually

from localcloud.engines.interface.engines import EngineError
from localcloud.records.compute import EIPS, FAULTS, ORDERS, Eip
from localcloud.records.databases import (
    MYSQL_BACKUPS,
    MYSQL_JOBS,
    MYSQL_NODES,
    MYSQLS,
    WHITE_LISTS,
    MysqlBackup,
    MysqlJob,
    WhiteList,
)
from localcloud.records.errors import LocalError

COPY = "copy"


def lives(story: Callable[[Cloud], Awaitable[None]], kind: str = "pair", **more: Any) -> None:
    """Play a story on a cloud with an instance that is ready."""

    async def play() -> None:
        cloud = Cloud()
        cloud.order(kind, **more)
        await cloud.databases.orders.build(ORDER)
        assert cloud.store.require(ORDERS, ORDER).status == "3", cloud.store.require(ORDERS, ORDER).problem
        await story(cloud)

    run_virtually(play())


async def watched(cloud: Cloud, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(cloud.databases.watch(), seconds)


async def job(cloud: Cloud, task: str, **arguments: str) -> MysqlJob:
    cloud.store.put(MYSQL_JOBS, MysqlJob("j1", REGION.id, MYSQL, task, arguments, 1, "", 0.0, None))
    await cloud.databases.jobs.run("j1")
    return cloud.store.require(MYSQL_JOBS, "j1")


async def backup(cloud: Cloud) -> MysqlBackup:
    cloud.store.put(MYSQL_BACKUPS, MysqlBackup("b1", REGION.id, MYSQL, "b", "", True, 100, 0, "", 0.0, None))
    await cloud.databases.backups.back_up("b1")
    return cloud.store.require(MYSQL_BACKUPS, "b1")


def power_off(cloud: Cloud, node_id: str) -> None:
    cloud.store.put(FAULTS, power_fault(node_id))


# -- orders ------------------------------------------------------------------------------------------------------------
def test_a_new_pair_takes_writes_and_is_in_sync() -> None:
    async def story(cloud: Cloud) -> None:
        assert (cloud.mysql.order_status, cloud.mysql.in_sync) == (0, True)
        assert cloud.fake.takers() == ["m1-1"] and cloud.fake.seats == {ADDRESS: "m1-1"}
        assert cloud.fake.there["m1-1"].semi_sync and not any(node.fenced for node in cloud.store.find(MYSQL_NODES))
        assert cloud.fake.write(ADDRESS, "first")
        assert cloud.databases.states(MYSQL)["m1-2"].receiving

    lives(story)


@pytest.mark.parametrize("call", ["create_node", "boot_node", "sql", "follow", "open_writes"])
def test_an_order_that_fails_leaves_no_node(call: str) -> None:
    async def play() -> None:
        cloud = Cloud()
        cloud.order()
        cloud.fake.fail[call] = "no room"
        await cloud.databases.orders.build(ORDER)
        order = cloud.store.require(ORDERS, ORDER)
        assert order.status == "5" and "no room" in order.problem
        assert (cloud.mysql.order_status, cloud.fake.there, cloud.store.find(MYSQL_NODES)) == (4, {}, [])

    run_virtually(play())


def test_nothing_is_built_in_a_zone_without_power() -> None:
    async def play() -> None:
        cloud = Cloud()
        cloud.order()
        power_off(cloud, "m1-2")
        await cloud.databases.orders.build(ORDER)
        assert cloud.store.require(ORDERS, ORDER).status == "5" and not cloud.fake.there

    run_virtually(play())


def test_refunded_and_destroyed_nothing_is_left() -> None:
    async def story(cloud: Cloud) -> None:
        eip = Eip("e1", REGION.id, "e", "198.18.0.9", 1, "bandwidth", "", "on_demand", None, "0", "", MYSQL, False, 0.0, 0.0)
        cloud.store.put(EIPS, eip)
        await backup(cloud)
        order = replace(cloud.store.require(ORDERS, ORDER), id="o2", status="14")
        cloud.store.put(ORDERS, order)
        await cloud.databases.orders.refund("o2")
        assert cloud.mysql.order_status == 8 and not any((await cloud.fake.nodes.all()).values())
        cloud.store.put(ORDERS, order)
        await cloud.databases.orders.release("o2")
        assert cloud.store.require(ORDERS, "o2").status == "3"
        assert (cloud.fake.there, cloud.fake.kept, cloud.store.find(MYSQLS), cloud.store.find(MYSQL_NODES)) == ({}, {}, [], [])
        assert cloud.store.require(EIPS, "e1").instance_id == ""
        assert (cloud.engines.networks[VPC].nics, cloud.engines.networks[VPC].moving) == ((), ())

    lives(story)


# -- networks ----------------------------------------------------------------------------------------------------------
def test_only_the_white_list_and_the_family_get_to_the_port() -> None:
    async def story(cloud: Cloud) -> None:
        assert {nic.only_from for nic in cloud.engines.networks[VPC].nics} == {None}
        cloud.store.put(WHITE_LISTS, WhiteList("w1", REGION.id, MYSQL, "office", ("10.0.0.0/8",), 0.0))
        await cloud.databases.apply(MYSQL)
        network = cloud.engines.networks[VPC]
        assert {(nic.only_from, nic.only_port) for nic in network.nics} == {
            (("10.0.0.0/8", "192.168.1.11/32", "192.168.1.12/32"), 3306)
        }
        assert {nic.groups for nic in network.nics} == {("sg-1", "mysql-m1")}
        assert [(rule.direction, rule.peer_group) for rule in (network.groups or {})["mysql-m1"]] == [
            ("ingress", "mysql-m1"), ("egress", "mysql-m1"),
        ]  # fmt: skip

    lives(story)


# -- jobs --------------------------------------------------------------------------------------------------------------
def test_restarted_it_keeps_its_roles_and_writes() -> None:
    async def story(cloud: Cloud) -> None:
        assert cloud.fake.write(ADDRESS, "before")
        assert (await job(cloud, "restart")).status == 0
        assert cloud.fake.write(ADDRESS, "after") or cloud.fake.there["m1-1"].waiting
        await watched(cloud, 5)
        assert (cloud.mysql.primary, cloud.mysql.in_sync, cloud.mysql.running_status) == ("m1-1", True, 0)
        assert [text for _, text in cloud.fake.acknowledged] == ["before", "after"]

    lives(story)


def test_stopped_it_stays_stopped_until_it_is_started() -> None:
    async def story(cloud: Cloud) -> None:
        assert (await job(cloud, "stop")).status == 0
        assert (cloud.mysql.order_status, cloud.mysql.running_status) == (6, 21)
        await watched(cloud, 10)
        assert not any((await cloud.fake.nodes.all()).values())
        with pytest.raises(EngineError, match="cannot be worked on now"):
            await cloud.databases.sql(MYSQL, [("SELECT 1", ())])
        assert (await job(cloud, "start")).status == 0
        assert (cloud.mysql.order_status, cloud.mysql.running_status, cloud.fake.takers()) == (0, 0, ["m1-1"])

    lives(story)


def test_a_switch_job_that_a_killed_daemon_had_done_is_done() -> None:
    async def story(cloud: Cloud) -> None:
        assert (await job(cloud, "switch", nodeId="m1-2")).status == 0
        assert cloud.mysql.primary == "m1-2"
        assert (await job(cloud, "switch", nodeId="m1-2")).status == 0
        refused = await job(cloud, "switch", nodeId="m9-9")
        assert refused.status == 2 and "not the standby" in refused.problem

    lives(story)


def test_promotion_by_hand_is_refused_while_the_primary_serves() -> None:
    async def story(cloud: Cloud) -> None:
        with pytest.raises(LocalError, match="db-1 is the primary of db and serves; use a switchover"):
            await cloud.databases.roles.promote(MYSQL, accept_loss=True)

    lives(story)


# -- backups -----------------------------------------------------------------------------------------------------------
def test_a_backup_is_of_the_standby_and_is_restored_to_both_nodes() -> None:
    async def story(cloud: Cloud) -> None:
        await watched(cloud, 2)
        cloud.fake.write(ADDRESS, "kept")
        made = await backup(cloud)
        assert (made.status, made.problem) == (1, "") and made.size > 0
        assert ("back_up", "m1-2", "b1") in cloud.fake.journal and ("keep_binlogs", "m1-1", MYSQL) in cloud.fake.journal
        cloud.fake.write(ADDRESS, "thrown away")
        done = await job(cloud, "restore", backupId="b1", sourceId=MYSQL, until="12.5")
        assert (done.status, done.problem) == (0, "")
        assert ("restore", "m1-1", "b1", MYSQL, 12.5) in cloud.fake.journal
        await watched(cloud, 5)
        assert cloud.mysql.in_sync
        assert [list(node.log.values()) for node in cloud.fake.there.values()] == [["kept"], ["kept"]]

    lives(story)


def test_a_backup_is_of_the_primary_while_its_standby_lags() -> None:
    async def story(cloud: Cloud) -> None:
        cloud.fake.there["m1-2"].lazy = True
        assert cloud.fake.write(ADDRESS, "acknowledged, and applied later")
        await watched(cloud, 2)
        await backup(cloud)
        assert list(cloud.fake.kept["b1"].values()) == ["acknowledged, and applied later"]

    lives(story)


def test_nothing_is_restored_to_a_primary_without_power() -> None:
    async def story(cloud: Cloud) -> None:
        await backup(cloud)
        power_off(cloud, "m1-1")
        cloud.fake.lose_power("m1-1")
        refused = await job(cloud, "restore", backupId="b1", sourceId=MYSQL, until="")
        assert refused.status == 2 and "m1-1 has no power (fault m1-1)" in refused.problem
        assert not cloud.fake.there["m1-1"].running

    lives(story)


def test_a_primary_that_loses_its_power_while_it_is_restored_stays_dead() -> None:
    async def story(cloud: Cloud) -> None:
        await backup(cloud)
        cloud.fake.on_call["restore"] = lambda: power_off(cloud, "m1-1")
        restored = asyncio.create_task(job(cloud, "restore", backupId="b1", sourceId=MYSQL, until=""))
        await asyncio.sleep(10)
        assert not cloud.fake.there["m1-1"].running
        restored.cancel()

    lives(story)


def test_a_backup_that_fails_says_why_and_leaves_nothing() -> None:
    async def story(cloud: Cloud) -> None:
        cloud.fake.fail["back_up"] = "no room"
        made = await backup(cloud)
        assert (made.status, made.problem, cloud.mysql.running_status) == (-1, "no room", 0)
        assert ("remove_backup", "b1") in cloud.fake.journal

    lives(story)


def test_binary_logs_are_kept_while_there_is_a_backup() -> None:
    async def story(cloud: Cloud) -> None:
        await watched(cloud, 30)
        assert not [call for call in cloud.fake.journal if call[0] == "keep_binlogs"]
        await backup(cloud)
        await watched(cloud, 31)
        assert len([call for call in cloud.fake.journal if call[0] == "keep_binlogs"]) >= 4

    lives(story)


# -- read replicas -----------------------------------------------------------------------------------------------------
def test_a_read_replica_follows_whoever_is_primary_and_acknowledges_nothing() -> None:
    async def story(cloud: Cloud) -> None:
        cloud.order("replica", order_id="o2", id=COPY, name="copy", parent=MYSQL, address="192.168.1.20")
        watch = asyncio.create_task(cloud.databases.watch())
        await cloud.databases.orders.build("o2")
        assert cloud.store.require(ORDERS, "o2").status == "3", cloud.store.require(ORDERS, "o2").problem
        copy = cloud.fake.there["copy-1"]
        assert (copy.source, copy.acknowledges, copy.writable) == ("192.168.1.11", False, False)
        assert cloud.fake.seats["192.168.1.20"] == "copy-1"
        await cloud.databases.roles.switchover(MYSQL, "m1-2")
        await asyncio.sleep(5)
        assert copy.source == "192.168.1.12" and cloud.databases.states(COPY)["copy-1"].receiving
        watch.cancel()

    lives(story)


# -- the whole cloud ---------------------------------------------------------------------------------------------------
def test_suspended_it_comes_back_with_the_next_start() -> None:
    async def story(cloud: Cloud) -> None:
        assert cloud.fake.write(ADDRESS, "before")
        assert await cloud.databases.suspend() == ["db-1", "db-2"]
        stops = [call[1] for call in cloud.fake.journal if call[0] == "shut_down_node"]
        assert stops == ["m1-1", "m1-2"], "the primary stops first: its standby has everything then"
        cloud.restart()
        await watched(cloud, 5)
        assert cloud.fake.takers() == ["m1-1"] and cloud.mysql.in_sync

    lives(story)


def test_nodes_without_records_are_swept() -> None:
    async def story(cloud: Cloud) -> None:
        cloud.fake.there["stranger"] = cloud.fake.there["m1-2"]
        await watched(cloud, 1)
        assert set(cloud.fake.there) == {"m1-1", "m1-2"}

    lives(story)


# -- what must not end, or be lost ---------------------------------------------------------------------------------------
def test_a_standby_that_is_not_let_in_gets_its_account_again() -> None:
    async def story(cloud: Cloud) -> None:
        await watched(cloud, 5)
        assert cloud.mysql.in_sync
        cloud.fake.there[cloud.node("db-2").id].refused = "error connecting to master: Access denied for user 'drlab'"
        cloud.fake.journal.clear()
        await watched(cloud, 5)
        done = [call for call in cloud.fake.journal if call[0] in ("sql", "follow", "reseed")]
        assert [call[:2] for call in done] == [("sql", cloud.node("db-1").id), ("follow", cloud.node("db-2").id)]
        assert cloud.mysql.in_sync and cloud.fake.there[cloud.node("db-2").id].receiving

    lives(story)


def test_a_standby_knows_which_events_are_disabled() -> None:
    async def story(cloud: Cloud) -> None:
        await watched(cloud, 21)
        primary, standby = cloud.node("db-1").id, cloud.node("db-2").id
        assert cloud.fake.journal.count(("match_events", standby, primary)) in (3, 4, 5)
        cloud.fake.journal.clear()
        await cloud.databases.roles.switchover(MYSQL, standby)
        done = [call[0] for call in cloud.fake.journal]
        assert done.index("close_writes") < done.index("match_events") < done.index("open_writes")

    lives(story)


def test_a_full_disk_of_the_machine_does_not_end_the_watch() -> None:
    async def story(cloud: Cloud) -> None:
        def full() -> None:
            raise OSError(28, "No space left on device")

        assert (await backup(cloud)).status == 1
        cloud.fake.on_call["keep_binlogs"] = full
        watch = asyncio.create_task(cloud.databases.watch())
        await asyncio.sleep(15)
        assert not watch.done()
        await cloud.fake.inside.kill_process(cloud.node("db-1").id, "mariadbd")
        await asyncio.sleep(15)
        assert cloud.mysql.primary == cloud.node("db-2").id
        watch.cancel()

    lives(story)


def test_an_address_that_could_not_move_is_not_taken_for_moved() -> None:
    async def story(cloud: Cloud) -> None:
        watch = asyncio.create_task(cloud.databases.watch())
        await asyncio.sleep(2)
        cloud.fake.fail["move_database_address"] = "Docker does not answer"
        await cloud.databases.roles.switchover(MYSQL, cloud.node("db-2").id)
        del cloud.fake.fail["move_database_address"]
        await asyncio.sleep(20)
        watch.cancel()
        assert cloud.mysql.primary == cloud.node("db-2").id
        assert cloud.fake.seats[ADDRESS] == cloud.mysql.primary

    lives(story)


def test_what_was_written_while_roles_changed_does_not_count_as_done() -> None:
    """The administrator's statements pass a read-only node, so they may come after the position that the standby waits for."""

    async def story(cloud: Cloud) -> None:
        begun, run = asyncio.Event(), cloud.fake.sql

        async def slow(*what: Any) -> list[tuple[Any, ...]]:
            begun.set()
            await asyncio.sleep(5)
            return await run(*what)

        cloud.fake.sql = slow  # type: ignore[method-assign, assignment]
        asked = asyncio.create_task(cloud.databases.sql(MYSQL, [("CREATE USER x", ())]))
        await begun.wait()
        await cloud.databases.roles.switchover(MYSQL, cloud.node("db-2").id)
        await cloud.databases.roles.switchover(MYSQL, cloud.node("db-1").id)
        with pytest.raises(EngineError, match="not known whether this was done"):
            await asked

    lives(story)


def test_a_step_that_a_full_disk_of_the_machine_stops_is_said_and_tried_again() -> None:
    async def story(cloud: Cloud) -> None:
        def full() -> None:
            raise OSError(28, "No space left on device")

        cloud.store.put(MYSQL_NODES, replace(cloud.node("db-2"), reseed=True))
        cloud.fake.on_call["reseed"] = full
        await watched(cloud, 8)
        assert "No space left on device" in cloud.mysql.verdict and cloud.fake.write(ADDRESS, "alone")
        del cloud.fake.on_call["reseed"]
        await watched(cloud, 20)
        assert cloud.mysql.in_sync

    lives(story)


def test_what_takes_long_is_said_while_it_is_done() -> None:
    """A node that starts replays its relay log, a rebuild copies all data."""

    async def story(cloud: Cloud) -> None:
        said: dict[str, str] = {}

        def note(call: str) -> None:
            said.setdefault(call, cloud.mysql.verdict)

        cloud.fake.on_call |= {call: partial(note, call) for call in ("boot_node", "reseed")}
        await cloud.fake.inside.kill_process("m1-2", "mariadbd")
        await watched(cloud, 20)
        cloud.store.put(MYSQL_NODES, replace(cloud.store.require(MYSQL_NODES, "m1-2"), reseed=True))
        await watched(cloud, 20)
        assert said == {"boot_node": "db-2 is started", "reseed": "db-2 is rebuilt from db-1"}

    lives(story)
