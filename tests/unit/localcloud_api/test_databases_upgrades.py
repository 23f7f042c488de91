"""MySQL instances changed in place: size, disks, a standby for a single one. Nothing is lost on the way, killed or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from support.mysql_records import ADDRESS, ORDER, REGION, Cloud, power_fault
from support.virtual_time import run_virtually

from localcloud.records.compute import FAULTS, ORDERS, Order
from localcloud.records.databases import MYSQL_NODES

LARGER, DISK = {"spec": "4C8G", "cpus": "4", "memoryMib": "8192"}, {"diskGib": "200"}
STANDBY = {"prodId": "10001101", "nodeId": "m1-2"}


def lives(story: Callable[[Cloud], Awaitable[None]], kind: str = "pair", **more: Any) -> None:
    """Play a story on a cloud with an instance that has taken one write, and is watched as in life."""

    async def play() -> None:
        cloud = Cloud()
        cloud.order(kind, **more)
        await cloud.databases.orders.build(ORDER)
        watch = asyncio.ensure_future(cloud.databases.watch())
        assert cloud.fake.write(ADDRESS, "before")
        await story(cloud)
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch

    run_virtually(play())


async def upgraded(cloud: Cloud, wanted: dict[str, str]) -> Order:
    cloud.store.put(ORDERS, replace(cloud.store.require(ORDERS, ORDER), id="up", status="14", wanted=wanted))
    await cloud.databases.upgrades.carry_out("up")
    return cloud.store.require(ORDERS, "up")


def kept(cloud: Cloud) -> bool:
    """A further write counts, and nothing that counted is missing where writes are taken."""
    assert cloud.fake.write(ADDRESS, "after")
    [leader] = cloud.fake.takers()
    acknowledged = [text for _, text in cloud.fake.acknowledged]
    return acknowledged == ["before", "after"] == list(cloud.fake.there[leader].log.values())


def sizes(cloud: Cloud) -> list[int]:
    return [node.disk_gib for node in cloud.fake.there.values()]


def with_a_second_node(cloud: Cloud) -> None:
    """What the handler of such an order stores."""
    there = cloud.node("db-1")
    cloud.store.put(MYSQL_NODES, replace(
        there, id="m1-2", name="db-2", zone=REGION.zones[1], nic_id="port-m1-2", mac="02:00:00:00:00:12", address="192.168.1.12",
        res_id=112, server_id=112, reseed=True, fenced=True,
    ))  # fmt: skip


def test_another_size_is_given_to_running_nodes() -> None:
    async def story(cloud: Cloud) -> None:
        assert (await upgraded(cloud, LARGER)).status == "3"
        assert (cloud.mysql.spec, cloud.mysql.cpus, cloud.mysql.memory_mib, cloud.mysql.running_status) == ("4C8G", 4, 8192, 0)
        assert {(node.spec.cpus, node.spec.memory_mib) for node in cloud.fake.there.values()} == {(4.0, 8192)}
        assert cloud.mysql.primary == "m1-1" and "shut_down_node" not in {did[0] for did in cloud.fake.journal}
        assert kept(cloud)

    lives(story)


def test_a_pair_gets_larger_disks_one_node_after_the_other() -> None:
    async def story(cloud: Cloud) -> None:
        alone: list[list[str]] = []
        cloud.fake.on_call["shut_down_node"] = lambda: alone.append(cloud.fake.takers())
        assert (order := await upgraded(cloud, DISK)).status == "3", order.problem
        assert (sizes(cloud), cloud.mysql.disk_gib) == ([200, 200], 200)
        assert alone == [["m1-1"], ["m1-2"]], "there is always one that takes writes, and never two"
        assert (cloud.mysql.primary, cloud.mysql.in_sync, cloud.mysql.running_status) == ("m1-2", True, 0)
        assert kept(cloud)

    lives(story)


@pytest.mark.parametrize("kind", ["single"])
def test_a_single_one_restarts_for_its_larger_disk(kind: str) -> None:
    async def story(cloud: Cloud) -> None:
        assert (order := await upgraded(cloud, DISK)).status == "3", order.problem
        assert (sizes(cloud), cloud.mysql.disk_gib) == ([200], 200)
        assert kept(cloud)

    lives(story, kind)


@pytest.mark.parametrize("wanted", [LARGER, DISK])
@pytest.mark.parametrize("nth", range(1, 5))
def test_killed_at_any_of_its_calls_it_is_carried_on(wanted: dict[str, str], nth: int) -> None:
    """The order stays open, and the next daemon carries it on from the records."""

    async def play() -> None:
        cloud = Cloud()
        cloud.order()
        await cloud.databases.orders.build(ORDER)
        assert cloud.fake.write(ADDRESS, "before")
        seen = 0

        def die() -> None:
            nonlocal seen
            seen += 1
            if seen == nth:
                raise asyncio.CancelledError

        for call in ("size_node", "shut_down_node", "set_semi_sync", "close_writes"):
            cloud.fake.on_call[call] = die
        with suppress(asyncio.CancelledError):
            await upgraded(cloud, wanted)
        cloud.fake.on_call.clear()
        cloud.restart()
        if cloud.store.require(ORDERS, "up").status == "14":
            await cloud.databases.upgrades.carry_out("up")
        assert (order := cloud.store.require(ORDERS, "up")).status == "3", order.problem
        assert (cloud.mysql.spec, cloud.mysql.disk_gib) == (wanted.get("spec", "2C4G"), int(wanted.get("diskGib", "100")))
        assert kept(cloud)

    run_virtually(play())


def test_a_single_one_gets_a_standby() -> None:
    async def story(cloud: Cloud) -> None:
        with_a_second_node(cloud)
        assert (order := await upgraded(cloud, STANDBY)).status == "3", order.problem
        assert (cloud.mysql.kind, cloud.mysql.prod_id, cloud.mysql.primary, cloud.mysql.in_sync) == (
            "pair",
            10001101,
            "m1-1",
            True,
        )
        assert kept(cloud) and cloud.fake.there["m1-2"].log == cloud.fake.there["m1-1"].log

    lives(story, "single")


@pytest.mark.parametrize("how", ["no room", "no power"])
def test_a_standby_that_cannot_be_made_leaves_a_single_one(how: str) -> None:
    async def story(cloud: Cloud) -> None:
        with_a_second_node(cloud)
        if how == "no power":
            cloud.store.put(FAULTS, power_fault("m1-2"))
        cloud.fake.fail["reseed"] = "no room"
        order = await upgraded(cloud, STANDBY)
        assert order.status == "5" and (how == "no power" or "no room" in order.problem)
        assert [node.name for node in cloud.store.find(MYSQL_NODES)] == ["db-1"] and list(cloud.fake.there) == ["m1-1"]
        assert (cloud.mysql.kind, cloud.mysql.prod_id, cloud.mysql.running_status) == ("single", 10001103, 0)
        assert kept(cloud)

    lives(story, "single")


@pytest.mark.parametrize(("call", "wanted"), [("size_node", LARGER), ("size_node", DISK), ("shut_down_node", DISK)])
def test_one_that_fails_leaves_the_instance_as_it_was(call: str, wanted: dict[str, str]) -> None:
    async def story(cloud: Cloud) -> None:
        cloud.fake.fail[call] = "Docker is silent"
        order = await upgraded(cloud, wanted)
        assert order.status == "5" and "Docker is silent" in order.problem
        assert (cloud.mysql.spec, cloud.mysql.disk_gib, cloud.mysql.running_status) == ("2C4G", 100, 0)
        cloud.fake.fail.clear()
        await asyncio.sleep(30)  # virtual: the controller brings back what was down
        assert cloud.mysql.in_sync and kept(cloud)

    lives(story)


def test_without_power_nothing_is_begun() -> None:
    async def story(cloud: Cloud) -> None:
        cloud.store.put(FAULTS, power_fault("m1-2"))
        assert (await upgraded(cloud, DISK)).status == "5"
        assert "shut_down_node" not in {did[0] for did in cloud.fake.journal}

    lives(story)
