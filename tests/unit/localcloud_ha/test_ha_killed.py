"""The local cloud is killed at every single deed of a change of roles, and started again: roles change, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from support.mysql_records import ADDRESS, MYSQL, ORDER, VPC, Cloud
from support.virtual_time import run_virtually

from localcloud.core.rds_records import MYSQLS, SWITCHES
from localcloud.engines.api import EngineError

MOST_DEEDS = 200
CHANGING = ("cut_node_power", "stop_receiving", "apply_all", "forget_source", "set_semi_sync", "open_writes", "close_writes",
            "follow", "move_database_address", "apply_networks", "reseed")  # fmt: skip


class Killed(BaseException):
    """The daemon is gone in the middle of something."""


class Executioner:
    """Raises before the `at`-th deed: a call to the engine, or a record that is stored. Afterwards it lets everything pass."""

    def __init__(self, cloud: Cloud, at: int) -> None:
        self.cloud, self.left, self.struck = cloud, at, False
        cloud.fake.on_call.update(dict.fromkeys(CHANGING, self.deed))
        put = cloud.store.put

        def counted(kind: Any, record: Any) -> Any:
            self.deed()
            return put(kind, record)

        cloud.store.put = counted  # type: ignore[method-assign]

    def deed(self) -> None:
        if self.cloud.mysql.step and not self.struck:  # only what belongs to the change of roles
            self.left -= 1
            if self.left < 0:
                self.struck = True
                raise Killed


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


async def ready(cloud: Cloud) -> None:
    cloud.order()
    await cloud.databases.build(ORDER)
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
    await cloud.fake.kill_node_process(cloud.node("db-1").id, "mariadbd")
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
        await cloud.databases.switchover(MYSQL, cloud.node("db-2").id)
    await watched(cloud, 1)


async def run(cloud: Cloud, at: int, event: Callable[[Cloud], Awaitable[None]]) -> bool:
    """False when there was no `at`-th deed."""
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
def test_killed_at_each_deed(event: Callable[[Cloud], Awaitable[None]]) -> None:
    for at in range(MOST_DEEDS):
        cloud = Cloud()
        struck = run_virtually(run(cloud, at, event))
        check(cloud, at)
        if not struck:
            assert at > 10, "a change of roles has more deeds than that"
            return
    pytest.fail(f"a change of roles had more than {MOST_DEEDS} deeds")
