"""Docker's process ends and another one comes: noticed by the stream of its events, and what went down with it by the agent."""

from __future__ import annotations

import asyncio
import gc
import json
import socketserver
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from support.waiting import wait_until

from localcloud.agent.client import AgentError
from localcloud.engines import foundation
from localcloud.engines.context import Context
from localcloud.engines.docker import calls as docker_calls
from localcloud.engines.docker.api import Docker
from localcloud.engines.foundation import Foundation
from localcloud.engines.interface.engines import EngineError
from localcloud.engines.naming import Naming
from localcloud.engines.servers.records import Records

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
FACTS = {"bridgeFilter": True, "nftBridge": True, "low": []}


# -- the stream ----------------------------------------------------------------------------------------------------------
class Handler(BaseHTTPRequestHandler):
    """Docker's API, as far as a client needs it to listen."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked_for = self.path.partition("?")[0].rpartition("/")[2]
        if asked_for not in ("events", "json"):
            body = json.dumps({"ApiVersion": "1.41", "Version": "20.10"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        daemon: Any = self.server
        if asked_for == "json":
            daemon.asked.set()
            daemon.refused.wait(30)
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        daemon.listeners.append(self)
        daemon.ended.wait(30)
        self.close_connection = True

    def address_string(self) -> str:
        return "a socket"

    def log_message(self, *_: Any) -> None:
        pass


class FakeDocker(socketserver.ThreadingUnixStreamServer):
    """A process of Docker's, which ends in two steps as the real one does: it takes no more calls, then its streams break."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        self.path, self.listeners = path, list[Handler]()
        self.asked, self.refused, self.ended = threading.Event(), threading.Event(), threading.Event()
        super().__init__(str(path), Handler)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def container_dies(self) -> None:
        for listener in self.listeners:
            event = b'{"status":"die"}\n'
            listener.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            listener.wfile.flush()

    def refuse(self) -> None:
        self.refused.set()
        self.shutdown()
        self.server_close()
        self.path.unlink(missing_ok=True)

    def end(self) -> None:
        self.refuse()
        self.ended.set()


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDocker]:
    daemon = FakeDocker(tmp_path / "d.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{daemon.path}")
    monkeypatch.setattr(docker_calls, "GRACE", 0.0)
    yield daemon
    daemon.end()
    for thread in threading.enumerate():
        if thread.name.startswith("docker"):  # one that is about to end may hold such a socket yet
            thread.join(10)
    gc.collect()  # now, that is: docker-py leaves a socket open whose connection was refused


def followed(daemon: FakeDocker, story: Callable[[Any], Awaitable[None]]) -> None:
    async def play() -> None:
        docker = Docker()
        life = await docker.follow("agent")
        try:
            await asyncio.to_thread(wait_until, lambda: daemon.listeners, 10, "the stream to stand")
            async with asyncio.timeout(10):
                await story(life)
        finally:
            life.close()
            await life.ended()
            await docker.close()

    asyncio.run(play())


def test_a_life_is_over_when_the_process_ends(daemon: FakeDocker) -> None:
    async def story(life: Any) -> None:
        assert not life.is_over()
        await asyncio.to_thread(daemon.end)
        await life.ended()

    followed(daemon, story)


def test_an_agent_that_dies_alone_is_not_the_end(daemon: FakeDocker) -> None:
    async def story(life: Any) -> None:
        daemon.container_dies()
        daemon.container_dies()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(life.ended(), 0.5)
        await asyncio.to_thread(daemon.end)
        await life.ended()

    followed(daemon, story)


def test_an_agent_that_dies_while_docker_shuts_down_is_the_end(daemon: FakeDocker) -> None:
    """Its streams go on for as long as its containers take to stop."""

    async def story(life: Any) -> None:
        await asyncio.to_thread(daemon.refuse)
        daemon.container_dies()
        await life.ended()
        assert not daemon.ended.is_set()

    followed(daemon, story)


def test_who_waits_for_a_call_can_be_stopped_before_it_fails(daemon: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_calls, "GRACE", 5.0)

    async def play() -> None:
        docker = Docker()
        life = await docker.follow("agent")
        asking = asyncio.create_task(docker.containers({}))
        assert await asyncio.to_thread(daemon.asked.wait, 10)
        await asyncio.to_thread(daemon.refuse)
        await asyncio.wait({asking}, timeout=0.2)  # it is broken off, and the streams stand still
        await asyncio.to_thread(daemon.end)
        await life.ended()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await docker.close()

    asyncio.run(play())


def test_a_docker_that_is_away_cannot_be_followed(daemon: FakeDocker) -> None:
    daemon.end()

    async def ask() -> None:
        docker = Docker()
        with pytest.raises(EngineError, match=r"events cannot be followed: Docker does not answer .*lab doctor"):
            await docker.follow("agent")
        await docker.close()

    asyncio.run(ask())


# -- what went down with it ------------------------------------------------------------------------------------------------
class Life:
    def __init__(self) -> None:
        self.over = asyncio.Event()

    def is_over(self) -> bool:
        return self.over.is_set()

    async def ended(self) -> None:
        await self.over.wait()

    def close(self) -> None:
        self.over.set()


class Machine:
    """Docker with the agent only, and the agent's socket."""

    def __init__(self) -> None:
        self.life = Life()
        self.made = 0
        self.container: dict[str, Any] | None = None
        self.fails = ""
        self.hangs: asyncio.Event | None = None

    def restart(self) -> None:
        """All containers end with it."""
        self.life.over.set()
        if self.container:
            self.container["State"]["Running"] = False

    async def follow(self, _container: str) -> Life:
        self.life = Life()
        return self.life

    async def info(self) -> Mapping[str, Any]:
        return {}

    async def has_image(self, _ref: str) -> bool:
        return True

    async def inspect(self, _name: str) -> Any:
        if self.hangs:
            await self.hangs.wait()
        return self.container

    async def create(self, _name: str, ref: str, *_: Any, **__: Any) -> str:
        self.made += 1
        self.container = {"Id": f"agent-{self.made}", "State": {"Running": False}, "Config": {"Image": ref}}
        return str(self.container["Id"])

    async def start(self, container: str) -> None:
        assert self.container is not None and self.container["Id"] == container
        self.container["State"]["Running"] = True

    async def remove(self, _name: str) -> None:
        self.container = None

    async def networks(self) -> list[Any]:
        return []

    async def create_network(self, *_: Any) -> bool:
        return True

    # the agent
    async def call(self, op: str, **_: Any) -> Any:
        if self.fails:
            raise AgentError(self.fails)
        return FACTS if op == "host.facts" else None

    async def close(self) -> None:
        pass


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(foundation, "AGENT_ANSWERS", 0.01)
    return Machine()


def founded(machine: Machine, state: Path) -> Foundation:
    anything: Any = machine
    return Foundation(Context(state, Naming("abc123"), anything, anything, Records(state / "servers")), None)


async def revived(found: Foundation) -> None:
    """As by whoever asks an agent that has died."""
    revive = found._context.revive
    assert revive is not None
    await revive()


def test_everything_was_down_when_the_agent_was(machine: Machine, tmp_path: Path) -> None:
    async def story() -> None:
        found = founded(machine, tmp_path)
        await found.start()
        assert found.interrupted, "the first start of all"
        machine.life.over.set()  # as with live-restore
        await found.outage()
        await found.start()
        assert not found.interrupted
        machine.restart()
        await found.outage()
        await found.start()
        assert found.interrupted
        assert machine.made == 2
        found.let_go()

    asyncio.run(story())


def test_a_start_that_failed_half_way_does_not_hide_it(machine: Machine, tmp_path: Path) -> None:
    """The agent runs again by then."""

    async def story() -> None:
        found = founded(machine, tmp_path)
        await found.start()
        machine.restart()
        machine.fails = "nobody listens yet"
        with pytest.raises(EngineError, match="nobody listens yet"):
            await found.start()
        assert machine.container and machine.container["State"]["Running"]
        machine.fails = ""
        await found.outage()
        await found.start()
        assert found.interrupted

    asyncio.run(story())


@pytest.mark.parametrize("late", [False, True])
def test_an_agent_revived_by_somebody_in_the_outage_does_not_hide_it(machine: Machine, tmp_path: Path, late: bool) -> None:
    """`late`: who revives it had begun before Docker ended, and the new one answers."""

    async def story() -> None:
        found = founded(machine, tmp_path)
        await found.start()
        if late:
            machine.hangs = asyncio.Event()
            reviving = asyncio.ensure_future(revived(found))
            await asyncio.sleep(0)
            machine.restart()
            starting = asyncio.create_task(found.start())
            await asyncio.sleep(0)
            machine.hangs.set()
            await asyncio.gather(reviving, starting)
        else:
            machine.restart()
            await revived(found)
            await found.start()
        assert found.interrupted
        assert machine.made == 2

    asyncio.run(story())


def test_an_agent_that_died_alone_and_was_revived_is_the_known_one(machine: Machine, tmp_path: Path) -> None:
    async def story() -> None:
        found = founded(machine, tmp_path)
        await found.start()
        assert machine.container is not None
        machine.container["State"]["Running"] = False
        await revived(found)
        machine.life.over.set()
        await found.start()
        assert not found.interrupted

    asyncio.run(story())
