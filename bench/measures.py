"""What is measured. Each function makes the rows of one group, in a lab of its own."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from bench.bare import setup
from bench.earlier import earlier
from bench.faults import balancer, dual_active, failover
from bench.floor import Model, run_floor, study
from bench.lab import Lab, own_lab
from bench.ministack import beside
from bench.table import Row, ratio
from ctyun import Client
from drlab.processes import cpu_seconds, resident_mb, started_at
from stacks.names import STAGE_NAMES

STAGE = "single-host"
REGION = "华东1"
LOOPS = 150  # of create, two reads and delete: 600 calls, so that a clock tick of 10 ms is 2 % of the sum


def stage(rounds: int) -> list[Row]:
    """Up with everything warm but the cloud's servers, a second up, teardown, and the floor in the same round."""
    first, second, down, floor = [], [], [], []
    with own_lab() as lab:
        lab.run("up", STAGE)  # images and caches warm
        models = study_servers(lab)
        lab.run("down", STAGE)
        for _ in range(rounds):
            first.append(lab.run("up", STAGE))
            second.append(lab.run("up", STAGE))
            down.append(lab.run("down", STAGE))
            floor.append(run_floor(*models))
    up_row = Row(f"warm up of {STAGE}", "s", tuple(first), 10.0, "cloud running; to a site that answers")
    floor_row = Row("its floor", "s", tuple(floor), None, "same containers, seed and files by a plain script")
    return [
        up_row,
        floor_row,
        ratio("warm up over its floor", up_row, floor_row, 3.0),
        Row(f"second up of {STAGE}", "s", tuple(second), 5.0, "nothing to do"),
        Row(f"teardown of {STAGE}", "s", tuple(down), 10.0, "with its scan"),
    ]


def study_servers(lab: Lab) -> tuple[Model, Model]:
    """The jump host and the web server of the stage that is up."""
    state = json.loads((lab.state / f"pulumi/.pulumi/stacks/drlab/{STAGE}.json").read_text(encoding="utf-8"))
    found = {
        resource["urn"].rpartition("::")[2]: resource["outputs"]
        for resource in state["checkpoint"]["latest"]["resources"]
        if resource["type"] == "ctyun:ecs:Instance"
    }
    cloud = lab.record()["id"]

    def model(name: str, is_web: bool) -> Model:
        outputs = found[name]
        return study(f"drlab-{cloud}-{outputs['instanceId']}", name, outputs["privateAddress"], is_web=is_web)

    return model("jump-host", False), model("web-01", True)


def preview(rounds: int) -> list[Row]:
    """Of every stage, once with everything warm."""
    rows = []
    with own_lab() as lab:
        for name in STAGE_NAMES:
            lab.run("preview", name)
            seconds = tuple(lab.run("preview", name) for _ in range(rounds))
            rows.append(Row(f"preview of {name}", "s", seconds, 3.0, "no credentials, no network"))
    return rows


def cloud(rounds: int) -> list[Row]:
    """Start, memory and CPU time of the local cloud's process."""
    starts, ready, network, memory, per_call, rate = [], [], [], [], [], []
    with own_lab() as lab:
        for _ in range(rounds):
            starts.append(lab.run("cloud", "start"))
            pid = int(lab.record()["pid"])
            ready.append(startup_seconds(lab.state / "cloud.log", "is ready on"))
            network.append(startup_seconds(lab.state / "cloud.log", "has its network on"))
            milliseconds, calls = calls_one_by_one(lab.state, pid)
            per_call.append(milliseconds)
            rate.append(calls)
            memory.append(resident_mb(pid))
            lab.run("cloud", "stop")
    return [
        Row("cloud start, process", "s", tuple(ready), 1.0, "from its first instant to taking calls"),
        Row("cloud start, with network", "s", tuple(network), None, "from its first instant to agent and network"),
        Row("cloud start, command", "s", tuple(starts), None, "./lab cloud start, with set-up's look and the interpreter"),
        Row("cloud memory", "MB", tuple(memory), 120.0, "resident, after the calls", "MiniStack 66 MB"),
        Row("cloud CPU per VPC call", "ms", tuple(per_call), 0.7, f"{4 * LOOPS} signed calls: create, 2 reads, delete"),
        Row("calls through one client", "/s", tuple(rate), None, "the same calls, one after the other"),
    ]


def calls_one_by_one(state: Path, pid: int) -> tuple[float, float]:
    """Milliseconds of the server's CPU time per signed call, and calls a second, in which the client has its share."""

    async def calls() -> int:
        async with Client.local(state) as client:
            region = (await client.regions.resolve(REGION)).id
            for number in range(LOOPS):
                vpc = await client.vpcs.create(region, name=f"bench-{number}", cidr="10.9.0.0/16", client_token=uuid.uuid4().hex)
                await client.vpcs.get(region, vpc)
                await client.vpcs.get(region, vpc)
                await client.vpcs.delete(region, vpc)
        return 4 * LOOPS

    before, begin = cpu_seconds(pid), time.monotonic()
    count = asyncio.run(calls())
    return (cpu_seconds(pid) - before) * 1000 / count, count / (time.monotonic() - begin)


def startup_seconds(log: Path, words: str) -> float:
    """From the process's start to its line with these words, by its own clock; both stand in its log and its record."""
    begun = started_at(int(json.loads((log.parent / "cloud.json").read_text(encoding="utf-8"))["pid"]))
    if begun is None:
        raise RuntimeError("the local cloud ended before its start could be looked at")
    deadline = time.monotonic() + 5.0  # what was asked for its health may log it a moment later
    while True:
        lines = [text for text in log.read_text(encoding="utf-8").splitlines() if words in text]
        seconds = datetime.strptime(lines[-1][:23], "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp() - begun if lines else -1.0
        if seconds > 0:  # else it is the line of a start before
            return seconds
        if time.monotonic() > deadline:
            raise RuntimeError(f"the local cloud's log has no line with {words!r}")
        time.sleep(0.01)


GROUPS: Mapping[str, Callable[[int], list[Row]]] = {
    "stage": stage,
    "dual-active": dual_active,
    "preview": preview,
    "earlier": earlier,
    "cloud": cloud,
    "ministack": beside,
    "failover": failover,
    "balancer": balancer,
    "setup": setup,
}
LONG = ("setup",)  # measured when asked for by name: it takes ten minutes and more
