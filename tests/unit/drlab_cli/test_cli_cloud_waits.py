"""A local cloud that runs and is not ready is waited for: it starts everything again after Docker was away."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ctyun import CloudRecord, Credentials
from ctyun.local import Health
from drlab import cloud
from drlab.cloud import Cloud
from drlab.errors import UserError
from drlab.folders import Folders
from drlab.local_api import LocalApi

RECORD = CloudRecord("abc123", "http://127.0.0.1:8750", Credentials("a" * 32, "s" * 32), "k" * 40, os.getpid())
READY = Health("abc123", "0.1.0", True, "ready")
WAITING = replace(READY, ready=False, phase="waiting for Docker")


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    monkeypatch.setattr(Cloud, "record", lambda _: RECORD)
    monkeypatch.setattr(cloud, "lives", lambda _: True)
    return Cloud(Folders(tmp_path, tmp_path, tmp_path))


def says(monkeypatch: pytest.MonkeyPatch, *answers: Health) -> None:
    """What the cloud says of itself, the last again and again."""
    left = list(answers)
    monkeypatch.setattr(LocalApi, "health", lambda _: left.pop(0) if len(left) > 1 else left[0])


def test_until_it_is_ready(running: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, WAITING, WAITING, replace(WAITING, phase="restoring"), READY)
    assert running.start() is RECORD
    assert LocalApi(RECORD).health() == READY, "it did not wait"


def test_not_for_ever(running: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, WAITING)
    monkeypatch.setattr(cloud, "START_SECONDS", 0.1)
    with pytest.raises(UserError, match="last seen: waiting for Docker"):
        running.start()
