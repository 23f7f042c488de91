"""What the user sees: short lines on a terminal or in a log, or one JSON document on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from drlab.errors import Interrupted

NAME_WIDTH = 12


class Output:
    """Lines for people. With `json` they go to standard error, so that standard output holds the document alone."""

    def __init__(self, *, json: bool = False, verbose: bool = False) -> None:
        self.wants_json = json
        self.verbose = verbose
        self.console = make_console(stderr=json)

    def line(self, text: str = "", style: str | None = None) -> None:
        self.console.print(Text(text, style=style or ""), soft_wrap=True)

    def step(self, name: str, text: str, seconds: float | None = None, style: str | None = None) -> None:
        """One finished step: `cloud        started on http://127.0.0.1:8750 (0.8 s)`."""
        shown = f"{text} ({took(seconds)})" if seconds is not None else text
        self.console.print(Text.assemble((f"{name:<{NAME_WIDTH}} ", "bold"), (shown, style or "")), soft_wrap=True)

    def detail(self, text: str) -> None:
        """Shown with -v only."""
        if self.verbose:
            self.line(f"    {text}", "dim")

    def warn(self, text: str) -> None:
        self.console.print(Text.assemble(("note: ", "yellow"), text), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], indent: int = 2) -> None:
        for number, text in enumerate(table_lines(columns, rows, indent)):
            self.line(text, "dim" if number == 0 else None)

    @contextmanager
    def busy(self, text: str, shown_by: str | None = None) -> Iterator[None]:
        """A spinner while something without progress of its own runs; nothing in a log.

        `shown_by`: the command that shows what becomes of it. The cloud goes on with it when Ctrl-C ends this command.
        """
        spinner = self.console.status(Text(text)) if self.console.is_terminal else nullcontext()
        try:
            with spinner:
                yield
        except Interrupted as interrupted:
            if shown_by is None:
                raise
            message = f"Interrupted; what has begun goes on ({text}). {shown_by} shows what becomes of it."
            raise Interrupted(message) from interrupted

    def document(self, value: Any) -> None:
        """The JSON document of a command called with --json."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
        sys.stdout.flush()


def make_console(*, stderr: bool = False) -> Console:
    return Console(stderr=stderr, highlight=False, emoji=False, markup=False)


def table_lines(columns: Sequence[str], rows: Sequence[Sequence[str]], indent: int = 2) -> list[str]:
    """Columns as wide as their widest cell; Chinese characters are two cells wide."""
    cells = [columns, *rows]
    widths = [max(cell_len(row[number]) for row in cells) for number in range(len(columns))]
    return [(" " * indent + "  ".join(map(padded, row, widths))).rstrip() for row in cells]


def padded(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))


def took(seconds: float) -> str:
    """Seconds for people: `0.8 s`, `12 s`, `2 min 05 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 server`, `2 servers`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
