"""The ledger: every write that a visitor was told is kept, and the primary that dies at random moments under it."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.drill import HEALED, Drill, DrillFailed, Watch, instant, wait_until

FAILOVER_SECONDS = 10.0  # as the visitor sees it
RETURN_SECONDS = 90.0  # for a primary that has power again to take writes
LOST, LOST_ALONE = "primary lost", "standby lost, then primary"
FIRM_SECONDS = 8.0  # so long nothing may be promoted that lacks acknowledged writes; a failover would be over by then


@dataclass(frozen=True)
class Round:
    """One death of a primary. `parts`: the seconds of the outage by what passed in them."""

    fault: str
    outage: float  # longest, as the visitor saw it
    acknowledged: int
    missing: int
    unchecked: int
    parts: Mapping[str, float] = field(default_factory=dict)


def primary_lost(drill: Drill, chance: random.Random) -> Round:
    """The primary dies while the standby has everything: the standby takes over by itself."""
    old = drill.node("primary")
    with drill.watched() as watch:
        time.sleep(chance.uniform(0, 2))  # at no moment in particular
        off = drill.power("off", old)
        wait_until(lambda: drill.node_or_none("primary") not in (None, old), 60, f"a node to take over from {old}")
        wait_until(lambda: watch.serves(time.time() - 2), 60, "the site to read and write again")
    change = drill.database()["switches"][-1]
    drill.power("on", old)
    wait_until(drill.in_step, HEALED, f"{old} to follow as the standby")
    return seen(LOST, watch, parts(off, change, watch))


def standby_lost_first(drill: Drill, chance: random.Random) -> Round:
    """The standby dies, the primary goes on alone and dies too: what comes back first must not be promoted."""
    old, standby = drill.node("primary"), drill.node("standby")
    with drill.watched() as watch:
        time.sleep(chance.uniform(0, 2))
        drill.power("off", standby)
        wait_until(lambda: not drill.database()["inSync"], 60, f"{standby} to be marked out of sync")
        alone = time.time()
        wait_until(lambda: watch.serves(alone), 60, f"{old} to go on alone")
        time.sleep(chance.uniform(0, 2))
        drill.power("off", old)
        drill.power("on", standby)
        stays_down(drill, standby)
        drill.power("on", old)
        wait_until(lambda: watch.serves(time.time() - 2), RETURN_SECONDS, f"{old} to take writes again")
    if drill.node("primary") != old:
        raise DrillFailed(f"{old} had the newest data and is not the primary: {drill.database()}")
    wait_until(drill.in_step, HEALED, f"{standby} to follow again")
    return seen(LOST_ALONE, watch, {})


def stays_down(drill: Drill, standby: str) -> None:
    """For the time of a failover and longer nothing is promoted, and the controller says why."""
    deadline = time.monotonic() + FIRM_SECONDS
    while time.monotonic() < deadline:
        status = drill.database()
        if any(node["name"] == standby and node["role"] == "primary" for node in status["nodes"]):
            raise DrillFailed(f"{standby} lacks acknowledged writes and was promoted: {status}")
        time.sleep(0.5)
    if "out of sync" not in status["verdict"]:
        raise DrillFailed(f"the controller does not say why nothing is promoted: {status['verdict']!r}")


def parts(off: Mapping[str, Any], change: Mapping[str, Any], watch: Watch) -> dict[str, float]:
    """Detect: until the controller acts. Decide: until the old primary is shut out. Switch: until the address has moved.
    Recover: until the visitor is served again."""
    began_with = change["steps"]
    marks = [instant(at) for at in (off["at"], change["begun"], began_with["apply"], began_with["mark"])]
    marks.append(max(instant(outage["end"]) for outage in watch.report["outages"]))
    names = ("detect", "decide", "switch", "recover")
    return {name: later - earlier for name, earlier, later in zip(names, marks, marks[1:], strict=False)}


def seen(fault: str, watch: Watch, split: Mapping[str, float]) -> Round:
    """What the visitor saw. Raises DrillFailed where an outage has no end."""
    report, writes = watch.report, watch.report["writes"]
    if report["rtoSeconds"] is None:
        raise DrillFailed(f"an outage has no end: {report['outages']}")
    return Round(fault, report["rtoSeconds"], writes["acknowledged"], len(writes["missing"]), len(writes["unchecked"]), split)


def rounds(drill: Drill, count: int, seed: int) -> list[Round]:
    """`count` deaths of the primary; in each fourth the standby is lost before. Each is told of when it is over."""
    chance, done = random.Random(seed), []  # noqa: S311 - moments, not secrets
    for number in range(count):
        done.append((standby_lost_first if number % 4 == 3 else primary_lost)(drill, chance))
        print(f"  {number + 1} of {count}: {told(done[-1])}", file=sys.stderr, flush=True)
    return done


def told(one: Round) -> str:
    """A round in a sentence."""
    lost = f"{one.missing} of {one.acknowledged} acknowledged writes lost"
    return f"{one.fault}: {one.outage:.1f} s outage, {lost}" + (f", {one.unchecked} unchecked" if one.unchecked else "")
