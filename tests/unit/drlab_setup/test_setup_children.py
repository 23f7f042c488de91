"""Commands: their output is kept for the error, and none of them outlives set-up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from drlab.setup.children import Cancelled, Children, CommandFailed, CommandLate


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_within(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_lines_are_told_as_they_come_and_the_last_ones_returned() -> None:
    told: list[str] = []
    assert Children().run(["sh", "-c", "echo one; echo; echo two >&2"], tell=told.append) == ["one", "two"]
    assert told == ["one", "two"]


def test_the_environment_is_passed_on_and_added_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/some/bundle")
    assert Children().run(["sh", "-c", "echo $SSL_CERT_FILE $ADDED"], env={"ADDED": "yes"}) == ["/some/bundle yes"]


def test_a_failed_command_shows_itself_its_status_and_its_last_lines() -> None:
    with pytest.raises(CommandFailed) as failed:
        Children().run(["sh", "-c", "seq 30; exit 3"])
    assert failed.value.status == 3
    assert failed.value.shown().splitlines()[:2] == ["`sh -c seq 30; exit 3` ended with status 3:", "  11"]


def test_a_command_that_does_not_exist_is_named() -> None:
    with pytest.raises(CommandFailed) as failed:
        Children().run(["no-such-command"])
    assert failed.value.tail == ["no-such-command: No such file or directory"]


@pytest.mark.parametrize(
    ("line", "full"),
    [
        ("write /x/y.a: no space left on device", True),
        ("E: You don't have enough free space", False),
        ("tar: ./usr: Cannot write: No space left on device", True),
        ("Disk quota exceeded", True),
        ("undefined: frobnicate", False),
    ],
)
def test_a_full_disk_is_told_from_other_failures(line: str, full: bool) -> None:
    assert CommandFailed(["go"], 1, [line]).disk_full is full


def test_a_command_that_hangs_is_stopped_at_its_deadline_and_shows_how_far_it_came() -> None:
    with pytest.raises(CommandLate) as late:
        Children().run(["sh", "-c", "echo downloading; sleep 60"], deadline=1)
    assert late.value.shown().splitlines() == [
        "`sh -c echo downloading; sleep 60` had not ended after 1 s and was stopped:",
        "  downloading",
    ]


def test_cancelling_ends_the_command_and_what_it_started(tmp_path: Path) -> None:
    children, pids, outcome = Children(), tmp_path / "pids", []

    def work() -> None:
        try:
            children.run(["sh", "-c", f"sleep 60 & echo $$ $! > {pids}; wait"])
        except Cancelled:
            outcome.append("cancelled")

    thread = threading.Thread(target=work)
    thread.start()
    while not pids.exists() or not pids.read_text().strip():
        time.sleep(0.01)
    children.cancel()
    thread.join(5)
    assert outcome == ["cancelled"]
    assert all(gone_within(int(pid), 2) for pid in pids.read_text().split())
    with pytest.raises(Cancelled):
        children.run(["true"])


def test_a_killed_set_up_takes_its_command_with_it() -> None:
    script = """
import subprocess
from drlab.bootstrap.tether import tethered
subprocess.run(tethered(["sh", "-c", "echo $$; sleep 60"]))
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    command = int(parent.stdout.readline())
    assert alive(command)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert gone_within(command, 3)
