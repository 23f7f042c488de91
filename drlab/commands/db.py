"""`./lab db`: databases with a standby, and who of them leads."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from ctyun.local_databases import ASYNC, LocalDatabase
from drlab import databases
from drlab.commands.options import Json, Stage
from drlab.errors import UserError
from drlab.lab import Lab
from drlab.output import took

app = typer.Typer(no_args_is_help=True, help="Databases: who is the primary, planned change of roles, promotion by hand.")


@app.command()
def status(stage: Stage = None, json: Json = False) -> None:
    """Show each database: address, nodes with zone, role, power and lag, what the controller sees, the last changes of roles.

    \b
    Examples:
      ./lab db status
      ./lab db status dual-active --json
    """
    lab = Lab.open(json=json)
    found = databases.databases_of(lab, stage)
    if json:
        lab.out.document([dict(database.raw) for database in found])
    else:
        databases.render(found, lab.out)


@app.command()
def switchover(
    stage: Stage = None,
    to: Annotated[str | None, typer.Option("--to", metavar="NODE", help="Node to lead, or its zone; else the standby.")] = None,
    json: Json = False,
) -> None:
    """Make the standby the primary: writes pause for at most 3 s, nothing is lost. Refused while the standby lacks writes.

    \b
    Examples:
      ./lab db switchover
      ./lab db switchover dual-active --to db-1
    """
    lab = Lab.open(json=json)
    database = databases.the_pair(lab, stage)
    node = databases.new_primary(database, to)
    lab.out.line(f"{database.name}: {databases.place(database.leader)} hands over to {databases.place(node)}")
    begun = time.monotonic()
    with lab.out.busy(f"switchover of {database.name}", "./lab db status"):
        after = databases.switch_over(lab, database, node, lambda step: lab.out.line(f"  {step}", "dim"))
    report(lab, after, time.monotonic() - begun)


@app.command()
def promote(
    stage: Stage = None,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Even a standby that lacks acknowledged writes: they are lost for good.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Promote the standby of a primary that is dead: with failover: manual, or where the controller waits for a good reason.

    Without --accept-loss only a standby that has every acknowledged write is promoted; any other is refused with the reason.

    \b
    Examples:
      ./lab db promote
      ./lab db promote dual-active --accept-loss
    """
    lab = Lab.open(json=json)
    database = databases.the_pair(lab, stage)
    if accept_loss and not yes:
        confirm(lab, database)
    begun = time.monotonic()
    with lab.out.busy(f"promotion of the standby of {database.name}", "./lab db status"):
        after = databases.promote(lab, database, accept_loss, lambda step: lab.out.line(f"  {step}", "dim"))
    report(lab, after, time.monotonic() - begun)


def confirm(lab: Lab, database: LocalDatabase) -> None:
    """Raises UserError when there is nobody to ask, typer.Abort on a no."""
    lacks = "has every acknowledged write" if database.in_sync else "may LACK acknowledged writes, which are then lost for good"
    question = f"The standby of {database.name} {lacks}. The old primary's data will be thrown away. Promote it?"
    if not sys.stdin.isatty():
        raise UserError(f"{question} There is nobody to answer.", "say --yes")
    if database.verdict:
        lab.out.line(f"The controller says: {database.verdict}")
    typer.confirm(question, abort=True, err=True)


def report(lab: Lab, after: LocalDatabase, seconds: float) -> None:
    """What came of it."""
    if lab.out.wants_json:
        lab.out.document(dict(after.raw))
        return
    comes_back = "./lab db status shows how its standby comes back"
    standby = (
        "its standby is in sync" if after.in_sync else databases.sync_words(after) if after.sync_mode == ASYNC else comes_back
    )
    lab.out.line(f"{after.name}: {databases.place(after.leader)} is the primary ({took(seconds)}); {standby}")
