"""MySQL nodes as targets of faults, and what the local side shows of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.fake_databases import FakeDatabases
from support.mysql_records import ADDRESS, MYSQL, ORDER, SUBNET, VPC, store_order
from support.waiting import wait_until

from localcloud.records.catalogue import REGIONS
from localcloud.records.compute import ORDERS, SUBNETS, VPCS, Subnet, Vpc
from localcloud.records.databases import MYSQLS

REGION = next(iter(REGIONS))
SECONDS = 30.0


@pytest.fixture
def api(start: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A cloud with a pair "db-1", "db-2" in AZ1 and AZ2, and a quick controller."""
    monkeypatch.setenv("DRLAB_HA_INTERVAL", "0.05")
    monkeypatch.setenv("DRLAB_STANDBY_GRACE", "0.3")
    api = start()
    store = api.cloud.store
    store.put(VPCS, Vpc(VPC, REGION, "net", "192.168.0.0/16", "", "0", 0.0))
    store.put(SUBNETS, Subnet(SUBNET, REGION, VPC, "sub", "192.168.1.0/24", "192.168.1.1", "", (), 0.0, 0.0))
    store_order(store, "pair")
    api.http.wait(api.cloud.databases.orders.build(ORDER))
    assert store.require(ORDERS, ORDER).status == "3", store.require(ORDERS, ORDER).problem
    return api


def shown(api: Any) -> Any:
    [found] = api.local("GET", "/databases")
    return found


def roles(api: Any) -> dict[str, str]:
    return {node["name"]: node["role"] for node in shown(api)["nodes"]}


def in_sync(api: Any) -> bool:
    return shown(api)["inSync"] and sorted(roles(api).values()) == ["primary", "standby"]


def fake(api: Any) -> FakeDatabases:
    found: FakeDatabases = api.engines.databases
    return found


def fault(api: Any, status: int = 201, **wish: Any) -> Any:
    return api.local("POST", "/faults", wish, status)


def test_the_local_side_shows_nodes_and_verdict(api: Any) -> None:
    wait_until(lambda: in_sync(api), SECONDS, "the pair to be in sync")
    wait_until(lambda: shown(api)["verdict"] == "db-1 takes writes, db-2 is in sync", SECONDS, "the verdict")
    database = shown(api)
    assert (database["region"], database["address"], database["primary"], database["kind"]) == ("华东1", ADDRESS, "m1-1", "pair")
    first, second = database["nodes"]
    assert (first["name"], first["zone"], first["role"], first["power"], first["reachable"]) == (
        "db-1", "AZ1", "primary", "running", True,
    )  # fmt: skip
    assert (second["zone"], second["role"], second["receiving"], second["applying"]) == ("AZ2", "standby", True, True)


@pytest.mark.parametrize(("target", "prefix"), [("server:db-1", ""), ("server:1", "db-"), ("zone:AZ1", ""), ("zone:AZ1", "db-")])
def test_a_node_without_power_is_replaced_and_comes_back_as_the_standby(api: Any, target: str, prefix: str) -> None:
    wait_until(lambda: in_sync(api), SECONDS, "the pair to be in sync")
    done = fault(api, kind="power-off", target=target, namePrefix=prefix)
    assert (done["landed"], done["hit"]) == (True, ["db-1"])
    assert "none runs: db-1" in done["proof"]
    wait_until(lambda: shown(api)["primary"] == "m1-2" and not shown(api)["failoverStep"], SECONDS, "the standby to take over")
    assert roles(api) == {"db-1": "reseeding", "db-2": "primary"}
    [switch] = shown(api)["switches"]
    assert (switch["reason"], switch["state"], switch["before"], switch["after"]) == ("failover", "done", "db-1", "db-2")
    back = api.local("POST", "/power-on", {"target": target, "namePrefix": prefix})
    assert (back["undone"], back["started"]) == ([done["id"]], [])
    [undone] = api.local("GET", "/faults?all=1")
    assert undone["proof"].endswith("; started by their controller: db-1")
    wait_until(lambda: in_sync(api), SECONDS, "the pair to be in sync again")
    assert roles(api) == {"db-1": "standby", "db-2": "primary"}


def test_a_killed_process_is_counted(api: Any) -> None:
    done = fault(api, kind="kill", target="server:db-1", process="mariadbd")
    assert (done["landed"], done["proof"]) == (True, "SIGKILL to processes named mariadbd: 1 on db-1")
    refused = fault(api, 409, kind="kill", target="server:db-2", process="apache2")
    assert "no process named apache2 was found: 0 on db-2" in refused["error"]


def test_a_full_disk_is_freed_again(api: Any) -> None:
    done = fault(api, kind="disk-full", target="server:db-2", path="/")
    assert (done["landed"], done["proof"]) == (True, "db-2: 0 bytes free on its data disk")
    wait_until(lambda: "the disk of db-2 is full" in shown(api)["verdict"], SECONDS, "the controller to see it")
    undone = api.local("DELETE", f"/faults/{done['id']}")
    assert undone["proof"] == f"db-2: {99 << 30} bytes free on its data disk"
    wait_until(lambda: in_sync(api), SECONDS, "the pair to be in sync again")


def test_a_cut_between_nodes_is_proved_by_them(api: Any) -> None:
    done = fault(api, kind="cut", target="server:db-1", to="server:db-2")
    cuts = api.engines.networks[VPC].cuts
    assert [(sorted(cut.sources), sorted(cut.targets)) for cut in cuts] == [
        (["port-m1-1"], ["port-m1-2"]), (["port-m1-2"], ["port-m1-1"]),
    ]  # fmt: skip
    asked = [call for call in api.engines.journal if call[0] == "run_in_node"]
    assert asked[-1][1] == "m1-1" and asked[-1][2][-2:] == ["192.168.1.12", "3306"]
    assert "db-1 -> 192.168.1.12:3306" in done["proof"]


def test_manual_switching_waits_to_be_told(api: Any) -> None:
    wait_until(lambda: in_sync(api), SECONDS, "the pair to be in sync")
    store = api.cloud.store
    store.put(MYSQLS, replace(store.require(MYSQLS, MYSQL), switch_type="manual"))
    path = f"/databases/{MYSQL}/promote"
    assert "serves; use a switchover" in api.local("POST", path, {"acceptLoss": True}, 409)["error"]
    fault(api, kind="power-off", target="server:db-1")
    wait_until(lambda: "db-2 would be promoted, but switchType is manual" in shown(api)["verdict"], SECONDS, "the verdict")
    assert "db-2 is promoted by hand" in api.local("POST", path)["detail"]
    assert shown(api)["primary"] == "m1-2"
    assert "there is no MySQL instance m9" in api.local("POST", "/databases/m9/promote", {}, 404)["error"]


def test_a_killed_local_cloud_goes_on_with_an_order(api: Any, start: Callable[[], Any]) -> None:
    store = api.cloud.store
    store_order(store, "single", order_id="o2", id="lone", name="lone", address="192.168.1.20")
    again = start()
    wait_until(lambda: again.cloud.store.require(ORDERS, "o2").status == "3", SECONDS, "the order to be finished")
    assert again.engines.databases.there["lone-1"].writable
    wait_until(lambda: len(again.local("GET", "/databases")) == 2, SECONDS, "both instances")


def test_a_suspended_cloud_brings_its_nodes_back(api: Any, start: Callable[[], Any]) -> None:
    assert api.local("POST", "/shutdown", {"force": True})["suspended"] == ["db-1", "db-2"]
    assert not any(node.running for node in fake(api).there.values())
    again = start()
    wait_until(lambda: in_sync(again) and fake(again).takers() == ["m1-1"], SECONDS, "the pair to be back")
