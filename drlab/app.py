"""All commands in one table."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from drlab import __version__

# Each is a module of drlab.commands with a function of its name, or with an `app` of more commands.
COMMANDS = (
    *("up", "down", "status", "watch", "ssh", "preview", "db", "backup", "power", "fault", "cloud"),
    *("leftovers", "doctor", "test", "bench"),
)


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """What answers these arguments. The modules of all commands take 0.2 s to load, so a known command comes alone."""
    known = arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS
    return app_with(known)


def app_with(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """The commands of these names."""
    app = typer.Typer(
        name="./lab",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(lab)
    for name in names:
        module = import_module(f"drlab.commands.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(context_settings=getattr(module, "CONTEXT", None))(getattr(module, name))
    return app


def show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"drlab {__version__}")
        raise typer.Exit


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
