"""What CTyun's own clients send is taken, and answered with what they read: their fields, types, codes and ids."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.core.records import RULES

REGION, OTHER_REGION = "bb9fdb42056f11eda1610242ac110002", "200000001852"
ZONES = [f"cn-huadong1-jsnj{number}A-public-ctcloud" for number in (1, 2, 3)]
Json = dict[str, Any]


def test_a_failure_carries_no_object(api: Any) -> None:
    """A client that expects a list there cannot decode {}, and takes a balancer that is gone for an unreadable answer."""
    gone = api.get("/v4/elb/show-loadbalancer", regionID=REGION, elbID="lb-gone")
    assert (gone["statusCode"], gone["errorCode"], gone["returnObj"]) == (900, "Openapi.LoadBalancer.NotFound", None)


def test_any_call_may_name_the_default_project(api: Any) -> None:
    assert api.ok(api.get("/v4/elb/list-listener", regionID=REGION, projectID="0")) == []
    vpc = api.vpc()
    subnet = {"regionID": REGION, "vpcID": vpc, "name": "sub", "CIDR": "192.168.1.0/24"}
    other = api.post("/v4/vpc/create-subnet", **subnet, projectID="7")
    assert (other["statusCode"], other["message"]) == (900, "projectID is '7'; only the default project \"0\" exists")
    assert api.ok(api.post("/v4/vpc/create-subnet", **subnet, projectID="0"))["subnetID"]


# -- networks ----------------------------------------------------------------------------------------------------------
def rules_of(api: Any, group: str, direction: str) -> list[Json]:
    fields = {"regionID": REGION, "securityGroupID": group, "direction": direction}
    rules: list[Json] = api.ok(api.get("/v4/vpc/describe-security-group-attribute", **fields))["securityGroupRuleList"]
    return rules


@pytest.mark.parametrize("way", ["ingress", "egress"])
def test_rules_are_taken_in_capitals_and_shown_as_they_were_sent(api: Any, way: str) -> None:
    group = api.group(api.vpc())
    common = {"direction": way.upper(), "protocol": "TCP", "ethertype": "IPv4", "destCidrIp": "0.0.0.0/0", "priority": 1}
    sent = [common | {"action": "ACCEPT", "range": "80"}, common | {"action": "Drop", "range": "81-81"}]
    sent.append(common | {"action": "accept", "range": "1-65535", "priority": 2})
    path = f"/v4/vpc/create-security-group-{way}"
    made = api.ok(api.post(path, regionID=REGION, securityGroupID=group, securityGroupRules=sent))["sgRuleIDs"]
    shown = [rule for rule in rules_of(api, group, way.title()) if rule["id"] in made]
    seen = [(rule["direction"], rule["action"], rule["range"]) for rule in shown]
    assert seen == [(way, "accept", "80"), (way, "drop", "81-81"), (way, "accept", "1-65535")]


def test_of_rules_sent_again_only_new_ones_are_made(api: Any) -> None:
    group = api.group(api.vpc())
    rule = {"direction": "ingress", "action": "accept", "protocol": "TCP", "ethertype": "IPv4", "destCidrIp": "10.0.0.0/8"}
    ports = [rule | {"range": port} for port in ("80", "443", "80")]
    fields = {"regionID": REGION, "securityGroupID": group}
    first = api.ok(api.post("/v4/vpc/create-security-group-ingress", **fields, securityGroupRules=ports))["sgRuleIDs"]
    ports.append(rule | {"range": "8080"})
    again = api.ok(api.post("/v4/vpc/create-security-group-ingress", **fields, securityGroupRules=ports))["sgRuleIDs"]
    assert [rule["id"] for rule in rules_of(api, group, "ingress")] == [*first, *again]
    assert (len(first), len(again)) == (2, 1)


@pytest.mark.parametrize("path", ["/v4/vpc/new-list-subnet", "/v4/vpc/list-subnet"])
def test_subnets_are_listed_by_region_alone(api: Any, path: str) -> None:
    one, other = api.subnet(api.vpc("one")), api.subnet(api.vpc("other"))
    abroad = api.subnet(api.vpc("abroad", region=OTHER_REGION), region=OTHER_REGION)

    def listed(**query: str) -> list[str]:
        return [subnet["subnetID"] for subnet in api.ok(api.get(path, **{"regionID": REGION} | query))["subnets"]]

    assert (listed(), listed(subnetID=other), listed(azName=ZONES[1])) == ([one, other], [other], [one, other])
    assert listed(regionID=OTHER_REGION) == [abroad]
    assert api.get(path, regionID=REGION, vpcID="vpc-none")["errorCode"] == "Openapi.Vpc.NotFound"


def test_the_older_list_of_security_groups_is_the_newer_ones_page(api: Any) -> None:
    vpc = api.vpc()
    groups = [api.group(vpc, name) for name in ("one", "two")]
    newer = api.ok(api.get("/v4/vpc/new-query-security-groups", regionID=REGION, vpcID=vpc))["securityGroups"]
    for path in ("/v4/vpc/query-security-groups", "/v4/ecs/vpc/query-security-groups"):
        assert api.ok(api.get(path, regionID=REGION, vpcID=vpc)) == newer
    last = api.ok(api.get("/v4/vpc/query-security-groups", regionID=REGION, pageSize=1, pageNo=2))
    assert [group["id"] for group in last] == groups[1:]


def test_a_server_without_groups_is_in_its_vpcs_own(api: Any) -> None:
    vpc = api.vpc()
    subnet = api.subnet(vpc)
    servers = [api.server(vpc, subnet, name) for name in ("web-01", "web-02")]
    [group] = api.ok(api.get("/v4/vpc/new-query-security-groups", regionID=REGION, vpcID=vpc))["securityGroups"]
    assert (group["origin"], group["vmNum"]) == ("1", 2)
    shown = api.ok(api.details(servers[1]))
    assert [one["securityGroupID"] for one in shown["secGroupList"]] == [group["id"]]
    applied = api.engines.networks[vpc].groups[group["id"]]
    inward = {(rule.ports, rule.peer_cidr, rule.peer_group) for rule in applied if rule.direction == "ingress"}
    anywhere = "0.0.0.0/0"
    assert inward == {(None, None, group["id"]), ((22, 22), anywhere, None), ((3389, 3389), anywhere, None)}
    assert [rule.peer_cidr for rule in applied if rule.direction == "egress"] == [anywhere]
    mine = api.group(vpc, "mine")
    assert api.ok(api.get("/v4/vpc/describe-security-group-attribute", regionID=REGION, securityGroupID=mine))["origin"] == "0"


def test_a_vpcs_own_group_goes_with_it(api: Any) -> None:
    vpc = api.vpc()
    subnet = api.subnet(vpc)
    server = api.server(vpc, subnet)
    api.finished(api.ok(api.post("/v4/ecs/unsubscribe-instance", regionID=REGION, instanceID=server))["masterOrderID"])
    api.ok(api.post("/v4/vpc/delete-subnet", regionID=REGION, subnetID=subnet))
    api.ok(api.post("/v4/vpc/delete", regionID=REGION, vpcID=vpc))
    assert api.ok(api.get("/v4/vpc/new-query-security-groups", regionID=REGION))["totalCount"] == 0
    assert api.cloud.store.find(RULES) == []
