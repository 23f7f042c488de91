"""`./lab doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from drlab.commands.options import Json
from drlab.commands.prepare import set_up
from drlab.doctor import collect
from drlab.findings import Status, render, to_json, worst
from drlab.lab import Lab
from drlab.setup import Needs

LOG_WIDTH = 200  # of a table that goes into a file or pipe


def doctor(setup: Annotated[bool, typer.Option("--setup", help="Set everything up first.")] = False, json: Json = False) -> None:
    """Say what is installed in which version, what is missing, and what cannot work here and why.

    Exit status 1 when something cannot work. What is only missing is what set-up gets by itself.

    \b
    Examples:
      ./lab doctor
      ./lab doctor --setup
    """
    lab = Lab.open(json=json)
    if setup:
        set_up(lab, Needs.everything())
    with lab.out.busy("looking at this machine"):
        findings = collect(lab.folders)
    if json:
        lab.out.document(to_json(findings))
    else:
        if not lab.out.console.is_terminal:
            lab.out.console.width = LOG_WIDTH
        lab.out.console.print(render(findings))
    if worst(findings) == Status.CANNOT:
        raise typer.Exit(1)
