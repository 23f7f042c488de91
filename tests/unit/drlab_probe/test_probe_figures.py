"""Percentiles, who answered, and what became of writes."""

from __future__ import annotations

from datetime import UTC, datetime

from drlab.probe.figures import count_writes, failures, latencies, outages, recovery_seconds, who_answered
from drlab.probe.journal import READ, WRITE, Answer, Journal, Send, event

SILENT = Answer(None, error="silent for 2.5 s", silent=True)
GOOD = Answer(200, "web-01", "AZ1", "db", "db-01", from_site=True)


def send(number: int, seconds: float, answer: Answer = GOOD, kind: str = READ) -> Send:
    return Send(number, kind, float(number), float(number), "", number + seconds, answer)


def test_percentiles_are_by_nearest_rank_and_over_good_answers_only() -> None:
    sends = [send(number, (number + 1) / 1000) for number in range(100)] + [send(100, 2.5, Answer.nothing("silent"))]
    assert latencies(sends) == {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    assert latencies(sends[:1]) == {"p50": 1, "p95": 1, "p99": 1, "max": 1}
    assert latencies([]) == {}


def test_latency_counts_from_the_instant_at_which_a_send_was_due() -> None:
    assert Send(0, READ, due=1.0, sent=1.5, settled=1.6, answer=GOOD).latency == 1.6 - 1.0


def test_who_answered_in_order_and_why_others_failed() -> None:
    second = Answer(200, "web-02", "AZ2", "db", "db-02", from_site=True)
    sends = [send(0, 0.1), send(1, 0.1), send(2, 0.1, Answer.nothing("refused")), send(3, 0.1, second), send(4, 0.1, Answer(502))]
    assert [(who.server, who.database_server, number) for who, number in who_answered(sends)] == [
        ("web-01", "db-01", 2),
        ("web-02", "db-02", 1),
    ]
    assert failures(sends) == [("refused", 1), ("status 502", 1)]


def test_recovery_time_is_the_longest_outage_and_unknown_while_one_goes_on() -> None:
    two = [send(0, 0.1), send(1, 2.5, SILENT), send(2, 0.5), send(3, 2.5, SILENT), send(4, 2.5, SILENT), send(5, 0.5)]
    assert recovery_seconds(outages(two)) == 2.5
    assert recovery_seconds(outages([*two, send(6, 2.5, SILENT)])) is None
    assert recovery_seconds([]) == 0


def test_an_answer_settled_later_than_the_next_changes_no_order() -> None:
    late_failure = send(1, 2.5, SILENT)
    assert outages([send(2, 0.01), late_failure, send(0, 0.01)])[0].begin == 1.0


def test_a_conflict_says_that_the_row_is_there_and_another_program_says_nothing() -> None:
    assert send(0, 0.1, Answer(409, from_site=True), WRITE).good
    assert not send(0, 0.1, Answer(201), WRITE).good


def test_unknown_writes_are_not_lost_ones() -> None:
    counted = count_writes(
        ["a", "b", "c", "d", "e"], ["a", "b", "c"], {"a": "there", "b": "missing", "d": "there", "e": "missing"}
    )
    assert (counted.missing, counted.unchecked) == (("b",), ("c",))
    assert (counted.unknown, counted.unknown_there, counted.unknown_absent) == (2, 1, 1)


def test_an_event_has_wall_and_monotonic_time() -> None:
    journal = Journal(datetime(2026, 1, 1, tzinfo=UTC), 1000.0)
    line = event(journal, send(2, 0.25))
    assert (line["time"], line["monotonic"], line["settled"], line["zone"]) == ("2026-01-01T00:00:02.000Z", 1002.0, 2.25, "AZ1")
