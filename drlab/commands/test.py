"""`./lab test`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from drlab.commands.prepare import set_up
from drlab.lab import Lab
from drlab.setup import Needs

# Everything belongs to pytest, options included.
CONTEXT = {"ignore_unknown_options": True}


def test(rest: Annotated[list[str] | None, typer.Argument(metavar="PYTEST-ARGUMENT", show_default=False)] = None) -> None:
    """Set everything up and run the tests, all of them in two lanes; arguments go to one pytest. The exit status is pytest's.

    \b
    Examples:
      ./lab test
      ./lab test tests/unit
      ./lab test -m stage -x
    """
    lab = Lab.open()
    set_up(lab, Needs.tests())
    os.chdir(lab.folders.root)
    program = ["-m", "pytest", *rest] if rest else ["tests/lanes.py"]
    os.execv(str(lab.folders.python), [str(lab.folders.python), *program])
