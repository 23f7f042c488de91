"""What is measured. Each function makes the rows of one group, in a lab of its own."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from bench.faults import balancer, dual_active, failover
from bench.floor import Model, run_floor, study
from bench.lab import Lab, own_lab
from bench.table import Row, ratio
from ctyun import Client
from drlab.processes import cpu_seconds, resident_mib, started_at

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
    up_row = Row("warm up", "s", tuple(first), 10.0, "cloud running; to a site that answers")
    floor_row = Row("floor of up", "s", tuple(floor), None, "same containers, seed and files by a plain script")
    return [
        up_row,
        floor_row,
        ratio("warm up over floor", up_row, floor_row, 3.0),
        Row("second up, nothing to do", "s", tuple(second), 5.0),
        Row("teardown with its scan", "s", tuple(down), 10.0),
    ]


def study_servers(lab: Lab) -> tuple[Model, Model]:
    """The jump host and the web server of the stage that is up."""
    state = json.loads((lab.state / f"pulumi/.pulumi/stacks/drlab/{STAGE}.json").read_text())
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
    with own_lab() as lab:
        lab.run("preview", STAGE)
        return [Row("preview", "s", tuple(lab.run("preview", STAGE) for _ in range(rounds)), 3.0, "no credentials, no network")]


def cloud(rounds: int) -> list[Row]:
    """Start, memory and CPU time of the local cloud's process."""
    starts, ready, memory, per_call = [], [], [], []
    with own_lab() as lab:
        for _ in range(rounds):
            starts.append(lab.run("cloud", "start"))
            pid = int(lab.record()["pid"])
            ready.append(startup_seconds(lab.state / "cloud.log"))
            per_call.append(cpu_per_call(lab.state, pid))
            memory.append(resident_mib(pid))
            lab.run("cloud", "stop")
    return [
        Row("cloud start, process", "s", tuple(ready), 1.0, "its own log: first line to ready, agent container included"),
        Row("cloud start, command", "s", tuple(starts), None, "./lab cloud start, with set-up's look and the interpreter"),
        Row("cloud memory", "MiB", tuple(memory), 120.0, "resident, after the calls"),
        Row("cloud CPU per VPC call", "ms", tuple(per_call), 0.7, f"{4 * LOOPS} signed calls: create, 2 reads, delete"),
    ]


def cpu_per_call(state: Path, pid: int) -> float:
    """Milliseconds of the server's CPU time per signed call; the client's own speed does not matter."""

    async def calls() -> int:
        async with Client.local(state) as client:
            region = (await client.regions.resolve(REGION)).id
            for number in range(LOOPS):
                vpc = await client.vpcs.create(region, name=f"bench-{number}", cidr="10.9.0.0/16", client_token=uuid.uuid4().hex)
                await client.vpcs.get(region, vpc)
                await client.vpcs.get(region, vpc)
                await client.vpcs.delete(region, vpc)
        return 4 * LOOPS

    before = cpu_seconds(pid)
    count = asyncio.run(calls())
    return (cpu_seconds(pid) - before) * 1000 / count


def startup_seconds(log: Path) -> float:
    """From the process's start to its line `is ready`, by the process's own clock; both stand in its log and its record."""
    line = [text for text in log.read_text().splitlines() if "is ready on" in text][-1]
    at = datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp()
    begun = started_at(int(json.loads((log.parent / "cloud.json").read_text())["pid"]))
    if begun is None:
        raise RuntimeError("the local cloud ended before its start could be looked at")
    return at - begun


GROUPS: Mapping[str, Callable[[int], list[Row]]] = {
    "stage": stage,
    "dual-active": dual_active,
    "preview": preview,
    "cloud": cloud,
    "failover": failover,
    "balancer": balancer,
}
