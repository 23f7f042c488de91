"""`./lab watch`."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Annotated

import typer
from rich.live import Live

from drlab.commands.options import Json, Stage
from drlab.errors import UserError
from drlab.lab import Lab
from drlab.output import Output
from drlab.probe.schedule import MAX_RATE, Plan
from drlab.stages import running_stage
from drlab.watch import report
from drlab.watch.run import Files, View, Watched
from drlab.watch.run import watch as run
from drlab.watch.screen import Lines, Screen
from drlab.watch.site import Site, moved, site_of


def watch(
    stage: Stage = None,
    writes: Annotated[
        bool, typer.Option("--writes", help="Also write rows, and count acknowledged ones that are missing.")
    ] = False,
    rate: Annotated[float, typer.Option("--rate", metavar="N", help=f"Sends a second of each kind, at most {MAX_RATE:g}.")] = 5.0,
    seconds: Annotated[float | None, typer.Option("--for", metavar="SECONDS", help="End by itself; else with Ctrl-C.")] = None,
    keep_alive: Annotated[bool, typer.Option("--keep-alive", help="Keep connections instead of a new one per request.")] = False,
    json: Json = False,
) -> None:
    """Watch a stage's site as its visitors see it: who answers, how fast, and each outage's length.

    \b
    Examples:
      ./lab watch single-host
      ./lab watch dual-active --writes --for 60
      ./lab watch single-host --writes --for 30 --json
    """
    plan = Plan(rate=rate, writes=writes, seconds=seconds)
    lab = Lab.open(json=json)
    chosen = running_stage(lab.folders, stage)
    watched = show(lab.out, site_of(lab, chosen), plan, Files.make(lab.folders), keep_alive)
    if change := moved(lab, watched.site):
        lab.out.warn(change)
    if json:
        lab.out.document(report.document(watched))
    else:
        report.render(watched, lab.out)
    complaint = report.complaint(watched)
    if complaint:
        raise UserError(complaint, f"the ledger: {watched.files.ledger}")


def show(out: Output, site: Site, plan: Plan, files: Files, keep_alive: bool) -> Watched:
    """Redrawn in place on a terminal, line by line elsewhere."""
    with ExitStack() as stack:
        view: View = Lines(out)
        if out.console.is_terminal:
            view = Screen(site, plan, out, stack.enter_context(Live(console=out.console, auto_refresh=False)))
        return asyncio.run(run(site, plan, files, view, keep_alive=keep_alive))
