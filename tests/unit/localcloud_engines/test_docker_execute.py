"""Commands inside servers, over a socket of the test's own: they have a deadline, and nothing waits for them for ever."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

from localcloud.engines.docker import calls as docker_calls
from localcloud.engines.docker import commands as docker_commands
from localcloud.engines.docker.api import Docker
from localcloud.engines.interface.engines import EngineError


class Client:
    """Docker with one command, whose far end is `command`."""

    def __init__(self) -> None:
        self.command, self.near = socket.socketpair()
        self.exit_code: int | None = None

    def exec_create(self, *_: Any, **__: Any) -> dict[str, str]:
        return {"Id": "exec-1"}

    def exec_start(self, *_: Any, **__: Any) -> socket.socket:
        return self.near

    def exec_inspect(self, _: str) -> dict[str, int | None]:
        return {"ExitCode": self.exit_code}


def within_seconds(client: Client, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Its result; whatever happens, the command ends afterwards, so that no thread is left."""

    async def run() -> Any:
        try:
            async with asyncio.timeout(5):
                return await coroutine
        finally:
            with contextlib.suppress(OSError):
                client.command.shutdown(socket.SHUT_RDWR)

    return asyncio.run(run())


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    made = Client()
    monkeypatch.setattr(Docker, "_client", lambda _: made)
    yield made
    made.command.close()
    made.near.close()


def test_a_command_that_never_ends_has_a_deadline(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_commands, "COMMAND_SECONDS", 0.05)

    stdin = b"x" * (1 << 22)  # more than the socket takes
    with pytest.raises(EngineError, match=r"sleep in container web-01 has not ended after 0\.05 seconds"):
        within_seconds(client, Docker().execute("web-01", ["sleep", "inf"], stdin))


def test_closing_does_not_wait_for_a_command(client: Client) -> None:
    async def run() -> None:
        docker = Docker()
        running = asyncio.create_task(docker.execute("web-01", ["sleep", "inf"], b"stdin"))
        assert await asyncio.to_thread(client.command.recv, 100) == b"stdin"
        await docker.close()
        with pytest.raises(EngineError, match="sleep cannot be run in container web-01: the connection ended"):
            await running

    within_seconds(client, run())


def test_closing_waits_for_other_calls_only_for_a_while(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_calls, "CLOSE_SECONDS", 0.05)
    monkeypatch.setattr(Client, "info", lambda self: self.command.recv(1), raising=False)

    async def run() -> None:
        docker = Docker()
        running = asyncio.create_task(docker.info())
        await asyncio.sleep(0)
        await docker.close()
        assert not running.done()
        client.command.shutdown(socket.SHUT_RDWR)
        await running

    within_seconds(client, run())


def test_a_command_that_ends_tells_its_status_and_output(client: Client) -> None:
    client.command.sendall(b"\1\0\0\0\0\0\0\2hi")
    client.command.shutdown(socket.SHUT_WR)
    client.exit_code = 3
    assert within_seconds(client, Docker().execute("web-01", ["echo"], b"")) == (3, b"hi")
