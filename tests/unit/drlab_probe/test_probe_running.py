"""Figures while a run goes on are those of its whole journal, at a cost that does not grow with it."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from drlab.probe.figures import latencies, outages
from drlab.probe.journal import READ, WRITE, Answer, Journal, Send
from drlab.probe.running import QUIET, Running

GOOD = {READ: Answer(200, "web-01", "AZ1", "db", from_site=True), WRITE: Answer(201, "web-01", "AZ1", "db", from_site=True)}
SILENT = Answer(None, error="silent for 2.5 s", silent=True)


def journal_of(count: int, seed: int) -> Journal:
    """Reads and writes, ten a second, with outages of up to a minute between quiet times of up to five."""
    chance, journal, down, until = random.Random(seed), Journal(datetime(2026, 1, 1, tzinfo=UTC), 0.0), True, 0  # noqa: S311
    for number in range(count):
        if number >= until:
            down, until = not down, number + (chance.randrange(5, 600) if not down else chance.randrange(5, 3000))
        kind, due = (READ, WRITE)[number % 2], number / 10
        seconds, answer = (2.5, SILENT) if down else (chance.uniform(0.002, 0.4), GOOD[kind])
        journal.sends.append(Send(number, kind, due, due, "", due + seconds, answer))
    return journal


@pytest.mark.parametrize("seed", range(4))
def test_what_is_told_meanwhile_is_what_the_whole_journal_says(seed: int) -> None:
    whole = journal_of(12_000, seed)
    growing = Journal(whole.begin, 0.0)
    running = Running(growing)
    for begin in range(0, len(whole.sends), 130):
        growing.sends.extend(whole.sends[begin : begin + 130])
        assert running.outages() == outages(growing.sends)
    for kind in (READ, WRITE):
        tally, mine = running.tally(kind), growing.of_kind(kind)
        assert tally.percentiles() == latencies(mine)
        assert (tally.good, tally.failed) == (sum(send.good for send in mine), sum(not send.good for send in mine))


def test_what_is_looked_at_each_time_does_not_grow_with_the_run() -> None:
    journal = Journal(datetime(2026, 1, 1, tzinfo=UTC), 0.0)
    running = Running(journal)
    for number in range(2_500):
        journal.sends.append(Send(number, READ, number / 10, number / 10, "", number / 10 + 0.01, GOOD[READ]))
        running.outages()
        assert len(running.recent) <= 2 * QUIET
    assert running.tally(READ).good == 2_500


def test_an_outage_that_goes_on_stays_in_sight_from_its_begin() -> None:
    journal = Journal(datetime(2026, 1, 1, tzinfo=UTC), 0.0)
    running = Running(journal)
    for number in range(3 * QUIET):
        answer = GOOD[READ] if number < 10 else SILENT
        journal.sends.append(Send(number, READ, float(number), float(number), "", number + 0.5, answer))
        running.outages()
    [outage] = running.outages()
    assert (outage.begin, outage.end, outage.failed) == (10.0, None, 3 * QUIET - 10)
