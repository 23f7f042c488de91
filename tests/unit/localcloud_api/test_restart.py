"""What a restarted daemon carries on, repairs and leaves alone."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from support.waiting import until, wait_until

from localcloud.engines.interface.engines import EngineError, Power
from localcloud.records.catalogue import FLAVORS, REGIONS
from localcloud.records.compute import INSTANCES, JOBS, ORDERS, Job

REGION = "bb9fdb42056f11eda1610242ac110002"


@pytest.fixture
def world(api: Any) -> tuple[Any, str, str, str]:
    """A cloud with one running server."""
    vpc = api.vpc()
    subnet = api.subnet(vpc)
    return api, vpc, subnet, api.server(vpc, subnet)


def test_servers_are_left_as_they_are(world: tuple[Any, str, str, str], start: Any) -> None:
    api, _, _, server = world
    before = list(api.engines.journal)
    again = start()
    assert api.engines.journal[len(before) :] == [("start",)]
    assert again.ok(again.details(server))["instanceStatus"] == "running"


def test_after_the_machine_was_down_only_what_should_run_is_booted(world: tuple[Any, str, str, str], start: Any) -> None:
    api, vpc, subnet, on = world
    off, dead = api.server(vpc, subnet, "off"), api.server(vpc, subnet, "dead")
    api.job_done(api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=off))["jobID"])
    api.local("POST", "/faults", {"kind": "power-off", "target": "server:dead"}, 201)
    api.engines.power = dict.fromkeys(api.engines.power, Power.STOPPED)
    api.engines.networks.clear()
    api.engines.was_interrupted = True
    again = start()
    assert again.engines.calls("boot_servers")[-1] == ("boot_servers", [on])
    assert len(again.engines.networks[vpc].nics) == 3
    assert {server["name"]: server["power"] for server in again.local("GET", "/servers")} == {
        "web-01": "running",
        "off": "stopped",
        "dead": "stopped",
    }
    assert again.ok(again.details(dead))["instanceStatus"] == "stopped"


def test_a_half_made_server_is_finished(world: tuple[Any, str, str, str], start: Any) -> None:
    api, _, _, server = world
    store = api.cloud.store
    store.put(INSTANCES, replace(store.require(INSTANCES, server), status="creating"))
    order = store.put(ORDERS, replace(store.find(ORDERS)[0], status="14"))
    del api.engines.power[server]
    again = start()
    assert again.finished(order.id)["instanceIDList"] == [server]
    assert again.engines.power[server] is Power.RUNNING


def test_a_half_done_release_is_finished(world: tuple[Any, str, str, str], start: Any) -> None:
    api, _, _, server = world
    store = api.cloud.store
    store.put(INSTANCES, replace(store.require(INSTANCES, server), status="unsubscribing"))
    order = store.put(ORDERS, replace(store.find(ORDERS)[0], kind="ecs-release", status="14"))
    again = start()
    assert again.finished(order.id)["orderStatus"] == "3"
    assert again.engines.power == {}


def test_a_change_of_flavour_is_carried_on(world: tuple[Any, str, str, str], start: Any) -> None:
    api, _, _, server = world
    store = api.cloud.store
    instance = store.put(INSTANCES, replace(store.require(INSTANCES, server), status="stopped"))
    [wanted] = [one for one in FLAVORS if one.name == "s7.large.4"]
    flavor_id = wanted.id_in(REGIONS[instance.region], instance.zone)
    order = replace(store.find(ORDERS)[0], id="resize", kind="ecs-resize", status="14", wanted={"flavorID": flavor_id})
    store.put(ORDERS, order)
    api.engines.power[server] = Power.STOPPED
    again = start()
    assert again.finished("resize")["orderStatus"] == "3"
    assert (again.ok(again.details(server))["flavor"]["flavorID"], again.engines.specs[server].cpus) == (flavor_id, 2.0)


def test_a_job_is_carried_on(world: tuple[Any, str, str, str], start: Any) -> None:
    api, _, _, server = world
    job = api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=server))["jobID"]
    api.job_done(job)
    store = api.cloud.store
    store.put(JOBS, replace(store.require(JOBS, job), status=0))
    store.put(INSTANCES, replace(store.require(INSTANCES, server), status="stopping"))
    api.engines.power[server] = Power.RUNNING
    again = start()
    assert again.job_done(job)["jobStatus"] == "success"
    assert again.engines.power[server] is Power.STOPPED


def test_a_change_of_rules_that_was_not_applied_is_applied(world: tuple[Any, str, str, str], start: Any) -> None:
    api, vpc, _, _ = world
    api.cloud.store.mark_dirty(vpc)
    api.engines.networks.clear()
    again = start()
    assert len(again.engines.networks[vpc].nics) == 1
    assert again.cloud.store.dirty() == []


def test_an_active_fault_survives(world: tuple[Any, str, str, str], start: Any) -> None:
    api, vpc, _, server = world
    done = api.local("POST", "/faults", {"kind": "power-off", "target": "zone:AZ1"}, 201)
    again = start()
    assert again.post("/v4/ecs/start-instance", regionID=REGION, instanceID=server)["errorCode"] == "Ecs.Zone.PowerOff"
    again.local("DELETE", f"/faults/{done['id']}")
    assert again.engines.networks[vpc].dead_nics == frozenset()
    assert again.engines.power[server] is Power.RUNNING


def test_parallel_calls_do_not_disturb_each_other(api: Any) -> None:
    vpc = api.vpc()
    subnet = api.subnet(vpc)
    wishes = [api.wish(vpc, subnet, f"web-{number:02d}") for number in range(12)]

    async def order_all() -> list[Any]:
        return await asyncio.gather(*(asyncio.to_thread(api.post, "/v4/ecs/create-instance", **wish) for wish in wishes))

    orders = [api.ok(answer)["masterOrderID"] for answer in asyncio.run(order_all())]
    ids = [api.finished(order)["instanceIDList"][0] for order in orders]
    assert len({api.ok(api.details(server))["privateIP"] for server in ids}) == 12
    assert len(api.engines.networks[vpc].nics) == 12


def test_an_order_killed_while_it_was_cleared_away_has_failed(world: tuple[Any, str, str, str], start: Any) -> None:
    api, _, _, server = world
    store = api.cloud.store
    order = store.put(ORDERS, replace(store.find(ORDERS)[0], status="14"))
    store.delete(INSTANCES, server)
    done = start().finished(order.id)
    assert (done["orderStatus"], done["instanceIDList"]) == ("5", [])


def test_a_power_on_that_was_cut_short_is_carried_on(world: tuple[Any, str, str, str], start: Any) -> None:
    api, _, _, server = world
    store = api.cloud.store
    store.put(INSTANCES, replace(store.require(INSTANCES, server), status="starting"))
    api.engines.power[server] = Power.STOPPED
    again = start()
    until(lambda: again.ok(again.details(server))["instanceStatus"] != "starting", 10, "the power-on to go on")
    assert again.engines.power[server] is Power.RUNNING


def test_an_order_or_job_of_an_unknown_kind_fails_and_says_so(world: tuple[Any, str, str, str], start: Any) -> None:
    api, _, _, server = world
    store = api.cloud.store
    order = store.put(ORDERS, replace(store.find(ORDERS)[0], kind="ecs-teleport", status="14"))
    job = store.put(JOBS, Job("job", store.require(INSTANCES, server).region, "teleport", server, 0, "", time.time()))
    again = start().cloud.store
    wait_until(lambda: again.require(ORDERS, order.id).status == "5", 10, "the order to fail")
    assert "orders of kind 'ecs-teleport'" in again.require(ORDERS, order.id).problem
    wait_until(lambda: again.require(JOBS, job.id).status == 2, 10, "the job to fail")
    assert "jobs of kind 'teleport'" in again.require(JOBS, job.id).problem


def test_killed_while_it_suspends_the_next_start_brings_servers_back(world: tuple[Any, str, str, str], start: Any) -> None:
    api, _, _, server = world
    api.engines.on_call["shut_down"] = lambda: api.engines.power.update({server: Power.STOPPED})
    api.engines.fail["shut_down"] = "killed here"
    api.local("POST", "/shutdown", status=502)
    api.engines.fail.clear()
    assert start().engines.power[server] is Power.RUNNING


def test_a_shutdown_that_failed_can_be_repeated(world: tuple[Any, str, str, str]) -> None:
    api, _, _, server = world
    api.engines.fail["stop"] = "Docker does not answer"
    assert "Docker does not answer" in api.local("POST", "/shutdown", status=502)["error"]
    assert api.local("GET", "/health")["ready"] is True
    api.engines.fail.clear()
    api.local("POST", "/shutdown")
    assert api.engines.power[server] is Power.STOPPED


def test_a_vpc_that_cannot_be_applied_does_not_keep_the_cloud_from_starting(world: tuple[Any, str, str, str], start: Any) -> None:
    api, vpc, _, _ = world
    bad = api.vpc("bad", "10.0.0.0/16")
    api.server(bad, api.subnet(bad, cidr="10.0.0.0/24"), "web-02")
    for dirty in (bad, vpc):
        api.cloud.store.mark_dirty(dirty)
    api.engines.networks.clear()

    def fails() -> None:
        if bad in api.engines.journal[-1][1]:
            raise EngineError("its router does not start")

    api.engines.on_call["apply_networks"] = fails
    again = start()
    assert again.local("GET", "/health")["ready"] is True
    assert len(again.engines.networks[vpc].nics) == 1
    assert again.cloud.store.dirty() == [bad]
    again.engines.on_call.clear()
    again.subnet(bad, "late", "10.0.1.0/24")
    assert again.cloud.store.dirty() == []


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_look_that_fails_does_not_keep_the_cloud_from_starting(
    world: tuple[Any, str, str, str], start: Any, interrupted: bool
) -> None:
    api, _, _, server = world
    del api.engines.power[server]
    api.engines.was_interrupted = interrupted
    api.engines.fail = dict.fromkeys(("remove_server", "apply_networks"), "the agent does not answer")
    again = start()
    assert again.local("GET", "/health")["ready"] is True
    again.engines.fail.clear()
    assert again.details(server)["errorCode"] == "Ecs.Instance.NotFound"
