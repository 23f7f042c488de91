"""`./lab test`: each test is in one lane, a lane that fails is not overheard, and what takes long is shown."""

from __future__ import annotations

from pathlib import Path

import lanes
import pytest
from support.durations import Took, lines

TESTS = Path(lanes.__file__).parent
MEETING = """
import pathlib, time
def test_it():
    folder = pathlib.Path("{folder}")
    (folder / "{own}").touch()
    while not (folder / "{other}").exists():
        time.sleep(0.01)
    assert {end}
"""


def test_each_folder_of_tests_is_in_one_lane() -> None:
    folders = {path.relative_to(TESTS).parts[0] for path in TESTS.rglob("test_*.py")}
    given = [argument for arguments in lanes.BESIDE.values() for argument in arguments if argument.startswith("tests/")]
    assert sorted(given) == sorted(f"tests/{folder}" for folder in folders)
    assert {arguments[:2] for arguments in lanes.BESIDE.values()} == {("-m", "not timing")}
    assert list(lanes.ALONE.values()) == [("-m", "timing", "tests")]


def test_lanes_run_beside_each_other_and_say_which_failed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each waits for the other's file, so that they only end when they run at the same time."""
    for name, other, end in (("good", "bad", "True"), ("bad", "good", "False")):
        test = MEETING.format(folder=tmp_path, own=name, other=other, end=end)
        (tmp_path / f"test_{name}.py").write_text(test, encoding="utf-8")
    given = {name: ("-q", "-p", "no:cacheprovider", f"{tmp_path}/test_{name}.py") for name in ("good", "bad")}
    assert lanes.run(given, tmp_path) == [0, 1]
    shown = capfd.readouterr().out
    assert "good   | 1 passed" in shown and "bad    | 1 failed" in shown
    assert "== lane bad ended with 1 after" in shown


def test_the_slowest_tests_and_the_time_of_each_folder_are_shown() -> None:
    took = [Took("tests/unit/test_a.py::test_one", call=1.0), Took("tests/stages/test_b.py::test_two", 20.0, 2.0, 3.0)]
    shown = lines(took)
    assert shown[1:3] == [
        "    25.0 s  tests/stages/test_b.py::test_two (20.0 + 2.0 + 3.0)",
        "     1.0 s  tests/unit/test_a.py::test_one (0.0 + 1.0 + 0.0)",
    ]
    assert shown[-2:] == ["    25.0 s  tests/stages (1 tests)", "     1.0 s  tests/unit (1 tests)"]
    assert lines(took[:1]) == []
