"""Orders and jobs end and servers stay consistent, whatever engines do in the middle of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from localcloud.controllers.faults.wishes import Wish
from localcloud.engines.interface.engines import Power
from localcloud.records.compute import FAULTS, INSTANCES

REGION = "bb9fdb42056f11eda1610242ac110002"


@pytest.fixture
def vpc(api: Any) -> str:
    return str(api.vpc())


@pytest.fixture
def subnet(api: Any, vpc: str) -> str:
    return str(api.subnet(vpc))


def test_whatever_goes_wrong_an_order_and_a_job_end(api: Any, vpc: str, subnet: str) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    server = api.server(vpc, subnet)
    api.engines.on_call["create_server"] = full
    order = api.ok(api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet, "web-02")))["masterOrderID"]
    assert api.finished(order)["orderStatus"] == "5"
    assert "No space left" in api.get("/v4/ecs/order/query-uuid", masterOrderID=order)["message"]
    api.engines.on_call["shut_down"] = full
    job = api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=server))["jobID"]
    assert api.job_done(job)["jobStatus"] == "fail"
    assert api.ok(api.details(server))["instanceStatus"] == "running"


def test_a_job_does_not_overwrite_a_release(api: Any, vpc: str, subnet: str) -> None:
    server = api.server(vpc, subnet)
    store = api.cloud.store

    def released() -> None:
        store.put(INSTANCES, replace(store.require(INSTANCES, server), status="unsubscribing"))

    api.engines.on_call["shut_down"] = released
    api.job_done(api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=server))["jobID"])
    assert store.require(INSTANCES, server).status == "unsubscribing"


def test_what_a_gone_server_left_is_removed_even_after_a_failure(api: Any, vpc: str, subnet: str) -> None:
    server = api.server(vpc, subnet)
    del api.engines.power[server]
    api.engines.fail["remove_server"] = "the agent does not answer"
    assert api.details(server)["errorCode"] == "LocalCloud.Engine.Failed"
    api.engines.fail.clear()
    assert api.details(server)["errorCode"] == "Ecs.Instance.NotFound"
    assert api.engines.calls("remove_server") == [("remove_server", server)] * 2


def test_a_server_does_not_run_on_when_its_power_fails_during_the_start(api: Any, vpc: str, subnet: str) -> None:
    server = api.server(vpc, subnet)
    api.job_done(api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=server))["jobID"])
    wish = Wish("power-off", "zone:AZ1")

    def fails() -> None:
        api.engines.on_call.clear()
        api.cloud.store.put(FAULTS, replace(api.cloud.faults._planned(wish), phase="active"))

    api.engines.on_call["boot_servers"] = fails
    job = api.ok(api.post("/v4/ecs/start-instance", regionID=REGION, instanceID=server))["jobID"]
    assert api.job_done(job)["jobStatus"] == "fail"
    assert api.engines.power[server] is Power.STOPPED


def test_a_password_and_a_public_key_have_one_line(api: Any, vpc: str, subnet: str) -> None:
    order = api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet, userPassword="Secret-pass-1\nroot"))
    assert order["message"].startswith("userPassword is too weak")
    public = api.ok(api.post("/v4/ecs/keypair/create-keypair", regionID=REGION, keyPairName="first"))["publicKey"]
    two = api.post("/v4/ecs/keypair/import-keypair", regionID=REGION, keyPairName="two", publicKey=f"{public}\nssh-rsa AAAA")
    assert two["message"].startswith("publicKey must be")


def test_a_repeated_call_applies_what_could_not_be_applied(api: Any, vpc: str, subnet: str) -> None:
    api.server(vpc, subnet)
    one = {"regionID": REGION, "vpcID": vpc, "name": "late", "CIDR": "192.168.2.0/24", "clientToken": "the-same"}
    api.engines.fail["apply_networks"] = "the agent does not answer"
    assert api.post("/v4/vpc/create-subnet", **one)["errorCode"] == "LocalCloud.Engine.Failed"
    assert api.post("/v4/vpc/create-subnet", **one)["errorCode"] == "LocalCloud.Engine.Failed"
    api.engines.fail.clear()
    made = api.ok(api.post("/v4/vpc/create-subnet", **one))["subnetID"]
    assert [found.subnet_id for found in api.engines.networks[vpc].subnets][1:] == [made]
    assert api.cloud.store.dirty() == []


@pytest.mark.parametrize("task", ["start", "reboot"])
def test_a_server_is_not_removed_while_it_boots(api: Any, vpc: str, subnet: str, task: str) -> None:
    server = api.server(vpc, subnet)
    if task == "start":
        api.job_done(api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=server))["jobID"])
    boot, booting, go_on = api.engines.servers.boot, asyncio.Event(), asyncio.Event()

    async def slow(specs: Any) -> None:
        booting.set()
        await go_on.wait()
        await boot(specs)

    api.engines.servers.boot = slow
    job = api.ok(api.post(f"/v4/ecs/{task}-instance", regionID=REGION, instanceID=server))["jobID"]
    api.http.wait(asyncio.wait_for(booting.wait(), 5))
    order = api.ok(api.post("/v4/ecs/unsubscribe-instance", regionID=REGION, instanceID=server))["masterOrderID"]
    assert api.ok(api.details(server))["instanceStatus"] == "unsubscribing"
    assert api.engines.calls("remove_server") == []
    api.http.wait(let(go_on))
    api.job_done(job)
    assert api.finished(order)["orderStatus"] == "3"
    assert [call[0] for call in api.engines.journal if call[0] in ("boot_servers", "remove_server")][-1] == "remove_server"
    assert api.engines.power == {}


async def let(event: asyncio.Event) -> None:
    """Set it on the loop that waits for it."""
    event.set()


def test_a_power_on_passes_over_servers_that_were_released_meanwhile(api: Any, vpc: str, subnet: str) -> None:
    first, second = api.server(vpc, subnet, "first"), api.server(vpc, subnet, "second")
    instances = [api.cloud.store.require(INSTANCES, server) for server in (first, second)]
    order = api.ok(api.post("/v4/ecs/unsubscribe-instance", regionID=REGION, instanceID=first))["masterOrderID"]
    api.finished(order)
    api.http.wait(api.cloud.servers.boot(instances))
    assert api.engines.calls("boot_servers")[-1] == ("boot_servers", [second])
