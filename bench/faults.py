"""What faults cost on the stage `dual-active`, as a visitor sees it, and what the stage itself costs."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.drill import HEALED, STAGE, Drill, instant, wait_until
from bench.lab import Lab, own_lab
from bench.ledger import FAILOVER_SECONDS, LOST, Round, rounds, seen
from bench.table import Row, ratio
from ctyun import Client
from docker import APIClient
from drlab.output import count as counted
from drlab.processes import resident_mb

LEDGER_ROUNDS = 20  # deaths of a primary, whatever number of rounds is asked for
LOOKS_SECONDS = 2.0  # the three looks that the controller takes, a second apart: less than that it cannot need
HAPROXY_SECONDS = 6.0  # HAProxy's own defaults: a check each 2 s, down after 3
SWITCHOVER_SECONDS = 3.0
PLANNED = "planned switchover"
CLOUDS_UP = "a database alone takes minutes in clouds"
CLOUDS_FAILOVER = "GitHub 10 to 13 s, Alibaba <= 30 s, AWS <= 35 s"
REGION = "华东1"


def dual_active(count: int) -> list[Row]:
    """Up with everything warm but the cloud's servers, a second up, memory, teardown."""
    first, second, down, memory = [], [], [], []
    with own_lab() as lab:
        lab.run("cloud", "start")
        for _ in range(count):
            first.append(lab.run("up", STAGE))
            second.append(lab.run("up", STAGE))
            memory.append(memory_mb(lab))
            down.append(lab.run("down", STAGE))
    return [
        Row(f"warm up of {STAGE}", "s", tuple(first), 25.0, "cloud running; to a site that answers", CLOUDS_UP),
        Row(f"second up of {STAGE}", "s", tuple(second), 5.0, "nothing to do"),
        Row(f"memory of {STAGE}", "MB", tuple(memory), 1500.0, "resident, all processes of all containers, and the cloud"),
        Row(f"teardown of {STAGE}", "s", tuple(down), 10.0, "with its scan"),
    ]


def memory_mb(lab: Lab) -> float:
    """Of all processes in the cloud's containers and of the cloud itself; pages that several share count for each."""
    docker, record = APIClient(), lab.record()
    found = docker.containers(filters={"label": f"drlab.cloud={record['id']}"})
    pids = {int(line[1]) for one in found for line in docker.top(one["Id"])["Processes"]}
    return sum(resident_mb(pid) for pid in pids | {int(record["pid"])})


def failover(count: int) -> list[Row]:
    """The ledger at its full length, and planned switchovers."""
    with standing() as lab:
        drill = Drill(lab)
        done = rounds(drill, max(count, LEDGER_ROUNDS), seed=random.SystemRandom().randrange(1 << 32))
        planned = [switchover(drill) for _ in range(count)]
    lost = [one for one in done if one.fault == LOST]
    detect = split(lost, "detect")
    floor = Row("floor of detection", "s", tuple(LOOKS_SECONDS for _ in lost), None, "from the first of three looks to the last")
    peer = Row("HAProxy's detection", "s", tuple(HAPROXY_SECONDS for _ in lost), None, "its defaults: 2 s, three times")
    note = "longest, as the visitor saw it"
    return [
        Row("primary lost, outage", "s", outages(lost), FAILOVER_SECONDS, note, CLOUDS_FAILOVER, every=True),
        detect,
        floor,
        ratio("detection over floor", detect, floor, 1.5),
        ratio("detection over HAProxy's", detect, peer, 1.0),
        *(split(lost, name) for name in ("decide", "switch", "recover")),
        *kept(done, "failover"),
        Row(
            "planned switchover",
            "s",
            outages(planned),
            SWITCHOVER_SECONDS,
            "without writes, as the visitor saw it",
            "5 s",
            every=True,
        ),
        *kept(planned, "planned switchover"),
    ]


def outages(rounds: list[Round]) -> tuple[float, ...]:
    return tuple(one.outage for one in rounds)


def kept(rounds: list[Round], what: str) -> list[Row]:
    """What became of the writes that the visitor was told are kept; one that could not be asked for proves nothing."""
    note = f"of {sum(one.acknowledged for one in rounds)} in {counted(len(rounds), what)}"
    lost, unchecked = (
        tuple(map(float, values)) for values in zip(*((one.missing, one.unchecked) for one in rounds), strict=True)
    )
    return [
        Row("acknowledged writes lost", "", lost, 0.0, note, every=True),
        Row("acknowledged writes unchecked", "", unchecked, 0.0, "whether the site has them it did not say", every=True),
    ]


def split(lost: list[Round], part: str) -> Row:
    return Row(f"  {part}", "s", tuple(one.parts[part] for one in lost))


def switchover(drill: Drill) -> Round:
    """A planned change of roles."""
    wait_until(drill.in_step, HEALED, "primary and standby to be in step")
    with drill.watched() as watch:
        drill.lab.run("db", "switchover", STAGE)
        begin = time.time()
        wait_until(lambda: watch.serves(begin), 60, "the site to read and write again")
    return seen(PLANNED, watch, {})


def balancer(count: int) -> list[Row]:
    """A web server that falls silent: until the last visitor was sent to it in vain."""
    with standing() as lab:
        drill, limit = Drill(lab), noticed_at_the_latest(lab)
        silences = [silent_server(drill, "web-02") for _ in range(count)]
    note = "from the power cut to the last request that failed"
    return [
        Row(
            "silent web server", "s", tuple(silences), limit + 0.5, note, f"HAProxy's defaults {HAPROXY_SECONDS:g} s", every=True
        ),
        Row("the health check's limit", "s", (limit,), None, "interval x retries + timeout"),
    ]


def silent_server(drill: Drill, name: str) -> float:
    with drill.watched() as watch:
        at = instant(drill.power("off", name)["at"])
        wait_until(lambda: time.time() > at + 2 * HAPROXY_SECONDS and watch.serves(time.time() - 2), 60, f"{name} to be out")
        drill.power("on", name)
        wait_until(lambda: answers(watch.sends(time.time() - 3), name), 60, f"{name} to be back in")
    return max((instant(send["time"]) - at for send in watch.sends() if not send["good"]), default=0.0)


def answers(sends: list[dict[str, object]], name: str) -> bool:
    return any(send["good"] and send["server"] == name for send in sends)


def noticed_at_the_latest(lab: Lab) -> float:
    """By the stage's own health check: seconds."""

    async def ask() -> float:
        async with Client.local(lab.state) as client:
            [check] = await client.health_checks.list((await client.regions.resolve(REGION)).id)
            return float(check.interval * check.max_retry + check.timeout)

    return asyncio.run(ask())


@contextmanager
def standing() -> Iterator[Lab]:
    """A lab in which the stage is up."""
    with own_lab() as lab:
        lab.run("up", STAGE)
        yield lab
