"""Calls that no client should send: each gets an error that says what is wrong with it, and changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.rds_calls import REGION, ZONES

PARAMETER, NOT_MODELLED = "Openapi.Parameter.Error", "LocalCloud.Feature.NotModelled"
VPC, SERVER, GROUP = "/v4/vpc/create", "/v4/ecs/create-instance", "/v4/elb/create-target-group"
KEY, POLICY = "/v4/ecs/keypair/import-keypair", "/v4/ecs/backup-policy/create"


@pytest.fixture
def net(api: Any) -> tuple[str, str]:
    vpc = api.vpc()
    return vpc, api.subnet(vpc)


def refused(answer: dict[str, Any], code: str, text: str) -> None:
    assert (answer["statusCode"], answer["errorCode"]) == (900, code), answer
    assert text in answer["message"], answer


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_body_of_too_many_levels_is_unreadable(api: Any, opening: str, closing: str) -> None:
    """At those around 970 a parser of Python 3.11 still takes it, and what writes it again does not."""
    for levels in (33, *range(940, 1000), 100_000):
        body = f'{{"regionID": "{REGION}", "clientToken": "t", "name": {opening * levels}1{closing * levels}}}'
        assert api.send("POST", VPC, "", body.encode())["statusCode"] == "CTAPI_10006", levels


def test_a_body_of_many_short_branches_is_read(api: Any) -> None:
    body = {"regionID": REGION, "clientToken": "t", "name": "net", "CIDR": [[[]]] * 100}
    refused(api.send("POST", VPC, "", json.dumps(body).encode()), PARAMETER, "CIDR must be a string")


@pytest.mark.parametrize("sent", ["127.0.0.0/8", "169.254.0.0/16", "198.18.0.0/24", "224.0.0.0/8", "240.0.0.0/8", "0.0.0.0/8"])
def test_a_vpc_cannot_have_addresses_that_mean_something_else(api: Any, sent: str) -> None:
    refused(api.post(VPC, regionID=REGION, name="net", CIDR=sent), PARAMETER, f"CIDR {sent} overlaps")


def test_names_of_nothing_are_no_names(api: Any, net: tuple[str, str]) -> None:
    refused(api.post(SERVER, **api.wish(*net, secGroupList=[""])), PARAMETER, "secGroupList must be a list of strings, none of")
    subnet = {"regionID": REGION, "vpcID": net[0], "name": "other", "CIDR": "192.168.2.0/24"}
    refused(api.post("/v4/vpc/create-subnet", **subnet, dnsList=[""]), PARAMETER, "dnsList must be a list of strings, none of")
    refused(api.get("/v4/vpc/new-list", regionID=REGION, vpcID=" , "), PARAMETER, "vpcID ' , ' names nothing")


def test_digits_are_those_that_programs_write(api: Any, net: tuple[str, str]) -> None:
    refused(api.get("/v4/vpc/new-list", regionID=REGION, pageNo="\u0663"), PARAMETER, "pageNo must be a whole number")
    rule = {"direction": "ingress", "action": "accept", "protocol": "TCP", "ethertype": "IPv4", "destCidrIp": "0.0.0.0/0"}
    call = {"regionID": REGION, "securityGroupID": api.group(net[0]), "securityGroupRules": [rule | {"range": "\u0668\u0660"}]}
    refused(api.post("/v4/vpc/create-security-group-ingress", **call), PARAMETER, "is not a port")


def test_what_an_inner_object_holds_besides_is_refused_by_name(api: Any, net: tuple[str, str]) -> None:
    group = {"regionID": REGION, "name": "web", "vpcID": net[0], "algorithm": "wrr"}
    sticky = {"sessionStickyMode": "INSERT", "cookieExpire": 60}
    refused(api.post(GROUP, **group, sessionSticky=sticky | {"domain": "x"}), NOT_MODELLED, "sessionSticky.domain")
    api.ok(api.post(GROUP, **group, sessionSticky=sticky))
    forward = {"targetGroups": [{"targetGroupID": "tg-x", "priority": 1}], "policy": 1}
    listener = {"regionID": REGION, "loadBalancerID": "lb-x", "name": "http", "protocol": "HTTP", "protocolPort": 80}
    answer = api.post("/v4/elb/create-listener", **listener, defaultAction={"type": "forward", "forwardConfig": forward})
    refused(answer, NOT_MODELLED, "defaultAction.forwardConfig.policy, defaultAction.forwardConfig.targetGroups[0].priority")


# What ssh-keygen makes, cut short, with something behind it, and of 512 bits.
HEAD = "AAAAB3NzaC1yc2EAAAADAQAB"
SMALL = f"{HEAD}AAAAQQ" + "A" * 86


@pytest.mark.parametrize(
    "key", ["  ", "ssh-rsa", f"ssh-rsa {HEAD}", f"ssh-rsa {HEAD}AAAB", f"ssh-rsa {SMALL}", "ssh-rsa AAAA\x00"]
)
def test_a_public_key_that_no_server_could_use_is_refused(api: Any, key: str) -> None:
    refused(api.post(KEY, regionID=REGION, keyPairName="laptop", publicKey=key), PARAMETER, "must be an OpenSSH line")
    made = api.ok(api.post("/v4/ecs/keypair/create-keypair", regionID=REGION, keyPairName="whole"))["publicKey"]
    api.ok(api.post(KEY, regionID=REGION, keyPairName="laptop", publicKey=f"{made.strip()} me@laptop"))


@pytest.mark.parametrize("name", ["cycleWeek", "time"])
@pytest.mark.parametrize("sent", ["9" * 5000, "1,1", "\u0661", "1,,2"])
def test_hours_and_days_of_a_policy(api: Any, name: str, sent: str) -> None:
    policy = {"regionID": REGION, "policyName": "daily", "cycleType": "week", "retentionType": "all"}
    refused(api.post(POLICY, **policy, **{name: sent}), PARAMETER, f"{name} {sent!r} must be numbers with commas between")


def test_a_disk_from_a_snapshot_that_there_is_not(api: Any) -> None:
    wish = {"regionID": REGION, "snapshotID": "none", "diskMode": "VBD", "diskName": "copy", "diskSize": 10}
    refused(api.post("/v4/ebs/new-from-snapshot-ebs-snap", **wish), "ebs.snapshotInfo.notExists", "Snapshot none does not exist")


@pytest.mark.parametrize("sent", [["Secret-123"], {"is": "Secret-123"}])
def test_an_error_does_not_repeat_what_may_be_a_secret(api: Any, net: tuple[str, str], sent: Any) -> None:
    answer = api.post(SERVER, **api.wish(*net, userPassword=sent))
    refused(answer, PARAMETER, "userPassword must be a string, not a")
    assert "Secret" not in json.dumps(answer)


def test_what_a_call_would_not_get_is_refused(api: Any, net: tuple[str, str]) -> None:
    """Ignored without a word it would look as if it had been done."""
    refused(api.post(SERVER, **api.wish(*net, eipID="eip-x")), PARAMETER, "eipID is for extIP 2, not for 0")
    rule = {"direction": "ingress", "action": "accept", "protocol": "TCP", "ethertype": "IPv4", "destCidrIp": "0.0.0.0/0"}
    call = {
        "regionID": REGION,
        "securityGroupID": api.group(net[0]),
        "securityGroupRules": [rule | {"remoteSecurityGroupID": "sg-x"}],
    }
    refused(api.post("/v4/vpc/create-security-group-ingress", **call), PARAMETER, "remoteSecurityGroupID is for remoteType 1")
    refused(api.get("/v4/image/list", regionID=REGION, osDistro="error"), NOT_MODELLED, "osDistro")
    vault = {"regionID": REGION, "repositoryName": "vault", "onDemand": True, "autoScaling": True}
    refused(api.post("/v4/ebs-backup/repo/create", **vault), NOT_MODELLED, "autoScaling")


def test_a_disk_smaller_than_its_type_allows(api: Any, net: tuple[str, str]) -> None:
    for kind, least in (("SATA", 10), ("XSSD-0", 20), ("XSSD-1", 20), ("XSSD-2", 512)):
        disks = [{"diskType": kind, "diskSize": least - 1}]
        refused(
            api.post(SERVER, **api.wish(*net, dataDiskList=disks)),
            PARAMETER,
            f"diskSize is {least - 1}; it must be between {least}",
        )
    wish = api.wish(*net, bootDiskType="XSSD-2", bootDiskSize=511)
    refused(api.post(SERVER, **wish), PARAMETER, "bootDiskSize is 511; it must be between 512")


def test_volumes_do_not_go_with_a_server(api: Any, net: tuple[str, str]) -> None:
    server = api.server(*net, dataDiskList=[{"diskType": "SATA", "diskSize": 10}])
    disk = {"regionID": REGION, "azName": ZONES[0], "diskMode": "VBD", "diskType": "SATA", "diskName": "data", "diskSize": 10}
    order = api.placed(api.post("/v4/ebs/new-ebs", **disk))
    api.finished(order["masterOrderID"])
    volume = {"regionID": REGION, "instanceID": server, "diskID": order["resources"][0]["diskID"]}
    api.job_done(api.ok(api.post("/v4/ebs/attach-ebs", **volume))["diskJobID"])
    release = {"regionID": REGION, "instanceID": server, "deleteVolume": True}
    refused(api.post("/v4/ecs/delete-instance", **release), NOT_MODELLED, "deleteVolume is not modelled")
    api.job_done(api.ok(api.post("/v4/ebs/detach-ebs", **volume))["diskJobID"])
    assert api.finished(api.ok(api.post("/v4/ecs/delete-instance", **release))["masterOrderID"])["orderStatus"] == "3"


def test_a_health_check_does_not_take_anothers_name(api: Any) -> None:
    check = {"regionID": REGION, "protocol": "TCP"}
    first, second = (api.ok(api.post("/v4/elb/create-health-check", **check, name=name))["ID"] for name in ("one", "two"))
    change = {"regionID": REGION, "healthCheckID": second}
    refused(
        api.post("/v4/elb/update-health-check", **change, name="one"), "Openapi.HealthCheck.NameDuplicated", f"taken by {first}"
    )
    api.ok(api.post("/v4/elb/update-health-check", **change, name="two", interval=9))
