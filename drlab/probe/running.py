"""Figures of a run that goes on, at the same small cost after a second and after hours: a view must not make sends late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from drlab.probe.figures import Outage, outages, percentiles
from drlab.probe.journal import Journal, Send

QUIET = 400  # sends in a row without a failure: no outage from before them goes on


@dataclass
class Tally:
    """Settled sends of one kind."""

    latencies: list[float] = field(default_factory=list)  # of good ones, sorted
    failed: int = 0

    @property
    def good(self) -> int:
        return len(self.latencies)

    def percentiles(self) -> dict[str, float]:
        return percentiles(self.latencies)

    def plus(self, sends: Iterable[Send]) -> Tally:
        settled = [send for send in sends if send.latency is not None]
        latencies = sorted(self.latencies + [send.latency or 0.0 for send in settled if send.good])
        return Tally(latencies, self.failed + sum(not send.good for send in settled))


class Running:
    """A journal that grows. What can change no more is counted once and left alone; the rest is looked at each time."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._place = 0  # sends before it are counted
        self._over: list[Outage] = []
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)

    @property
    def recent(self) -> list[Send]:
        """The last sends: since the last outage began, and some before."""
        return self.journal.sends[self._place :]

    def recent_of(self, kind: str) -> list[Send]:
        return [send for send in self.recent if send.kind == kind]

    def tally(self, kind: str) -> Tally:
        return self._tallies[kind].plus(self.recent_of(kind))

    def outages(self) -> list[Outage]:
        """All of the run so far, as `figures.outages` finds them."""
        recent = self.recent
        found = outages(recent)
        quiet = not any(send.answer is not None and not send.good for send in recent[-QUIET:])
        if len(recent) < 2 * QUIET or not quiet or any(outage.end is None for outage in found):
            return [*self._over, *found]
        self._count(recent[:-QUIET])
        self._over += found
        return list(self._over)

    def _count(self, sends: list[Send]) -> None:
        self._place += len(sends)
        for kind in {send.kind for send in sends}:
            self._tallies[kind] = self._tallies[kind].plus(send for send in sends if send.kind == kind)
