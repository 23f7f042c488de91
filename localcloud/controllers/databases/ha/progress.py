"""How far an applier has come with what it had received, and when it will be done at its present pace. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

RECENT = 15.0  # seconds that the pace is told by: within one transaction it slows down where a table has no primary key


@dataclass(frozen=True)
class Progress:
    """Of one change of roles. `looks`: (when, bytes left), the recent ones."""

    whole: int = 0
    looks: tuple[tuple[float, int], ...] = ()
    tables: tuple[str, ...] = ()


def further(progress: Progress, moment: float, left: int | None, tables: Sequence[str]) -> Progress:
    """After another look; None: how much is left cannot be told."""
    if left is None:
        return replace(progress, tables=tuple(tables))
    looks = [*progress.looks, (moment, left)]
    recent = [look for look in looks if look[0] >= moment - RECENT]
    return Progress(max(progress.whole, left), tuple(recent if len(recent) > 1 else looks[-2:]), tuple(tables))


def words(progress: Progress) -> str:
    """ "it changes shop.orders; 12 of 40 MB are left, about 50 s at this pace"; "" while nothing is known."""
    parts = [f"it changes {', '.join(progress.tables)}"] if progress.tables else []
    if progress.looks:
        (began, at_first), (now, left) = progress.looks[0], progress.looks[-1]
        size = f"{_size(left)} of {_size(progress.whole)} are left"
        pace = (at_first - left) / (now - began) if now > began else 0.0
        parts.append(f"{size}, {_about(left / pace)} at this pace" if pace > 0 else f"{size}, and its pace is not known yet")
    return "; ".join(parts)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.0f} kB"


def _about(seconds: float) -> str:
    if seconds < 100:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min" if seconds < 6000 else f"about {seconds / 3600:.1f} h"
