"""The cloud's clock and the scheduler that goes by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from localcloud.controllers.schedules.clock import Clock
from localcloud.controllers.schedules.schedules import Schedule
from localcloud.controllers.schedules.watch import Plan, Scheduler
from localcloud.records.store import Store


def test_the_clock_goes_forward_and_outlives_the_daemon(start: Callable[[], Any]) -> None:
    api = start()
    before = api.local("GET", "/clock")
    assert before["offset"] == 0
    after = api.local("POST", "/clock", {"advanceSeconds": 86400})
    passed = datetime.fromisoformat(after["now"]) - datetime.fromisoformat(before["now"])
    assert 86400 <= passed.total_seconds() < 86460 and after["offset"] == 86400
    assert start().local("GET", "/clock")["offset"] == 86400


@pytest.mark.parametrize("seconds", [-1, 0, 1 << 40])
def test_the_clock_never_goes_back(api: Any, seconds: int) -> None:
    refusal = api.local("POST", "/clock", {"advanceSeconds": seconds}, status=400)["error"]
    assert "advanceSeconds" in refusal or "forward" in refusal
    assert api.local("GET", "/clock")["offset"] == 0


class Owner:
    """Policies in memory. `broken`: those whose run fails."""

    def __init__(self, *plans: Plan) -> None:
        self._plans = {plan.id: plan for plan in plans}
        self.begun: list[str] = []
        self.looks = 0
        self.ran = asyncio.Event()
        self.broken: set[str] = set()

    def plans(self) -> list[Plan]:
        return list(self._plans.values())

    def begin(self, plan_id: str, at: float) -> None:
        if plan_id in self.broken:
            raise RuntimeError(plan_id)
        self._plans[plan_id] = replace(self._plans[plan_id], last=at)
        self.begun.append(plan_id)
        self.ran.set()

    def expire(self, now: float) -> None:
        self.looks += 1


@pytest.fixture
def clock() -> Clock:
    return Clock(Store(None, ()))


def test_a_policy_runs_once_for_all_that_was_missed(clock: Clock) -> None:
    hourly = Schedule(tuple(range(24)))
    owner = Owner(Plan("a", "hourly", hourly, clock.now()))
    scheduler = Scheduler(clock, owner)
    scheduler.look()
    assert owner.begun == []
    clock.advance(5 * 3600)
    scheduler.look()
    scheduler.look()
    assert owner.begun == ["a"] and owner.looks == 3
    clock.advance(3600)
    scheduler.look()
    assert owner.begun == ["a", "a"]


def test_an_owners_fault_keeps_nobody_else_from_running(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    plan = Plan("a", "daily", Schedule((0,)), clock.now())
    broken, fine = Owner(plan), Owner(plan)
    broken.broken.add("a")
    clock.advance(86400)
    Scheduler(clock, broken, fine).look()
    assert (broken.begun, fine.begun) == ([], ["a"])
    assert "policy daily (a) was not run" in caplog.text


def test_a_policys_fault_keeps_no_other_policy_from_running_and_no_copy_from_expiring(clock: Clock) -> None:
    owner = Owner(*(Plan(id_, "daily", Schedule((0,)), clock.now()) for id_ in "abc"))
    owner.broken.add("a")
    clock.advance(86400)
    Scheduler(clock, owner).look()
    assert (owner.begun, owner.looks) == (["b", "c"], 1)


def test_moving_the_clock_wakes_the_watch(clock: Clock) -> None:
    owner = Owner(Plan("a", "daily", Schedule((0,)), clock.now()))

    async def scenario() -> None:
        watch = asyncio.create_task(Scheduler(clock, owner).watch())
        await asyncio.sleep(0)
        clock.advance(86400)
        await asyncio.wait_for(owner.ran.wait(), 30)
        watch.cancel()
        await asyncio.wait([watch])

    asyncio.run(scenario())


def test_a_store_on_disk_keeps_fractions(tmp_path: Path) -> None:
    store = Store(tmp_path / "clock.sqlite", ())
    Clock(store).advance(0.5)
    assert Clock(store).offset == 0.5
    store.close()
