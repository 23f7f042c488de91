"""Policies' times and retention, as pure functions; the hospital's schedule among them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from localcloud.controllers.schedules.schedules import CHINA, Copy, Retention, Schedule, due, expired, full_is_due


def at(text: str) -> float:
    """at("2026-11-21 20:00") -> Unix seconds of that time in China; a Saturday."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp()


def told(instants: tuple[float, ...]) -> list[str]:
    return [datetime.fromtimestamp(instant, CHINA).strftime("%m-%d %H") for instant in instants]


@pytest.mark.parametrize(
    ("schedule", "after", "now", "instants"),
    [
        (Schedule((20,)), "2026-11-21 19:59", "2026-11-21 20:00", ["11-21 20"]),
        (Schedule((20,)), "2026-11-21 20:00", "2026-11-22 19:59", []),
        (Schedule((0, 12)), "2026-11-21 12:00", "2026-11-23 00:30", ["11-22 00", "11-22 12", "11-23 00"]),
        (Schedule((12, 0, 12)), "2026-11-21 12:00", "2026-11-22 12:00", ["11-22 00", "11-22 12"]),
        (Schedule((8,), weekdays=(0, 6)), "2026-11-20 09:00", "2026-11-28 09:00", ["11-21 08", "11-22 08", "11-28 08"]),
        (Schedule((8,), (), 3, at("2026-11-21 23:00")), "2026-11-21 23:00", "2026-11-28 00:00", ["11-24 08", "11-27 08"]),
        (Schedule(()), "2026-11-21 00:00", "2026-12-21 00:00", []),
        (Schedule((20,)), "2026-11-22 00:00", "2026-11-21 00:00", []),  # a clock never goes back, but a record may be odd
    ],
)  # fmt: skip
def test_what_is_due(schedule: Schedule, after: str, now: str, instants: list[str]) -> None:
    assert told(due(schedule, at(after), at(now))) == instants


@pytest.mark.parametrize(
    ("since_full", "interval", "full"),
    [(None, -1, True), (None, 6, True), (0, -1, False), (500, -1, False), (5, 6, False), (6, 6, True), (0, 0, True)],
)
def test_when_a_full_copy_is_due(since_full: int | None, interval: int, full: bool) -> None:
    assert full_is_due(since_full, interval) == full


def days(*bases: str) -> list[Copy]:
    """Copies "a", "b", ... of one day each after the other; bases as given."""
    return [Copy("abcdefghij"[day], day * 86400.0, base) for day, base in enumerate(bases)]


@pytest.mark.parametrize(
    ("copies", "retention", "now", "gone"),
    [
        (days("", "", ""), Retention(), 1000, ""),
        (days("", "", ""), Retention(count=2), 2, "a"),
        (days("", "", ""), Retention(count=5), 2, ""),
        (days("", "", ""), Retention(days=2), 3, "ba"),
        (days("", "a", "b"), Retention(count=1), 2, ""),  # the newest needs them all
        (days("", "a", "", "c"), Retention(count=2), 3, "ba"),  # a chain that is over goes as a whole, dependents first
        (days("", "a", "", "c"), Retention(count=3), 3, ""),  # and its full one not before its last incremental one
        (days("", "a", "b"), Retention(count=1, merges=True), 2, "ab"),  # of an endless chain the oldest are merged
    ],
)
def test_what_is_kept_no_longer(copies: list[Copy], retention: Retention, now: float, gone: str) -> None:
    assert "".join(expired(copies, [copy.id for copy in copies], retention, now * 86400)) == gone


def test_what_others_need_stays() -> None:
    copies = [*days("", ""), Copy("by-hand", 5 * 86400.0, "b")]
    assert expired(copies, ["a", "b"], Retention(days=1), 9 * 86400.0) == ("a",)


def test_the_hospitals_schedule() -> None:
    """Full on Saturday at 20:00, incremental on the six other days, kept a week: no chain is ever broken."""
    schedule, keep = Schedule((20,), tuple(range(7))), Retention(days=7)
    now = last = at("2026-11-21 19:00")  # a Saturday
    copies: list[Copy] = []
    fulls: list[str] = []
    for _hour in range(24 * 35):
        now += 3600
        for instant in due(schedule, last, now):
            since = next((number for number, copy in enumerate(reversed(copies)) if not copy.base), None)
            full = full_is_due(since, 6)
            copies.append(Copy(f"{instant}", instant, "" if full else copies[-1].id))
            fulls += [datetime.fromtimestamp(instant, CHINA).strftime("%a %H")] if full else []
            last = instant
        gone = expired(copies, [copy.id for copy in copies], keep, now)
        copies = [copy for copy in copies if copy.id not in gone]
        known = {copy.id for copy in copies}
        assert all(copy.base in {"", *known} for copy in copies)  # every copy can be restored at any time
        week_ago = now - timedelta(days=7).total_seconds()
        wanted = due(schedule, max(week_ago, at("2026-11-21 19:00")), now)
        assert known >= {f"{run}" for run in wanted}  # a week is kept
        assert len(copies) <= 14  # and never more than two chains
    assert fulls == ["Sat 20"] * 5


def test_the_same_without_periodic_full_copies_does_not_grow_without_end() -> None:
    keep, copies = Retention(days=7, merges=True), [Copy("0", 0.0)]
    for day in range(1, 60):
        copies.append(Copy(str(day), day * 86400.0, str(day - 1)))
        for gone in expired(copies, [copy.id for copy in copies], keep, day * 86400.0):
            copies = [replace(copy, base="") if copy.base == gone else copy for copy in copies if copy.id != gone]
        assert not copies[0].base and len(copies) <= 7
