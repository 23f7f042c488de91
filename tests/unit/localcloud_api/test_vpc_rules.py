"""VPCs, subnets and security groups: the rules, the refusals, the shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

REGION, OTHER = "bb9fdb42056f11eda1610242ac110002", "200000001852"
PARAMETER = "Openapi.Parameter.Error"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"CIDR": "nonsense"}, "CIDR 'nonsense' is not an IPv4 network: Expected 4 octets in 'nonsense'", id="malformed"),  # noqa: E501
        pytest.param({"CIDR": "192.168.1.0/16"}, "CIDR '192.168.1.0/16' is not an IPv4 network: 192.168.1.0/16 has host bits set", id="host bits"),  # noqa: E501
        pytest.param({"CIDR": "10.0.0.0/30"}, "CIDR '10.0.0.0/30' needs a mask of 8 to 28", id="mask"),
        pytest.param({"name": "1net"}, "name '1net' is not allowed: 2-32 letters, Chinese characters, digits, '_' or '-', beginning with a letter or a Chinese character", id="name"),  # noqa: E501
        pytest.param({"description": "x" * 129}, "description has 129 characters; at most 128 are allowed", id="description"),
        pytest.param({"regionID": "苏州"}, "regionID '苏州' is not a region; there are bb9fdb42056f11eda1610242ac110002 (华东1), 200000001852 (华北2)", id="region"),  # noqa: E501
        pytest.param({"clientToken": None}, "clientToken is required", id="token"),
        pytest.param({"clientToken": "x" * 65}, "clientToken has 65 characters; at most 64 are allowed", id="long token"),
        pytest.param({"projectID": "7"}, 'projectID is \'7\'; only the default project "0" exists', id="project"),
    ],
)  # fmt: skip
def test_a_bad_vpc_is_refused_by_field(api: Any, changes: dict[str, Any], message: str) -> None:
    answer = api.post("/v4/vpc/create", **{"regionID": REGION, "name": "net", "CIDR": "192.168.0.0/16"} | changes)
    assert (answer["statusCode"], answer["errorCode"], answer["message"]) == (900, PARAMETER, message)


def test_all_problems_come_at_once(api: Any) -> None:
    answer = api.post("/v4/vpc/create", regionID="x", name="-", CIDR="1.2.3.4/5")
    assert all(field in answer["message"] for field in ("regionID 'x'", "name '-'", "CIDR '1.2.3.4/5'"))


@pytest.mark.parametrize(("field", "value"), [("enableIpv6", True), ("ipv6Isp", "chinatelecom"), ("somethingNew", 1)])
def test_what_is_not_modelled_is_refused_by_name(api: Any, field: str, value: Any) -> None:
    answer = api.post("/v4/vpc/create", regionID=REGION, name="net", CIDR="192.168.0.0/16", **{field: value})
    assert answer["errorCode"] == "LocalCloud.Feature.NotModelled"
    assert field in answer["message"]


def test_unset_options_and_python_spelling_are_understood(api: Any) -> None:
    vpc = api.ok(api.post("/v4/vpc/create", regionID=REGION, name="net", CIDR="192.168.0.0/16", enableIpv6=None, ipv6Cidr=None))
    sub = api.subnet(vpc["vpcID"])
    shown = api.ok(api.get("/v4/vpc/query-subnet", regionID=REGION, subnetID=sub, withShare="False"))
    assert (shown["gatewayIP"], shown["availableIPCount"], shown["type"]) == ("192.168.1.1", 253, 0)
    assert api.ok(api.get("/v4/vpc/new-list", regionID=REGION, pageNo="1", pageSize="50"))["totalCount"] == 1


@pytest.mark.parametrize(
    ("cidr", "problem"),
    [
        ("10.0.0.0/24", "CIDR 10.0.0.0/24 is not inside 192.168.0.0/16 of VPC {vpc}"),
        ("192.168.1.128/25", "CIDR 192.168.1.128/25 overlaps 192.168.1.0/24 of subnet {subnet} (sub)"),
        ("192.168.2.0/29", "CIDR '192.168.2.0/29' needs a mask of 16 to 28"),
    ],
)
def test_subnets_lie_in_their_vpc_and_apart(api: Any, cidr: str, problem: str) -> None:
    vpc = api.vpc()
    subnet = api.subnet(vpc)
    answer = api.post("/v4/vpc/create-subnet", regionID=REGION, vpcID=vpc, name="other", CIDR=cidr)
    assert answer["message"] == problem.format(vpc=vpc, subnet=subnet)


def test_in_use_duplicate_and_missing(api: Any) -> None:
    vpc = api.vpc()
    subnet, group = api.subnet(vpc), api.group(vpc)
    code: Callable[[dict[str, Any]], str] = lambda answer: str(answer["errorCode"])  # noqa: E731
    assert code(api.post("/v4/vpc/create", regionID=REGION, name="net", CIDR="10.0.0.0/8")) == "Openapi.Vpc.NameDuplicated"
    same_subnet = {"regionID": REGION, "vpcID": vpc, "name": "sub", "CIDR": "192.168.7.0/24"}
    assert code(api.post("/v4/vpc/create-subnet", **same_subnet)) == "Openapi.Subnet.NameDuplicated"
    same_group = {"regionID": REGION, "vpcID": vpc, "name": "web"}
    assert code(api.post("/v4/vpc/create-security-group", **same_group)) == "Openapi.SecurityGroup.NameDuplicated"
    refused = api.post("/v4/vpc/delete", regionID=REGION, vpcID=vpc)
    assert refused["errorCode"] == "Openapi.Vpc.InUse"
    assert refused["message"] == f"VPC {vpc} is still used by subnet {subnet}, security group {group}; remove these first."
    server = api.server(vpc, subnet, secGroupList=[group])
    assert f"instance {server}" in api.post("/v4/vpc/delete-subnet", regionID=REGION, subnetID=subnet)["message"]
    assert (
        code(api.post("/v4/vpc/delete-security-group", regionID=REGION, securityGroupID=group)) == "Openapi.SecurityGroup.InUse"
    )
    assert code(api.get("/v4/vpc/query", regionID=OTHER, vpcID=vpc)) == "Openapi.Vpc.NotFound"
    assert code(api.get("/v4/vpc/query-subnet", regionID=REGION, subnetID="subnet-x")) == "Openapi.Subnet.NotFound"


def test_everything_can_be_deleted_again(api: Any) -> None:
    vpc = api.vpc()
    subnet, group = api.subnet(vpc), api.group(vpc)
    api.ok(api.post("/v4/vpc/delete-security-group", regionID=REGION, securityGroupID=group))
    api.ok(api.post("/v4/vpc/delete-subnet", regionID=REGION, subnetID=subnet))
    api.ok(api.post("/v4/vpc/delete", regionID=REGION, vpcID=vpc))
    assert api.get("/v4/vpc/query", regionID=REGION, vpcID=vpc)["errorCode"] == "Openapi.Vpc.NotFound"


def test_the_quota_of_vpcs_is_per_region(api: Any) -> None:
    for number in range(10):
        api.vpc(f"net-{number}", f"10.{number}.0.0/16")
    refused = api.post("/v4/vpc/create", regionID=REGION, name="one-more", CIDR="10.99.0.0/16")
    assert (refused["errorCode"], refused["message"]) == (
        "Openapi.Quota.Exceeded",
        "The quota of 10 VPCs in this region is used up.",
    )
    api.vpc("elsewhere", region=OTHER)


def test_pages(api: Any) -> None:
    for number in range(5):
        api.vpc(f"net-{number}", f"10.{number}.0.0/16")
    page = api.ok(api.get("/v4/vpc/new-list", regionID=REGION, pageNo=2, pageSize=2))
    assert [vpc["name"] for vpc in page["vpcs"]] == ["net-2", "net-3"]
    assert (page["totalCount"], page["currentCount"], page["totalPage"]) == (5, 2, 3)
    assert api.get("/v4/vpc/new-list", regionID=REGION, pageSize=51)["errorCode"] == PARAMETER


def test_the_same_token_is_the_same_request(api: Any) -> None:
    wish = {"regionID": REGION, "name": "net", "CIDR": "10.0.0.0/8", "clientToken": "one"}
    first = api.ok(api.post("/v4/vpc/create", **wish))
    assert api.ok(api.post("/v4/vpc/create", **wish, description=None)) == first
    changed = api.post("/v4/vpc/create", **wish | {"name": "other"})
    assert changed["errorCode"] == "Openapi.ClientToken.Reused"
    assert api.ok(api.get("/v4/vpc/new-list", regionID=REGION))["totalCount"] == 1


def rule(**changes: Any) -> dict[str, Any]:
    return {
        "direction": "ingress", "action": "accept", "protocol": "TCP", "ethertype": "IPv4", "destCidrIp": "0.0.0.0/0",
        "range": "80", "priority": 1,
    } | changes  # fmt: skip


def add(api: Any, group: str, *rules: dict[str, Any], way: str = "ingress") -> dict[str, Any]:
    path = f"/v4/vpc/create-security-group-{way}"
    return dict(api.post(path, regionID=REGION, securityGroupID=group, securityGroupRules=list(rules)))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"range": "0-70000"}, "securityGroupRules[0].range '0-70000' is not a port or a range a-b of ports 1-65535"),
        ({"range": "90-80"}, "securityGroupRules[0].range '90-80' is not a port or a range a-b of ports 1-65535"),
        ({"protocol": "ICMP"}, "securityGroupRules[0].range '80' has no meaning with protocol ICMP"),
        ({"protocol": "tcp"}, "securityGroupRules[0].protocol is 'tcp'; it must be one of ANY, TCP, UDP, ICMP"),
        ({"priority": 101}, "securityGroupRules[0].priority is 101; it must be between 1 and 100"),
        ({"destCidrIp": "10.0.0.1/8"}, "securityGroupRules[0].destCidrIp '10.0.0.1/8' is not an IPv4 address or network: 10.0.0.1/8 has host bits set"),  # noqa: E501
        ({"direction": "Egress"}, "securityGroupRules[0].direction must be ingress in this call"),
        ({"action": "Deny"}, "securityGroupRules[0].action is 'Deny'; it must be one of accept, drop"),
        ({"remoteType": 1}, "securityGroupRules[0].remoteSecurityGroupID is required"),
    ],
)  # fmt: skip
def test_a_bad_rule_is_refused(api: Any, changes: dict[str, Any], problem: str) -> None:
    answer = add(api, api.group(api.vpc()), rule(**changes))
    assert answer["message"] == problem


def test_rules_reach_the_router_and_leave_it(api: Any) -> None:
    vpc = api.vpc()
    group, other = api.group(vpc), api.group(vpc, "db")
    api.server(vpc, api.subnet(vpc), secGroupList=[group])
    ids = api.ok(add(api, group, rule(), rule(range="8000-9000", remoteType=1, remoteSecurityGroupID=other, destCidrIp=None)))[
        "sgRuleIDs"
    ]
    applied = [rule for rule in api.engines.networks[vpc].groups[group] if rule.direction == "ingress"]
    assert [(rule.ports, rule.peer_cidr, rule.peer_group) for rule in applied] == [
        ((80, 80), "0.0.0.0/0", None),
        ((8000, 9000), None, other),
    ]
    assert "rule " in api.post("/v4/vpc/delete-security-group", regionID=REGION, securityGroupID=other)["message"]
    api.ok(
        api.post("/v4/ecs/vpc/revoke-security-group-ingress", regionID=REGION, securityGroupID=group, securityGroupRuleID=ids[0])
    )
    assert len(api.engines.networks[vpc].groups[group]) == 2
    shown = api.ok(
        api.get("/v4/vpc/describe-security-group-attribute", regionID=REGION, securityGroupID=group, direction="ingress")
    )
    assert [(rule["id"], rule["range"]) for rule in shown["securityGroupRuleList"]] == [(ids[1], "8000-9000")]


def test_a_new_group_lets_everything_out(api: Any) -> None:
    group = api.group(api.vpc())
    rules = api.ok(api.get("/v4/vpc/describe-security-group-attribute", regionID=REGION, securityGroupID=group))[
        "securityGroupRuleList"
    ]
    assert [(rule["direction"], rule["action"], rule["protocol"], rule["destCidrIp"]) for rule in rules] == [
        ("egress", "accept", "ANY", "0.0.0.0/0")
    ]


def test_a_rule_twice_and_too_many_rules(api: Any) -> None:
    group = api.group(api.vpc())
    api.ok(add(api, group, rule()))
    assert api.ok(add(api, group, rule(description="again"))) == {"sgRuleIDs": []}
    for start in (1, 26):
        answer = add(api, group, *(rule(range=str(port)) for port in range(start + 1000, start + 1024)))
    assert answer["statusCode"] == 800
    assert add(api, group, rule(range="1"))["errorCode"] == "Openapi.Quota.Exceeded"


def test_a_failed_call_leaves_nothing(api: Any) -> None:
    vpc = api.vpc()
    group, foreign = api.group(vpc), api.group(api.vpc("other"))
    answer = add(api, group, rule(), rule(remoteType=1, remoteSecurityGroupID=foreign, destCidrIp=None, range="81"))
    assert "belongs to another VPC" in answer["message"]
    shown = api.ok(
        api.get("/v4/vpc/describe-security-group-attribute", regionID=REGION, securityGroupID=group, direction="ingress")
    )
    assert shown["securityGroupRuleList"] == []


def test_joining_and_leaving_a_group(api: Any) -> None:
    vpc = api.vpc()
    group, server = api.group(vpc), api.server(vpc, api.subnet(vpc), secGroupList=[api.group(vpc, "first")])
    [first] = api.engines.networks[vpc].nics[0].groups
    fields = {"regionID": REGION, "securityGroupID": group, "instanceID": server}
    api.ok(api.post("/v4/ecs/vpc/join-security-group", **fields, action="joinSecurityGroup"))
    assert api.engines.networks[vpc].nics[0].groups == (first, group)
    api.ok(api.post("/v4/ecs/vpc/leave-security-group", **fields))
    assert api.engines.networks[vpc].nics[0].groups == (first,)
    assert api.post("/v4/ecs/vpc/leave-security-group", **fields)["errorCode"] == "Openapi.SecurityGroup.NotJoined"
