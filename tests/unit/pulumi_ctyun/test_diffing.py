"""Diff: what replaces, what changes in place, what is no change."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_ctyun.kit.values import UNKNOWN
from pulumi_ctyun.provider.diffing import changes
from pulumi_ctyun.resources.declarations import RESOURCES

HOST = {"address": "10.0.0.5", "user": "root", "hostKey": "k1"}
JUMP = {"address": "198.18.0.1", "user": "root", "hostKey": "j"}
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any], list[tuple[str, bool]]]] = [
    ("nothing", "vpc:Vpc", {"region": "r", "cidr": "a", "vpcId": "vpc-1"}, {"region": "r", "cidr": "a"}, []),
    ("another range", "vpc:Vpc", {"cidr": "a"}, {"cidr": "b"}, [("cidr", True)]),
    ("another name", "vpc:Vpc", {"name": "a"}, {"name": "b"}, [("name", False)]),
    ("region by name, then by id", "vpc:Vpc", {"region": "华东1"}, {"region": "bb9fdb42056f11eda1610242ac110002"}, []),
    ("another region", "vpc:Vpc", {"region": "华东1"}, {"region": "华北2"}, [("region", True)]),
    ("VPC not known yet", "vpc:Subnet", {"vpcId": "vpc-1"}, {"vpcId": UNKNOWN}, [("vpcId", True)]),
    ("description taken away", "vpc:Vpc", {"description": "x"}, {}, [("description", False)]),
    ("none and empty", "ecs:Instance", {"dataDisks": None, "labels": {}}, {"dataDisks": []}, []),
    ("groups in another order", "ecs:Instance", {"securityGroupIds": ["a", "b"]}, {"securityGroupIds": ["b", "a"]}, []),
    ("another key pair", "ecs:Instance", {"keyPairId": "a"}, {"keyPairId": "b"}, [("keyPairId", True)]),
    ("generated public key", "ecs:KeyPair", {"publicKey": "ssh-rsa AAAA"}, {}, []),
    ("another public key", "ecs:KeyPair", {"publicKey": "ssh-rsa AAAA"}, {"publicKey": "ssh-rsa BBBB"}, [("publicKey", True)]),
    (
        "another way to the same server",
        "ssh:RemoteFiles",
        {"host": HOST},
        {"host": {**HOST, "address": "x"}},
        [("host.address", False)],
    ),
    ("another server", "ssh:RemoteFiles", {"host": HOST}, {"host": {**HOST, "hostKey": "k2"}}, [("host.hostKey", True)]),
    ("server not known yet", "ssh:RemoteFiles", {"host": HOST}, {"host": UNKNOWN}, [("host", True)]),
    (
        "its key not known yet",
        "ssh:RemoteCommand",
        {"host": HOST},
        {"host": {**HOST, "hostKey": UNKNOWN}},
        [("host.hostKey", True)],
    ),
    (
        "jump host not known yet",
        "ssh:RemoteFiles",
        {"host": HOST, "jump": JUMP},
        {"host": HOST, "jump": UNKNOWN},
        [("jump", False)],
    ),
    ("another instance", "ssh:Host", {"triggers": ["i-1"]}, {"triggers": ["i-2"]}, [("triggers", True)]),
    (
        "another group behind a listener",
        "elb:Listener",
        {"targetGroupId": "a"},
        {"targetGroupId": "b"},
        [("targetGroupId", False)],
    ),
    (
        "a certificate that is replaced",
        "elb:Listener",
        {"certificateId": "a"},
        {"certificateId": UNKNOWN},
        [("certificateId", False)],
    ),
    (
        "a group that is replaced",
        "ecs:Instance",
        {"securityGroupIds": ["a"]},
        {"securityGroupIds": UNKNOWN},
        [("securityGroupIds", False)],
    ),
    (
        "a target group that is replaced",
        "elb:Listener",
        {"targetGroupId": "a"},
        {"targetGroupId": UNKNOWN},
        [("targetGroupId", True)],
    ),
    ("a first certificate", "elb:Listener", {}, {"certificateId": UNKNOWN}, [("certificateId", False)]),
    ("another trigger", "ssh:RemoteCommand", {"triggers": ["1"]}, {"triggers": ["2"]}, [("triggers", False)]),
]


SPELLINGS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("vpc:Vpc", {"region": "华东1"}, {"region": "bb9fdb42056f11eda1610242ac110002"}),
    ("image:Image", {}, {"description": ""}),
    ("ecs:KeyPair", {"publicKey": "ssh-rsa AAAA"}, {"publicKey": "ssh-rsa AAAA me@here"}),
    ("ecs:Instance", {}, {"systemDisk": {"type": "SATA", "size": 40}}),
    ("ecs:Instance", {"privateAddress": "10.0.0.5"}, {"privateAddress": "10.0.0.5", "fixedAddress": "10.0.0.5"}),
    ("elb:Certificate", {"certificate": "A\nB\n", "privateKey": "C"}, {"certificate": "A\r\nB", "privateKey": "C\n"}),
    ("elb:HealthCheck", {}, {"method": "GET", "path": "/", "codes": ["http_2xx"]}),
    ("csbs:BackupPolicy", {"retention": {"days": 7}}, {"retention": {"days": 7, "forever": False}, "everyDays": 1}),
    ("vpc:SecurityGroup", {"rules": [{"ports": "22"}]}, {"rules": [{"ports": "22-22", "description": ""}]}),
    ("rds:MysqlWhiteList", {"addresses": ["10.0.0.7", "10.0.0.8"]}, {"addresses": ["10.0.0.8", "10.0.0.7/32", "10.0.0.7"]}),
    ("ssh:Host", {"bootstrapHostKey": "ssh-ed25519 AAAA"}, {"bootstrapHostKey": "ssh-ed25519 AAAA host"}),
    ("ssh:RemoteFiles", {"files": [{"path": "/a", "mode": "0644"}]}, {"files": [{"path": "/a", "mode": "644"}]}),
]


@pytest.mark.parametrize(("type_", "one", "other"), SPELLINGS, ids=[f"{case[0]} {', '.join(case[2])}" for case in SPELLINGS])
def test_two_spellings_of_one_thing_are_no_change(type_: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    resource = RESOURCES[f"ctyun:{type_}"]
    assert changes(resource, one, other) == changes(resource, other, one) == []


OTHERS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("ecs:KeyPair", {"publicKey": "ssh-rsa AAAA me"}, {"publicKey": "ssh-rsa BBBB me"}),
    ("ecs:Instance", {}, {"systemDisk": {"type": "SATA", "size": 41}}),
    ("ecs:Instance", {"privateAddress": "10.0.0.5"}, {"fixedAddress": "10.0.0.6"}),
    ("ecs:Instance", {"labels": {"a": ""}}, {}),
    ("elb:HealthCheck", {}, {"method": "HEAD"}),
    ("csbs:BackupPolicy", {"retention": {"days": 7}}, {"retention": {"days": 7, "forever": True}}),
    ("rds:MysqlWhiteList", {"addresses": ["10.0.0.0/24"]}, {"addresses": ["10.0.0.0/25"]}),
]


@pytest.mark.parametrize(("type_", "one", "other"), OTHERS, ids=[f"{case[0]} {', '.join(case[1] | case[2])}" for case in OTHERS])
def test_what_means_something_else_is_a_change(type_: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    assert changes(RESOURCES[f"ctyun:{type_}"], one, other)


@pytest.mark.parametrize(("type_", "old", "new", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_changes(type_: str, old: dict[str, Any], new: dict[str, Any], expected: list[tuple[str, bool]]) -> None:
    found = changes(RESOURCES[f"ctyun:{type_}"], old, new)
    assert [(change.path, change.replaces) for change in found] == expected


def test_replacement_deletes_first_because_names_are_fixed(engine: Any, run: Any) -> None:
    vpc = {"region": "华东1", "name": "demo-vpc", "cidr": "10.0.0.0/16"}
    state = run(engine.checked("ctyun:vpc:Vpc", vpc))
    answer = run(engine.diff("ctyun:vpc:Vpc", "vpc-1", state, {**vpc, "cidr": "10.1.0.0/16"}))
    assert (answer.changes, answer.replaces, answer.delete_before_replace) == (True, ["cidr"], True)
    assert answer.detailed_diff["cidr"].kind.name == "UPDATE_REPLACE"


def test_what_is_in_use_is_replaced_by_one_that_comes_first(engine: Any, run: Any) -> None:
    check = {"region": "华东1", "name": "alive", "protocol": "TCP"}
    state = run(engine.checked("ctyun:elb:HealthCheck", check))
    answer = run(engine.diff("ctyun:elb:HealthCheck", "hc-1", state, {**check, "protocol": "HTTP"}))
    assert (answer.replaces, answer.delete_before_replace) == (["protocol"], False)
