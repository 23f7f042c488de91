"""When something is due, and what need not be kept any longer: pure functions of policies and times (Unix seconds).

Hours and days are China's, as in the cloud's console.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
DAY_SECONDS = 24 * 3600.0
LONGEST_NAME = 63
WEEKDAYS, HOURS = range(7), range(24)  # 0 is Sunday


@dataclass(frozen=True)
class Schedule:
    """On the hour, at some hours of some days.

    `weekdays`: 0 is Sunday; none given: every `every_days`th day, counted from the day of `start`.
    """

    hours: tuple[int, ...]
    weekdays: tuple[int, ...] = ()
    every_days: int = 1
    start: float = 0.0


@dataclass(frozen=True)
class Retention:
    """What is kept: the newest `count`, or what is not older than `days`; 0 stands for "no limit".

    `merges`: a chain of incremental copies never ends, so its oldest ones are merged instead of being kept for the others.
    """

    count: int = 0
    days: int = 0
    merges: bool = False


@dataclass(frozen=True)
class Copy:
    """A copy that was made. `base`: the one that it needs, "" for a full one."""

    id: str
    made: float
    base: str = ""


def due(schedule: Schedule, after: float, now: float) -> tuple[float, ...]:
    """All instants of a schedule later than `after` and not later than `now`, oldest first."""
    if now <= after or not schedule.hours:
        return ()
    day, last = _midnight(after), _midnight(now)
    found: list[float] = []
    while day <= last:
        if _is_day_of(schedule, day):
            instants = (day.replace(hour=hour).timestamp() for hour in sorted(set(schedule.hours)))
            found += [instant for instant in instants if after < instant <= now]
        day += timedelta(days=1)
    return tuple(found)


def _is_day_of(schedule: Schedule, day: datetime) -> bool:
    if schedule.weekdays:
        return day.isoweekday() % 7 in schedule.weekdays
    return (day - _midnight(schedule.start)).days % max(schedule.every_days, 1) == 0


def _midnight(instant: float) -> datetime:
    return datetime.fromtimestamp(instant, CHINA).replace(hour=0, minute=0, second=0, microsecond=0)


def run_name(policy_name: str, now: float) -> str:
    """What a policy calls what a run makes: "daily" -> "daily-20260122-173015"."""
    moment = datetime.fromtimestamp(now, CHINA).strftime("%Y%m%d-%H%M%S")
    return f"{policy_name[: LONGEST_NAME - len(moment) - 1]}-{moment}"


def full_is_due(since_full: int | None, interval: int) -> bool:
    """Whether the next copy is a full one.

    `since_full`: incremental ones since the last full one, None without any. `interval`: a full one after so many, -1 never.
    """
    return since_full is None or (interval >= 0 and since_full >= interval)


def expired(copies: Sequence[Copy], ours: Collection[str], retention: Retention, now: float) -> tuple[str, ...]:
    """Ids of those among `ours` that are not kept any longer, in the order in which they can be removed.

    `copies`: all that there are of one thing, whoever made them. A full copy, and every link of a chain, stays as long as a
    copy that needs it; with `merges` it does not, and the oldest go first.
    """
    own = sorted((copy for copy in copies if copy.id in ours), key=lambda copy: copy.made)
    over = {copy.id for copy in _over(own, retention, now)}
    if not retention.merges:
        over -= _needed((copy for copy in copies if copy.id not in over), copies)
    found = [copy.id for copy in own if copy.id in over]
    return tuple(found if retention.merges else reversed(found))


def _over(own: Sequence[Copy], retention: Retention, now: float) -> Sequence[Copy]:
    if retention.count:
        return own[: -retention.count]
    if retention.days:
        return [copy for copy in own if copy.made + retention.days * DAY_SECONDS <= now]
    return ()


def _needed(kept: Iterable[Copy], copies: Iterable[Copy]) -> set[str]:
    """All that these copies are built on."""
    bases = {copy.id: copy.base for copy in copies}
    needed: set[str] = set()
    for copy in kept:
        base = copy.base
        while base and base not in needed:
            needed.add(base)
            base = bases.get(base, "")
    return needed
