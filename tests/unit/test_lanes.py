"""`./lab test`: each test is in one lane, a lane that fails is not overheard, and what takes long is shown."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import lanes
import pytest
from support.durations import Took, lines
from support.waiting import wait_until

TESTS = Path(lanes.__file__).parent
MEETING = """
import pathlib, time
def test_it():
    folder = pathlib.Path("{folder}")
    (folder / "{own}").touch()
    limit = time.monotonic() + 60
    while not (folder / "{other}").exists():
        assert time.monotonic() < limit, "the other lane does not run"
        time.sleep(0.01)
    assert {end}
"""


def test_each_folder_of_tests_is_in_one_lane() -> None:
    folders = {path.relative_to(TESTS).parts[0] for path in TESTS.rglob("test_*.py")}
    given = [argument for arguments in lanes.BESIDE.values() for argument in arguments if argument.startswith("tests/")]
    assert sorted(given) == sorted(f"tests/{folder}" for folder in folders)
    assert {arguments[:2] for arguments in lanes.BESIDE.values()} == {("-m", "not timing")}
    assert list(lanes.ALONE.values()) == [("-m", "timing", "tests")]


def test_each_folder_of_tests_is_typed() -> None:
    settings = tomllib.loads((TESTS.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    folders = {path.relative_to(TESTS).parts[0] for path in TESTS.rglob("*.py") if path.parent != TESTS}
    assert folders - set(settings["packages"]) == set()
    assert {path.stem for path in TESTS.glob("*.py")} == set(settings["modules"])


def test_lanes_run_beside_each_other_and_say_which_failed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each waits for the other's file, so that they only end when they run at the same time."""
    for name, other, end in (("good", "bad", "True"), ("bad", "good", "False")):
        test = MEETING.format(folder=tmp_path, own=name, other=other, end=end)
        (tmp_path / f"test_{name}.py").write_text(test, encoding="utf-8")
    given: lanes.Lanes = {name: ("-q", "-p", "no:cacheprovider", f"{tmp_path}/test_{name}.py") for name in ("good", "bad")}
    assert lanes.run(given, tmp_path, lanes.Interrupts()) == [0, 1]
    shown = capfd.readouterr().out
    assert f"{'good':{lanes.WIDTH}} | 1 passed" in shown and f"{'bad':{lanes.WIDTH}} | 1 failed" in shown
    assert "== lane bad ended with 1 after" in shown


STUCK = """
import atexit, threading, time
def test_it():
    atexit.register(time.sleep, 600)
"""


def test_a_lane_that_does_not_end_is_ended_and_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its last test: by what a library has left for the end of the process."""
    monkeypatch.setattr(lanes, "LIMIT", 10.0)
    (tmp_path / "test_stuck.py").write_text(STUCK, encoding="utf-8")
    given: lanes.Lanes = {"stuck": ("-q", "-p", "no:cacheprovider", f"{tmp_path}/test_stuck.py")}
    assert lanes.run(given, tmp_path, lanes.Interrupts()) != [0]


def test_what_goes_wrong_while_lanes_run_ends_them(tmp_path: Path) -> None:
    class Broken(lanes.Interrupts):
        def begin(self, lane: lanes.Lane) -> None:
            super().begin(lane)
            raise RuntimeError

    interrupts = Broken()
    (tmp_path / "test_long.py").write_text("import time\ndef test_it():\n    time.sleep(250)\n", encoding="utf-8")
    with pytest.raises(RuntimeError):
        lanes.run({"long": ("-q", "-p", "no:cacheprovider", f"{tmp_path}/test_long.py")}, tmp_path, interrupts)
    assert [lane.process.poll() is not None for lane in interrupts.running] == [True]


LONG = """
import pathlib, pytest, time
FOLDER = pathlib.Path(__file__).parent
@pytest.fixture
def cleaned_up():
    yield
    time.sleep(0.5)  # in which a second SIGINT would end it
    (FOLDER / ("cleaned-" + pathlib.Path(__file__).stem)).touch()
def test_it(cleaned_up):
    (FOLDER / ("began-" + pathlib.Path(__file__).stem)).touch()
    time.sleep(60)
"""
PROGRAM = """
import sys, lanes
from pathlib import Path
from support import durations
folder = sys.argv[1]
durations.KEPT = Path(folder, "durations.json")
quiet = ("-q", "-p", "no:cacheprovider")
lanes.BESIDE = {name: (*quiet, f"{folder}/test_{name}.py") for name in ("one", "two")}
lanes.ALONE = {"last": (*quiet, f"{folder}/test_last.py")}
sys.exit(lanes.main())
"""


def only(process: subprocess.Popen[bytes], number: int) -> None:
    process.send_signal(number)


def group(process: subprocess.Popen[bytes], number: int) -> None:
    os.killpg(process.pid, number)


@pytest.mark.parametrize(
    ("send", "number"),
    [(only, signal.SIGINT), (group, signal.SIGINT), (only, signal.SIGKILL)],
    ids=["INT", "Ctrl-C", "KILL"],
)
def test_whatever_ends_it_the_lanes_clean_up_and_end(
    tmp_path: Path, send: Callable[[subprocess.Popen[bytes], int], None], number: int
) -> None:
    for name in ("one", "two", "last"):
        (tmp_path / f"test_{name}.py").write_text(LONG, encoding="utf-8")
    program = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # one that is killed leaves its folder there
    with subprocess.Popen(program, cwd=TESTS, env=environment, stdout=subprocess.DEVNULL, process_group=0) as process:
        try:
            both = [tmp_path / f"began-test_{name}" for name in ("one", "two")]
            wait_until(lambda: all(path.exists() for path in both), 60, "both lanes to be at work")
            send(process, number)
            status = process.wait(60)
            cleaned = [tmp_path / f"cleaned-test_{name}" for name in ("one", "two")]
            wait_until(lambda: all(path.exists() for path in cleaned), 60, "both lanes to clean up")
        finally:
            process.kill()
    assert status == (2 if number == signal.SIGINT else -number)
    assert not (tmp_path / "began-test_last").exists()


def test_the_slowest_tests_and_the_time_of_each_folder_are_shown() -> None:
    took = [Took("tests/unit/test_a.py::test_one", call=1.0), Took("tests/stages/test_b.py::test_two", 20.0, 2.0, 3.0)]
    shown = lines(took)
    assert shown[1:3] == [
        "    25.0 s  tests/stages/test_b.py::test_two (20.0 + 2.0 + 3.0)",
        "     1.0 s  tests/unit/test_a.py::test_one (0.0 + 1.0 + 0.0)",
    ]
    assert shown[-2:] == ["    25.0 s  tests/stages (1 tests)", "     1.0 s  tests/unit (1 tests)"]
    assert lines(took[:1]) == []
