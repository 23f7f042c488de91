"""Locks of the engine's file backend: removed only when their process is provably dead."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drlab import stale
from drlab.errors import UserError
from drlab.processes import Process
from drlab.stale import await_helpers, free_stack, is_dead, locks_in, read_lock, timestamp

HERE = socket.gethostname()


def write_lock(folder: Path, pid: int, host: str = HERE, since: datetime | None = None) -> Path:
    """As the engine writes it: nanoseconds, and the zone."""
    folder.mkdir(parents=True, exist_ok=True)
    moment = (since or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z"
    path = folder / f"{pid}-{host}.json"
    path.write_text(json.dumps({"pid": pid, "username": "me", "hostname": host, "timestamp": moment}))
    return path


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_dead_process_holds_nothing_and_that_is_said(tmp_path: Path) -> None:
    path = write_lock(tmp_path, dead_pid())
    said: list[str] = []
    assert free_stack(tmp_path, said.append) is True
    assert not path.exists()
    assert "removed the lock of a run that was killed" in said[0]


def test_a_living_process_is_waited_for(tmp_path: Path) -> None:
    path = write_lock(tmp_path, os.getpid())
    said: list[str] = []
    with pytest.raises(UserError, match=f"process {os.getpid()} of me"):
        free_stack(tmp_path, said.append, deadline=0.1)
    assert path.exists()
    assert len(said) == 1
    assert said[0].startswith("waiting")


def test_a_number_used_again_by_a_younger_process_is_no_proof_of_life(tmp_path: Path) -> None:
    path = write_lock(tmp_path, os.getpid(), since=datetime.now(UTC) - timedelta(days=3))
    [lock] = locks_in(path.parent)
    assert is_dead(lock, HERE)


def test_of_another_machine_nothing_can_be_proved(tmp_path: Path) -> None:
    [lock] = locks_in(write_lock(tmp_path, dead_pid(), host="another-machine").parent)
    assert not is_dead(lock, HERE)


def test_no_folder_no_lock(tmp_path: Path) -> None:
    assert free_stack(tmp_path / "none", lambda text: pytest.fail(text)) is False


def test_a_lock_whose_holder_ends_while_it_is_looked_at_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = write_lock(tmp_path, os.getpid())
    gone.unlink()
    monkeypatch.setattr(Path, "glob", lambda folder, pattern: iter([gone]))
    assert read_lock(gone) is None
    assert free_stack(tmp_path, lambda text: pytest.fail(text)) is False


def test_a_helper_that_ends_at_the_last_moment_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper = Process(dead_pid(), "python", "-m pulumi_ctyun.provider")
    monkeypatch.setattr(stale, "orphaned_helpers", lambda state: [helper])
    said: list[str] = []
    await_helpers(tmp_path, said.append, seconds=0)
    assert said


def test_a_damaged_lock_is_not_guessed_about(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read") as caught:
        free_stack(tmp_path, print)
    assert caught.value.hint == "pulumi cancel"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-21T08:46:33Z", 1795250793.0),
        ("2026-11-21T08:46:33.038694786Z", 1795250793.038694),
        ("2026-11-21T16:46:33.5+08:00", 1795250793.5),
    ],
)
def test_times_as_go_writes_them(text: str, seconds: float) -> None:
    assert timestamp(text) == pytest.approx(seconds, abs=1e-5)
