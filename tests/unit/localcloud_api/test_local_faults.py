"""`/_local/`: faults land, prove it, and are undone; the guard in front; shutdown."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.engines.interface.engines import Cut, EngineError, Power
from localcloud.records.compute import INSTANCES

REGION = "bb9fdb42056f11eda1610242ac110002"
ZONES = [f"cn-huadong1-jsnj{number}A-public-ctcloud" for number in (1, 2, 3)]


@pytest.fixture
def vpc(api: Any) -> str:
    return str(api.vpc())


@pytest.fixture
def subnet(api: Any, vpc: str) -> str:
    return str(api.subnet(vpc))


@pytest.fixture
def pair(api: Any, vpc: str, subnet: str) -> list[str]:
    """single-host-a in AZ1, other-b in AZ2."""
    return [
        api.server(vpc, subnet, "single-host-a"),
        api.server(vpc, subnet, "other-b", zone=ZONES[1], flavorID=api.flavor(zone=ZONES[1])),
    ]


def fault(api: Any, status: int = 201, **wish: Any) -> Any:
    return api.local("POST", "/faults", wish, status)


def test_power_off_takes_the_links_down_first(api: Any, vpc: str, pair: list[str]) -> None:
    done = fault(api, kind="power-off", target="zone:AZ1")
    assert (done["landed"], done["hit"], done["undone"]) == (True, ["single-host-a"], None)
    assert done["target"] == "zone:华东1/AZ1"
    assert [call[0] for call in api.engines.journal[-2:]] == ["apply_networks", "power_cut"]
    assert api.engines.calls("power_cut") == [("power_cut", [pair[0]])]
    network = api.engines.networks[vpc]
    assert network.dead_nics == {nic.nic_id for nic in network.nics if nic.instance_id == pair[0]}
    servers = {server["name"]: server for server in api.local("GET", "/servers")}
    assert (servers["single-host-a"]["power"], servers["single-host-a"]["desired"]) == ("stopped", "off")
    assert (servers["other-b"]["power"], servers["other-b"]["zone"]) == ("running", "AZ2")
    assert api.ok(api.details(pair[0]))["instanceStatus"] == "stopped"


def test_undoing_a_power_off_applies_rules_before_booting(api: Any, vpc: str, pair: list[str]) -> None:
    done = fault(api, kind="power-off", target="server:single-host-a")
    undone = api.local("DELETE", f"/faults/{done['id']}")
    assert undone["proof"] == "running again: single-host-a (1 of 1)"
    assert undone["undone"] is not None
    assert api.engines.networks[vpc].dead_nics == frozenset()
    assert api.engines.journal[-1][0] == "boot_servers"
    assert [server["power"] for server in api.local("GET", "/servers")] == ["running", "running"]
    assert api.local("GET", "/faults") == []
    assert [one["id"] for one in api.local("GET", "/faults?all=1")] == [done["id"]]
    assert "undone already" in api.local("DELETE", f"/faults/{done['id']}", status=409)["error"]


def test_a_server_that_is_released_while_its_power_comes_back_stays_away(api: Any, pair: list[str]) -> None:
    done = fault(api, kind="power-off", target="zone:AZ1")
    api.engines.on_call["apply_networks"] = lambda: api.cloud.store.delete(INSTANCES, pair[0])
    assert "running again: none (0 of 0)" in api.local("DELETE", f"/faults/{done['id']}")["proof"]
    assert api.cloud.store.get(INSTANCES, pair[0]) is None


def test_undo_leaves_off_what_was_off_before(api: Any, pair: list[str]) -> None:
    job = api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=pair[0]))["jobID"]
    api.job_done(job)
    done = fault(api, kind="power-off", target="region:华东1")
    assert done["hit"] == ["other-b"]
    api.local("DELETE", f"/faults/{done['id']}")
    assert {server["name"]: server["power"] for server in api.local("GET", "/servers")} == {
        "single-host-a": "stopped",
        "other-b": "running",
    }


@pytest.mark.parametrize("first_undone", [0, 1])
def test_of_overlapping_power_faults_the_last_one_undone_boots(api: Any, vpc: str, subnet: str, first_undone: int) -> None:
    api.server(vpc, subnet, "on")
    off = api.server(vpc, subnet, "off")
    api.job_done(api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=off))["jobID"])
    faults = [fault(api, kind="power-off", target=target)["id"] for target in ("zone:AZ1", "region:华东1")]
    api.local("DELETE", f"/faults/{faults.pop(first_undone)}")
    assert {server["power"] for server in api.local("GET", "/servers")} == {"stopped"}
    undone = api.local("DELETE", f"/faults/{faults.pop()}")
    assert undone["proof"] == "running again: on (1 of 1)"
    assert {server["name"]: server["power"] for server in api.local("GET", "/servers")} == {"on": "running", "off": "stopped"}


def test_power_faults_in_a_chain_lose_no_server(api: Any, pair: list[str]) -> None:
    zone, first = (fault(api, kind="power-off", target=target)["id"] for target in ("zone:AZ1", "region:华东1"))
    api.local("DELETE", f"/faults/{zone}")
    second = fault(api, kind="power-off", target="region:华东1")["id"]
    api.local("DELETE", f"/faults/{first}")
    api.local("DELETE", f"/faults/{second}")
    assert {server["power"] for server in api.local("GET", "/servers")} == {"running"}


def test_nothing_starts_or_is_made_in_a_dead_zone(api: Any, vpc: str, subnet: str, pair: list[str]) -> None:
    done = fault(api, kind="power-off", target="zone:AZ1")
    refused = api.post("/v4/ecs/start-instance", regionID=REGION, instanceID=pair[0])
    assert refused["errorCode"] == "Ecs.Zone.PowerOff"
    assert done["id"] in refused["message"]
    order = api.ok(api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet, "late")))["masterOrderID"]
    assert api.finished(order)["orderStatus"] == "5"
    assert "has no power" in api.get("/v4/ecs/order/query-uuid", masterOrderID=order)["message"]
    assert len(api.engines.power) == 2
    gone = api.ok(api.post("/v4/ecs/unsubscribe-instance", regionID=REGION, instanceID=pair[0]))["masterOrderID"]
    assert api.finished(gone)["orderStatus"] == "3"


def test_a_fault_that_lands_while_a_server_is_made_fails_its_order(api: Any, vpc: str, subnet: str) -> None:
    api.server(vpc, subnet, "first")
    started: list[Any] = []

    def strike() -> None:
        if not started:
            started.append(api.cloud.tasks.spawn(inject(), "fault"))

    async def inject() -> None:
        from localcloud.controllers.faults.wishes import Wish

        await api.cloud.faults.inject(Wish("power-off", "zone:AZ1"))

    api.engines.on_call["create_server"] = strike
    order = api.ok(api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet, "second")))["masterOrderID"]
    assert api.finished(order)["orderStatus"] == "5"
    assert [server["name"] for server in api.local("GET", "/servers")] == ["first"]


def test_a_prefix_limits_a_zone_fault_to_one_stack(api: Any, vpc: str, subnet: str, pair: list[str]) -> None:
    done = fault(api, kind="power-off", target="region:华东1", namePrefix="single-host-")
    assert done["hit"] == ["single-host-a"]
    assert api.server(vpc, subnet, "other-c")
    order = api.ok(api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet, "single-host-c")))["masterOrderID"]
    assert api.finished(order)["orderStatus"] == "5"


def test_power_on_undoes_faults_and_starts_the_rest(api: Any, pair: list[str]) -> None:
    first = fault(api, kind="power-off", target="server:single-host-a")
    api.job_done(api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=pair[1]))["jobID"])
    done = api.local("POST", "/power-on", {"target": "region:华东1"})
    assert (done["undone"], done["started"]) == ([first["id"]], ["other-b"])
    assert {server["power"] for server in api.local("GET", "/servers")} == {"running"}
    zone = fault(api, kind="power-off", target="zone:AZ1")
    refused = api.local("POST", "/power-on", {"target": "server:single-host-a"}, status=409)
    assert zone["id"] in refused["error"]


def nic(api: Any, vpc: str, instance: str) -> frozenset[str]:
    return frozenset(nic.nic_id for nic in api.engines.networks[vpc].nics if nic.instance_id == instance)


def test_cuts_in_one_and_both_directions(api: Any, vpc: str, pair: list[str]) -> None:
    one_way = fault(api, kind="cut", target="server:single-host-a", to="zone:AZ2", oneWay=True)
    a, b = (nic(api, vpc, server) for server in pair)
    assert api.engines.networks[vpc].cuts == (Cut(a, b),)
    assert one_way["proof"] == "no answer any more: single-host-a -> 192.168.1.3"
    assert one_way["landed"] is True
    undone = api.local("DELETE", f"/faults/{one_way['id']}")
    assert undone["proof"] == "answers again: single-host-a -> 192.168.1.3"
    fault(api, kind="cut", target="server:other-b", to="*")
    assert api.engines.networks[vpc].cuts == (Cut(b, None), Cut(None, b))


def test_a_zone_cut_holds_for_later_servers(api: Any, vpc: str, subnet: str, pair: list[str]) -> None:
    fault(api, kind="cut", target="zone:AZ1", to="zone:AZ2")
    late = api.server(vpc, subnet, "late")
    assert api.engines.networks[vpc].cuts[0].sources == nic(api, vpc, pair[0]) | nic(api, vpc, late)


def test_killing_a_process(api: Any, pair: list[str]) -> None:
    done = fault(api, kind="kill", target="server:single-host-a", process="apache2")
    assert (done["landed"], done["proof"]) == (True, "SIGKILL to processes named apache2: 2 on single-host-a")
    assert "nothing to undo" in api.local("DELETE", f"/faults/{done['id']}", status=409)["error"]
    refused = fault(api, 409, kind="kill", target="server:single-host-a", process="nginx")
    assert (
        refused["error"] == "kill on server:single-host-a is not possible: no process named nginx was found: 0 on single-host-a"
    )
    assert len(api.local("GET", "/faults?all=1")) == 1


def test_what_was_killed_on_one_server_is_told_though_another_one_is_off(
    api: Any, pair: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kill = api.engines.inside.kill_process

    async def off(instance_id: str, process: str) -> int:
        if instance_id == pair[1]:
            raise EngineError("it is not running")
        return int(await kill(instance_id, process))

    monkeypatch.setattr(api.engines.inside, "kill_process", off)
    done = fault(api, kind="kill", target="region:华东1", process="apache2")
    assert done["landed"] and done["proof"].endswith("apache2: 2 on single-host-a, none on other-b: it is not running")
    refused = fault(api, 409, kind="kill", target="server:other-b", process="apache2")
    assert "none on other-b: it is not running" in refused["error"]
    assert [found["id"] for found in api.local("GET", "/faults?all=1")] == [done["id"]]


def test_a_full_disk(api: Any, pair: list[str]) -> None:
    done = fault(api, kind="disk-full", target="server:single-host-a", path="/data")
    assert (done["landed"], done["proof"]) == (True, "single-host-a: 0 bytes free at /data")
    assert api.local("DELETE", f"/faults/{done['id']}")["proof"] == "single-host-a: 5000000000 bytes free at /data"


@pytest.mark.parametrize(
    ("wish", "status", "sentence"),
    [
        ({"kind": "flood", "target": "zone:AZ1"}, 400, "kind is 'flood'; it must be one of power-off, cut, kill, disk-full"),
        ({"kind": "power-off", "target": "AZ1"}, 400, "target 'AZ1' is not understood; write server:<name or id>, zone:<AZn>, zone:<region>/<AZn> or region:<region>"),  # noqa: E501
        ({"kind": "power-off", "target": "zone:AZ9"}, 404, "'AZ9' is not a zone of 华东1; there are AZ1, AZ2, AZ3"),
        ({"kind": "power-off", "target": "region:Mars"}, 404, "'Mars' is not a region; there are 华东1, 华北2"),
        ({"kind": "power-off", "target": "server:x"}, 404, "no server is called 'x'; there are single-host-a, other-b"),
        ({"kind": "cut", "target": "zone:AZ1"}, 400, 'to is required with kind cut: a target, or "*" for everything else'),
        ({"kind": "cut", "target": "zone:AZ1", "to": "zone:AZ3"}, 404, "zone:AZ3 has no server to be cut from"),
        ({"kind": "kill", "target": "zone:AZ1", "oneWay": True}, 400, "process is required with kind kill; to and oneWay belong to kind cut"),  # noqa: E501
        ({"kind": "power-off", "taget": "x"}, 400, "taget is not known; there are kind, target, to, oneWay, process, path, namePrefix; target is required"),  # noqa: E501
    ],
)  # fmt: skip
def test_bad_wishes_do_nothing(api: Any, pair: list[str], wish: dict[str, Any], status: int, sentence: str) -> None:
    assert fault(api, status, **wish)["error"] == sentence
    assert api.local("GET", "/faults?all=1") == []


def test_the_guard(api: Any) -> None:
    assert api.local("GET", "/health", **{"X-Drlab-Key": ""})["ready"] is True
    assert "X-Drlab-Key" in api.local("GET", "/servers", status=401, **{"X-Drlab-Key": "wrong"})["error"]
    assert "127.0.0.1" in api.local("GET", "/servers", status=403, host="ctecs-global.ctapi.ctyun.cn")["error"]
    assert "web pages" in api.local("GET", "/servers", status=403, Origin="http://evil.example")["error"]
    assert "web pages" in api.local("GET", "/servers", status=403, **{"Sec-Fetch-Site": "cross-site"})["error"]


def test_shutdown_suspends_and_the_next_start_brings_back(api: Any, start: Any, pair: list[str]) -> None:
    api.job_done(api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=pair[1]))["jobID"])
    assert api.local("POST", "/shutdown") == {"suspended": ["single-host-a"]}
    assert api.engines.journal[-1] == ("stop",)
    assert api.engines.power[pair[0]] is Power.STOPPED
    again = start()
    assert {server["name"]: server["power"] for server in again.local("GET", "/servers")} == {
        "single-host-a": "running",
        "other-b": "stopped",
    }


def test_shutdown_waits_for_work_under_way(api: Any, vpc: str, subnet: str) -> None:
    from dataclasses import replace

    from localcloud.records.compute import ORDERS

    api.server(vpc, subnet)
    order = api.cloud.store.find(ORDERS)[0]
    api.cloud.store.put(ORDERS, replace(order, status="14"))
    refused = api.local("POST", "/shutdown", status=409)
    assert refused["error"] == f"still under way: order {order.id} (ecs-create); try again when that is done, or use force"


def test_a_cut_reaches_over_vpcs(api: Any, vpc: str, subnet: str) -> None:
    other = api.vpc("other", "10.0.0.0/16")
    there = api.subnet(other, cidr="10.0.1.0/24")
    near = api.server(vpc, subnet, "near", extIP="1", bandwidth=1)
    far = api.server(other, there, "far", extIP="1", bandwidth=1)
    eip = api.ok(api.details(far))["floatingIP"]
    done = fault(api, kind="cut", target="server:near", to="server:far")
    assert (done["landed"], done["proof"]) == (True, f"no answer any more: near -> {eip}")
    a, b = nic(api, vpc, near), nic(api, other, far)
    for network in (api.engines.networks[vpc], api.engines.networks[other]):
        assert network.cuts == (Cut(a, b), Cut(b, a))
    assert api.engines.networks[vpc].public_elsewhere == dict.fromkeys(b, eip)
    assert api.local("DELETE", f"/faults/{done['id']}")["proof"] == f"answers again: near -> {eip}"
    assert [network.cuts for network in api.engines.networks.values()] == [(), ()]


def test_the_end_of_a_cut_reaches_servers_that_came_later(api: Any, vpc: str, pair: list[str]) -> None:
    done = fault(api, kind="cut", target="zone:AZ1", to="*")
    other = api.vpc("other", "10.0.0.0/16")
    api.server(other, api.subnet(other, cidr="10.0.1.0/24"), "late")
    assert len(api.engines.networks[other].cuts) == 2
    api.local("DELETE", f"/faults/{done['id']}")
    assert api.engines.networks[other].cuts == ()


def test_a_cut_that_could_not_be_taken_back_can_be_taken_back_again(api: Any, vpc: str, pair: list[str]) -> None:
    done = fault(api, kind="cut", target="server:single-host-a", to="*")
    api.engines.fail["apply_networks"] = "the agent does not answer"
    assert "the agent does not answer" in api.local("DELETE", f"/faults/{done['id']}", status=502)["error"]
    [listed] = api.local("GET", "/faults")
    assert listed["id"] == done["id"] and listed["undone"] is None
    api.engines.fail.clear()
    assert api.local("DELETE", f"/faults/{done['id']}")["undone"]
    assert api.engines.networks[vpc].cuts == ()


def test_a_disk_full_that_fails_on_one_server_fills_none(api: Any, pair: list[str]) -> None:
    api.engines.fail["fill_disk"] = "/data is not on a data disk"
    fault(api, 409, kind="disk-full", target="region:华东1", path="/data")
    assert sorted(api.engines.calls("free_disk")) == sorted(("free_disk", server, "/data") for server in pair)
    assert api.local("GET", "/faults?all=1") == []
