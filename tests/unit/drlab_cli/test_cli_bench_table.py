"""Figures of the bench as a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

import bench.__main__ as program
from bench import bare, earlier, ledger, measures
from bench.drill import Drill
from bench.faults import kept
from bench.lab import ROOT, Lab
from bench.ledger import LOST, Round
from bench.table import Row, cells, document, ratio
from drlab.commands.bench import GROUPS


def test_a_row_shows_its_spread_its_aim_and_whether_it_was_reached() -> None:
    row = Row("second up", "s", (2.0, 2.5, 9.0), 5.0, "nothing to do")
    assert cells(row) == ("second up", "2.00 s", "2.50 s", "9.00 s", "<= 5 s", "reached", "nothing to do")
    assert cells(Row("second up", "s", (6.0,), 5.0))[4:6] == ("<= 5 s", "MISSED")
    assert cells(Row("floor", "s", (6.0,)))[4:6] == ("", "")


def test_a_promise_is_held_by_each_value_and_not_by_the_median() -> None:
    lost = Row("writes lost", "", (0.0, 0.0, 3.0), 0.0, "each of 3 deaths", "nothing", every=True)
    assert cells(lost) == ("writes lost", "0", "0", "3", "each <= 0", "MISSED", "each of 3 deaths; beside it: nothing")


def test_a_write_that_could_not_be_asked_for_is_no_proof() -> None:
    lost, unchecked = kept([Round(LOST, 1.0, 50, 0, 0), Round(LOST, 1.0, 40, 0, 2)], "failover")
    assert lost.reached and lost.note == "of 90 in 2 failovers"
    assert unchecked.reached is False


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (RuntimeError("./lab up failed"), 1, "bench: second could not be measured: ./lab up failed"),
        (KeyboardInterrupt(), 130, "bench: interrupted while measuring second"),
    ],
)
def test_what_was_measured_before_a_failure_is_shown(
    error: BaseException, status: int, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(rounds: int) -> list[Row]:
        raise error

    monkeypatch.setattr(program, "last_setup", list)
    monkeypatch.setattr(program, "GROUPS", {"first": lambda rounds: [Row("up", "s", (4.0,), 10.0)], "second": fails})
    monkeypatch.setattr("sys.argv", ["bench"])
    assert program.main() == status
    shown = capsys.readouterr()
    assert "4.00 s" in shown.out and sentence in shown.err


def test_both_builds_are_asked_in_turn_and_their_times_compared_round_by_round(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    @contextmanager
    def lab(root: Path = ROOT) -> Iterator[Lab]:
        yield Lab(Path("/state"), root)

    def run(one: Lab, *arguments: str) -> float:
        asked.append(f"{one.root.name} {arguments[0]}")
        return 2.0 if one.root.name == "earlier" else 1.0

    monkeypatch.setattr(earlier, "earlier_build", lambda: Path("/earlier"))
    monkeypatch.setattr(earlier, "own_lab", lab)
    monkeypatch.setattr(Lab, "run", run)
    monkeypatch.setattr(earlier, "cost", lambda one, command: (run(one, *command), 1.0))
    rows = {row.name: row for row in earlier.earlier(2)}
    here = ROOT.name
    assert asked[4:] == 2 * ["earlier up", f"{here} up"] + 2 * ["earlier preview", f"{here} preview"]
    assert rows["preview of dual-active over e3c6db8's"].values == (0.5, 0.5)
    assert rows["  preview of dual-active of e3c6db8"].note == "git checkout e3c6db8; ./lab preview dual-active"


def test_the_last_set_up_that_was_measured_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DRLAB_CACHE", str(tmp_path))
    assert bare.last_setup() == []
    costs = {"e3c6db8": bare.Cost(400.0, 600.0), "abc": bare.Cost(180.0, 250.0)}
    monkeypatch.setattr(bare, "cost_of", costs.__getitem__)
    monkeypatch.setattr(bare, "work_tree", lambda: "abc")
    measured = {row.name: row.middle for row in bare.setup(3)}
    assert measured["set-up over the baseline's"] == 0.45
    assert {row.name: row.middle for row in bare.last_setup()} == measured
    assert all(row.note.startswith("measured 2") for row in bare.last_setup())


def test_a_machine_with_other_work_is_told_of() -> None:
    assert program.busy_words(1.5, 2) == ""
    assert program.busy_words(14.2, 2) == "this machine is busy (load 14.2 on 2 CPUs): what follows says little about it"


def test_the_command_knows_the_groups() -> None:
    assert tuple(measures.GROUPS) == GROUPS


def test_a_ratio_is_taken_round_by_round() -> None:
    assert ratio("x", Row("up", "s", (4.0, 9.0)), Row("floor", "s", (2.0, 3.0)), 3.0).values == (2.0, 3.0)


def test_the_document_holds_every_value() -> None:
    assert document([Row("up", "s", (4.0, 9.0), 10.0)]) == [
        {
            "name": "up",
            "unit": "s",
            "min": 4.0,
            "median": 6.5,
            "max": 9.0,
            "values": [4.0, 9.0],
            "aim": 10.0,
            "every": False,
            "reached": True,
            "note": "",
            "anchor": "",
        }
    ]


def test_a_death_is_told_when_it_is_over(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """So that minutes of them are not lost with an interruption."""
    found = Round(LOST, 4.25, 300, 0, 0)
    monkeypatch.setattr(ledger, "primary_lost", lambda _drill, _chance: found)
    monkeypatch.setattr(
        ledger, "standby_lost_first", lambda _drill, _chance: replace(found, fault=ledger.LOST_ALONE, unchecked=2)
    )
    assert len(ledger.rounds(cast(Drill, None), 4, seed=1)) == 4
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "  1 of 4: primary lost: 4.2 s outage, 0 of 300 acknowledged writes lost"
    assert lines[3] == "  4 of 4: standby lost, then primary: 4.2 s outage, 0 of 300 acknowledged writes lost, 2 unchecked"
