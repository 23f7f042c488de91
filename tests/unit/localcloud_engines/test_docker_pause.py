"""A server stands still for a copy of its disks, also on a machine so busy that the kernel does not catch all at once."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from docker.errors import APIError

from localcloud.engines.docker import api as docker_api
from localcloud.engines.docker.api import Docker
from localcloud.engines.interface.engines import EngineError

BUSY = "OCI runtime pause failed: unable to freeze: unknown"


def pause(monkeypatch: pytest.MonkeyPatch, *answers: str) -> int:
    """Pause a container of a Docker that gives these answers, the last one again and again; how often it was asked."""
    asked: list[str] = []

    def answer(name: str) -> None:
        asked.append(name)
        problem = answers[min(len(asked), len(answers)) - 1]
        if problem:
            raise APIError(problem)

    async def run() -> None:
        docker = Docker()
        try:
            await docker.pause("drlab-x-web")
        finally:
            await docker.close()

    with monkeypatch.context() as patch:
        patch.setattr(Docker, "_client", lambda _: SimpleNamespace(pause=answer, close=lambda: None))
        asyncio.run(run())
    return len(asked)


def test_it_is_tried_until_all_processes_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pause(monkeypatch, BUSY, BUSY, "") == 3


def test_it_is_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_api, "FREEZE_SECONDS", 0.05)
    with pytest.raises(EngineError, match="unable to freeze"):
        pause(monkeypatch, BUSY)


def test_what_stands_already_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pause(monkeypatch, "Container drlab-x-web is already paused") == 1


def test_another_refusal_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match="cannot be paused"):
        pause(monkeypatch, "Container drlab-x-web is not running")
