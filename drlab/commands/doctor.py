"""`./lab doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from drlab.commands.options import Json


def doctor(setup: Annotated[bool, typer.Option("--setup", help="Set everything up first.")] = False, json: Json = False) -> None:
    """Say what is installed in which version, what is missing, and what cannot work here and why.

    \b
    Examples:
      ./lab doctor
      ./lab doctor --setup
    """
