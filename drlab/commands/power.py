"""`./lab power on|off`: the short form of power faults."""

from __future__ import annotations

import typer

from drlab import faults
from drlab.commands.fault import put
from drlab.commands.options import Json, Stack, Targets
from drlab.lab import Lab
from drlab.stages import stage_names

app = typer.Typer(
    no_args_is_help=True, help="Power of servers, database nodes, zones and regions: the short form of `fault power-off`."
)


@app.command()
def off(targets: Targets, stack: Stack = None, json: Json = False) -> None:
    """Take the power away, as `fault power-off` does: silent, and what was not synced is lost.

    A zone is shared by all stacks: everything in it is hit, unless --stack limits it.

    \b
    Examples:
      ./lab power off web-01
      ./lab power off zone:AZ1
      ./lab power off region:华东1 --stack single-host
    """
    put(Lab.open(json=json), "power-off", targets, stack)


@app.command()
def on(targets: Targets, stack: Stack = None, json: Json = False) -> None:
    """Give the power back: undoes power-offs of the target, and starts servers that are stopped.

    \b
    Examples:
      ./lab power on web-01
      ./lab power on zone:AZ1
    """
    lab = Lab.open(json=json)
    with lab.out.busy(f"power on of {', '.join(targets)}", "./lab status"):
        answers = faults.power_on(lab, targets, stack)
    if json:
        lab.out.document(answers[0] if len(answers) == 1 else answers)
        return
    for target, answer in zip(targets, answers, strict=True):
        lab.out.line(faults.power_on_line(target, answer, stage_names()))
