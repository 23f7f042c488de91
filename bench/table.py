"""Rows of figures: what was measured, its aim, and how it is shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Row:
    """One thing measured several times. `aim` is the largest median that is good; None where it is only a floor."""

    name: str
    unit: str
    values: tuple[float, ...]
    aim: float | None = None
    note: str = ""

    @property
    def middle(self) -> float:
        return median(self.values)

    @property
    def reached(self) -> bool | None:
        return None if self.aim is None else self.middle <= self.aim


COLUMNS = ("WHAT", "MIN", "MEDIAN", "MAX", "AIM", "", "NOTE")


def cells(row: Row) -> tuple[str, ...]:
    """`("second up", "2.1 s", "2.2 s", "2.4 s", "<= 5 s", "reached", "")`."""
    figures = [f"{value:.2f} {row.unit}" for value in (min(row.values), row.middle, max(row.values))]
    aim = "" if row.aim is None else f"<= {row.aim:g} {row.unit}"
    verdict = {None: "", True: "reached", False: "MISSED"}[row.reached]
    return (row.name, *figures, aim, verdict, row.note)


def ratio(name: str, over: Row, under: Row, aim: float) -> Row:
    """Round by round, so that a slow moment of the machine hits both."""
    values = tuple(a / b for a, b in zip(over.values, under.values, strict=True))
    return Row(name, "x", values, aim, f"{over.name} / {under.name}")


def document(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "name": row.name,
            "unit": row.unit,
            "min": min(row.values),
            "median": row.middle,
            "max": max(row.values),
            "values": list(row.values),
            "aim": row.aim,
            "reached": row.reached,
            "note": row.note,
        }
        for row in rows
    ]
