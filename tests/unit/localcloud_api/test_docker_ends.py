"""Docker ends under a cloud that lives: it stands still, waits, and does what a start does; nothing is taken for gone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

import pytest
from support.waiting import wait_until

from localcloud.controllers import lifetime
from localcloud.engines.interface.engines import EngineError, Power
from localcloud.records.compute import ORDERS

REGION = "bb9fdb42056f11eda1610242ac110002"
SILENT = "Docker does not answer"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifetime, "AGAIN_SECONDS", 0.05)


@pytest.fixture
def world(api: Any) -> tuple[Any, str, str, str]:
    """A cloud with one running server."""
    vpc = api.vpc()
    subnet = api.subnet(vpc)
    return api, vpc, subnet, api.server(vpc, subnet)


def end(api: Any) -> None:
    """Docker's process ends now."""

    async def end() -> None:
        api.engines.docker_ended.set()

    api.http.wait(end())


def phase(api: Any) -> str:
    return str(api.http.request("GET", "/_local/health").json()["phase"])


def comes_back(api: Any, starts: int = 2) -> None:
    """Wait until the cloud has started so many times in all, and is ready."""
    wait_until(lambda: len(api.engines.calls("start")) >= starts and phase(api) == "ready", 10, "the cloud to be ready again")


def all_down(api: Any, except_for: Collection[str] = ()) -> None:
    """What a Docker that ends does to containers, as the next one shows them."""
    for instance_id in set(api.engines.power) - set(except_for):
        api.engines.power[instance_id] = Power.STOPPED
    api.engines.networks.clear()
    api.engines.was_interrupted = True


class Gate:
    """Takes the place of a call of the engines: it is waited for until it is let through, and then raises or goes on."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call, self.reached, self.problem = call, threading.Event(), ""
        self._open = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, *given: Any) -> Any:
        self._loop = asyncio.get_running_loop()
        self.reached.set()
        await self._open.wait()
        if self.problem:
            raise EngineError(self.problem)
        return await self._call(*given)

    def let_through(self, problem: str = "") -> None:
        self.problem = problem
        assert self._loop is not None, "nobody has called it"
        self._loop.call_soon_threadsafe(self._open.set)


def test_only_what_should_run_is_booted(world: tuple[Any, str, str, str]) -> None:
    api, vpc, subnet, on = world
    off, dead = api.server(vpc, subnet, "off"), api.server(vpc, subnet, "dead")
    api.job_done(api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=off))["jobID"])
    api.local("POST", "/faults", {"kind": "power-off", "target": "server:dead"}, 201)
    all_down(api)
    end(api)
    comes_back(api)
    assert api.engines.calls("boot_servers")[-1] == ("boot_servers", [on])
    assert len(api.engines.networks[vpc].nics) == 3
    powers = {server["name"]: server["power"] for server in api.local("GET", "/servers")}
    assert powers == {"web-01": "running", "off": "stopped", "dead": "stopped"}
    assert api.ok(api.details(dead))["instanceStatus"] == "stopped"


def test_what_has_survived_is_left_as_it_is(world: tuple[Any, str, str, str]) -> None:
    """As with Docker's live-restore. One that somebody stopped behind our back is no business of Docker's end."""
    api, vpc, subnet, on = world
    other = api.server(vpc, subnet, "other")
    api.engines.power[other] = Power.STOPPED
    before = len(api.engines.journal)
    end(api)
    comes_back(api)
    assert api.engines.journal[before:] == [("start",)]
    assert api.ok(api.details(on))["instanceStatus"] == "running"
    assert api.ok(api.details(other))["instanceStatus"] == "stopped"


def test_while_docker_is_away_every_call_says_so(world: tuple[Any, str, str, str], caplog: pytest.LogCaptureFixture) -> None:
    api, _, _, server = world
    api.engines.fail["start"] = SILENT
    end(api)
    wait_until(lambda: len(api.engines.calls("start")) > 3, 10, "the cloud to try again")
    answer = api.details(server)
    assert answer["errorCode"] == "LocalCloud.Process.Restoring"
    assert "waiting for Docker" in answer["message"]
    assert "waiting for Docker" in api.local("GET", "/servers", status=503)["error"]
    assert api.http.request("GET", "/_local/health").json()["ready"] is False
    before, began = len(api.engines.calls("start")), time.monotonic()
    wait_until(lambda: len(api.engines.calls("start")) > before + 3, 10, "the cloud to try again")
    assert time.monotonic() - began > 3 * lifetime.AGAIN_SECONDS, "it spins"
    assert [record.message for record in caplog.records].count(f"the cloud still waits: {SILENT}") == 1
    api.engines.fail.clear()
    comes_back(api)
    assert api.ok(api.details(server))["instanceStatus"] == "running"


def test_a_fault_of_our_own_does_not_end_the_waiting(world: tuple[Any, str, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    api, _, _, server = world

    def broken(*_: Any) -> None:
        raise RuntimeError("no such thing")

    with monkeypatch.context() as patch:
        patch.setattr(lifetime, "prune", broken)
        end(api)
        wait_until(lambda: len(api.engines.calls("start")) > 2, 10, "the cloud to try again")
    comes_back(api)
    assert api.ok(api.details(server))["instanceStatus"] == "running"


def test_an_order_under_way_is_carried_on(world: tuple[Any, str, str, str]) -> None:
    api, vpc, subnet, _ = world
    boot = api.engines.servers.boot
    gate = api.engines.servers.boot = Gate(boot)
    order = api.ok(api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet, "late")))["masterOrderID"]
    assert gate.reached.wait(10)
    all_down(api)
    api.engines.servers.boot = boot
    end(api)
    comes_back(api)
    done = api.finished(order)
    assert done["orderStatus"] == "3", api.cloud.store.require(ORDERS, order).problem
    [late] = done["instanceIDList"]
    gate.let_through(SILENT)  # who waits there would clear the order away
    api.http.wait(asyncio.sleep(0.05))
    assert api.finished(order)["orderStatus"] == "3"
    assert api.engines.power[late] is Power.RUNNING


@pytest.mark.parametrize("problem", ["", SILENT])
def test_what_a_call_saw_of_a_docker_that_ended_is_not_told(world: tuple[Any, str, str, str], problem: str) -> None:
    api, _, _, server = world
    observe = api.engines.servers.observe
    gate = api.engines.servers.observe = Gate(observe)
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(api.details(server)))
    asking.start()
    assert gate.reached.wait(10)
    all_down(api)
    api.engines.servers.observe = observe
    api.engines.fail["start"] = SILENT
    end(api)
    wait_until(lambda: phase(api) == "waiting for Docker", 10, "Docker's end to be noticed")
    gate.let_through(problem)
    asking.join(10)
    assert answers[0]["errorCode"] == "LocalCloud.Process.Restoring", answers
    api.engines.fail.clear()
    comes_back(api)
    assert api.ok(api.details(server))["instanceStatus"] == "running"
    assert api.engines.power[server] is Power.RUNNING


def test_twice_in_a_row(world: tuple[Any, str, str, str]) -> None:
    """The second end comes while servers are booted after the first one; nobody knows of the first one any more then."""
    api, _, _, server = world
    all_down(api)

    def ends_again() -> None:
        api.engines.docker_ended.set()
        api.engines.was_interrupted = False

    api.engines.on_call["boot_servers"] = ends_again
    api.engines.fail["boot_servers"] = SILENT
    end(api)
    wait_until(lambda: len(api.engines.calls("boot_servers")) > 1, 10, "servers to be booted")
    api.engines.on_call.clear()
    api.engines.fail.clear()
    comes_back(api, starts=3)
    assert api.engines.power[server] is Power.RUNNING


def test_killed_while_it_boots_the_next_daemon_brings_servers_back(world: tuple[Any, str, str, str], start: Any) -> None:
    api, _, _, server = world
    all_down(api)
    gate = api.engines.servers.boot = Gate(api.engines.servers.boot)
    end(api)
    assert gate.reached.wait(10)
    del api.engines.servers.boot
    api.engines.was_interrupted = False  # the agent runs again
    again = start()
    assert again.engines.power[server] is Power.RUNNING


def test_docker_ends_during_a_shutdown(world: tuple[Any, str, str, str]) -> None:
    api, _, _, server = world

    def ends() -> None:
        all_down(api)
        api.engines.docker_ended.set()

    api.engines.on_call["shut_down"] = ends
    api.engines.fail["shut_down"] = SILENT
    assert SILENT in api.local("POST", "/shutdown", status=502)["error"]
    api.engines.on_call.clear()
    api.engines.fail.clear()
    comes_back(api)
    assert api.engines.power[server] is Power.RUNNING
    api.local("POST", "/shutdown")
    assert api.engines.power[server] is Power.STOPPED
    assert api.engines.calls("stop")


def test_a_shutdown_that_was_asked_for_just_before_is_refused(world: tuple[Any, str, str, str]) -> None:
    api = world[0]
    api.engines.fail["start"] = SILENT
    end(api)
    wait_until(lambda: phase(api) == "waiting for Docker", 10, "Docker's end to be noticed")
    with pytest.raises(EngineError, match=r"not ready \(phase: waiting for Docker\)"):
        api.http.wait(lifetime.shut_down(api.cloud))
    api.engines.fail.clear()
    comes_back(api)
