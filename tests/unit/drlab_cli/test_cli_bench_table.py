"""Figures of the bench as a table."""

from __future__ import annotations

from bench.table import Row, cells, document, ratio


def test_a_row_shows_its_spread_its_aim_and_whether_it_was_reached() -> None:
    row = Row("second up", "s", (2.0, 2.5, 9.0), 5.0, "nothing to do")
    assert cells(row) == ("second up", "2.00 s", "2.50 s", "9.00 s", "<= 5 s", "reached", "nothing to do")
    assert cells(Row("second up", "s", (6.0,), 5.0))[4:6] == ("<= 5 s", "MISSED")
    assert cells(Row("floor", "s", (6.0,)))[4:6] == ("", "")


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
            "reached": True,
            "note": "",
        }
    ]
