"""Options of calls that CTyun's own clients have and ours does not use: lists that go on by a token, labels, descriptions."""

from __future__ import annotations

from typing import Any

import pytest
from unit.localcloud_api import test_volume_backups as backups
from unit.localcloud_api import test_volume_snapshots as snapshots

HERE = {"regionID": "bb9fdb42056f11eda1610242ac110002"}
Json = dict[str, Any]


@pytest.fixture
def made(api: Any) -> None:
    """What the lists below show: three of each."""
    vpc = api.vpc()
    subnet = api.subnet(vpc)
    for name in ("web-01", "web-02", "web-03"):
        api.server(vpc, subnet, name)
    disk, *_ = [backups.volume(api, name) for name in ("one", "two", "three")]
    vault = {**HERE, "repositoryName": "vault", "onDemand": True, "labels": [{"key": "a", "value": "b"}]}
    vault_id = api.ok(api.post("/v4/ebs-backup/repo/create", **vault))["repositoryID"]
    for name in ("one", "two", "three"):
        snapshots.made(api, disk, name)
        backups.made(api, disk, vault_id, name, description=f"the {name}")


LISTS = {
    "servers": ("post", "/v4/ecs/list-instances", "results", "instanceID"),
    "volumes": ("get", "/v4/ebs/list-ebs", "diskList", "diskID"),
    "snapshots": ("get", "/v4/ebs_snapshot/list-ebs-snap", "snapshotList", "snapshotID"),
    "backups": ("get", "/v4/ebs-backup/list-backups", "backupList", "backupID"),
}


@pytest.mark.parametrize(("method", "path", "name", "id_name"), LISTS.values(), ids=LISTS.keys())
def test_a_list_goes_on_by_its_token(api: Any, made: None, method: str, path: str, name: str, id_name: str) -> None:
    ask = getattr(api, method)
    every = [item[id_name] for item in api.ok(ask(path, **HERE))[name]]
    assert len(every) >= 3
    seen, token, page = list[str](), "", {} if name == "snapshotList" else {"pageNo": 7}  # a page means nothing beside these
    while True:
        part = api.ok(ask(path, **HERE, maxResults=2, nextToken=token, **page))
        assert len(part[name]) == min(2, len(every) - len(seen))
        seen += [item[id_name] for item in part[name]]
        token = part["nextToken"]
        if not token:
            break
    assert seen == every
    assert [item[id_name] for item in api.ok(ask(path, **HERE, nextToken=every[1]))[name]] == every[1:]
    assert "nextToken 'gone' names nothing" in ask(path, **HERE, nextToken="gone")["message"]


def test_a_backup_of_a_volume_keeps_its_description(api: Any, made: None) -> None:
    listed = api.ok(api.get("/v4/ebs-backup/list-backups", **HERE))["backupList"]
    assert [backup["description"] for backup in listed] == ["the three", "the two", "the one"]
    shown = api.ok(api.get("/v4/ebs-backup/show-backup", **HERE, backupID=listed[0]["backupID"]))
    assert shown["description"] == "the three"


def test_key_pairs_are_shown_and_found_by_their_labels(api: Any) -> None:
    label = {"labelKey": "team", "labelValue": "a" * 128}
    api.ok(api.post("/v4/ecs/keypair/create-keypair", **HERE, keyPairName="labelled", labelList=[label]))
    api.ok(api.post("/v4/ecs/keypair/create-keypair", **HERE, keyPairName="plain"))
    found = api.ok(api.post("/v4/ecs/keypair/details", **HERE, labelList=[label]))["results"]
    assert [(pair["keyPairName"], pair["labelList"]) for pair in found] == [("labelled", [label])]
    twice = api.post("/v4/ecs/keypair/create-keypair", **HERE, keyPairName="twice", labelList=[label, label])
    assert "labelList[1].labelKey 'team' is given twice" in twice["message"]


def test_names_by_the_clouds_resolver_are_taken_and_not_made(api: Any) -> None:
    vpc = api.vpc()
    assert api.server(vpc, api.subnet(vpc), privateDnsNameOptions=["IP_TO_IPV4"])


# -- rules ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def rule(api: Any) -> Json:
    """A rule of a group that a server is in."""
    vpc = api.vpc()
    group, other = api.group(vpc, "mine"), api.group(vpc, "other")
    api.server(vpc, api.subnet(vpc), secGroupList=[group])
    one = {"direction": "ingress", "action": "accept", "protocol": "TCP", "ethertype": "IPv4", "destCidrIp": "10.0.0.0/8"}
    add = {**HERE, "securityGroupID": group, "securityGroupRules": [one | {"range": "80"}]}
    [id_] = api.ok(api.post("/v4/vpc/create-security-group-ingress", **add))["sgRuleIDs"]
    return {"vpc": vpc, "other": other, "named": {**HERE, "securityGroupID": group, "securityGroupRuleID": id_}}


def changed(api: Any, rule: Json, **more: Any) -> Json:
    answer: Json = api.post("/v4/vpc/modify-security-group-ingress", **rule["named"], **more)
    return answer


def test_what_is_given_of_a_rule_changes_and_holds_at_once(api: Any, rule: Json) -> None:
    api.ok(changed(api, rule, action="DROP", priority=7, protocol="UDP"))
    api.ok(changed(api, rule, description="now"))
    shown = api.ok(api.get("/v4/vpc/describe-security-group-rule", **rule["named"]))
    assert {key: shown[key] for key in ("action", "priority", "protocol", "range", "destCidrIp", "description")} == {
        "action": "drop", "priority": 7, "protocol": "UDP", "range": "80", "destCidrIp": "10.0.0.0/8", "description": "now",
    }  # fmt: skip
    api.ok(changed(api, rule, remoteType=1, remoteSecurityGroupID=rule["other"]))
    [applied] = [
        it for it in api.engines.networks[rule["vpc"]].groups[rule["named"]["securityGroupID"]] if it.direction == "ingress"
    ]
    assert (applied.action, applied.priority, applied.peer_cidr, applied.peer_group) == ("drop", 7, None, rule["other"])


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"protocol": "ICMP"}, "protocol ICMP has no ports, which rule"),
        ({"remoteType": 1}, "remoteSecurityGroupID is required"),
        ({"remoteSecurityGroupID": "sg-x"}, "remoteSecurityGroupID is for remoteType 1"),
        ({"remoteType": 1, "remoteSecurityGroupID": "sg-x"}, "sg-x"),
        ({"priority": 101}, "priority is 101"),
        ({"portType": 1}, "portType=1 is not modelled"),
        ({"prefixListID": "pl-1"}, "prefixListID='pl-1' is not modelled"),
    ],
)
def test_what_a_rule_cannot_become_is_refused_and_it_stays(api: Any, rule: Json, more: Json, sentence: str) -> None:
    before = api.ok(api.get("/v4/vpc/describe-security-group-rule", **rule["named"]))
    assert sentence in changed(api, rule, **more)["message"]
    assert api.ok(api.get("/v4/vpc/describe-security-group-rule", **rule["named"])) == before
