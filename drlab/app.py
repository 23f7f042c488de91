"""All commands in one table."""

from __future__ import annotations

from typing import Annotated

import typer

from drlab import __version__
from drlab.commands import backup, bench, cloud, db, doctor, down, fault, leftovers, power, preview, ssh, status, test, up, watch

app = typer.Typer(
    name="./lab",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"drlab {__version__}")
        raise typer.Exit


@app.callback()
def lab(
    version: Annotated[bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """A disaster-recovery lab: stages of a course on CTyun, on a local cloud by default.

    \b
    Start with:
      ./lab up single-host
      ./lab status
      ./lab down --all
    """


app.command()(up.up)
app.command()(down.down)
app.command()(status.status)
app.command()(watch.watch)
app.command(context_settings=ssh.CONTEXT)(ssh.ssh)
app.command()(preview.preview)
app.add_typer(db.app, name="db")
app.add_typer(backup.app, name="backup")
app.add_typer(power.app, name="power")
app.add_typer(fault.app, name="fault")
app.add_typer(cloud.app, name="cloud")
app.command()(leftovers.leftovers)
app.command()(doctor.doctor)
app.command(context_settings=test.CONTEXT)(test.test)
app.command()(bench.bench)
