"""Each stage, run as a program without an engine: what it asks for is taken by the provider, under its stack's name."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from stacks.table import STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_asks_for_what_the_provider_takes(build: Any, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: stage)
    recorder = build(STAGES[stage])
    assert recorder.problems == []
    names = [inputs["name"] for (kind, _), inputs in recorder.seen.items() if "name" in inputs and kind not in PARTS_OF_MYSQL]
    assert names and [name for name in names if not name.startswith(f"{stage}-")] == []


PARTS_OF_MYSQL = ("MysqlDatabase", "MysqlAccount", "MysqlWhiteList")  # names within an instance


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
