"""Scenarios as text: what a site does, then what the prober has seen of it.

for 3 s, every 0.2 s, writes        the plan; `writes` may be left out
0.0 web-01 AZ1                      from this second on: this server in this zone answers after 4 ms
1.05 silent                         nothing comes back
1.05 refused                        "connection refused", at once
1.05 error web-01 AZ1               503 after 4 ms
1.05 error 0.9 web-01 AZ1           503 after 0.9 s
1.05 slow 0.9 web-01 AZ1            answers after 0.9 s
1.05 loses web-01 AZ1               acknowledges writes and forgets them
1.05 keeps silently                 writes the row, and the answer is lost
1.05 held up                        requests wait for the next line and are answered then, as packets sent again are
----
the strip of each kind, outages, writes
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from support.virtual_time import run_virtually

from drlab.probe.figures import count_writes, outages
from drlab.probe.journal import WRITE, Answer, Journal
from drlab.probe.ledger import Acknowledgement
from drlab.probe.schedule import Plan
from drlab.probe.sender import Prober
from drlab.probe.transport import Request
from drlab.probe.verify import verify
from drlab.watch.report import writes_words
from drlab.watch.screen import outage_words, strip, who_words

USUAL_SECONDS = 0.004


@dataclass
class ScriptedSite:
    """A site that does what its lines say, by the loop's own clock."""

    script: list[tuple[float, list[str]]]
    rows: set[str] = field(default_factory=set)

    async def __call__(self, request: Request) -> Answer:
        kind, row = request
        words = self.words()
        while words == ["held", "up"]:
            await asyncio.sleep(0.001)
            words = self.words()
        match words:
            case ["silent"]:
                await asyncio.sleep(3600)
            case ["keeps", "silently"]:
                self.rows.update({row} if kind == WRITE else ())
                await asyncio.sleep(3600)
            case ["refused"]:
                return Answer.nothing("connection refused")
            case ["error", *seconds, server, zone]:
                await asyncio.sleep(float(seconds[0]) if seconds else USUAL_SECONDS)
                return Answer(503, server, zone, "db", error="database away", from_site=True)
            case ["slow", seconds, server, zone]:
                await asyncio.sleep(float(seconds))
                return self.answer(kind, row, server, zone)
            case ["loses", server, zone]:
                await asyncio.sleep(USUAL_SECONDS)
                return Answer(201 if kind == WRITE else 200, server, zone, "db", from_site=True)
            case [server, zone]:
                await asyncio.sleep(USUAL_SECONDS)
                return self.answer(kind, row, server, zone)
        raise AssertionError(f"a scenario does not know {words}")

    def words(self) -> list[str]:
        now = asyncio.get_running_loop().time()
        return [words for begin, words in self.script if begin <= now + 1e-9][-1]

    def answer(self, kind: str, row: str, server: str, zone: str) -> Answer:
        if kind == WRITE:
            self.rows.add(row)
            return Answer(201, server, zone, "db", from_site=True)
        there = not row or row in self.rows
        return Answer(200 if there else 404, server, zone, "db", error="" if there else "no such row", from_site=True)


class MemoryLedger:
    """A ledger without a disk."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.acknowledged: list[str] = []

    def note_sent(self, row: str, at: str) -> None:
        self.sent.append(row)

    async def acknowledge(self, entry: Acknowledgement) -> None:
        self.acknowledged.append(entry.id)


def parse(text: str) -> tuple[Plan, ScriptedSite]:
    head, *lines = text.strip().splitlines()
    words = head.replace(",", "").split()  # for 3 s every 0.2 s [writes]
    plan = Plan(rate=1 / float(words[4]), writes="writes" in words, seconds=float(words[1]))
    return plan, ScriptedSite([(float(line.split()[0]), line.split()[1:]) for line in lines])


def play(text: str) -> str:
    """What the prober has seen, as text."""
    plan, site = parse(text)
    ledger = MemoryLedger()

    async def run() -> tuple[Journal, dict[str, str]]:
        journal = await Prober(plan, site, ledger).run(asyncio.Event())
        rows = [*ledger.acknowledged, *(row for row in ledger.sent if row not in ledger.acknowledged)]
        return journal, await verify(rows, site, plan.deadline, asyncio.Event())

    journal, checked = run_virtually(run())
    lines = [f"{kind}s {strip(journal.of_kind(kind), 200).plain}" for kind in plan.kinds]
    for outage in outages(journal.sends):
        after = f", then {who_words(outage.after)}" if outage.after else ""
        lines.append(f"{outage.kind} outage from {outage.begin:.3f}: {outage_words(outage)}, {outage.failed} failed{after}")
    if plan.writes:
        lines.append(writes_words(count_writes(ledger.sent, ledger.acknowledged, checked)))
    return "\n".join(lines) + "\n"
