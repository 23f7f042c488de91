"""The view as text, the lines of a log, the report, and what `watch` refuses."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.probe_scenario import MemoryLedger, parse
from support.virtual_time import run_virtually

from drlab.errors import UserError
from drlab.lab import Lab
from drlab.output import Output
from drlab.probe.journal import READ, Answer, Journal, Send
from drlab.probe.running import Running
from drlab.probe.schedule import Plan
from drlab.probe.sender import Prober
from drlab.watch import report
from drlab.watch.run import Files, Watched
from drlab.watch.screen import Lines, screen
from drlab.watch.site import Site, check_local, moved

SITE = Site("single-host", "http://198.18.8.2", local=True)
FAILOVER = "for 4 s, every 0.2 s, writes\n0.0 web-01 AZ1\n1.05 refused\n2.0 web-02 AZ2"


def journal_of(script: str) -> tuple[Plan, Journal]:
    plan, site = parse(script)
    journal = run_virtually(Prober(plan, site, MemoryLedger()).run(asyncio.Event()))
    journal.begin = datetime(2026, 1, 1, 10, 0, 0, tzinfo=UTC)
    return plan, journal


def watched(script: str, result: str = "there") -> Watched:
    plan, journal = journal_of(script)
    checked = {send.id: result if send.good else "missing" for send in journal.sends if send.id}
    return Watched(SITE, plan, Files(Path("/j"), Path("/l")), journal, 4.0, checked)


def test_the_screen_after_a_failover() -> None:
    plan, journal = journal_of(FAILOVER)
    assert [line.rstrip() for line in screen(SITE, plan, Running(journal), 4.0, 60).plain.splitlines()] == [
        "single-host  http://198.18.8.2  5 reads + 5 writes a second  4.0 s",
        "",
        "answers   web-02 in AZ2, database db   4 ms",
        "reads     111111××××2222222222",
        "writes    11111×××××2222222222",
        "read ms   p50 4.0   p95 4.0   p99 4.0   max 4.0   16 good, 4 failed",
        "write ms  p50 4.0   p95 4.0   p99 4.0   max 4.0   15 good, 5 failed",
        "written   15 acknowledged, 5 unknown; which of them are there is checked at the end",
        "outages   2 outages over",
        "  write  10:00:01.100  1.00 s (at least 0.80 s, at most 1.20 s), then web-02 in AZ2",
        "  read   10:00:01.200  0.80 s (at least 0.60 s, at most 1.00 s), then web-02 in AZ2",
    ]


def test_the_screen_counts_while_an_outage_goes_on() -> None:
    plan, journal = journal_of("for 3 s, every 0.5 s\n0.0 web-01 AZ1\n1.2 refused")
    assert "answers   reads fail: 1.5 s and counting" in screen(SITE, plan, Running(journal), 3.0, 60).plain
    early = Journal(journal.begin, 0.0)
    assert "waiting for the first answer" in screen(SITE, plan, Running(early), 0.0, 60).plain


def test_a_log_gets_a_line_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    _, journal = journal_of(FAILOVER.replace(", writes", ""))
    lines, growing = Lines(Output()), Journal(journal.begin, 0.0)
    running = Running(growing)
    for send in journal.sends:
        growing.sends.append(send)
        lines.refresh(running, send.settled or 0)
    assert capsys.readouterr().out.splitlines() == [
        "10:00:00.004  web-01 in AZ1, database db answers",
        "10:00:01.200  reads fail",
        "10:00:02.004  reads answered again: 0.80 s (at least 0.60 s, at most 1.00 s)",
        "10:00:02.004  web-02 in AZ2, database db answers",
    ]


def test_a_log_does_not_repeat_servers_that_take_turns(capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(datetime(2026, 1, 1, 10, 0, 0, tzinfo=UTC), 0.0)
    lines, running = Lines(Output()), Running(journal)
    for number in range(100):
        server = f"web-0{number % 2 + 1}" if number < 50 else "web-01"
        answer = Answer(200, server, "AZ1", "db", from_site=True)
        journal.sends.append(Send(number, READ, number / 5, number / 5, "", number / 5, answer))
        lines.refresh(running, number / 5)
    assert capsys.readouterr().out.splitlines() == [
        "10:00:00.000  web-01 in AZ1, database db answers",
        "10:00:00.200  web-02 in AZ1, database db answers",
        "10:00:13.800  web-02 in AZ1, database db answers no more",
    ]


def test_a_log_tells_an_outage_that_was_over_when_it_was_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    _, journal = journal_of("for 6 s, every 0.2 s\n0.0 web-01 AZ1\n1.15 silent\n1.25 web-01 AZ1")
    lines = Lines(Output())
    lines.refresh(Running(journal), 6.0)
    lines.refresh(Running(journal), 6.0)
    assert capsys.readouterr().out.splitlines() == [
        "10:00:01.200  reads fail",
        "10:00:01.404  reads answered again: 0.20 s (at least 0.00 s, at most 0.40 s)",
        "10:00:06.000  web-01 in AZ1, database db answers",
    ]


def test_a_run_that_its_bound_has_ended_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MAX_SENDS", 40)
    report.render(watched(FAILOVER), Output())
    assert "ended by itself: 40 sends are the most that one run makes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("outputs", "sentence"),
    [
        ({"siteUrl": SITE.url}, None),
        ({"siteUrl": "http://198.18.8.9"}, "its site is at http://198.18.8.9 now; all requests went to http://198.18.8.2"),
        ({}, "it is not up any more"),
    ],
)
def test_a_site_that_has_moved_meanwhile_is_named(
    outputs: dict[str, str], sentence: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRLAB_STATE", str(tmp_path))
    lab = Lab.open()
    file = lab.folders.stack_file(SITE.stage)
    file.parent.mkdir(parents=True)
    stack = {"urn": "urn:pulumi:s::p::pulumi:pulumi:Stack::s", "type": "pulumi:pulumi:Stack", "outputs": outputs}
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [stack]}}}))
    told = moved(lab, SITE)
    assert told is None if sentence is None else sentence in str(told)


def test_the_document_of_a_failover() -> None:
    seen = report.document(watched(FAILOVER))
    assert json.loads(json.dumps(seen)) == seen
    assert (seen["rtoSeconds"], seen["rpoWrites"]) == (pytest.approx(1.004, abs=0.001), 0)
    assert [who["zone"] for who in seen["answeredBy"]] == ["AZ1", "AZ2"]
    assert seen["errors"] == [{"error": "connection refused", "count": 9}]
    assert seen["writes"]["unknownAbsent"] == 5 and seen["requests"]["read"]["milliseconds"]["p50"] == 4.0


def test_the_summary_of_a_failover(capsys: pytest.CaptureFixture[str]) -> None:
    report.render(watched(FAILOVER), Output())
    shown = capsys.readouterr().out
    assert "http://198.18.8.2 for 4.0 s: 31 of 40 sends good" in shown
    assert "15 acknowledged, 0 of them missing; 5 unknown: 0 there, 5 not" in shown


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        ("there", None),
        ("missing", "15 acknowledged writes missing"),
        ("unchecked", "15 acknowledged writes could not be checked"),
    ],
)
def test_missing_and_unchecked_writes_are_a_failure(result: str, sentence: str | None) -> None:
    told = report.complaint(watched(FAILOVER, result))
    assert told is None if sentence is None else sentence in str(told)


@pytest.mark.parametrize(
    ("url", "internet"),
    [("http://203.0.113.7", "198.18.0.0/20"), ("http://site.example", "198.18.0.0/20"), ("http://198.18.8.2", None)],
)
def test_nothing_is_sent_outside_the_local_clouds_range(url: str, internet: str | None) -> None:
    with pytest.raises(UserError, match="nothing is sent there"):
        check_local(url, internet)


def test_an_address_of_the_local_cloud_is_fine() -> None:
    check_local("http://198.18.8.2", "198.18.0.0/20")
