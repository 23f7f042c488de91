"""`./lab bench`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from drlab.commands.options import Json
from drlab.commands.prepare import set_up
from drlab.errors import WrongArguments
from drlab.lab import Lab
from drlab.setup import Needs

GROUPS = ("stage", "dual-active", "preview", "earlier", "cloud", "ministack", "failover", "balancer", "setup")


def bench(
    rounds: Annotated[int, typer.Option("--rounds", "-n", min=1, help="How often each thing is measured.")] = 3,
    only: Annotated[str | None, typer.Option("--only", metavar="GROUP", help=f"One of {', '.join(GROUPS)}.")] = None,
    json: Json = False,
) -> None:
    """Measure the speeds that the design promises: minimum, median and maximum beside the aim.

    Runs in a state folder of its own; stacks of yours that are up stay as they are.
    `setup`, from nothing to the page and beside an earlier build, takes ten minutes and more: only when it is named, and as
    root; else its last result is shown.

    \b
    Examples:
      ./lab bench
      ./lab bench --rounds 5 --json
      ./lab bench --only setup
    """
    if only not in (None, *GROUPS):
        raise WrongArguments(f"There is no group {only!r}. Groups: {', '.join(GROUPS)}.")
    lab = Lab.open(json=json)
    set_up(lab, Needs.everything())
    os.chdir(lab.folders.root)
    arguments = ["--rounds", str(rounds), *(["--only", only] if only else []), *(["--json"] if json else [])]
    os.execv(str(lab.folders.python), [str(lab.folders.python), "-m", "bench", *arguments])
