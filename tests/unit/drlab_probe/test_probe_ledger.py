"""What the ledger promises: an acknowledgement is on disk when it counts, and a crash harms no line before it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from drlab.probe.ledger import Acknowledgement, Ledger, read_ledger

ENTRY = Acknowledgement("w-1", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.010Z", "web-01", "AZ1")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        ledger.note_sent("w-1", ENTRY.sent_at)
        ledger.note_sent("w-2", ENTRY.sent_at)
        asyncio.run(ledger.acknowledge(ENTRY))
        ledger.note_checked({"w-1": "there", "w-2": "missing"})
    entries = read_ledger(tmp_path / "ledger")
    assert entries.acknowledged == {"w-1": ENTRY} and entries.unknown == ["w-2"]
    assert entries.checked == {"w-1": "there", "w-2": "missing"}
    assert (tmp_path / "ledger").stat().st_mode & 0o777 == 0o600


def test_an_acknowledgement_is_synced_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    with Ledger(tmp_path / "ledger") as ledger:
        monkeypatch.setattr(os, "fsync", lambda file: synced.append((tmp_path / "ledger").read_bytes()))
        ledger.note_sent("w-1", ENTRY.sent_at)
        assert synced == [], "a send waits for no disk"
        asyncio.run(ledger.acknowledge(ENTRY))
        assert len(synced) == 1 and b'"acknowledged"' in synced[0]


def test_a_killed_writer_leaves_every_acknowledged_line(tmp_path: Path) -> None:
    program = f"""
import asyncio, os, signal
from pathlib import Path
from drlab.probe.ledger import Acknowledgement, Ledger
with Ledger(Path({str(tmp_path / "ledger")!r})) as ledger:
    for number in range(20):
        ledger.note_sent(f"w-{{number}}", "t")
        asyncio.run(ledger.acknowledge(Acknowledgement(f"w-{{number}}", "t", "t", "web-01", "AZ1")))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], timeout=30, check=False)
    assert done.returncode == -9
    assert len(read_ledger(tmp_path / "ledger").acknowledged) == 20


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    with Ledger(path) as ledger:
        ledger.note_sent("w-1", ENTRY.sent_at)
        asyncio.run(ledger.acknowledge(ENTRY))
    path.write_bytes(path.read_bytes() + b'{"event": "acknow')
    assert list(read_ledger(path).acknowledged) == ["w-1"]
