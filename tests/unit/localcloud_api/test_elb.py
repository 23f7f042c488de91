"""Load balancers on engines that only remember: orders, rules, and an address that follows a living process."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.waiting import until

from localcloud.engines.interface.engines import HalfApplied
from localcloud.records.balancers import BALANCERS
from localcloud.records.compute import EIPS

REGION = "bb9fdb42056f11eda1610242ac110002"
CLASSIC, GUARANTEED = "/v4/elb/create-loadbalancer", "/v4/elb/create-pgelb"


@pytest.fixture
def net(api: Any) -> tuple[str, str]:
    vpc = api.vpc()
    return vpc, api.subnet(vpc)


def show(api: Any, balancer: str) -> Any:
    [found] = api.ok(api.get("/v4/elb/show-loadbalancer", regionID=REGION, elbID=balancer))
    return found


def wish(subnet: str, **more: Any) -> dict[str, Any]:
    return {"regionID": REGION, "subnetID": subnet, "name": "front", "slaName": "elb.default", "resourceType": "internal"} | more


@pytest.fixture
def balancer(api: Any, net: tuple[str, str]) -> str:
    found = str(api.ok(api.post(CLASSIC, **wish(net[1])))["ID"])
    until(lambda: show(api, found)["status"] == "ACTIVE", 10, "the balancer")
    return found


def group(api: Any, vpc: str, **more: Any) -> str:
    body = {"regionID": REGION, "name": "web", "vpcID": vpc, "algorithm": "wrr"} | more
    return str(api.ok(api.post("/v4/elb/create-target-group", **body))[0]["ID"])


def listen(api: Any, balancer: str, group_id: str, **more: Any) -> Any:
    action = {"type": "forward", "forwardConfig": {"targetGroups": [{"targetGroupID": group_id}]}}
    body = {"regionID": REGION, "loadBalancerID": balancer, "name": "http", "protocol": "HTTP", "protocolPort": 80}
    return api.post("/v4/elb/create-listener", **(body | {"defaultAction": action} | more))


def test_a_guaranteed_one_is_posted_again_until_it_is_started(api: Any, net: tuple[str, str]) -> None:
    body = wish(net[1], slaName="elb.s2.small", cycleType="on_demand", clientToken="t1")
    first = api.ok(api.post(GUARANTEED, **body))
    assert (first["masterResourceStatus"], first["elbID"]) == ("in_progress", "")
    until(lambda: api.ok(api.post(GUARANTEED, **body))["masterResourceStatus"] == "started", 10, "the order")
    made = api.ok(api.post(GUARANTEED, **body))["elbID"]
    assert show(api, made)["status"] == "ACTIVE"
    refund = {"regionID": REGION, "elbID": made, "clientToken": "t2"}
    until(lambda: api.ok(api.post("/v4/elb/refund-pgelb", **refund))["masterResourceStatus"] == "refunded", 10, "the refund")
    assert api.get("/v4/elb/show-loadbalancer", regionID=REGION, elbID=made)["errorCode"] == "Openapi.LoadBalancer.NotFound"


def test_an_order_that_fails_leaves_nothing(api: Any, net: tuple[str, str]) -> None:
    api.engines.fail["apply_balancer"] = "no HAProxy today"
    body = wish(net[1], slaName="elb.s2.small", cycleType="on_demand", clientToken="t1")
    until(lambda: api.ok(api.post(GUARANTEED, **body))["masterResourceStatus"] == "failed", 10, "the failure")
    assert api.post(GUARANTEED, **body)["message"] == "no HAProxy today"
    assert api.ok(api.get("/v4/elb/list-loadbalancer", regionID=REGION)) == []


def test_an_order_whose_balancer_is_given_back_meanwhile_is_not_started(api: Any, net: tuple[str, str]) -> None:
    store = api.cloud.store

    def given_back() -> None:
        for balancer in store.find(BALANCERS):
            api.cloud.balancers.forget(balancer)

    api.engines.on_call["apply_balancer"] = given_back
    body = wish(net[1], slaName="elb.s2.small", cycleType="on_demand", clientToken="t1")
    until(lambda: api.ok(api.post(GUARANTEED, **body))["masterResourceStatus"] != "in_progress", 10, "the order's end")
    assert api.ok(api.post(GUARANTEED, **body))["masterResourceStatus"] == "failed"


def test_whatever_goes_wrong_an_order_ends(api: Any, net: tuple[str, str]) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    api.engines.on_call["apply_balancer"] = full
    api.engines.fail["remove_nodes"] = "Docker does not answer"
    body = wish(net[1], slaName="elb.s2.small", cycleType="on_demand", clientToken="t1")
    until(lambda: api.ok(api.post(GUARANTEED, **body))["masterResourceStatus"] == "failed", 10, "the failure")
    assert "No space left" in api.post(GUARANTEED, **body)["message"]


def test_what_could_not_be_removed_is_tried_again(api: Any, net: tuple[str, str], balancer: str) -> None:
    api.engines.fail["remove_nodes"] = "Docker does not answer"
    assert api.ok(api.post("/v4/elb/delete-loadbalancer", regionID=REGION, elbID=balancer))
    until(lambda: len(api.engines.calls("remove_nodes")) > 1, 10, "the second attempt")
    assert api.engines.nodes
    assert api.engines.networks[net[0]].nics == (), "nobody reaches them any more"
    api.engines.fail.clear()
    until(lambda: not api.engines.nodes, 10, "the processes to go")


def test_a_shutdown_that_failed_leaves_the_balancers_watched(api: Any, balancer: str) -> None:
    api.engines.fail["stop"] = "Docker does not answer"
    api.local("POST", "/shutdown", status=502)
    until(lambda: api.engines.nodes == {f"{balancer}-1", f"{balancer}-2"}, 10, "both processes")


def test_a_cut_reaches_a_balancer_of_another_vpc(api: Any, net: tuple[str, str], balancer: str) -> None:
    other = api.vpc("other", "10.0.0.0/16")
    api.server(other, api.subnet(other, cidr="10.0.1.0/24"), "far", extIP="1", bandwidth=1)
    far = api.engines.networks[other].nics[0].nic_id
    api.ok(api.post("/v4/eip/create", regionID=REGION, name="front", cycleType="on_demand", clientToken="t1"))
    [eip] = [found.id for found in api.cloud.store.find(EIPS) if found.name == "front"]
    assert api.ok(api.post("/v4/elb/associate-eip-to", regionID=REGION, elbID=balancer, eipID=eip))
    api.local("POST", "/faults", {"kind": "cut", "target": "server:far", "to": "zone:华东1/AZ1", "oneWay": True}, 201)
    first, second = (nic.nic_id for nic in api.engines.networks[net[0]].nics)
    for vpc in (net[0], other):
        [cut] = api.engines.networks[vpc].cuts
        assert cut.sources == {far} and cut.targets is not None and first in cut.targets and second not in cut.targets
    assert list(api.engines.networks[other].public_elsewhere) == [first]
    api.engines.nodes.discard(f"{balancer}-1")
    until(lambda: list(api.engines.networks[other].public_elsewhere) == [second], 10, "the other router to hear of the move")


def test_it_takes_three_addresses_of_its_subnet(api: Any, net: tuple[str, str], balancer: str) -> None:
    network = api.engines.networks[net[0]]
    [moving] = network.moving
    assert len({nic.address for nic in network.nics} | {moving.address}) == 3
    answer = api.post("/v4/vpc/delete-subnet", regionID=REGION, subnetID=net[1])
    assert f"load balancer {balancer}" in answer["message"]
    server = api.server(*net)
    assert api.engines.specs[server].nic.address not in {moving.address, *(nic.address for nic in network.nics)}


def test_the_address_follows_a_process_that_answers(api: Any, net: tuple[str, str], balancer: str) -> None:
    assert api.engines.networks[net[0]].moving[0].nic_id == api.engines.networks[net[0]].nics[0].nic_id
    api.engines.nodes.discard(f"{balancer}-1")
    until(lambda: api.engines.calls("move_address")[-1][2] == f"{balancer}-2", 10, "the move")
    until(lambda: api.engines.networks[net[0]].moving[0].nic_id == api.engines.networks[net[0]].nics[1].nic_id, 10, "the router")


def test_the_address_moves_in_the_middle_of_a_change(
    api: Any, net: tuple[str, str], balancer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change waits for a process that has just died; the address must not."""
    group_id, changing, go_on = group(api, net[0]), threading.Event(), threading.Event()
    apply = api.engines.balancers.apply

    async def slow(spec: Any) -> None:
        changing.set()
        await asyncio.to_thread(go_on.wait, 20)
        await apply(spec)

    with ThreadPoolExecutor() as pool:
        monkeypatch.setattr(api.engines.balancers, "apply", slow)
        change = pool.submit(listen, api, balancer, group_id)
        try:
            assert changing.wait(10)
            api.engines.nodes.discard(f"{balancer}-1")
            until(lambda: api.engines.calls("move_address")[-1][2] == f"{balancer}-2", 10, "the move")
            assert not change.done()
        finally:
            go_on.set()
        assert api.ok(change.result(10))


def test_a_process_that_cannot_follow_does_not_stop_a_change(api: Any, net: tuple[str, str], balancer: str) -> None:
    def half() -> None:
        raise HalfApplied("HAProxy of the standby does not answer")

    api.engines.on_call["apply_balancer"] = half
    assert api.ok(listen(api, balancer, group(api, net[0])))
    del api.engines.on_call["apply_balancer"]
    until(lambda: len(api.engines.balancers[balancer].listeners) == 1, 10, "the watch to try it again")


def test_a_zone_without_power_has_no_process_until_it_is_back(api: Any, balancer: str) -> None:
    fault = api.local("POST", "/faults", {"kind": "power-off", "target": "zone:华东1/AZ1"}, 201)
    assert fault["landed"] and "front (its HAProxy there)" in fault["proof"]
    until(lambda: show(api, balancer)["azName"].endswith("jsnj2A-public-ctcloud"), 10, "the other zone")
    assert api.engines.nodes == {f"{balancer}-2"}
    time.sleep(1.2)
    assert api.engines.nodes == {f"{balancer}-2"}, "nothing that was powered off comes back by itself"
    api.local("DELETE", f"/faults/{fault['id']}")
    until(lambda: api.engines.nodes == {f"{balancer}-1", f"{balancer}-2"}, 10, "the first process")
    assert show(api, balancer)["azName"].endswith("jsnj2A-public-ctcloud"), "the address stays where it is"


def test_a_restarted_daemon_finds_its_balancers(api: Any, net: tuple[str, str], balancer: str, start: Any) -> None:
    assert api.ok(listen(api, balancer, group(api, net[0])))
    api.engines.nodes.add("lb-forgotten-1")  # what a daemon that was killed had not removed yet
    before = len(api.engines.calls("apply_balancer"))
    again = start()
    until(lambda: "lb-forgotten-1" not in again.engines.nodes, 10, "the stranger")
    until(lambda: len(again.engines.calls("apply_balancer")) > before, 10, "the first round")
    again.engines.nodes.discard(f"{balancer}-1")
    until(lambda: show(again, balancer)["azName"].endswith("jsnj2A-public-ctcloud"), 10, "the move")
    assert len(again.engines.balancers[balancer].listeners) == 1


def test_a_released_server_leaves_its_groups(api: Any, net: tuple[str, str], balancer: str) -> None:
    server, group_id = api.server(*net), group(api, net[0])
    api.ok(listen(api, balancer, group_id))
    body = {"regionID": REGION, "targetGroupID": group_id, "instanceType": "VM", "instanceID": server, "protocolPort": 80}
    assert api.ok(api.post("/v4/elb/create-target", **body))
    assert len(api.engines.balancers[balancer].pools[0].targets) == 1
    api.finished(api.ok(api.post("/v4/ecs/unsubscribe-instance", regionID=REGION, instanceID=server))["masterOrderID"])
    until(lambda: not api.engines.balancers[balancer].pools[0].targets, 10, "the target to go")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"protocol": "UDP"}, "UDP listeners are not modelled"),
        ({"protocolPort": 0}, "protocolPort is 0; it must be between 1 and 65535"),
        ({"protocolPort": ""}, "protocolPort must not be empty"),
        ({"defaultAction": {"type": "redirect"}}, "redirect are not modelled"),
        ({"defaultAction": {"type": "forward"}}, "defaultAction.forwardConfig is required"),
    ],
)
def test_listeners_that_are_refused(api: Any, net: tuple[str, str], balancer: str, more: dict[str, Any], sentence: str) -> None:
    assert sentence in listen(api, balancer, group(api, net[0]), **more)["message"]


def test_what_groups_and_checks_refuse(api: Any, net: tuple[str, str]) -> None:
    create = "/v4/elb/create-target-group"
    assert "algorithm=rr" in api.post(create, regionID=REGION, name="a1", vpcID=net[0], algorithm="rr")["message"]
    check = "/v4/elb/create-health-check"
    assert "UDP health checks" in api.post(check, regionID=REGION, name="a1", protocol="UDP")["message"]
    answer = api.post(check, regionID=REGION, name="a1", protocol="TCP", interval=2, timeout=5)
    assert answer["message"] == "interval is 2; it must not be shorter than timeout, which is 5"
    answer = api.post(check, regionID=REGION, name="a1", protocol="HTTP", httpUrlPath="/up#now")
    assert "httpUrlPath '/up#now' is not a path" in answer["message"]
    answer = api.post(CLASSIC, **wish(net[1], resourceType="external"))
    assert answer["message"] == "eipID is required"


def test_of_an_id_under_both_its_names_the_newer_one_counts(api: Any, net: tuple[str, str]) -> None:
    wanted, other = group(api, net[0]), group(api, net[0], name="other")
    for given, found in (
        ({"targetGroupID": wanted, "ID": other}, wanted),
        ({"targetGroupID": wanted, "ID": ""}, wanted),
        ({"targetGroupID": "", "ID": other}, other),
        ({"ID": other}, other),
    ):
        [shown] = api.ok(api.get("/v4/elb/show-target-group", regionID=REGION, **given))
        assert shown["ID"] == found, given
    missing = api.get("/v4/elb/show-target-group", regionID=REGION)
    assert (missing["errorCode"], missing["message"]) == ("Openapi.Parameter.Error", "targetGroupID is required")
