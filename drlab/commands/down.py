"""`./lab down`."""

from __future__ import annotations

from typing import Annotated

import typer

from drlab.commands.options import Json, Stage, Verbose
from drlab.commands.prepare import exclusive, set_up
from drlab.lab import Lab
from drlab.setup import Needs
from drlab.stages import chosen_stages, read_stacks, stage_names
from drlab.take_down import take_down


def down(
    stage: Stage = None,
    every: Annotated[bool, typer.Option("--all", help="All stages; the local cloud is stopped too.")] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Destroy a stage, then prove that nothing is left (exit status 1 when something is).

    Works after an interrupted or killed run, and when the local cloud was killed. Images, cache, keys and logs stay.

    \b
    Examples:
      ./lab down single-host
      ./lab down --all
    """
    lab = Lab.open(json=json, verbose=verbose)
    names = chosen_stages(stage, every, stage_names())
    up = [stack for stack in read_stacks(lab.folders, names) if not stack.is_empty]
    if up:
        set_up(lab, Needs.preview() if all(stack.target == "ctyun" for stack in up) else Needs.everything())
    with exclusive(lab):
        clean = take_down(lab, names, stop_cloud=every)
    if not clean:
        raise typer.Exit(1)
