"""Check: every problem with its text, defaults, secrets, unknowns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental import provider as sdk

from ctyun.credentials import Credentials
from pulumi_ctyun.kit.values import UNKNOWN, is_secret, to_plain, to_properties, to_property
from pulumi_ctyun.provider.cloud import Cloud, Settings
from pulumi_ctyun.provider.plugin import CtyunProvider

CASES = json.loads((Path(__file__).parent / "check_cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_problems(engine: Any, run: Any, case: dict[str, Any]) -> None:
    assert run(engine.failures(case["type"], case["inputs"])) == [tuple(problem) for problem in case["problems"]]


def test_defaults_are_filled_in_also_inside_objects(engine: Any, run: Any) -> None:
    rule = {"direction": "ingress", "action": "accept", "protocol": "TCP", "cidr": "0.0.0.0/0"}
    wanted = {"region": "r", "vpcId": "v", "name": "demo", "rules": [rule], "description": None}
    checked = to_plain(run(engine.checked("ctyun:vpc:SecurityGroup", wanted)))
    assert checked == {"region": "r", "vpcId": "v", "name": "demo", "rules": [{**rule, "priority": 1}]}
    assert to_plain(run(engine.checked("ctyun:eip:Eip", {"region": "r", "name": "demo"})))["bandwidth"] == 5


def test_rules_that_differ_in_what_is_not_known_yet_are_not_the_same(engine: Any, run: Any) -> None:
    rule = {"direction": "ingress", "action": "accept", "protocol": "TCP", "ports": "22", "groupId": UNKNOWN}
    wanted = {"region": "r", "vpcId": UNKNOWN, "name": "demo", "rules": [rule, rule]}
    assert run(engine.failures("ctyun:vpc:SecurityGroup", wanted)) == []


def test_unknown_values_pass_until_they_are_known(engine: Any, run: Any) -> None:
    wanted = {"region": "r", "vpcId": UNKNOWN, "name": "demo", "cidr": UNKNOWN, "dnsServers": [UNKNOWN]}
    assert run(engine.failures("ctyun:vpc:Subnet", wanted)) == []


def test_secrets_stay_secret_and_are_not_printed(engine: Any, run: Any) -> None:
    wanted = {"region": "r", "name": to_property("1 secret name", secret=True)}
    ((shown, reason),) = run(engine.failures("ctyun:eip:Eip", wanted))
    assert shown == ""  # the engine prints a named property with its value
    assert reason.startswith("name '[secret]' is no name")
    server = {"region": "r", "zone": "AZ1", "name": "web", "flavor": "1C1G", "image": "i", "vpcId": "v", "subnetId": "s"}
    checked = run(engine.checked("ctyun:ecs:Instance", {**server, "securityGroupIds": ["g"], "userData": "x"}))
    assert checked["userData"].is_secret


def test_a_secret_that_does_not_go_with_another_input_is_not_printed(engine: Any, run: Any) -> None:
    vault = {"region": "r", "vaultId": "v", "instanceIds": ["i"], "name": "nightly", "hours": [1], "retention": {"days": 7}}
    wanted = {**vault, "cycle": "week", "weekdays": [1], "everyDays": to_property(3, secret=True)}
    assert run(engine.failures("ctyun:csbs:BackupPolicy", wanted)) == [
        ("", "everyDays is for cycle 'day'; a weekly policy has weekdays")
    ]


def test_user_data_is_measured_as_the_api_counts(engine: Any, run: Any) -> None:
    server = {"region": "r", "zone": "AZ1", "name": "web", "flavor": "1C1G", "image": "i", "vpcId": "v", "subnetId": "s"}
    wanted = {**server, "securityGroupIds": ["g"], "userData": "é" * 6145}
    expected = "userData has 12290 bytes, 16388 in base64; CTyun takes 16384 (12288 bytes of text)"
    assert run(engine.failures("ctyun:ecs:Instance", wanted)) == [("", expected)]


def test_provider_settings(engine: Any, run: Any) -> None:
    request = sdk.CheckRequest(engine.urn("pulumi:providers:ctyun"), {}, to_properties({"target": "aws", "version": "1"}), b"")
    answer = run(engine.provider.check_config(request))
    assert [(failure.property, failure.reason) for failure in answer.failures] == [("target", "'aws' is not one of local, ctyun")]
    request = sdk.CheckRequest(engine.urn("pulumi:providers:ctyun"), {}, to_properties({"tagret": "ctyun"}), b"")
    answer = run(engine.provider.check_config(request))
    assert [(failure.property, failure.reason) for failure in answer.failures] == [
        ("tagret", "is no property here; did you mean target?")
    ]
    request = sdk.CheckRequest(engine.urn("pulumi:providers:ctyun"), {}, {}, b"")
    assert to_plain(run(engine.provider.check_config(request)).inputs) == {"target": "local"}


@pytest.mark.parametrize(
    ("old", "new", "replaces"),
    [
        ({"target": "local"}, {"target": "ctyun"}, ["target"]),
        ({}, {"target": "ctyun"}, ["target"]),
        ({}, {"target": "local"}, []),  # after `pulumi import`: else all that was imported would be replaced
    ],
)
def test_another_target_is_another_cloud(
    engine: Any, run: Any, old: dict[str, str], new: dict[str, str], replaces: list[str]
) -> None:
    urn = engine.urn("pulumi:providers:ctyun")
    answer = run(engine.provider.diff_config(sdk.DiffRequest(urn, "id", to_properties(old), to_properties(new), [])))
    assert answer.replaces == replaces


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"target": "ctyun", "accessKey": "a" * 32, "secretKey": "s" * 32}, []),
        (
            {"target": "ctyun", "accessKey": "a" * 31, "secretKey": "s" * 32},
            ["accessKey has 31 characters; CTyun's keys have 32"],
        ),
        ({"target": "ctyun", "accessKey": "a" * 32}, ["secretKey is missing, and accessKey is given; an account has both"]),
        (
            {"accessKey": "a" * 32, "secretKey": "s" * 32},
            ["accessKey is for target ctyun; those of the local cloud stand in its own record"],
        ),
    ],
)
def test_the_keys_of_an_account_are_settings_and_secrets(engine: Any, run: Any, given: dict[str, str], said: list[str]) -> None:
    request = sdk.CheckRequest(engine.urn("pulumi:providers:ctyun"), {}, to_properties(given), b"")
    answer = run(engine.provider.check_config(request))
    assert [f"{failure.property} {failure.reason}".strip() for failure in answer.failures] == said
    assert {name for name, value in answer.inputs.items() if is_secret(value)} == given.keys() - {"target"}


def test_another_key_is_the_same_cloud(engine: Any, run: Any) -> None:
    """Keys are changed for new ones now and then: nothing is made anew for that."""
    old, new = ({"target": "ctyun", "accessKey": key * 32, "secretKey": key * 32} for key in "ab")
    urn = engine.urn("pulumi:providers:ctyun")
    assert run(engine.provider.diff_config(sdk.DiffRequest(urn, "id", to_properties(old), to_properties(new), []))).replaces == []


def test_every_provider_calls_with_the_keys_of_its_own_account(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTYUN_AK", "e" * 32)
    monkeypatch.setenv("CTYUN_SK", "e" * 32)
    clouds: list[Cloud] = []

    def make_cloud(settings: Settings) -> Cloud:
        clouds.append(Cloud(settings))
        return clouds[-1]

    used = []
    for keys in ({"accessKey": "a" * 32, "secretKey": "s" * 32}, {"accessKey": "b" * 32, "secretKey": "t" * 32}, {}):
        provider, args = CtyunProvider(make_cloud), to_properties({"target": "ctyun", **keys})
        run(provider.configure(sdk.ConfigureRequest({}, args, accept_secrets=True, accept_resources=False)))
        used.append(clouds[-1].client.credentials)
        run(clouds[-1].client.aclose())
    assert used == [Credentials("a" * 32, "s" * 32), Credentials("b" * 32, "t" * 32), Credentials("e" * 32, "e" * 32)]
