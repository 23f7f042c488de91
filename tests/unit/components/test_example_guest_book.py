"""The guest book, run as a program: what it asks for is taken by the provider, and only what must be public is."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

EXAMPLE = Path(__file__).parents[3] / "examples/guest_book"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def settings() -> Iterator[None]:
    pulumi.runtime.set_all_config({"test:target": "local", "test:certificate": CERTIFICATE, "test:privateKey": KEY})
    yield
    pulumi.runtime.set_all_config({})


@pytest.fixture
def recorded(build: Any, settings: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(EXAMPLE)
    monkeypatch.syspath_prepend(str(EXAMPLE))
    return build(lambda: runpy.run_path("__main__.py") and None)


def test_three_servers_stand_in_three_zones_behind_https(recorded: Any) -> None:
    assert recorded.problems == []
    servers = {inputs["name"]: inputs["zone"] for (kind, _), inputs in recorded.seen.items() if kind == "Instance"}
    assert servers == {"guests-jump-host": "AZ1", "guests-web-az1": "AZ1", "guests-web-az2": "AZ2", "guests-web-az3": "AZ3"}
    targets = {inputs["instanceId"] for (kind, _), inputs in recorded.seen.items() if kind == "Target"}
    assert targets == {"web-az1-id", "web-az2-id", "web-az3-id"}
    listener = recorded.seen["Listener", "balancer-https"]
    assert (listener["protocol"], listener["port"], listener["certificateId"]) == ("HTTPS", 443, "balancer-https-id")


def test_only_the_balancer_and_the_jump_host_are_public(recorded: Any) -> None:
    assert {name for kind, name in recorded.seen if kind == "Eip"} == {"balancer-eip", "jump-host-eip"}
    rules = recorded.seen["SecurityGroup", "network-web-group"]["rules"]
    assert [rule["cidr"] for rule in rules if rule.get("ports") == "80"] == ["10.30.1.0/24"]


def test_the_servers_are_told_of_the_database_in_a_file_that_visitors_cannot_read(recorded: Any) -> None:
    (told,) = (file for file in recorded.seen["RemoteFiles", "web-az2-site"]["files"] if "content" in file)
    assert (told["path"], told["mode"]) == ("/etc/guest-book.json", "0640")
    assert '"host": "192.168.1.20"' in told["content"] and '"zone": "AZ2"' in told["content"]
    assert "hr" not in str(recorded.seen["RemoteCommand", "web-az2-site"])
