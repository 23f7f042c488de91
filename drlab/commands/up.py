"""`./lab up`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from drlab import bring_up
from drlab.commands.options import Json, Settings, Stage, Verbose
from drlab.commands.prepare import exclusive, set_up
from drlab.lab import Lab
from drlab.settings import parse_settings, read_settings, target_of
from drlab.setup import Needs
from drlab.stages import chosen_stage, read_stacks, stage_names


def up(
    stage: Stage = None,
    config: Settings = None,
    allow_loss: Annotated[
        list[str] | None,
        typer.Option("--allow-loss", metavar="NAME", help="What holds data and may be removed or made anew; may be repeated."),
    ] = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Bring a stage up: set-up, local cloud, a real `pulumi up`, and a site that answers.

    Safe to repeat: what is there is kept, what an interrupted run left behind is taken over. An update that would remove or
    make anew something that holds data is refused unless each such thing is named with --allow-loss.

    \b
    Examples:
      ./lab up single-host
      ./lab up dual-active -c webServers=3
      ./lab up single-host -c zone=AZ2 --allow-loss web-01 --allow-loss jump-host
      ./lab up single-host -c target=ctyun -c confirmBilling=true
    """
    lab = Lab.open(json=json, verbose=verbose)
    name = chosen_stage(stage, stage_names())
    given = config or []
    target = target_of(read_settings(lab.folders.settings_file(name)), parse_settings(given))
    set_up(lab, Needs.everything() if target.is_local else Needs.preview())
    with exclusive(lab):
        raised = bring_up.bring_up(lab, name, given, allow_loss or [])
    if json:
        lab.out.document(asdict(raised))
        return
    lab.out.line()
    others = [stack.name for stack in read_stacks(lab.folders, stage_names()) if stack.is_up and stack.name != name]
    for line in bring_up.summary_lines(raised, f"{name}/" if others else ""):
        lab.out.line(line)
