"""What was found on this machine, line by line, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from rich.table import Table
from rich.text import Text


class Status(StrEnum):
    OK = "ok"
    MISSING = "missing"  # set-up gets it
    LIMITED = "limited"  # works, with less
    CANNOT = "cannot"  # the local cloud cannot run until this changes


STYLES = {Status.OK: "green", Status.MISSING: "yellow", Status.LIMITED: "yellow", Status.CANNOT: "bold red"}


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and what to do or what follows."""

    area: str
    name: str
    status: Status
    value: str
    note: str = ""


def worst(findings: Iterable[Finding]) -> Status:
    order = list(Status)
    return max((finding.status for finding in findings), key=order.index, default=Status.OK)


def to_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [asdict(finding) for finding in findings]


def render(findings: Sequence[Finding]) -> Table:
    """A row per finding; an area is named once."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    area = ""
    for finding in findings:
        shown = "" if finding.area == area else finding.area
        area = finding.area
        mark = Text(finding.status.value, style=STYLES[finding.status])
        text = Text.assemble(finding.value, (f" ({finding.note})" if finding.note else "", "dim"))
        table.add_row(Text(shown, style="bold"), Text(finding.name), mark, text)
    return table
