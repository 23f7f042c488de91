"""Load balancers whose making, changing or removing is cut off or fails: nothing is left, and nobody gets to what is left."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from support.waiting import wait_until

from localcloud.records.balancers import BALANCERS, LISTENERS, TARGET_GROUPS, Listener, TargetGroup
from localcloud.records.compute import EIPS, FAULTS, Fault

REGION = "bb9fdb42056f11eda1610242ac110002"
CLASSIC, GUARANTEED = "/v4/elb/create-loadbalancer", "/v4/elb/create-pgelb"
SECONDS = 20.0


@pytest.fixture
def net(api: Any) -> tuple[str, str]:
    vpc = api.vpc()
    return vpc, api.subnet(vpc)


def wish(subnet: str, **more: Any) -> dict[str, Any]:
    return {"regionID": REGION, "subnetID": subnet, "name": "front", "slaName": "elb.default", "resourceType": "internal"} | more


@pytest.fixture
def balancer(api: Any, net: tuple[str, str]) -> str:
    found = str(api.ok(api.post(CLASSIC, **wish(net[1])))["ID"])
    wait_until(lambda: api.cloud.store.require(BALANCERS, found).status == "ACTIVE", SECONDS, "the balancer")
    return found


def dark(zone: str) -> Fault:
    """A power fault over a zone, just landing."""
    return Fault(
        id="f-1", kind="power-off", target="zone", scope={"instance": "", "region": REGION, "zone": zone}, phase="landing",
        to=None, to_scope=None, one_way=False, process=None, path=None, name_prefix=None, hit=(), hit_names=(), at=None,
        landed=False, proof="", undone=None, created=0.0,
    )  # fmt: skip


def test_a_failed_order_takes_listeners_with_it(api: Any, net: tuple[str, str]) -> None:
    """Whoever lists balancers sees one that is still being built, and may put a listener on it."""

    def meanwhile() -> None:
        store = api.cloud.store
        [found] = store.find(BALANCERS)
        store.put(TARGET_GROUPS, TargetGroup("tg-1", REGION, net[0], "web", "", "wrr", "", 0.0, 0.0))
        store.put(LISTENERS, Listener("li-1", REGION, found.id, "http", "", "HTTP", 80, "tg-1", False, "ACTIVE", 0.0, 0.0))

    api.engines.on_call["apply_balancer"] = meanwhile
    api.engines.fail["apply_balancer"] = "no HAProxy today"
    body = wish(net[1], slaName="elb.s2.small", cycleType="on_demand", clientToken="t1")
    wait_until(lambda: api.ok(api.post(GUARANTEED, **body))["masterResourceStatus"] == "failed", SECONDS, "the failure")
    assert api.ok(api.get("/v4/elb/list-listener", regionID=REGION)) == []
    assert api.ok(api.post("/v4/elb/delete-target-group", regionID=REGION, targetGroupID="tg-1"))


def test_a_daemon_that_is_killed_while_it_removes_a_balancer_leaves_no_way_to_it(
    api: Any, net: tuple[str, str], balancer: str, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.ok(api.post("/v4/eip/create", regionID=REGION, name="front", cycleType="on_demand", clientToken="t1"))
    [eip] = [found.id for found in api.cloud.store.find(EIPS)]
    assert api.ok(api.post("/v4/elb/associate-eip-to", regionID=REGION, elbID=balancer, eipID=eip))

    async def killed_before(_: Any) -> str:
        await asyncio.Event().wait()
        return ""

    monkeypatch.setattr(api.cloud.balancers, "remove", killed_before)
    assert api.ok(api.post("/v4/elb/delete-loadbalancer", regionID=REGION, elbID=balancer))
    assert api.engines.networks[net[0]].eips
    again = start()
    network = again.engines.networks[net[0]]
    assert (network.nics, network.eips, network.moving) == ((), (), ())
    wait_until(lambda: not again.engines.nodes, SECONDS, "the processes to go")


def test_no_process_stays_in_a_zone_that_lost_its_power_during_a_change_that_failed(api: Any, balancer: str) -> None:
    zone = api.cloud.store.require(BALANCERS, balancer).nodes[0]["zone"]
    api.engines.on_call["apply_balancer"] = lambda: api.cloud.store.put(FAULTS, dark(zone))
    api.engines.fail["apply_balancer"] = "HAProxy does not answer"
    api.cloud.store.put(FAULTS, dark(api.cloud.store.require(BALANCERS, balancer).nodes[1]["zone"]))  # what makes it change
    wait_until(lambda: f"{balancer}-1" not in api.engines.nodes, SECONDS, "the process to go")


def test_a_process_that_survives_a_power_off_is_told(api: Any, balancer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(node_ids: Any) -> None: ...

    monkeypatch.setattr(api.engines.balancers, "remove", nothing)
    fault = api.local("POST", "/faults", {"kind": "power-off", "target": "zone:华东1/AZ1"}, 201)
    assert (fault["landed"], fault["proof"]) == (False, "still running: front (its HAProxy there)")


def test_an_address_moves_while_another_balancer_hangs(
    api: Any, net: tuple[str, str], balancer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = str(api.ok(api.post(CLASSIC, **wish(net[1], name="slow")))["ID"])
    wait_until(lambda: api.cloud.store.require(BALANCERS, hanging).status == "ACTIVE", SECONDS, "the other balancer")
    answering, hangs = api.engines.balancers.answering, threading.Event()

    async def slow(node_ids: Any) -> Any:
        if f"{hanging}-1" in node_ids:
            hangs.set()
            await asyncio.Event().wait()
        return await answering(node_ids)

    monkeypatch.setattr(api.engines.balancers, "answering", slow)
    assert hangs.wait(SECONDS)
    api.engines.nodes.discard(f"{balancer}-1")
    wait_until(lambda: api.cloud.store.require(BALANCERS, balancer).active == f"{balancer}-2", SECONDS, "the move")


def test_a_dark_zone_is_no_reason_to_apply_again_and_again(api: Any, balancer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.controllers.balancers.balancers.REST_SECONDS", 0.0)
    api.local("POST", "/faults", {"kind": "power-off", "target": "zone:华东1/AZ1"}, 201)
    wait_until(lambda: len(api.engines.balancers[balancer].nodes) == 1, SECONDS, "one process to be wanted")
    answering, rounds = api.engines.balancers.answering, 0

    async def counted(node_ids: Any) -> Any:
        nonlocal rounds
        rounds += 1
        return await answering(node_ids)

    monkeypatch.setattr(api.engines.balancers, "answering", counted)
    wait_until(lambda: rounds >= 2, SECONDS, "the change to be over")
    before = len(api.engines.calls("apply_balancer"))
    wait_until(lambda: rounds >= 6, SECONDS, "more rounds")
    assert len(api.engines.calls("apply_balancer")) == before
