"""What CTyun's own clients send is taken, and answered with what they read: their fields, types, codes and ids."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from localcloud.records.compute import ORDERS, RULES

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


# -- servers, regions, images ------------------------------------------------------------------------------------------
def test_servers_are_renamed_in_one_call_all_or_none(api: Any) -> None:
    vpc = api.vpc()
    subnet = api.subnet(vpc)
    one, other = (api.server(vpc, subnet, name) for name in ("web-01", "web-02"))
    path, here = "/v4/ecs/batch-update-instances", {"regionID": REGION}
    wanted = [
        {"instanceID": one, "displayName": "first"},
        {"instanceID": other, "instanceName": "app", "instanceDescription": "x"},
    ]
    answer = api.ok(api.post(path, **here, updateInfo=wanted))
    assert answer == {"updateInfo": [
        {"instanceID": one, "displayName": "first", "instanceName": "web-01", "instanceDescription": ""},
        {"instanceID": other, "displayName": "web-02", "instanceName": "app", "instanceDescription": "x"},
    ]}  # fmt: skip
    lost = [{"instanceID": one, "displayName": "second"}, {"instanceID": "gone", "displayName": "third"}]
    assert api.post(path, **here, updateInfo=lost)["errorCode"] == "Ecs.Instance.NotFound"
    assert api.ok(api.details(one))["displayName"] == "first"
    wrong = api.post(path, **here, updateInfo=[{"instanceID": one, "instanceName": "-"}, {"instanceID": other}])["message"]
    assert "updateInfo[0].instanceName '-'" in wrong
    assert "updateInfo[1].displayName or instanceName or instanceDescription is required" in wrong


def test_what_a_region_holds_is_counted_alike(api: Any) -> None:
    vpc = api.vpc()
    subnet = api.subnet(vpc)
    disks = {"dataDiskList": [{"diskType": "SATA", "diskSize": 10}]}
    api.server(vpc, subnet, "web-01", **disks)
    stopped = api.server(vpc, subnet, "web-02", flavorName="c7.xlarge.2", flavorID=None, extIP="1", bandwidth=1)
    api.job_done(api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=stopped))["jobID"])
    counts = api.ok(api.get("/v4/ecs/statistics-instance", regionID=REGION))["instanceStatistics"]
    assert {name: counts[name] for name in ("totalCount", "RunningCount", "shutdownCount", "cpuCount", "memoryCount")} == {
        "totalCount": 2, "RunningCount": 1, "shutdownCount": 1, "cpuCount": 5, "memoryCount": 9,
    }  # fmt: skip
    there = api.ok(api.get("/v4/region/customer-resources", regionID=REGION))["resources"]
    assert (there["VM"]["total_count"], there["VM"]["vm_shutd_count"], there["VM"]["memory_count"]) == (2, 1, 9)
    assert (there["Volume"]["vo_disk_count"], there["Volume"]["total_size"]) == (1, 90)
    assert [there[name]["total_count"] for name in ("VPC", "Public_IP", "LOADBALANCER")] == [1, 1, 0]
    assert api.ok(api.get("/v4/region/customer-resources", regionID=OTHER_REGION))["resources"]["VPC"]["total_count"] == 0


def test_products_say_what_is_modelled_and_what_is_not(api: Any) -> None:
    shown = api.ok(api.get("/v4/region/get-products", regionID=REGION))
    assert (shown["lb"]["hasElbPG"], shown["vpc"]["hasNat"], shown["ecs"]["flavorTypes"]) == (
        "1",
        "0",
        {"c": ["c7"], "s": ["s7"]},
    )
    assert [zone["azName"] for zone in shown["azList"]] == ZONES


def test_images_are_listed_by_the_older_names(api: Any) -> None:
    def listed(**query: Any) -> list[tuple[str, str]]:
        images = api.ok(api.get("/v4/image/list", regionID=REGION, azName="", flavorName="", queryContent="", **query))["images"]
        return [(image["imageName"], image["visibility"]) for image in images]

    both = [("debian-12", "public"), ("debian-12-lamp", "public")]
    assert listed(visibility=1, status="active") == listed(imageVisibilityCode=1, visibility=0, status="") == both
    assert (
        listed(visibility=0)
        == listed(visibility=1, status="deactivated")
        == listed(visibility=1, imageType="data_disk_image")
        == []
    )


def test_what_clients_send_besides_changes_nothing(api: Any) -> None:
    """Each field is one that a client of CTyun's sends with this call; the answer is the one without it."""
    vpc = api.vpc()
    server = api.server(vpc, api.subnet(vpc))
    order = api.cloud.store.find(ORDERS)[0].id
    one = {"regionID": REGION, "instanceID": server}
    volumes = api.ok(api.post("/v4/ecs/volume/list", **one))
    assert api.ok(api.post("/v4/ecs/volume/list", **one, securityGroupID=0, networkInterfaceID=0)) == volumes
    assert api.ok(api.get("/v4/ecs/instance-details", **one, azName=ZONES[0]))["instanceID"] == server
    assert "azName 'nowhere'" in api.get("/v4/ecs/instance-details", **one, azName="nowhere")["message"]
    api.job_done(api.ok(api.post("/v4/ecs/stop-instance", **one, force=False))["jobID"])
    api.job_done(api.ok(api.post("/v4/ecs/start-instance", **one, force=True))["jobID"])
    assert api.ok(api.get("/v4/ecs/order/query-uuid", masterOrderID=order, regionID=REGION))["instanceIDList"] == [server]
    assert api.get("/v4/ecs/order/query-uuid", masterOrderID=order, regionID=OTHER_REGION)["errorCode"] == "Ecs.Order.NotFound"
    wish = {"regionID": REGION, "cycleType": "on_demand", "cycleCount": 1, "name": "eip", "bandwidthID": ""}
    bound = {"associationID": server, "associationType": 1, "securityGroupID": "sg-x", "networkInterfaceID": "port-x"}
    [eip] = api.finished(api.ok(api.post("/v4/eip/create", **wish))["masterOrderID"])["instanceIDList"]
    api.ok(api.post("/v4/eip/associate", regionID=REGION, eipID=eip, **bound))
    assert api.ok(api.details(server))["floatingIP"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("affinityGroupID", "group"), ("bootDiskProvisionedIops", 100), ("ipv6AddressID", "x"), ("threadsPerCore", 1)],
)
def test_what_would_change_a_server_is_refused_unless_it_is_empty(api: Any, option: str, value: Any) -> None:
    vpc = api.vpc()
    wish = api.wish(vpc, api.subnet(vpc))
    assert f"{option}={value!r} is not modelled" in api.post("/v4/ecs/create-instance", **wish, **{option: value})["message"]
    api.ok(api.post("/v4/ecs/create-instance", **wish, **{option: {"threadsPerCore": 2}.get(option, type(value)())}))


def test_a_key_pair_in_the_spelling_of_a_client(api: Any) -> None:
    made = api.ok(api.post("/v4/ecs/keypair/create-keypair", regionID=REGION, keypairName="course"))
    assert made["keyPairName"] == "course"


# -- volumes, snapshots, vaults ----------------------------------------------------------------------------------------
DISK = {"regionID": REGION, "azName": ZONES[0], "diskMode": "VBD", "diskType": "SATA", "diskName": "data", "diskSize": 20}
OPEN = (900, "ebs.order.inProgress")


def volume(api: Any, **more: Any) -> str:
    placed = api.placed(api.post("/v4/ebs/new-ebs", **DISK | more))
    return str(api.finished(placed["masterOrderID"])["instanceIDList"][0])


def test_an_order_of_a_volume_is_in_progress_until_the_volume_can_be_used(api: Any) -> None:
    wish = DISK | {"clientToken": "once", "onDemand": True, "cycleType": "on_demand", "cycleCount": 0}
    first = api.post("/v4/ebs/new-ebs", **wish)
    assert (first["statusCode"], first["errorCode"]) == OPEN
    order, [resource] = first["returnObj"]["masterOrderID"], first["returnObj"]["resources"]
    assert api.finished(order)["instanceIDList"] == [resource["diskID"]]
    done = api.cloud.store.require(ORDERS, order)
    api.cloud.store.put(ORDERS, replace(done, status="14"))  # had it taken longer
    asked = api.post("/v4/ebs/new-ebs", **wish)
    assert (asked["statusCode"], asked["errorCode"], asked["returnObj"]) == (*OPEN, first["returnObj"])
    api.cloud.store.put(ORDERS, done)
    again = api.ok(api.post("/v4/ebs/new-ebs", **wish))
    assert (again["masterOrderID"], again["masterResourceStatus"]) == (order, "started")
    assert api.ok(api.get("/v4/ebs/info-ebs", diskID=resource["diskID"]))["diskStatus"] == "available"


def test_a_snapshots_order_is_in_progress_and_a_later_ones_job_names_it(api: Any) -> None:
    disk, path = volume(api), "/v4/ebs_snapshot/create-ebs-snap"
    wish = {"regionID": REGION, "diskID": disk, "retentionPolicy": "forever", "retentionTime": 0}
    first = api.post(path, **wish, snapshotName="one", clientToken="once")
    assert (first["statusCode"], first["errorCode"]) == OPEN
    api.finished(first["returnObj"]["masterOrderID"])
    assert api.ok(api.post(path, **wish, snapshotName="one", clientToken="once"))["masterResourceStatus"] == "started"
    second = wish | {"snapshotName": "two", "retentionTime": 99_999, "clientToken": "again"}
    job = api.ok(api.post(path, **second))["snapshotJobID"]
    made = {it["snapshotName"]: it["snapshotID"] for it in snapshots(api)}
    assert api.job_done(job)["ID"] == made["two"]
    assert api.ok(api.post(path, **second))["snapshotJobID"] == job
    usage = api.ok(api.get("/v4/ebs_snapshot/query_size-ebs-snap", regionID=REGION))
    assert (usage["snapshotTotalCount"], [kind["volumeType"] for kind in usage["details"]]) == (2, ["SATA"])
    everything = {"regionID": REGION, "diskID": disk, "refundOrder": True, "snapshotIDs": ["", None]}
    api.finished(api.ok(api.post("/v4/ebs_snapshot/delete-ebs-snap", **everything))["masterOrderID"])
    assert snapshots(api) == []


def snapshots(api: Any) -> list[Json]:
    found: list[Json] = api.ok(api.get("/v4/ebs_snapshot/list-ebs-snap", regionID=REGION))["snapshotList"]
    return found


def test_a_subscribed_volume_shows_its_cycle_and_one_on_demand_has_none(api: Any) -> None:
    subscribed = volume(api, onDemand=False, cycleType="year", cycleCount=2, diskName="subscribed")
    volume(api, cycleType="year", cycleCount=2)
    listed = api.ok(api.get("/v4/ebs/list-ebs", regionID=REGION, queryKeys="name,diskID", queryContent=""))["diskList"]
    assert [(it["onDemand"], it["cycleType"], it["cycleCount"]) for it in listed] == [(False, "year", 2), (True, None, None)]
    assert api.ok(api.get("/v4/ebs/info-ebs", diskID=subscribed))["cycleCount"] == 2


def test_a_volume_is_found_by_name_and_detached_from_wherever_it_is(api: Any) -> None:
    vpc, disk = api.vpc(), volume(api)
    server = api.server(vpc, api.subnet(vpc))
    one = {"regionID": REGION, "diskID": disk}
    api.job_done(api.ok(api.post("/v4/ebs/attach-ebs", **one, instanceID=server))["diskRequestID"])
    named = {"regionID": REGION, "diskName": "data"}
    assert api.ok(api.get("/v4/ebs/info-by-name-ebs", **named))["instanceID"] == server
    assert [it["diskID"] for it in api.ok(api.get("/v4/ebs/list-by-name-ebs", **named))["diskList"]] == [disk]
    assert api.get("/v4/ebs/info-by-name-ebs", **named | {"diskName": "other"})["errorCode"] == "ebs.ebsInfo.notExists"
    api.job_done(api.ok(api.post("/v4/ebs/detach-ebs", **one))["diskRequestID"])
    assert api.ok(api.get("/v4/ebs/info-ebs", diskID=disk))["attachments"] == []
    assert "it must be in-use" in api.post("/v4/ebs/detach-ebs", **one)["message"]


def test_vaults_have_uuids_and_policies_have_none(api: Any) -> None:
    vault = {"regionID": REGION, "repositoryName": "vault", "cycleType": "MONTH", "cycleCount": 1}
    of_volumes = api.ok(api.post("/v4/ebs-backup/repo/create", **vault))["repositoryID"]
    api.ok(api.post("/v4/ecs/backup-repo/create", **vault))
    [of_servers] = api.ok(api.get("/v4/ecs/backup-repo/list", regionID=REGION))["results"]
    assert [str(UUID(id_)) for id_ in (of_volumes, of_servers["repositoryID"])] == [of_volumes, of_servers["repositoryID"]]
    policy = {"regionID": REGION, "snapshotPolicyName": "nightly", "repeatWeekdays": "0", "repeatTimes": "2", "retentionTime": 1}
    made = api.ok(api.post("/v4/ebs_snapshot/create-policy-ebs-snap", **policy))["snapshotPolicyID"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    off = {"regionID": REGION, "snapshotPolicyID": made, "targetStatus": "nonactivated"}
    done = api.ok(api.post("/v4/ebs_snapshot/modify-policy-status-ebs-snap", **off))
    assert done["snapshotPolicyJobResult"] == "任务执行成功"


# -- load balancers ----------------------------------------------------------------------------------------------------
def test_targets_are_listed_by_region_alone_and_get_another_port(api: Any) -> None:
    vpc = api.vpc()
    server, here = api.server(vpc, api.subnet(vpc)), {"regionID": REGION}
    groups = [
        api.ok(api.post("/v4/elb/create-target-group", **here, name=name, vpcID=vpc, algorithm="wrr"))[0]["ID"]
        for name in ("one", "two")
    ]
    goal = {"instanceType": "VM", "instanceID": server}
    ids = [
        api.ok(api.post("/v4/elb/create-target", **here, **goal, targetGroupID=group, protocolPort=port))[0]["ID"]
        for group, port in ((groups[0], 80), (groups[0], 81), (groups[1], 80))
    ]

    def ports(**more: str) -> list[tuple[str, int]]:
        return [(it["ID"], it["protocolPort"]) for it in api.ok(api.get("/v4/elb/list-target", **here | more))]

    assert ports() == [(ids[0], 80), (ids[1], 81), (ids[2], 80)]
    assert ports(regionID=OTHER_REGION) == []
    taken = api.post("/v4/elb/update-target", **here, targetID=ids[0], protocolPort=81)
    assert taken["errorCode"] == "Openapi.Target.Duplicated"
    api.ok(api.post("/v4/elb/update-target", **here, targetID=ids[0], protocolPort=8080, weight=5))
    api.ok(api.post("/v4/elb/update-target", **here, targetID=ids[0], protocolPort=8080))
    assert ports(targetGroupID=groups[0]) == [(ids[0], 8080), (ids[1], 81)]
    same = {"targetGroupID": groups[0], "protocol": "HTTP", "proxyProtocol": 0}
    api.ok(api.post("/v4/elb/update-target-group", **here, **same))


def test_a_balancer_and_its_check_have_the_types_that_clients_read(api: Any) -> None:
    vpc, here = api.vpc(), {"regionID": REGION}
    order = {"cycleType": "on_demand", "name": "eip", "bandwidth": 1}
    [eip] = api.finished(api.ok(api.post("/v4/eip/create", **here, **order))["masterOrderID"])["instanceIDList"]
    wish = {"subnetID": api.subnet(vpc), "name": "lb", "slaName": "elb.default", "resourceType": "external", "eipID": eip}
    balancer = api.ok(api.post("/v4/elb/create-loadbalancer", **here, **wish))["ID"]
    [shown] = api.ok(api.get("/v4/elb/show-loadbalancer", **here, elbID=balancer))
    assert [it["isTalkOrder"] for it in shown["eipInfo"]] == [True]
    changed = {"elbID": balancer, "slaName": "elb.default", "description": "x", "gwEnabled": False}
    assert api.ok(api.post("/v4/elb/update-loadbalancer", **here, **changed)) == {"ID": balancer}
    other = api.post("/v4/elb/update-loadbalancer", **here, **changed | {"slaName": "elb.s1.small"})
    assert "slaName='elb.s1.small' is not modelled" in other["message"]
    codes = {"name": "check", "protocol": "HTTP", "httpExpectedCodes": ["http_2xx", "http_3xx"]}
    check = api.ok(api.post("/v4/elb/create-health-check", **here, **codes))["ID"]
    seen = api.ok(api.get("/v4/elb/show-health-check", **here, healthCheckID=check))
    assert (seen["httpExpectedCodes"], seen["createTime"]) == ("http_2xx http_3xx", seen["createdTime"])
