"""Settings: every problem of a stack in one message, each naming its key. The cases are data beside this file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.checks import InvalidArguments
from stacks.names import STAGE_NAMES
from stacks.settings import IDLE, KEYS, LOCAL_INTERNET, Settings, read

ROOT = Path(__file__).parents[3]
CASES = json.loads(Path(__file__).with_name("settings_problems.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_all_problems_are_reported_at_once(case: dict[str, Any]) -> None:
    stack = case.get("stack", "dual-active")
    try:
        read(stack, case["config"])
        shown: list[str] = []
    except InvalidArguments as refused:
        assert isinstance(refused, pulumi.RunError)  # shown without a traceback
        header, *lines = str(refused).splitlines()
        assert header.startswith(f"settings of stack {stack}: ") and "nothing was created" in header
        shown = [line.removeprefix("  ") for line in lines]
    assert shown == case["problems"]


def test_keys_are_the_fields_in_camel_case() -> None:
    assert KEYS["vpc_cidr"] == "vpcCidr" and KEYS["confirm_billing"] == "confirmBilling" and KEYS["zone"] == "zone"


def test_what_is_said_is_what_is_read() -> None:
    settings = read("s", {"drlab:zone": "AZ3", "drlab:fullAccess": "true", "drlab:databaseFrom": "10.0.0.0/8,10.1.0.0/16"})
    assert (settings.zone, settings.full_access) == ("AZ3", True)
    assert settings.database_from == ("10.0.0.0/8", "10.1.0.0/16")


@pytest.mark.parametrize(("zone", "standby"), [("AZ1", "AZ2"), ("AZ2", "AZ1"), ("AZ3", "AZ2")])
def test_the_standby_is_elsewhere_and_web_servers_stand_beside_both(zone: str, standby: str) -> None:
    settings = read("s", {"drlab:zone": zone, "drlab:webServers": "3"})
    assert (settings.standby_zone, settings.web_servers) == (standby, 3)
    assert settings.web_zones == tuple(sorted((zone, standby))), "a switchover's zones move no server"


def test_on_the_local_cloud_ssh_is_open_to_its_own_internet_only() -> None:
    assert read("s", {}).ssh_from == (LOCAL_INTERNET,)
    assert Settings().ssh_from == ()


def test_nothing_is_inferred_from_keys_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTYUN_AK", "a" * 32)
    monkeypatch.setenv("CTYUN_SK", "b" * 32)
    assert read("s", {}).is_local


def test_the_project_file_declares_what_every_stage_takes_with_its_default() -> None:
    """What only some take cannot stand there: the engine would give it to all, and the others refuse it."""
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    of_some = {name for names in IDLE.values() for name in names}
    assert declared.keys() == {f"drlab:{key}" for name, key in KEYS.items() if name not in of_some}
    assert all(one["description"] for one in declared.values())
    as_the_engine_gives_it = {key: str(one["default"]) for key, one in declared.items()}
    for stage in STAGE_NAMES:
        assert read(stage, as_the_engine_gives_it) == read(stage, {})
