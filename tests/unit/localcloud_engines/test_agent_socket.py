"""The agent's server and client over a socket of their own; operations are plain functions here."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from localcloud.agent.client import AgentClient, AgentError, AgentGone
from localcloud.agent.errors import OpError
from localcloud.agent.ops import cgroups
from localcloud.agent.server import AgentServer


def refuses() -> None:
    raise OpError("link p1 cannot be made: no bridge")


def breaks() -> None:
    raise LookupError("surprise")


OPERATIONS: Mapping[str, Callable[..., Any]] = {"add": lambda a, b: a + b, "refuses": refuses, "breaks": breaks}


def talk(
    socket: Path, talking: Callable[[AgentClient], Awaitable[None]], operations: Mapping[str, Callable[..., Any]] = OPERATIONS
) -> None:
    """Serve, talk, stop."""

    async def run() -> None:
        serving = asyncio.create_task(AgentServer(operations).serve(socket))
        client = AgentClient(socket)
        try:
            async with asyncio.timeout(10):
                await listens(client)
                await talking(client)
        finally:
            await client.close()
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving

    asyncio.run(run())


async def listens(client: AgentClient) -> None:
    """Until the server has bound its socket."""
    while True:
        try:
            await client.call("none")
        except AgentGone:
            await asyncio.sleep(0.001)
        except AgentError:
            return


def test_an_operation_is_run_and_answered(tmp_path: Path) -> None:
    async def talking(client: AgentClient) -> None:
        assert await client.call("add", a=1, b=2) == 3
        assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600

    talk(tmp_path / "s", talking)


def test_many_operations_run_at_the_same_time(tmp_path: Path) -> None:
    meeting = threading.Barrier(8, timeout=5)

    async def talking(client: AgentClient) -> None:
        assert len(await asyncio.gather(*(client.call("meet") for _ in range(8)))) == 8

    talk(tmp_path / "s", talking, {"meet": meeting.wait})


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        ("refuses", "link p1 cannot be made: no bridge"),
        ("breaks", "breaks: LookupError: surprise"),
        ("unknown", "the agent has no operation 'unknown'"),
    ],
)
def test_what_failed_is_told_in_a_sentence(
    tmp_path: Path, operation: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def talking(client: AgentClient) -> None:
        with pytest.raises(AgentError) as caught:
            await client.call(operation)
        assert str(caught.value) == sentence
        assert await client.call("add", a=1, b=1) == 2, "the connection lives on"

    talk(tmp_path / "s", talking)
    assert ("Traceback" in capsys.readouterr().err) == (operation == "breaks"), "surprises are kept in the container's log"


def test_nobody_there_is_said(tmp_path: Path) -> None:
    async def call() -> None:
        with pytest.raises(AgentGone, match=r"the agent does not answer on .*/s"):
            await AgentClient(tmp_path / "s").call("add", a=1, b=1)
        with pytest.raises(AgentGone, match=r"folder .*none cannot be opened"):
            await AgentClient(tmp_path / "none/s").call("add", a=1, b=1)

    asyncio.run(call())


def test_an_operation_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    held = threading.Event()

    async def talking(client: AgentClient) -> None:
        with pytest.raises(AgentError, match="the agent did not finish wait within 0 s"):
            await client.call("wait", deadline=0.05)
        held.set()

    talk(tmp_path / "s", talking, {"wait": lambda: held.wait(5)})


def test_a_deep_state_folder_is_no_hindrance(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    (tmp_path / "short").symlink_to(deep)

    async def talking(client: AgentClient) -> None:
        direct = AgentClient(deep / "s")
        assert await direct.call("add", a=1, b=1) == 2
        await direct.close()

    talk(tmp_path / "short/s", talking)


def test_control_groups_of_removed_containers_are_removed_and_no_others(tmp_path: Path) -> None:
    gone, lives = "a" * 64, "b" * 64
    for hierarchy in ("memory", "cpu"):
        (tmp_path / hierarchy / "docker" / gone / "system.slice/ssh.service").mkdir(parents=True)
        (tmp_path / hierarchy / "docker" / lives).mkdir()
    (tmp_path / "cpu/system.slice" / f"docker-{gone}.scope/init.scope").mkdir(parents=True)
    assert cgroups.reap([gone], tmp_path) == 8
    assert cgroups.reap([gone], tmp_path) == 0
    assert sorted(path.name for path in tmp_path.rglob("*") if len(path.name) == 64) == [lives, lives]
