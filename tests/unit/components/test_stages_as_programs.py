"""Each stage, run as a program without an engine: what it asks for is taken by the provider, under its stack's name."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from drlab.limits.needs import parts_of
from drlab.stack_state import Resource, kind_of
from pulumi_ctyun.resources.declarations import RESOURCES
from stacks.sizes import parts
from stacks.table import STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_asks_for_what_the_provider_takes(build: Any, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: stage)
    recorder = build(STAGES[stage])
    assert recorder.problems == []
    names = [inputs["name"] for (kind, _), inputs in recorder.seen.items() if "name" in inputs and kind not in PARTS_OF_MYSQL]
    assert names and [name for name in names if not name.startswith(f"{stage}-")] == []


PARTS_OF_MYSQL = ("MysqlDatabase", "MysqlAccount", "MysqlWhiteList")  # names within an instance


@pytest.mark.parametrize(
    ("stage", "settings"), [("single-host", {}), ("dual-active", {}), ("dual-active", {"drlab:webServers": "5"})]
)
def test_what_is_counted_before_a_stage_begins_is_what_it_asks_for(
    build: Any, stage: str, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: stage)
    monkeypatch.setattr(pulumi.runtime, "get_config_env", lambda: settings)
    seen = build(STAGES[stage]).seen
    found = parts_of(Resource("", TYPES[kind], "", inputs, {}, True) for (kind, _), inputs in seen.items() if kind in TYPES)
    if any(kind == "Image" for kind, _ in seen):  # it brings its disk to all but the first web server
        found["data disk"] *= found["server"] - 1
    assert +found == parts(stage, settings)


TYPES = {kind_of(token): token for token in RESOURCES}


def test_a_number_of_servers_that_makes_no_sense_is_left_to_the_program() -> None:
    usual = parts("dual-active", {})
    assert [parts("dual-active", {"drlab:webServers": said}) for said in ("many", "1", "999", None)] == [usual] * 4
    assert parts("unknown", {}) == {}


def test_the_pairs_of_dual_active_stand_in_two_zones(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: "dual-active")
    settings = {"drlab:zone": "AZ2", "drlab:webServers": "3", "drlab:failover": "manual", "drlab:webFrom": "203.0.113.0/24"}
    monkeypatch.setattr(pulumi.runtime, "get_config_env", lambda: settings)
    seen = build(STAGES["dual-active"]).seen
    database = seen["MysqlInstance", "db"]
    assert (database["name"], database["zone"], database["standbyZone"]) == ("dual-active-db", "AZ2", "AZ1")
    assert database["failover"] == "manual"
    assert [seen["Instance", f"web-0{number}"]["zone"] for number in (1, 2, 3)] == ["AZ1", "AZ2", "AZ1"]
    assert seen["Instance", "jump-host"]["zone"] == "AZ1", "zones that are exchanged after a switchover move no server"
    http = [rule["cidr"] for rule in seen["SecurityGroup", "network-web-group"]["rules"] if rule.get("ports") == "80"]
    assert http == ["203.0.113.0/24", "192.168.1.0/24"], "the balancer's checks come from its subnet"


def test_networks_that_stages_add_by_themselves_may_be_named_too(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: "dual-active")
    settings = {"drlab:webFrom": "192.168.1.0/24", "drlab:databaseFrom": "192.168.0.0/16"}
    monkeypatch.setattr(pulumi.runtime, "get_config_env", lambda: settings)
    recorder = build(STAGES["dual-active"])
    assert recorder.problems == []
    assert recorder.seen["MysqlWhiteList", "db-white-list"]["addresses"] == ["192.168.0.0/16"]
