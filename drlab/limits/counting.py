"""`./lab up` counts before it starts: what is to come against what is left, all that does not fit at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drlab.cloud import CloudState
from drlab.engine_run import indented
from drlab.errors import UserError
from drlab.lab import Lab
from drlab.limits.needs import needs, parts_of, parts_planned
from drlab.limits.readings import Room, read_rooms
from drlab.limits.table import LIMITS, Limit
from drlab.previews import Preview
from drlab.setup.docker_host import look_at_docker
from drlab.stack_state import StackState
from stacks.sizes import parts


def parts_to_come(
    stack: StackState, others: list[StackState], planned: Preview | None, config: Mapping[str, Any], state: CloudState
) -> Counter[str]:
    """What will run after `up` and does not yet.

    `planned`: None for the first update of a stage, which makes all of it, and for one that changes nothing. A local cloud that
    was stopped boots the servers of all stacks again; those of one that ended unexpectedly still run.
    """
    to_come: Counter[str] = Counter()
    if planned is not None:
        to_come.update(parts_planned(planned.planned))
    elif not stack.is_up:
        to_come.update(parts(stack.name, config))
    if state == CloudState.STOPPED:
        for one in (stack, *others):
            if one.target == "local":
                to_come.update(parts_of(one.resources))
    return to_come


def shortages(wanted: Mapping[Limit, int], rooms: Mapping[Limit, Room], before_start: bool) -> list[str]:
    """A sentence for each limit that does not suffice.

    `before_start`: the local cloud will raise what it may first. After its start only what it could not raise is looked at:
    all else was counted before, and the cloud itself has taken its part of it by now.
    """
    found = []
    for limit in LIMITS:
        room, need = rooms.get(limit), wanted.get(limit, 0)
        if room is None or (not before_start and not room.is_low) or need <= (left := room.left(before_start)):
            continue
        of = f" of {room.used + left}" if room.used else ""
        found.append(f"{limit.name}: needs {need}, {max(left, 0)}{of} are left ({limit.to_do})")
    return found


def check_room(lab: Lab, stage: str, to_come: Mapping[str, int], before_start: bool) -> None:
    """Raises UserError that says what is lacking for the stage; nothing has been made by then."""
    wanted = needs(to_come)
    if not wanted:
        return
    docker = str(look_at_docker().info.get("DockerRootDir", "/"))
    if found := shortages(wanted, read_rooms([lab.folders.state, Path(docker)]), before_start):
        lines = [f"This machine has no room for {stage}, so nothing of it was made:", *map(indented, found)]
        raise UserError("\n".join(lines), "./lab doctor shows the limits; ./lab down STAGE frees what another stage takes")
