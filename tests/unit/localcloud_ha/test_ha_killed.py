"""At every single action of a change of roles the local cloud is killed, or the candidate loses its power: nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from support.mysql_records import ADDRESS, MYSQL, ORDER, VPC, Cloud, power_fault
from support.virtual_time import run_virtually

from localcloud.engines.interface.engines import EngineError
from localcloud.records.compute import FAULTS
from localcloud.records.databases import MYSQLS, SWITCHES

MOST_ACTIONS = 200
CHANGING = ("cut_node_power", "stop_receiving", "apply_all", "forget_source", "set_semi_sync", "try_semi_sync", "end_follower",
            "open_writes", "close_writes", "follow", "move_database_address", "apply_networks", "reseed")  # fmt: skip


class Killed(BaseException):
    """The daemon is gone in the middle of something."""


def kill(cloud: Cloud) -> None:
    raise Killed


def take_power(cloud: Cloud) -> None:
    power_off(cloud, cloud.mysql.candidate)


def take_power_and_kill(cloud: Cloud) -> None:
    take_power(cloud)
    raise Killed


class Executioner:
    """Strikes before the `at`-th action: a call to the engine, or a record that is stored. Afterwards it lets everything pass."""

    def __init__(self, cloud: Cloud, at: int, strike: Callable[[Cloud], None] = kill) -> None:
        self.cloud, self.left, self.struck, self.strike = cloud, at, False, strike
        cloud.fake.on_call.update(dict.fromkeys(CHANGING, self.action))
        put = cloud.store.put

        def counted(kind: Any, record: Any) -> Any:
            self.action()
            return put(kind, record)

        cloud.store.put = counted  # type: ignore[method-assign]

    def action(self) -> None:
        if self.cloud.mysql.step and not self.struck:  # only what belongs to the change of roles
            self.left -= 1
            if self.left < 0:
                self.struck = True
                self.strike(self.cloud)


async def died(work: Awaitable[Any]) -> bool:
    """It was killed."""
    try:
        await work
    except Killed:
        return True
    except BaseExceptionGroup as group:
        assert group.subgroup(Killed), group
        return True
    return False


def power_off(cloud: Cloud, node_id: str) -> None:
    cloud.store.put(FAULTS, power_fault(node_id))
    cloud.fake.lose_power(node_id)


async def power_on(cloud: Cloud, node_id: str) -> None:
    if cloud.store.get(FAULTS, node_id):
        cloud.store.delete(FAULTS, node_id)
        await cloud.networks.change({VPC})


async def ready(cloud: Cloud) -> None:
    cloud.order()
    await cloud.databases.orders.build(ORDER)
    assert cloud.mysql.in_sync, cloud.mysql.verdict


async def writes(cloud: Cloud) -> None:
    number = 0
    while True:
        number += 1
        cloud.fake.write(ADDRESS, f"write {number}")
        assert len(cloud.fake.takers()) < 2, f"{cloud.fake.takers()} take writes"
        await asyncio.sleep(0.1)


async def watched(cloud: Cloud, roles: int, seconds: float = 60) -> None:
    """Until the instance is in its steady state again, after so many changes of roles."""
    watch = asyncio.create_task(cloud.databases.watch())
    async with asyncio.timeout(seconds):
        while not watch.done() and not (cloud.store.count(SWITCHES) >= roles and steady(cloud)):  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(0.5)
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch


def steady(cloud: Cloud) -> bool:
    return not cloud.mysql.step and cloud.mysql.in_sync and cloud.fake.takers() == [cloud.mysql.primary]


async def failover(cloud: Cloud) -> None:
    await cloud.fake.inside.kill_process(cloud.node("db-1").id, "mariadbd")
    await watched(cloud, 1)


async def isolation(cloud: Cloud) -> None:
    """It ends once the standby has its role."""
    old = cloud.node("db-1").id
    cloud.fake.isolated.add(old)
    watch = asyncio.create_task(watched(cloud, 1))
    while cloud.mysql.primary == old and not watch.done():  # noqa: ASYNC110 - virtual time
        await asyncio.sleep(0.5)
    cloud.fake.isolated.clear()
    await watch


async def switchover(cloud: Cloud) -> None:
    with suppress(EngineError):
        await cloud.databases.roles.switchover(MYSQL, cloud.node("db-2").id)
    await watched(cloud, 1)


async def run(cloud: Cloud, at: int, event: Callable[[Cloud], Awaitable[None]]) -> bool:
    """False when there was no `at`-th action."""
    await ready(cloud)
    executioner = Executioner(cloud, at)
    client = asyncio.create_task(writes(cloud))
    await asyncio.sleep(1)
    await died(event(cloud))
    cloud.restart()
    cloud.fake.isolated.clear()
    await cloud.networks.change({VPC})
    await watched(cloud, 1)
    await asyncio.sleep(1)
    assert not client.done() or client.result() is None
    client.cancel()
    with suppress(asyncio.CancelledError):
        await client
    return executioner.struck


def check(cloud: Cloud, at: int) -> None:
    mysql, fake = cloud.store.require(MYSQLS, MYSQL), cloud.fake
    assert not mysql.step, f"killed at {at}: still {mysql.step}: {mysql.verdict}"
    assert mysql.in_sync, f"killed at {at}: {mysql.verdict}"
    assert fake.takers() == [mysql.primary]
    assert fake.seats[ADDRESS] == mysql.primary
    there = set(fake.there[mysql.primary].log.items())
    assert [write for write in fake.acknowledged if write not in there] == [], f"killed at {at}"
    assert all(record.state != "running" for record in cloud.store.find(SWITCHES, mysql_id=MYSQL))


@pytest.mark.parametrize("event", [failover, isolation, switchover], ids=lambda event: str(event.__name__))
def test_killed_at_each_action(event: Callable[[Cloud], Awaitable[None]]) -> None:
    for at in range(MOST_ACTIONS):
        cloud = Cloud()
        struck = run_virtually(run(cloud, at, event))
        check(cloud, at)
        if not struck:
            assert at > 10, "a change of roles has more actions than that"
            return
    pytest.fail(f"a change of roles had more than {MOST_ACTIONS} actions")


# -- the candidate, too ------------------------------------------------------------------------------------------------
async def death(cloud: Cloud) -> None:
    power_off(cloud, cloud.node("db-1").id)
    await began(cloud)


async def handover(cloud: Cloud) -> None:
    with suppress(EngineError):
        await cloud.databases.roles.switchover(MYSQL, cloud.node("db-2").id)


async def began(cloud: Cloud) -> None:
    """Until the roles have changed, or have not."""
    watch = asyncio.create_task(cloud.databases.watch())
    async with asyncio.timeout(20):
        while not watch.done() and (cloud.mysql.step or not cloud.store.count(SWITCHES)):  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(0.5)
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch


async def lose_both(cloud: Cloud, at: int, strike: Callable[[Cloud], None], event: Callable[[Cloud], Awaitable[None]]) -> bool:
    """The old primary has power again first: it serves unless the candidate may have taken a write. False: no `at`-th action."""
    await ready(cloud)
    executioner = Executioner(cloud, at, strike)
    client = asyncio.create_task(writes(cloud))
    await asyncio.sleep(1)
    await died(event(cloud))
    cloud.restart()
    if executioner.struck:
        power_off(cloud, cloud.node("db-2").id)  # killed within a transaction, the local cloud forgets that there was a fault
    await power_on(cloud, cloud.node("db-1").id)
    watch = asyncio.create_task(cloud.databases.watch())
    if executioner.struck:
        await asyncio.sleep(15)
        waited_for = event is death and cloud.mysql.primary == cloud.node("db-2").id  # it may have writes that nobody else has
        assert cloud.fake.takers() == ([] if waited_for else [cloud.node("db-1").id]), f"at {at}: {cloud.mysql.verdict}"
        await power_on(cloud, cloud.node("db-2").id)
    async with asyncio.timeout(60):
        while not watch.done() and not steady(cloud):  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(0.5)
    assert not client.done() or client.result() is None
    for task in (client, watch):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return executioner.struck


@pytest.mark.parametrize("strike", [take_power, take_power_and_kill], ids=lambda strike: str(strike.__name__))
@pytest.mark.parametrize("event", [death, handover], ids=lambda event: str(event.__name__))
def test_the_candidate_loses_its_power_at_each_action(
    event: Callable[[Cloud], Awaitable[None]], strike: Callable[[Cloud], None]
) -> None:
    """Whoever may have taken a write last is the primary; the other one never takes any."""
    back = []
    for at in range(MOST_ACTIONS):
        cloud = Cloud()
        struck = run_virtually(lose_both(cloud, at, strike, event))
        check(cloud, at)
        if not struck:
            assert True in back, "it never went back to the old primary"
            return
        back.append(cloud.mysql.primary == cloud.node("db-1").id)
    pytest.fail(f"a change of roles had more than {MOST_ACTIONS} actions")
