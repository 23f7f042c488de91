"""A finished watch as one document and as a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drlab.output import Output, count, took
from drlab.probe.figures import (
    Outage,
    Who,
    WriteCount,
    count_writes,
    failures,
    latencies,
    outages,
    recovery_seconds,
    who_answered,
)
from drlab.probe.journal import WRITE, Journal, Send
from drlab.probe.schedule import MAX_SENDS
from drlab.watch.run import Watched
from drlab.watch.screen import outage_line, who_words


def writes_of(watched: Watched) -> WriteCount | None:
    """None where nothing was to be written."""
    if not watched.plan.writes:
        return None
    writes = watched.journal.of_kind(WRITE)
    return count_writes([send.id for send in writes], [send.id for send in writes if send.good], watched.checked)


def document(watched: Watched) -> dict[str, Any]:
    """The JSON document of `watch --json`; see docs/commands.md."""
    journal, found = watched.journal, outages(watched.journal.sends)
    writes = writes_of(watched)
    return {
        "stage": watched.site.stage,
        "url": watched.site.url,
        "begin": journal.wall(0),
        "seconds": round(watched.seconds, 3),
        "rate": watched.plan.rate,
        "requests": {kind: requests(journal.of_kind(kind)) for kind in watched.plan.kinds},
        "skipped": journal.skipped,
        "answeredBy": [{**who_document(who), "answers": number} for who, number in who_answered(journal.sends)],
        "errors": [{"error": error, "count": number} for error, number in failures(journal.sends)],
        "outages": [outage_document(outage, journal) for outage in found],
        "rtoSeconds": rounded(recovery_seconds(found)),
        "rpoWrites": len(writes.missing) if writes and not writes.unchecked else None,
        "writes": write_document(writes) if writes else None,
        "files": {"journal": str(watched.files.journal), "ledger": str(watched.files.ledger)},
    }


def requests(sends: Sequence[Send]) -> dict[str, Any]:
    latest = max((send.sent - send.due for send in sends), default=0.0)
    return {
        "sent": len(sends),
        "good": sum(send.good for send in sends),
        "milliseconds": latencies(sends),
        "sentLateAtMostMs": round(latest * 1000, 1),
    }


def outage_document(outage: Outage, journal: Journal) -> dict[str, Any]:
    return {
        "kind": outage.kind,
        "begin": journal.wall(outage.begin),
        "end": None if outage.end is None else journal.wall(outage.end),
        "seconds": rounded(outage.seconds),
        "atLeast": rounded(outage.least),
        "atMost": rounded(outage.most),
        "failed": outage.failed,
        "before": who_document(outage.before) if outage.before else None,
        "after": who_document(outage.after) if outage.after else None,
    }


def who_document(who: Who) -> dict[str, str]:
    return {
        "server": who.server,
        "zone": who.zone,
        "databaseHost": who.database_host,
        "databaseServer": who.database_server,
    }


def write_document(writes: WriteCount) -> dict[str, Any]:
    return {
        "sent": writes.sent,
        "acknowledged": writes.acknowledged,
        "missing": list(writes.missing),
        "unchecked": list(writes.unchecked),
        "unknown": writes.unknown,
        "unknownThere": writes.unknown_there,
        "unknownAbsent": writes.unknown_absent,
    }


def rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def render(watched: Watched, out: Output) -> None:
    """The same for people."""
    journal, found = watched.journal, outages(watched.journal.sends)
    out.line()
    good = sum(send.good for send in journal.sends)
    out.step("watched", f"{watched.site.url} for {took(watched.seconds)}: {good} of {count(len(journal.sends), 'send')} good")
    if journal.skipped:
        out.warn(f"{count(journal.skipped, 'send')} left out because this machine held the prober up")
    if len(journal.sends) + journal.skipped >= MAX_SENDS:
        out.warn(f"ended by itself: {MAX_SENDS} sends are the most that one run makes")
    for who, number in who_answered(journal.sends):
        out.step("answered", f"{who_words(who)}: {count(number, 'time')}")
    for error, number in failures(journal.sends):
        out.step("failed", f"{error}: {count(number, 'time')}")
    for outage in found:
        out.step("outage", outage_line(outage, journal))
    if not found:
        out.step("outage", "none")
    writes = writes_of(watched)
    if writes:
        out.step("writes", writes_words(writes), style="bold red" if writes.missing else None)
    out.step("journal", str(watched.files.journal), style="dim")


def writes_words(writes: WriteCount) -> str:
    """`50 acknowledged, 0 of them missing; 12 unknown: 1 there, 11 not`."""
    text = f"{writes.acknowledged} acknowledged, {len(writes.missing)} of them missing"
    if writes.unchecked:
        text += f", {len(writes.unchecked)} not checked because the site did not answer"
    if writes.unknown:
        text += f"; {writes.unknown} unknown: {writes.unknown_there} there, {writes.unknown_absent} not"
        rest = writes.unknown - writes.unknown_there - writes.unknown_absent
        text += f", {rest} not checked" if rest else ""
    return text


def complaint(watched: Watched) -> str | None:
    """Why the exit status is 1; None when it is 0."""
    writes = writes_of(watched)
    if writes is None or not (writes.missing or writes.unchecked):
        return None
    if writes.missing:
        return f"{count(len(writes.missing), 'acknowledged write')} missing, the first is {writes.missing[0]}."
    return f"{count(len(writes.unchecked), 'acknowledged write')} could not be checked: the site did not answer."
