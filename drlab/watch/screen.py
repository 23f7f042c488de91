"""The live view: pure functions from a journal to text, and two ways to show it (a terminal, a log)."""

from __future__ import annotations

from collections.abc import Sequence

from rich.live import Live
from rich.text import Text

from drlab.output import Output, count, took
from drlab.probe.figures import Outage, Who
from drlab.probe.journal import READ, WRITE, Journal, Send
from drlab.probe.running import Running, Tally
from drlab.probe.schedule import Plan
from drlab.watch.site import Site

ZONE_STYLES = ("green", "blue", "magenta", "cyan", "yellow")
NO_ANSWER, ERROR_ANSWER, WAITING = "×", "!", "·"
LABEL = 10
SHOWN_OUTAGES = 6
ANSWERING = 20  # so many good answers in a row tell who answers at present
NOTED_SILENCE = 1.0  # seconds without an answer, before it is known whether there will be one


def mark(send: Send) -> tuple[str, str]:
    """One send of the strip: the zone's digit in the zone's colour, or what went wrong."""
    if send.answer is None:
        return WAITING, "dim"
    if not send.good:
        return (NO_ANSWER if send.answer.status is None else ERROR_ANSWER), "bold red"
    digit = send.answer.zone[-1:]
    return (digit, ZONE_STYLES[(int(digit) - 1) % len(ZONE_STYLES)]) if digit.isdigit() else ("o", "green")


def strip(sends: Sequence[Send], width: int) -> Text:
    return Text.assemble(*(mark(send) for send in sends[-width:]))


def place_words(who: Who) -> str:
    """`web-01 in AZ1`."""
    return f"{who.server} in {who.zone}" if who.zone else who.server


def who_words(who: Who | None) -> str:
    """`web-01 in AZ1, database 192.168.1.3 (db-01)`."""
    if who is None:
        return "the site"
    named = f" ({who.database_server})" if who.database_server and who.database_server != who.database_host else ""
    return f"{place_words(who)}, database {who.database_host or '?'}{named}"


def outage_words(outage: Outage) -> str:
    """`12.4 s (12.2 s to 12.8 s)`, the exact and the certain."""
    if outage.seconds is None:
        return f"not over; at least {outage.least:.1f} s"
    most = f"{outage.most:.2f} s" if outage.most is not None else "unknown: it was down when the watch began"
    return f"{outage.seconds:.2f} s (at least {outage.least:.2f} s, at most {most})"


def outage_line(outage: Outage, journal: Journal) -> str:
    after = f", then {place_words(outage.after)}" if outage.after else ""
    return f"{outage.kind:<5}  {journal.wall(outage.begin)[11:23]}  {outage_words(outage)}{after}"


def now_line(sends: Sequence[Send], found: Sequence[Outage], elapsed: float) -> Text:
    """Who answers, or for how long nobody has."""
    going_on = [outage for outage in found if outage.end is None]
    if going_on:
        begin = min(outage.begin for outage in going_on)
        kinds = " and ".join(f"{outage.kind}s" for outage in going_on)
        return Text(f"{kinds} fail: {elapsed - begin:.1f} s and counting", "bold red")
    good = [send for send in sends if send.good]
    if not good:
        return Text("waiting for the first answer", "dim")
    last = max(good, key=lambda send: send.due)
    named = next((who for send in reversed(good) if (who := Who.of(send.answer))), None)
    silence = elapsed - (last.settled or 0)
    ago = f"   {silence:.1f} s ago" if silence > NOTED_SILENCE else ""
    return Text(f"{who_words(named)}   {(last.latency or 0) * 1000:.0f} ms{ago}", mark(last)[1])


def screen(site: Site, plan: Plan, running: Running, elapsed: float, width: int) -> Text:
    """The whole view."""
    found, tallies = running.outages(), {kind: running.tally(kind) for kind in plan.kinds}
    sent = " + ".join(f"{plan.rate:g} {kind}s" for kind in plan.kinds)
    lines = [Text.assemble((f"{site.stage}  ", "bold"), f"{site.url}  {sent} a second  {took(elapsed)}"), Text()]
    lines.append(row("answers", now_line(running.recent, found, elapsed)))
    lines += [row(f"{kind}s", strip(running.recent_of(kind), max(10, width - LABEL - 2))) for kind in plan.kinds]
    lines += [row(f"{kind} ms", Text(latency_words(tally))) for kind, tally in tallies.items()]
    if plan.writes:
        lines.append(row("written", Text(written_words(tallies[WRITE]))))
    past = [outage for outage in found if outage.end is not None]
    lines.append(row("outages", Text(count(len(past), "outage") + " over" if past else "none so far", "" if past else "dim")))
    lines += [Text("  " + outage_line(outage, running.journal)) for outage in past[-SHOWN_OUTAGES:]]
    return Text("\n").join(lines)


def row(name: str, value: Text) -> Text:
    return Text.assemble((f"{name:<{LABEL}}", "dim"), value)


def latency_words(tally: Tally) -> str:
    """`p50 8.1   p95 20.3   p99 41.0   max 120.4   212 good, 30 failed`."""
    figures = "   ".join(f"{name} {value:.1f}" for name, value in tally.percentiles().items())
    return f"{figures}   {tally.good} good, {tally.failed} failed".strip()


def written_words(tally: Tally) -> str:
    return f"{tally.good} acknowledged, {tally.failed} unknown; which of them are there is checked at the end"


class Screen:
    """On a terminal: redrawn in place."""

    def __init__(self, site: Site, plan: Plan, out: Output, live: Live) -> None:
        self._site, self._plan, self._out, self._live = site, plan, out, live

    def refresh(self, running: Running, elapsed: float) -> None:
        self._live.update(screen(self._site, self._plan, running, elapsed, self._out.console.width), refresh=True)

    def checking(self, rows: int) -> None:
        self._out.line(f"checking {count(rows, 'write')} …", "dim")


class Lines:
    """In a log: a line when something changes."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._told: dict[str, tuple[int, bool]] = {}  # outages told in full, and whether the next one's begin is told
        self._answering: list[Who] = []

    def refresh(self, running: Running, elapsed: float) -> None:
        found, journal = running.outages(), running.journal
        for kind in (READ, WRITE):
            mine = [outage for outage in found if outage.kind == kind]
            self._tell(kind, mine, journal)
        self._tell_who([send for send in running.recent if send.good][-ANSWERING:], journal.wall(elapsed)[11:23])

    def _tell_who(self, last: Sequence[Send], now: str) -> None:
        """Behind a balancer several take turns: news is who joins them, and who does not come up any more."""
        answering = list(dict.fromkeys(who for send in last if (who := Who.of(send.answer))))
        for who in answering:
            if who not in self._answering:
                self._out.line(f"{now}  {who_words(who)} answers")
        for who in self._answering:
            if who not in answering:
                self._out.line(f"{now}  {who_words(who)} answers no more")
        self._answering = answering

    def _tell(self, kind: str, mine: Sequence[Outage], journal: Journal) -> None:
        """Each outage, also one that was over when it was noticed."""
        told, begun = self._told.get(kind, (0, False))
        for outage in mine[told:]:
            if not begun:
                self._out.line(f"{journal.wall(outage.begin)[11:23]}  {kind}s fail")
            begun = outage.end is None
            if outage.end is not None:
                self._out.line(f"{journal.wall(outage.end)[11:23]}  {kind}s answered again: {outage_words(outage)}")
                told += 1
        self._told[kind] = told, begun

    def checking(self, rows: int) -> None:
        self._out.line(f"checking {count(rows, 'write')}")
