"""The lab's lock, with real files and real processes."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drlab.commands.prepare import exclusive
from drlab.errors import Interrupted, UserError
from drlab.lab import Lab
from drlab.lock import Holder, lab_lock, read_holder

HOLD = """
import sys
from pathlib import Path
from drlab.lock import lab_lock
with lab_lock(Path(sys.argv[1]), "./lab up single-host", lambda holder: None):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_lab(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until its standard input is closed."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_the_second_waits_says_for_whom_and_goes_on(tmp_path: Path) -> None:
    path, told = tmp_path / "lock", []
    with another_lab(path) as other:

        def on_wait(holder: Holder | None) -> None:
            told.append(holder)
            assert other.stdin is not None
            other.stdin.close()  # the first one finishes

        with lab_lock(path, "./lab down", on_wait):
            holder = read_holder(path)
            assert holder is not None
            assert holder.command == "./lab down"
        assert [told_holder.command for told_holder in told if told_holder] == ["./lab up single-host"]
        assert told[0] is not None
        assert told[0].pid == other.pid


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with another_lab(path) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        with lab_lock(path, "./lab up", lambda holder: pytest.fail("waited for the dead")):
            pass


def test_waiting_has_a_deadline_that_names_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        another_lab(path) as other,
        pytest.raises(UserError, match=rf"`\./lab up single-host` \(process {other.pid}"),
        lab_lock(path, "./lab down", lambda holder: None, deadline=0.1),
    ):
        pytest.fail("two hold the lock")


def test_the_name_is_gone_with_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with lab_lock(path, "./lab up", lambda holder: None):
        pass
    assert read_holder(path) is None


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("", "Interrupted; `./lab down single-host` goes on from there when it is given again."),
        ("Interrupted: 3 steps done.", "Interrupted: 3 steps done."),
    ],
)
def test_an_interrupted_command_says_how_to_go_on(
    said: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRLAB_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("sys.argv", ["drlab", "down", "single-host"])
    with pytest.raises(Interrupted) as told, exclusive(Lab.open()):
        raise Interrupted(said)
    assert told.value.message == message
