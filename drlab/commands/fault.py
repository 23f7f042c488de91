"""`./lab fault ...`: break things as they break in life."""

from __future__ import annotations

from typing import Annotated

import typer

from drlab import faults
from drlab.commands.options import Json, Stack, Targets
from drlab.lab import Lab
from drlab.overview import fault_table

app = typer.Typer(
    no_args_is_help=True,
    help="Faults: each has an id, is listed, can be undone, and proves that it landed. "
    "Targets: a server's or database node's name, zone:AZ1 (zone:REGION/AZ1 where two regions are up), region:NAME.",
)

Server = Annotated[str, typer.Argument(metavar="SERVER", help="web-01, db-1 or STAGE/web-01.")]


@app.command("power-off")
def power_off(targets: Targets, stack: Stack = None, json: Json = False) -> None:
    """Take the power away: no FIN, no RST, and what was not synced to disk is lost.

    \b
    Examples:
      ./lab fault power-off web-01
      ./lab fault power-off zone:AZ1 --stack single-host
    """
    put(Lab.open(json=json), "power-off", targets, stack)


@app.command()
def cut(
    targets: Targets,
    to: Annotated[str, typer.Option("--to", metavar="TARGET", help="The other side; * is everything else.")] = "*",
    one_way: Annotated[bool, typer.Option("--one-way", help="Only from TARGET to the other side.")] = False,
    stack: Stack = None,
    json: Json = False,
) -> None:
    """Cut the network of a server, zone or region; what runs goes on running.

    \b
    Examples:
      ./lab fault cut web-01
      ./lab fault cut zone:AZ1 --to zone:AZ2
      ./lab fault cut web-01 --to jump-host --one-way
    """
    put(Lab.open(json=json), "cut", targets, stack, to=to, one_way=one_way)


@app.command()
def kill(
    server: Server,
    process: Annotated[str, typer.Option("--process", "-p", metavar="NAME", help="Name of the process, e.g. mariadbd.")],
    stack: Stack = None,
    json: Json = False,
) -> None:
    """Kill all processes of a name on a server (SIGKILL). What restarts them is the server's own business.

    \b
    Examples:
      ./lab fault kill web-01 --process mariadbd
    """
    put(Lab.open(json=json), "kill", [server], stack, process=process)


@app.command("disk-full")
def disk_full(
    server: Server,
    path: Annotated[str, typer.Option("--path", metavar="FOLDER", help="A folder on the file system to fill.")] = "/",
    stack: Stack = None,
    json: Json = False,
) -> None:
    """Fill a data disk of a server until nothing more fits; a system disk is the machine's own and is refused.

    A database node has one disk for its data, which is filled whatever the path.

    \b
    Examples:
      ./lab fault disk-full db-1
      ./lab fault disk-full web-01 --path /var/www/html/upload
    """
    put(Lab.open(json=json), "disk-full", [server], stack, path=path)


@app.command("list")
def list_faults(
    every: Annotated[bool, typer.Option("--all", help="Also those that were undone.")] = False, json: Json = False
) -> None:
    """List faults that are in force.

    \b
    Examples:
      ./lab fault list
      ./lab fault list --all
    """
    lab = Lab.open(json=json)
    found = [dict(fault.raw) for fault in lab.cloud.api().faults(include_undone=every)]
    if json:
        lab.out.document(found)
    elif found:
        lab.out.table(*fault_table(found), indent=0)
    else:
        lab.out.line("no fault in force")


@app.command()
def undo(
    fault_id: Annotated[str | None, typer.Argument(metavar="ID", help="A fault's id, from `fault list`.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are in force, newest first.")] = False,
    json: Json = False,
) -> None:
    """Undo a fault and prove it: power comes back, links join again, the disk is freed.

    \b
    Examples:
      ./lab fault undo f-y2sfyyyd66
      ./lab fault undo --all
    """
    lab = Lab.open(json=json)
    undone = faults.undo(lab, fault_id, every)
    if json:
        lab.out.document([dict(answer) for answer in undone])
        return
    for answer in undone:
        lab.out.line(faults.undone_line(answer))
    if not undone:
        lab.out.line("no fault in force")


def put(lab: Lab, kind: str, targets: list[str], stack: str | None, **wish: object) -> None:
    with lab.out.busy(f"{kind} of {', '.join(targets)}", "./lab fault list"):
        made = faults.put_faults(lab, kind, targets, stack, **wish)
    faults.report_faults(lab, made)
