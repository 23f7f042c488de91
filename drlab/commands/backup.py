"""`./lab backup`: backups of a stage's servers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

import typer

from ctyun import Client
from ctyun.services.backups import ServerBackup
from ctyun.services.server_values import Server
from drlab import backups
from drlab.backups import Plan
from drlab.commands.options import Json, Stage
from drlab.commands.prepare import exclusive
from drlab.errors import Interrupted, UserError
from drlab.lab import Lab
from drlab.older import by_hand, find_older
from drlab.output import Output, count
from drlab.stack_state import read_stack
from drlab.stages import running_stage

app = typer.Typer(no_args_is_help=True, help="Backups of a stage's servers: list, make at once, restore.")

T = TypeVar("T")
COLUMNS = ("ID", "SERVER", "KIND", "STATE", "MADE", "MB", "NAME")
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command("list")
def list_(stage: Stage = None, json: Json = False) -> None:
    """List the backups in the stage's vault, oldest first.

    \b
    Examples:
      ./lab backup list
      ./lab backup list dual-active --json
    """
    lab, plan = open_plan(stage, json)
    show(asked(lab, plan, lambda client: backups.backups_of(client, plan)), lab.out)


@app.command()
def run(
    stage: Stage = None,
    full: Annotated[bool, typer.Option("--full", help="Full ones; else only what has changed since the last one.")] = False,
    json: Json = False,
) -> None:
    """Let the stage's policy run now: a backup of each of its servers.

    \b
    Examples:
      ./lab backup run
      ./lab backup run dual-active --full
    """
    lab, plan = open_plan(stage, json)
    with lab.out.busy(f"backups of {count(len(plan.servers), 'server')} of {plan.stage}", "./lab backup list"):
        made = asked(lab, plan, lambda client: backups.run_policy(client, plan, full))
    show(made, lab.out)


@app.command()
def restore(
    backup: Annotated[str, typer.Argument(metavar="BACKUP", help="Its id or name, or a server: the newest of it.")],
    stage: Annotated[str | None, typer.Option("--stack", "-s", metavar="STAGE", help="Of this stage.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="NAME", help="A new server of this name; else in place.")] = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Restore a backup: over its server, which cannot be undone, or to a new server.

    Over its server: says what of the stage's files and scripts is older there now; `./lab up STAGE` brings it up to date.
    A new server belongs to no stack; it is named STAGE-NAME, and `./lab down STAGE` removes it too.

    \b
    Examples:
      ./lab backup restore web-01 --to web-restored
      ./lab backup restore web-01
      ./lab backup restore dual-active/web-01 --yes
    """
    if "/" in backup:
        stage, _, backup = backup.partition("/")
    lab, plan = open_plan(stage, json)
    wanted = backups.chosen(asked(lab, plan, lambda client: backups.backups_of(client, plan)), backup, plan.stage)
    if to is not None:
        server = restore_to_new(lab, plan, wanted, f"{plan.stage}-{to}")
        if lab.out.wants_json:
            lab.out.document({"id": server.id, "name": server.name, "privateAddress": server.private_address})
        lab.out.line(f"{server.name} runs at {server.private_address}, with the disks of {wanted.name}")
        return
    asked(lab, plan, lambda client: backups.must_live(client, plan, wanted))
    if not yes:
        confirm(wanted)
    with lab.out.busy(f"restore of {wanted.name} over {wanted.instance_name}", "./lab backup list"):
        restored = asked(lab, plan, lambda client: backups.restore_in_place(client, plan, wanted))
    lab.out.line(f"{restored.instance_name} is as it was when {restored.name} was made")
    older = say_older(lab, plan, restored)
    if lab.out.wants_json:
        lab.out.document({**backup_document(restored), "older": older})


def say_older(lab: Lab, plan: Plan, restored: ServerBackup) -> list[str] | None:
    """What of the stage's own is older on the server now, also as lines; None when that could not be found out."""
    refresh = by_hand(plan.stage)
    if not asked(lab, plan, lambda client: backups.is_on(client, plan, restored)):
        lab.out.warn(f"it is off, so nobody knows what is older on it now; when it is on again: {refresh}")
        return None
    try:
        with exclusive(lab):
            older = find_older(lab, plan.stage, restored.instance_id)
    except UserError as error:  # the restore itself is done
        lab.out.warn(f"what is older on it now is not known. {error} Try: {error.hint or refresh}")
        return None
    except Interrupted as interrupted:
        raise Interrupted(
            f"Interrupted; {restored.instance_name} is restored. What is older on it now: {refresh}"
        ) from interrupted
    if not older:
        lab.out.line(f"all that {plan.stage} keeps on it is as it should be")
        return older
    lab.out.line(f"older now than {plan.stage} wants it:", "yellow")
    for line in older:
        lab.out.line(f"  {line}")
    lab.out.line(f"./lab up {plan.stage} brings it up to date")
    return older


def open_plan(stage: str | None, json: bool) -> tuple[Lab, Plan]:
    lab = Lab.open(json=json)
    return lab, backups.plan_of(lab, running_stage(lab.folders, stage))


def asked(lab: Lab, plan: Plan, ask: Callable[[Client], Awaitable[T]]) -> T:
    """The answer of the stage's cloud."""

    async def run() -> T:
        async with backups.client_of(lab, plan) as client:
            return await ask(client)

    return asyncio.run(run())


def restore_to_new(lab: Lab, plan: Plan, backup: ServerBackup, name: str) -> Server:
    source = backups.source_of(read_stack(lab.folders.stack_file(plan.stage), plan.stage), plan, backup)
    with lab.out.busy(f"server {name} from {backup.name}", "./lab status"):
        return asked(lab, plan, lambda client: backups.restore_to_new(client, plan, backup, name, source))


def confirm(backup: ServerBackup) -> None:
    """Raises UserError when there is nobody to ask, typer.Abort on a no."""
    question = (
        f"Restoring {backup.name} over {backup.instance_name} throws away everything that was written there since "
        f"{backup.created}, on all its disks. It cannot be undone or cancelled. Restore?"
    )
    if not sys.stdin.isatty():
        raise UserError(f"{question} There is nobody to answer.", "say --yes, or --to NAME for a new server")
    typer.confirm(question, abort=True, err=True)


def show(found: Sequence[ServerBackup], out: Output) -> None:
    if out.wants_json:
        out.document([backup_document(backup) for backup in found])
        return
    rows = [(b.id, b.instance_name, b.kind.lower(), b.status.lower(), b.created, f"{b.used / 1e6:.1f}", b.name) for b in found]
    if rows:
        out.table(COLUMNS, rows)
    else:
        out.line("no backup")


def backup_document(backup: ServerBackup) -> dict[str, object]:
    return {
        "id": backup.id,
        "name": backup.name,
        "server": backup.instance_name,
        "kind": backup.kind,
        "status": backup.status,
        "created": backup.created,
        "bytes": backup.used,
    }
