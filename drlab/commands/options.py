"""Arguments and options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

from stacks.names import STAGE_NAMES

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output; progress goes to standard error.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show everything that the engine says.")]
Stage = Annotated[str | None, typer.Argument(metavar="STAGE", help=f"{' or '.join(STAGE_NAMES)}.", show_default=False)]
Stack = Annotated[str | None, typer.Option("--stack", "-s", metavar="STAGE", help="Only servers of this stage.")]
Targets = Annotated[list[str], typer.Argument(metavar="TARGET", help="web-01, db-1, STAGE/web-01, zone:AZ1 or region:NAME.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--config", "-c", metavar="KEY=VALUE", help="A setting of the stage, kept for later runs; may be repeated."),
]
