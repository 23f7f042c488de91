"""Figures of a run: pure functions of the journal. No clock, no network, no files."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from drlab.probe.journal import MISSING, THERE, UNCHECKED, Answer, Send

PERCENTILES = (50, 95, 99, 100)


@dataclass(frozen=True)
class Who:
    """Who answered: a web server in its zone, and the database that it asked."""

    server: str
    zone: str
    database_host: str
    database_server: str

    @classmethod
    def of(cls, answer: Answer | None) -> Who | None:
        """None where an answer does not name its server."""
        if answer is None or not answer.server:
            return None
        return cls(answer.server, answer.zone, answer.database_host, answer.database_server)


@dataclass(frozen=True)
class Outage:
    """From the first send that failed to the first good answer after it, as the client saw it."""

    kind: str
    begin: float
    end: float | None  # None: it goes on
    least: float  # from its first failed send to the last sign of it
    most: float | None  # from the last good send before it to the first answer after it
    failed: int
    before: Who | None
    after: Who | None

    @property
    def seconds(self) -> float | None:
        return None if self.end is None else self.end - self.begin


def witnessed(send: Send) -> float:
    """The instant that a settled send tells of: when its answer came or, where it failed, when it was due.

    A good answer is no witness of the instant of sending: TCP repeats what was sent into a silence, so that such a request may
    be answered by a server that comes back seconds later, while others that were sent after it are refused before. And a
    failure is none of the instant at which it is told: a web server that waits for a dead database may say so when others,
    sent later, have long been served.
    """
    return send.settled if send.good and send.settled is not None else send.due


def outages(sends: Iterable[Send]) -> list[Outage]:
    """In order of their begin. Reads and writes are counted apart; what is not settled yet says nothing yet."""
    ordered = sorted((send for send in sends if send.settled is not None), key=lambda send: (send.kind, witnessed(send)))
    found = [outage for _, group in groupby(ordered, key=lambda send: send.kind) for outage in of_one_kind(list(group))]
    return sorted(found, key=lambda outage: (outage.begin, outage.kind))


def of_one_kind(sends: Sequence[Send]) -> list[Outage]:
    runs = [list(group) for _, group in groupby(sends, key=lambda send: send.good)]
    return [
        outage(run, runs[place - 1] if place else (), runs[place + 1] if place + 1 < len(runs) else ())
        for place, run in enumerate(runs)
        if not run[0].good
    ]


def outage(failed: Sequence[Send], before: Sequence[Send], after: Sequence[Send]) -> Outage:
    """One run of failed sends between two runs of good ones; either may be empty."""
    begin = min(send.due for send in failed)
    end = after[0].settled if after else None
    return Outage(
        kind=failed[0].kind,
        begin=begin,
        end=end,
        least=witnessed(failed[-1]) - begin,
        most=None if end is None or not before else end - before[-1].due,
        failed=len(failed),
        before=last_who(before),
        after=first_who(after),
    )


def last_who(sends: Sequence[Send]) -> Who | None:
    return first_who(list(reversed(sends)))


def first_who(sends: Sequence[Send]) -> Who | None:
    return next((who for send in sends if (who := Who.of(send.answer))), None)


def latencies(sends: Iterable[Send]) -> dict[str, float]:
    """Percentiles over good answers."""
    return percentiles(sorted(send.latency for send in sends if send.good and send.latency is not None))


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Of sorted seconds in milliseconds, by nearest rank: `{"p50": 8.1, "p95": 20.3, ..., "max": 41.0}`."""
    if not values:
        return {}
    ranks = {p: max(1, math.ceil(len(values) * p / 100)) for p in PERCENTILES}
    return {("max" if p == 100 else f"p{p}"): round(values[rank - 1] * 1000, 1) for p, rank in ranks.items()}


def who_answered(sends: Iterable[Send]) -> list[tuple[Who, int]]:
    """In order of their first answer, with the number of good answers."""
    return list(Counter(who for send in sends if send.good and (who := Who.of(send.answer))).items())


def failures(sends: Iterable[Send]) -> list[tuple[str, int]]:
    """Why sends failed, most frequent first."""
    bad = [send.answer for send in sends if send.answer is not None and not send.good]
    return Counter(answer.error or f"status {answer.status}" for answer in bad).most_common()


@dataclass(frozen=True)
class WriteCount:
    """What became of the writes. `missing` are acknowledged ones that are not there: the RPO, in rows."""

    sent: int
    acknowledged: int
    missing: tuple[str, ...]
    unchecked: tuple[str, ...]  # acknowledged ones
    unknown: int  # without a clear answer: neither acknowledged nor lost
    unknown_there: int
    unknown_absent: int


def count_writes(sent: Sequence[str], acknowledged: Sequence[str], checked: Mapping[str, str]) -> WriteCount:
    """From the ledger's rows and what the check has found; a row that was not asked for is unchecked."""
    known = set(acknowledged)
    unknown = [row for row in sent if row not in known]
    found = {row: checked.get(row, UNCHECKED) for row in (*acknowledged, *unknown)}
    return WriteCount(
        sent=len(sent),
        acknowledged=len(acknowledged),
        missing=tuple(row for row in acknowledged if found[row] == MISSING),
        unchecked=tuple(row for row in acknowledged if found[row] == UNCHECKED),
        unknown=len(unknown),
        unknown_there=sum(found[row] == THERE for row in unknown),
        unknown_absent=sum(found[row] == MISSING for row in unknown),
    )


def recovery_seconds(found: Iterable[Outage]) -> float | None:
    """RTO as measured: the longest outage; 0 without one, None while one goes on."""
    lengths = [outage.seconds for outage in found]
    return None if None in lengths else max((length for length in lengths if length is not None), default=0.0)
