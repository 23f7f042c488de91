"""`./lab leftovers`."""

from __future__ import annotations

import typer

from drlab.commands.options import Json
from drlab.lab import Lab
from drlab.leftovers import find_leftovers, report


def leftovers(json: Json = False) -> None:
    """List what is left on this machine that no stack and no running local cloud accounts for.

    Exit status 0: nothing is left. 1: something is, and the list says what. What is up is no leftover.

    \b
    Looked for: containers, networks, volumes, private images, namespaces, links, firewall tables, loop devices, mounts,
    cgroups, processes, files, locks.

    \b
    Examples:
      ./lab leftovers
      ./lab leftovers --json
    """
    lab = Lab.open(json=json)
    found = find_leftovers(lab)
    report(lab, found)
    if found:
        raise typer.Exit(1)
