"""A VPC's queue: whoever asks, one change at a time, the newest last, and one change for all who wait."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from support.mysql_records import REGION, SUBNET, VPC, store_order

from localcloud.controllers.networks.networks import Networks
from localcloud.engines.interface.errors import EngineError
from localcloud.engines.naming import Naming
from localcloud.engines.network.network import Networks as Engine
from localcloud.records.compute import ALL_KINDS, SUBNETS, VPCS, Subnet, Vpc
from localcloud.records.store import Store


class Router:
    """The agent and Docker of one router; a change ends when the test lets it."""

    def __init__(self) -> None:
        self.changes: list[int] = []  # NICs in each change, in order
        self.at_once = self.most_at_once = 0
        self.fails, self.begun, self.go_on = False, asyncio.Event(), asyncio.Event()

    async def inspect(self, name: str) -> dict[str, Any]:
        return {"Id": "router", "State": {"Running": True, "Pid": 1}}

    async def ask(self, op: str, **given: Any) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.set()
        await self.go_on.wait()
        self.at_once -= 1
        if self.fails:
            raise EngineError("the agent does not answer")
        self.changes.append(len(given["ports"]))


def cloud(router: Router) -> tuple[Store, Networks]:
    """A VPC without anything in it, and the two floors that apply its network."""
    store, context = Store(None, ALL_KINDS), SimpleNamespace(docker=router, ask=router.ask, naming=Naming("abc123"))
    store.put(VPCS, Vpc(VPC, REGION.id, "net", "192.168.0.0/16", "", "0", 0.0))
    store.put(SUBNETS, Subnet(SUBNET, REGION.id, VPC, "sub", "192.168.1.0/24", "192.168.1.1", "", (), 0.0, 0.0))
    engine: Any = Engine(context)  # type: ignore[arg-type]
    return store, Networks(store, engine)


async def six_changes(router: Router, store: Store, networks: Networks) -> list[BaseException | None]:
    """A MySQL node more each time, all asked for while the first change is still under way."""
    asked = []
    for number in range(6):
        store_order(store, "single", f"order-{number}", id=f"m-{number}")
        asked.append(asyncio.create_task(networks.change({VPC})))
        await asyncio.sleep(0)
    await router.begun.wait()
    router.go_on.set()
    return await asyncio.gather(*asked, return_exceptions=True)


def test_one_change_at_a_time_and_the_newest_for_all_who_wait() -> None:
    router = Router()
    store, networks = cloud(router)
    assert asyncio.run(six_changes(router, store, networks)) == [None] * 6
    assert (router.changes, router.most_at_once) == ([1, 6], 1)
    assert store.dirty() == []


def test_what_failed_is_told_to_all_who_asked_and_stays_to_be_applied() -> None:
    router = Router()
    store, networks = cloud(router)
    router.fails = True
    failures = asyncio.run(six_changes(router, store, networks))
    assert [str(failure) for failure in failures] == ["the agent does not answer"] * 6
    assert (router.most_at_once, store.dirty()) == (1, [VPC])
    router.fails = False
    asyncio.run(networks.apply({VPC}))
    assert (router.changes, store.dirty()) == ([6], [])


def test_a_change_that_was_applied_is_not_applied_again() -> None:
    router = Router()
    store, networks = cloud(router)
    asyncio.run(six_changes(router, store, networks))
    asyncio.run(networks.apply({VPC}))
    assert router.changes == [1, 6]
