"""What `./lab up` looks at before it changes anything: a preview. It refuses to lose data, and says what will be billed."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from drlab.engine_run import indented
from drlab.errors import UserError
from drlab.lab import Lab
from drlab.losses import losses, unsaid
from drlab.output import count
from drlab.previews import Preview, preview
from drlab.settings import Target, config_arguments
from drlab.stack_state import StackState, read_stack
from drlab.unchanged import is_unchanged

ALLOWED = "PULUMI_CTYUN_ALLOW_LOSS"  # what the provider reads: names of things that hold data and may go, one a line
BILLED = {
    "Instance": "server",
    "Eip": "EIP",
    "MysqlInstance": "database",
    "LoadBalancer": "load balancer",
    "BackupVault": "backup vault",
}  # kinds that CTyun bills by the hour


def look_ahead(lab: Lab, stage: str, settings: Mapping[str, str], target: Target) -> Preview | None:
    """What the update would do; None when it can harm nothing: the first one of a stage, or one after which all is as before.

    Raises UserError when the program, its settings or the state are such that nothing would be done at all.
    """
    stack = read_stack(lab.folders.stack_file(stage), stage)
    if target.is_local and (not stack.is_up or is_unchanged(lab.folders, stage, settings)):
        return None
    planned = preview(lab, stage, config_arguments(settings))
    if planned.failed:
        lines = [
            f"`pulumi preview` of {stage} found {planned.sentence()}, so nothing was changed:",
            *map(indented, planned.problems),
        ]
        raise UserError("\n".join(lines))
    if not target.is_local:
        new = billed(Counter(step.kind for step in planned.planned if step.op.startswith("create")))
        lab.out.step("billed", f"{new} to be made; everything of {stage} is billed until ./lab down {stage}")
    return planned


def refuse_loss(lab: Lab, stage: str, planned: Preview | None, given: Sequence[str], may_go: Sequence[str]) -> None:
    """Raises UserError when data would be lost that nobody has named: what, and how it is said. `planned` None: nothing goes."""
    if not planned and not may_go:  # nothing to tell: the second `up` reads no state for it
        return
    stack = read_stack(lab.folders.stack_file(stage), stage)
    found = losses(planned.planned, stack) if planned else []
    for name in sorted(set(may_go) - {loss.name for loss in found}):
        lab.out.warn(superfluous(name, stack))
    if not (refused := unsaid(found, may_go)):
        return
    lines = [f"Data would be lost, so nothing of {stage} was changed:", *(indented(loss.sentence()) for loss in refused)]
    settings = [part for setting in given for part in ("-c", setting)]
    allowed = [part for loss in found for part in ("--allow-loss", loss.name)]
    raise UserError(
        "\n".join(lines),
        f"keep a copy where you need one; then {shlex.join(['./lab', 'up', stage, *settings, *allowed])}",
    )


def superfluous(name: str, stack: StackState) -> str:
    """Of a name that was given with --allow-loss: nothing of it goes, or it is nobody's name."""
    names = sorted({resource.name for resource in stack.resources if resource.custom})
    if name in names or not names:
        return f"nothing of {name} would be lost; --allow-loss {name} was not needed"
    near = get_close_matches(name, names, n=1)
    return f"--allow-loss {name}: {stack.name} has nothing of that name{f'; did you mean {near[0]}?' if near else ''}"


def billed(kinds: Mapping[str, int]) -> str:
    parts = [count(kinds[kind], word) for kind, word in BILLED.items() if kinds.get(kind)]
    return ", ".join(parts) or "nothing"
