"""`./lab doctor`'s lines on limits that a sysctl sets; memory, disk and loop devices have lines of their own."""

from __future__ import annotations

from collections.abc import Mapping

from drlab.findings import Finding, Status
from drlab.limits.needs import needs
from drlab.limits.readings import Room
from drlab.limits.table import LIMITS, Limit
from stacks.sizes import parts


def limit_findings(rooms: Mapping[Limit, Room]) -> list[Finding]:
    """Pure. A limit is a limitation where the largest stage would not fit under it as it stands."""
    largest = needs(parts("dual-active", {}))
    return [_finding(rooms[limit], largest.get(limit, 0)) for limit in LIMITS if limit.sysctl and limit in rooms]


def _finding(room: Room, need: int) -> Finding:
    limit = room.limit
    status = Status.OK if need <= room.left(before_start=False) else Status.LIMITED
    note = f"the local cloud raises it to {room.raised} where it may; else {limit.to_do}" if room.is_low else ""
    if status == Status.LIMITED:
        note = f"dual-active needs {need}; {note or limit.to_do}"
    return Finding("limits", limit.name, status, f"{room.used} of {room.most} in use", note)
