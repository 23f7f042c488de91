"""`./lab ssh`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from drlab import ssh as logins
from drlab.commands.options import Stack
from drlab.lab import Lab
from drlab.stages import stage_names

# What follows the name belongs to ssh, options included.
CONTEXT = {"ignore_unknown_options": True, "allow_interspersed_args": False}


def ssh(
    name: Annotated[str, typer.Argument(metavar="NAME", help="jump-host, web-01, or STAGE/NAME.")],
    rest: Annotated[
        list[str] | None,
        typer.Argument(metavar="SSH-OPTION", help="For ssh itself; after -- the command to run there.", show_default=False),
    ] = None,
    stack: Stack = None,
) -> None:
    """Open a shell on a server, or run a command there; the exit status is the command's own.

    Through the jump host where needed, with the stack's key and pinned host keys. What follows NAME goes to ssh as it is.

    \b
    Examples:
      ./lab ssh web-01
      ./lab ssh web-01 -- systemctl status apache2
      ./lab ssh jump-host -N -L 3306:192.168.1.11:3306
    """
    lab = Lab.open()
    stack_name, own = logins.stack_with(lab, name, stage_names(), stack)
    command = logins.command_line(lab.folders, stack_name, own, rest or [])
    os.execv(command[0], command)
