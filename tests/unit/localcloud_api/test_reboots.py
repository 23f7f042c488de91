"""Servers that reboot by themselves are booted again, unless somebody else sees to their power."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from support.waiting import wait_until

from localcloud.controllers.servers import reboots
from localcloud.engines.interface.engines import Power
from localcloud.records.compute import INSTANCES

REGION = "bb9fdb42056f11eda1610242ac110002"
SECONDS = 5.0


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reboots, "INTERVAL", 0.01)


@pytest.fixture
def server(api: Any) -> str:
    vpc = api.vpc()
    return str(api.server(vpc, api.subnet(vpc)))


def end(api: Any, server: str, *, reboot: bool = True) -> None:
    """It ends by itself."""
    api.engines.journal.clear()
    if reboot:
        api.engines.reboots.add(server)
    api.engines.power[server] = Power.STOPPED


def boots(api: Any) -> int:
    return sum(call[0] == "boot_servers" for call in api.engines.journal)


def looks(api: Any, times: int = 5) -> None:
    """Wait until the watch has looked so many times more."""
    count = 0

    def seen() -> None:
        nonlocal count
        count += 1

    api.engines.on_call["rebooting"] = seen
    wait_until(lambda: count >= times, SECONDS, "the watch to look")
    del api.engines.on_call["rebooting"]


def test_a_server_that_reboots_comes_up_again(api: Any, server: str) -> None:
    end(api, server)
    wait_until(lambda: api.engines.power[server] is Power.RUNNING, SECONDS, "the server to be booted")
    assert api.ok(api.details(server))["instanceStatus"] == "running"
    looks(api)
    assert boots(api) == 1


def test_also_one_that_was_seen_to_be_down_meanwhile(api: Any, server: str) -> None:
    record = api.cloud.store.require(INSTANCES, server)
    end(api, server, reboot=False)
    assert api.ok(api.details(server))["instanceStatus"] == "stopped"
    api.engines.reboots.add(server)
    wait_until(lambda: api.ok(api.details(server))["instanceStatus"] == "running", SECONDS, "the server to run again")
    assert api.cloud.store.require(INSTANCES, server).desired == record.desired == "on"


def test_one_that_powers_itself_off_stays_off(api: Any, server: str) -> None:
    end(api, server, reboot=False)
    looks(api)
    assert (boots(api), api.ok(api.details(server))["instanceStatus"]) == (0, "stopped")


def test_one_that_its_owner_stopped_stays_off(api: Any, server: str) -> None:
    stopped = api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=server))
    assert api.job_done(stopped["jobID"])["status"] == 1
    end(api, server)
    looks(api)
    assert boots(api) == 0


def test_one_without_power_stays_off_until_it_has_power_again(api: Any, server: str) -> None:
    fault = api.local("POST", "/faults", {"kind": "power-off", "target": "server:web-01"}, 201)
    end(api, server)
    looks(api)
    assert boots(api) == 0
    api.local("DELETE", f"/faults/{fault['id']}")
    assert api.engines.power[server] is Power.RUNNING


def test_a_restarted_daemon_boots_it(api: Any, server: str, start: Any) -> None:
    api.engines.fail["boot_servers"] = "no such luck"
    end(api, server)
    again = start()
    del again.engines.fail["boot_servers"]
    wait_until(lambda: again.engines.power[server] is Power.RUNNING, SECONDS, "the server to be booted")


def test_one_that_does_not_come_up_is_told_of_and_tried_again(api: Any, server: str, caplog: pytest.LogCaptureFixture) -> None:
    api.engines.fail["boot_servers"] = "no such luck"
    with caplog.at_level(logging.ERROR, "localcloud"):
        end(api, server)
        wait_until(lambda: "not come up again after its own reboot: no such luck" in caplog.text, SECONDS, "the log to say so")
    del api.engines.fail["boot_servers"]
    wait_until(lambda: api.engines.power[server] is Power.RUNNING, SECONDS, "the server to be booted")


def test_the_watch_goes_on_when_the_engines_cannot_tell(api: Any, server: str) -> None:
    api.engines.fail["rebooting"] = "Docker does not answer"
    looks(api)
    del api.engines.fail["rebooting"]
    end(api, server)
    wait_until(lambda: api.engines.power[server] is Power.RUNNING, SECONDS, "the server to be booted")
