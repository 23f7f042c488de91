"""The journal: every send and what came of it. Plain data; figures and views are made from it and never kept in it.

Times are seconds since the run's begin, by the monotonic clock; the journal knows at which wall and monotonic time it began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

READ, WRITE = "read", "write"
THERE, MISSING, UNCHECKED = "there", "missing", "unchecked"  # what a later look for a row has found
GOOD: Mapping[str, tuple[int, ...]] = {READ: (200,), WRITE: (201, 409)}  # 409: the row is there, which is what was asked for


@dataclass(frozen=True)
class Answer:
    """What came back for one request; `status` is None when nothing usable did, and `error` says why."""

    status: int | None
    server: str = ""
    zone: str = ""
    database_host: str = ""
    database_server: str = ""  # the database server's own name: changes when an address moves to a standby
    error: str = ""
    from_site: bool = False  # the site's own program spoke, not a proxy or a half-configured web server
    silent: bool = False  # nothing came until the deadline, not even a refusal

    @classmethod
    def nothing(cls, why: str) -> Answer:
        return cls(None, error=why)


@dataclass(frozen=True)
class Send:
    """One request: due by the schedule, really sent, settled by an answer or by the deadline."""

    number: int
    kind: str
    due: float
    sent: float
    id: str = ""  # of the row, for writes
    settled: float | None = None
    answer: Answer | None = None

    @property
    def good(self) -> bool:
        return self.answer is not None and self.answer.from_site and self.answer.status in GOOD[self.kind]

    @property
    def latency(self) -> float | None:
        """From the instant at which it was due, so that a late prober flatters nobody."""
        return None if self.settled is None else self.settled - self.due


@dataclass
class Journal:
    """The record of one run."""

    begin: datetime  # wall clock, UTC
    monotonic: float  # the same instant
    sends: list[Send] = field(default_factory=list)
    skipped: int = 0  # not sent, or not judged, because this process was held up: no fault of the site's

    def add(self, send: Send) -> int:
        """Where it stands, for `settle`."""
        self.sends.append(send)
        return len(self.sends) - 1

    def settle(self, place: int, at: float, answer: Answer) -> Send:
        self.sends[place] = replace(self.sends[place], settled=at, answer=answer)
        return self.sends[place]

    def of_kind(self, kind: str) -> list[Send]:
        return [send for send in self.sends if send.kind == kind]

    def wall(self, at: float) -> str:
        """ISO time, UTC, of a second of the run."""
        return (self.begin + timedelta(seconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(journal: Journal, send: Send) -> dict[str, Any]:
    """A settled send as one JSON object; `monotonic` is the clock's own value at the instant of sending."""
    answer = send.answer or Answer.nothing("not settled")
    return {
        "number": send.number,
        "kind": send.kind,
        "time": journal.wall(send.sent),
        "monotonic": round(journal.monotonic + send.sent, 6),
        "due": round(send.due, 6),
        "sent": round(send.sent, 6),
        "settled": None if send.settled is None else round(send.settled, 6),
        "good": send.good,
        "status": answer.status,
        "server": answer.server,
        "zone": answer.zone,
        "databaseHost": answer.database_host,
        "databaseServer": answer.database_server,
        "error": answer.error,
        **({"id": send.id} if send.id else {}),
    }
