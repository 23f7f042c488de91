"""Which stages there are, and which of them a command means."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from drlab.errors import UserError, WrongArguments
from drlab.folders import Folders
from drlab.stack_state import StackState, read_stack
from stacks.names import STAGE_NAMES


def stage_names() -> tuple[str, ...]:
    return tuple(STAGE_NAMES)


def check_stage(name: str, known: Sequence[str]) -> str:
    """Raises WrongArguments that names the stages that exist."""
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=1)
    guess = f" Did you mean {near[0]}?" if near else ""
    raise WrongArguments(f"There is no stage {name!r}.{guess} Stages: {', '.join(known)}.")


def chosen_stage(name: str | None, known: Sequence[str]) -> str:
    """The stage of this name. Raises WrongArguments."""
    if name is None:
        raise WrongArguments(f"Say which stage. Stages: {', '.join(known)}.")
    return check_stage(name, known)


def chosen_stages(name: str | None, every: bool, known: Sequence[str]) -> list[str]:
    """One stage by name, or all of them. Raises WrongArguments."""
    if every and name:
        raise WrongArguments(f"Say either a stage ({name}) or --all, not both.")
    if every:
        return list(known)
    if name is None:
        raise WrongArguments(f"Say which stage, or --all. Stages: {', '.join(known)}.")
    return [check_stage(name, known)]


def running_stage(folders: Folders, name: str | None) -> str:
    """One stage by name; left out, the one that is up, where it is the only one. Raises UserError."""
    known = stage_names()
    if name is not None:
        return check_stage(name, known)
    up = [stack.name for stack in read_stacks(folders, known) if stack.is_up]
    if not up:
        raise UserError(f"No stage is up. Stages: {', '.join(known)}.", f"./lab up {known[0]}")
    if len(up) > 1:
        raise WrongArguments(f"Say which stage: {' and '.join(up)} are up.")
    return up[0]


def read_stacks(folders: Folders, names: Sequence[str]) -> list[StackState]:
    return [read_stack(folders.stack_file(name), name) for name in names]
