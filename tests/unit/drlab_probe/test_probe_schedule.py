"""Sends are made when they are due, whatever the site does; a plan is bounded."""

from __future__ import annotations

import asyncio
import time

import pytest
from support.probe_scenario import MemoryLedger, ScriptedSite
from support.virtual_time import run_virtually

from drlab.errors import UserError
from drlab.probe.journal import READ, Answer, Journal
from drlab.probe.schedule import MAX_SENDS, Plan, schedule
from drlab.probe.sender import Prober
from drlab.probe.transport import Request


async def quick(request: Request) -> Answer:
    return Answer(200, "web-01", "AZ1", "db", from_site=True)


def test_reads_and_writes_take_turns_evenly() -> None:
    dues = list(schedule(Plan(rate=2, writes=True, seconds=1.5)))
    assert [(due.kind, due.at) for due in dues] == [
        ("read", 0), ("write", 0.25), ("read", 0.5), ("write", 0.75), ("read", 1.0), ("write", 1.25)
    ]  # fmt: skip


def test_a_schedule_without_an_end_is_bounded() -> None:
    assert sum(1 for _ in schedule(Plan(rate=20))) == MAX_SENDS


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        ({"rate": 0.0}, "the rate is 0 a second; it can be more than 0 and at most 20"),
        ({"rate": 50.0, "seconds": -1.0}, "at most 20; the run is to last -1 s; it must last longer than 0"),
        ({"rate": 20.0, "seconds": 1e6}, "are more than 100000 sends"),
        ({"seconds": float("nan")}, "the run is to last nan s"),
    ],
)
def test_a_plan_out_of_bounds_is_refused(plan: dict[str, float], problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        Plan(**plan)  # type: ignore[arg-type]


def test_a_silent_site_delays_no_send() -> None:
    prober = Prober(Plan(rate=10, seconds=5), ScriptedSite([(0, ["silent"])]))
    journal = run_virtually(prober.run(asyncio.Event()))
    assert [send.sent for send in journal.sends] == pytest.approx([number / 10 for number in range(50)])
    assert [send.latency for send in journal.sends] == pytest.approx([2.5] * 50)


@pytest.mark.timing
def test_sends_are_on_time_in_real_time() -> None:
    journal = asyncio.run(Prober(Plan(rate=20, seconds=1), quick).run(asyncio.Event()))
    late = sorted(send.sent - send.due for send in journal.sends)
    assert len(late) == 20 and late[0] >= -0.002
    assert late[10] < 0.05, f"half of the sends were later than 50 ms: {late}"


def test_a_prober_that_was_held_up_makes_no_burst_and_blames_nobody() -> None:
    async def run() -> Journal:
        prober = Prober(Plan(rate=20, seconds=2.5), quick)
        running = asyncio.create_task(prober.run(asyncio.Event()))
        await asyncio.sleep(0.2)
        time.sleep(1.5)  # noqa: ASYNC251 - the whole process stands still
        return await running

    journal = asyncio.run(run())
    assert 5 <= journal.skipped <= 20 and len(journal.sends) + journal.skipped == 50
    assert all(send.good for send in journal.sends)


def test_an_answer_that_a_standstill_of_the_prober_has_covered_is_no_silence_of_the_site() -> None:
    """The deadline passes while nobody listens: that the site was silent is not known."""

    async def stands_still(request: Request) -> Answer:
        asyncio.get_running_loop().call_soon(time.sleep, 1.5)
        await asyncio.sleep(0.01)
        return await quick(request)

    journal = asyncio.run(Prober(Plan(rate=1, seconds=0.5, deadline=0.2), stands_still).run(asyncio.Event()))
    assert journal.skipped == 1 and [send.answer for send in journal.sends] == [None]


def test_a_stop_waits_for_what_is_under_way() -> None:
    async def run() -> Journal:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(1.05, stop.set)
        return await Prober(Plan(rate=10), ScriptedSite([(0, ["slow", "0.5", "web-01", "AZ1"])])).run(stop)

    journal = run_virtually(run())
    assert len(journal.sends) == 11 and all(send.good and send.kind == READ for send in journal.sends)


def test_a_ledger_that_cannot_be_kept_ends_the_run_with_a_sentence() -> None:
    class FullDisk(MemoryLedger):
        async def acknowledge(self, entry: object) -> None:
            raise OSError(28, "No space left on device")

    prober = Prober(Plan(writes=True), ScriptedSite([(0, ["web-01", "AZ1"])]), FullDisk())
    with pytest.raises(UserError, match=r"journal of this run cannot be kept: .* No space left"):
        run_virtually(prober.run(asyncio.Event()))
