"""What a stage will take of each limit: its parts, times what one part was seen to take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from drlab.limits.table import (
    CONNECTIONS,
    DISK,
    FILES,
    INSTANCES,
    LOOPS,
    MEMORY,
    NEIGHBOURS,
    OWN_FILES,
    TASKS,
    TERMINALS,
    WATCHES,
    Limit,
)
from drlab.previews import Planned
from drlab.stack_state import Resource
from stacks.sizes import BALANCER, DATA_DISK, DATABASE_NODE, ROUTER, SERVER

# Counted on a running `dual-active` and rounded up: the process that Docker keeps for each container is in it (11 threads, and
# two inotify instances with cgroup v2). A server counts as one with Apache and MariaDB, which a jump host has not.
_CONTAINER = {INSTANCES: 2, WATCHES: 2, TASKS: 12, FILES: 40, OWN_FILES: 4, MEMORY: 10, NEIGHBOURS: 4, DISK: 5}
_TAKES: Mapping[str, Mapping[Limit, int]] = {
    SERVER: {INSTANCES: 7, WATCHES: 25, TASKS: 40, FILES: 370, MEMORY: 100, DISK: 50, TERMINALS: 2, CONNECTIONS: 500},
    DATABASE_NODE: {TASKS: 25, FILES: 80, MEMORY: 80, DISK: 80, LOOPS: 1, CONNECTIONS: 200},
    BALANCER: {TASKS: 4, FILES: 50, MEMORY: 10, CONNECTIONS: 500},
    ROUTER: {INSTANCES: 1, WATCHES: 1, TASKS: 4, FILES: 20, MEMORY: 5},
}
_DISK_ALONE = {LOOPS: 1, DISK: 20}  # an empty ext4; nobody knows what will be written to it
# The agent, the local cloud, and the engine with its helpers while it runs.
FOUNDATION: Mapping[Limit, int] = {INSTANCES: 5, WATCHES: 20, TASKS: 120, FILES: 600, OWN_FILES: 100, MEMORY: 400, DISK: 100}


def needs(parts: Mapping[str, int]) -> dict[Limit, int]:
    """Of each limit; {} when nothing is to come."""
    if not any(parts.values()):
        return {}
    total: Counter[Limit] = Counter(FOUNDATION)
    for part, number in parts.items():
        one = Counter(_DISK_ALONE) if part == DATA_DISK else Counter(_CONTAINER) + Counter(_TAKES[part])
        total.update({limit: taken * number for limit, taken in one.items()})
    return dict(total)


def parts_of(resources: Iterable[Resource]) -> Counter[str]:
    """Of what a stack has already."""
    found: Counter[str] = Counter()
    for resource in resources:
        found.update(_parts(resource.type, resource.inputs))
    return found


def parts_planned(planned: Iterable[Planned]) -> Counter[str]:
    """Of what a preview would create. What is made anew takes the place of what goes before it."""
    found: Counter[str] = Counter()
    for step in planned:
        if step.op == "create":
            found.update(_parts(step.type, {"standbyZone": "?"}))
    return found


def _parts(kind: str, inputs: Mapping[str, object]) -> dict[str, int]:
    match kind:
        case "ctyun:ecs:Instance":
            disks = inputs.get("dataDisks")
            return {SERVER: 1, DATA_DISK: len(disks) if isinstance(disks, list) else 0}
        case "ctyun:ebs:Volume":
            return {DATA_DISK: 1}
        case "ctyun:rds:MysqlInstance":
            return {DATABASE_NODE: 2 if inputs.get("standbyZone") else 1}
        case "ctyun:elb:LoadBalancer":
            return {BALANCER: 2}
        case "ctyun:vpc:Vpc":
            return {ROUTER: 1}
    return {}
