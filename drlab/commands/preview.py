"""`./lab preview`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from drlab import previews
from drlab.commands.options import Json, Settings, Stage, Verbose
from drlab.commands.prepare import set_up
from drlab.lab import Lab
from drlab.settings import config_arguments, parse_settings
from drlab.setup import Needs
from drlab.stages import chosen_stages, stage_names


def preview(
    stage: Stage = None,
    every: Annotated[bool, typer.Option("--all", help="Every stage, as in CI.")] = False,
    config: Settings = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Add the result to a file, e.g. $GITHUB_STEP_SUMMARY.")
    ] = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show what `up` would do. Needs no account, no Docker and no network; exit status 1 when a stage has problems.

    \b
    Examples:
      ./lab preview single-host
      ./lab preview --all --markdown summary.md
    """
    lab = Lab.open(json=json, verbose=verbose)
    names = chosen_stages(stage, every, stage_names())
    arguments = config_arguments(parse_settings(config or []))
    set_up(lab, Needs.preview())
    results = [previews.preview(lab, name, arguments) for name in names]
    if markdown is not None:
        with markdown.open("a", encoding="utf-8") as file:
            file.write(previews.markdown(results))
    if json:
        lab.out.document(previews.document(results))
    else:
        previews.render(results, lab.out)
    if any(result.failed for result in results):
        raise typer.Exit(1)
