"""Rows of figures: what was measured, its aim, and how it is shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Row:
    """One thing measured several times. `aim` is the largest value that is good; None where there is none to reach."""

    name: str
    unit: str
    values: tuple[float, ...]
    aim: float | None = None
    note: str = ""
    anchor: str = ""  # what others need for it, or what it needs at least
    every: bool = False  # the aim is a promise, kept by each single value; else the median is held against it

    @property
    def middle(self) -> float:
        return median(self.values)

    @property
    def reached(self) -> bool | None:
        return None if self.aim is None else (max(self.values) if self.every else self.middle) <= self.aim


COLUMNS = ("WHAT", "MIN", "MEDIAN", "MAX", "AIM", "", "NOTE")


def cells(row: Row) -> tuple[str, ...]:
    """`("second up", "2.1 s", "2.2 s", "2.4 s", "<= 5 s", "reached", "")`."""
    figures = [figure(value, row.unit) for value in (min(row.values), row.middle, max(row.values))]
    aim = "" if row.aim is None else f"{'each ' if row.every else ''}<= {row.aim:g} {row.unit}".rstrip()
    verdict = {None: "", True: "reached", False: "MISSED"}[row.reached]
    note = "; ".join(part for part in (row.note, row.anchor and f"beside it: {row.anchor}") if part)
    return (row.name, *figures, aim, verdict, note)


def figure(value: float, unit: str) -> str:
    """`2.10 s`; things that are counted have no unit."""
    return f"{value:.2f} {unit}" if unit else f"{value:g}"


def ratio(name: str, over: Row, under: Row, aim: float) -> Row:
    """Round by round, so that a slow moment of the machine hits both."""
    values = tuple(a / b for a, b in zip(over.values, under.values, strict=True))
    return Row(name, "x", values, aim, f"{over.name.strip()} / {under.name}")


def document(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "name": row.name.strip(),
            "unit": row.unit,
            "min": min(row.values),
            "median": row.middle,
            "max": max(row.values),
            "values": list(row.values),
            "aim": row.aim,
            "every": row.every,
            "reached": row.reached,
            "note": row.note,
            "anchor": row.anchor,
        }
        for row in rows
    ]
