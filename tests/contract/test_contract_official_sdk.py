"""The official SDK packages as clients: what they send is understood, what they get has the types that they declare.

Their quirks belong to the contract: every unset option goes out as null, GET booleans in Python's spelling, JSON with spaces
and escapes, everything is printed to stdout, and a refusal raises nothing.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import urllib3.util.connection
from contract.official_sdk import ask, refused
from contract.typed_answers import mistyped
from ctyun_python_sdk_core import ClientConfig  # type: ignore[import-untyped]
from ctyunsdk_ecs20220909 import models as ecs  # type: ignore[import-untyped]
from ctyunsdk_ecs20220909.ecs_client import EcsClient  # type: ignore[import-untyped]
from ctyunsdk_eip20220909 import models as eip  # type: ignore[import-untyped]
from ctyunsdk_eip20220909.eip_client import EipClient  # type: ignore[import-untyped]
from ctyunsdk_vpc20220909 import models as vpc  # type: ignore[import-untyped]
from ctyunsdk_vpc20220909.vpc_client import VpcClient  # type: ignore[import-untyped]
from support.waiting import until

from ctyun import CloudRecord

pytestmark = pytest.mark.usefixtures("no_proxy")
TIMEOUT = 60.0  # seconds for an order or a job


class Sdk:
    """The three clients on one endpoint, and calls that check what comes back."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str, verify: bool | str = True) -> None:
        config = [ClientConfig(endpoint, access_key, secret_key, verify) for _ in range(3)]
        self.vpc, self.eip, self.ecs = VpcClient(config[0]), EipClient(config[1]), EcsClient(config[2])

    ask, refused = staticmethod(ask), staticmethod(refused)


@pytest.fixture(scope="module")
def sdk(record: CloudRecord) -> Sdk:
    return Sdk(record.url, record.credentials.access_key, record.credentials.secret_key)


def new_token() -> str:
    return str(uuid.uuid4())


def finished_order(sdk: Sdk, order_id: str) -> Any:
    """The order, polled as the API's documents say."""
    request = ecs.V4EcsOrderQueryUuidRequest(masterOrderID=order_id)
    look = lambda: sdk.ask(sdk.ecs.v4_ecs_order_query_uuid, request)  # noqa: E731
    order = until(look, TIMEOUT, f"order {order_id}", done=lambda order: order.orderStatus != "14")
    assert order.orderStatus == "3"
    return order


def finished_job(sdk: Sdk, region: str, job_id: str) -> None:
    request = ecs.V4JobInfoRequest(regionID=region, jobID=job_id)
    job = until(lambda: sdk.ask(sdk.ecs.v4_job_info, request), TIMEOUT, f"job {job_id}", done=lambda job: job.status != 0)
    assert (job.status, job.jobStatus) == (1, "success")


def details(sdk: Sdk, region: str, instance_id: str) -> Any:
    return sdk.ask(sdk.ecs.v4_ecs_instance_details, ecs.V4EcsInstanceDetailsRequest(region, instance_id))


def test_regions_and_zones(sdk: Sdk, region: str) -> None:
    regions = sdk.ask(sdk.ecs.v4_region_list_regions, ecs.V4RegionListRegionsRequest())["regionList"]  # untyped in the SDK
    assert region in [item["regionID"] for item in regions]
    assert all(item["isMultiZones"] is True and item["openapiAvailable"] is True for item in regions)
    zones = sdk.ask(sdk.ecs.v4_region_get_zones, ecs.V4RegionGetZonesRequest(region)).zoneList
    assert [zone.name for zone in zones] == [f"cn-huadong1-jsnj{number}A-public-ctcloud" for number in (1, 2, 3)]
    there = sdk.ask(sdk.ecs.v4_region_customer_resources, ecs.V4RegionCustomerResourcesRequest(region)).resources
    assert there.VM.total_count >= there.VM.vm_running_count + there.VM.vm_shutd_count
    counts = sdk.ask(sdk.ecs.v4_ecs_statistics_instance, ecs.V4EcsStatisticsInstanceRequest(region)).instanceStatistics
    assert (counts.totalCount, counts.cpuCount) == (there.VM.total_count, there.VM.cpu_count)
    products = sdk.ask(sdk.ecs.v4_region_get_products, ecs.V4RegionGetProductsRequest(region))
    assert (products.ebs.hasEbsSnapshot, products.vpc.hasNat, len(products.azList)) == ("1", "0", 3)
    named = sdk.ask(sdk.ecs.v4_region_list_regions, ecs.V4RegionListRegionsRequest(regionName="华北2"))["regionList"]
    assert [item["regionName"] for item in named] == ["华北2"]


def test_a_vpc_with_its_subnet(sdk: Sdk, region: str, make: Any) -> None:
    name = make.name("sdk")
    wish = vpc.VpcCreateRequest(new_token(), region, name, "172.16.0.0/12", description="灾备实验 & more=1")
    vpc_id = sdk.ask(sdk.vpc.vpc_create, wish).vpcID
    shown = sdk.ask(sdk.vpc.v4_vpc_query, vpc.V4VpcQueryRequest(region, vpc_id))
    assert (shown.vpcID, shown.name, shown.CIDR, shown.description) == (vpc_id, name, "172.16.0.0/12", "灾备实验 & more=1")

    wish = vpc.V4VpcCreateSubnetRequest(new_token(), region, vpc_id, "sdk-subnet", "172.16.1.0/24", dnsList=["172.16.1.1"])
    subnet_id = sdk.ask(sdk.vpc.v4_vpc_create_subnet, wish).subnetID
    subnet = sdk.ask(sdk.vpc.v4_vpc_query_subnet, vpc.V4VpcQuerySubnetRequest(region, subnet_id))
    assert (subnet.CIDR, subnet.gatewayIP, subnet.dnsList) == ("172.16.1.0/24", "172.16.1.1", ["172.16.1.1"])
    listed = sdk.ask(sdk.vpc.v4_vpc_new_list_subnet, vpc.V4VpcNewListSubnetRequest(region, vpc_id, pageNo=1, pageSize=10))
    assert ([item.subnetID for item in listed.subnets], listed.totalCount) == ([subnet_id], 1)
    older = sdk.ask(sdk.vpc.v4_vpc_list_subnet, vpc.V4VpcListSubnetRequest(region, vpc_id, azName="", withShare=False))
    assert [item.subnetID for item in older.subnets] == [subnet_id]

    vpcs = sdk.ask(sdk.vpc.v4_vpc_new_list, vpc.V4VpcNewListRequest(region, vpcName=name, pageNo=1, pageSize=50))
    assert [(item.vpcID, item.subnetIDs) for item in vpcs.vpcs] == [(vpc_id, [subnet_id])]
    sdk.ask(sdk.vpc.v4_vpc_update, vpc.V4VpcUpdateRequest(new_token(), region, vpc_id, description="changed"))
    sdk.ask(sdk.vpc.v4_vpc_update_subnet, vpc.V4VpcUpdateSubnetRequest(region, subnet_id, name="sdk-subnet-2"))

    assert "Vpc" in sdk.refused(sdk.vpc.v4_vpc_delete, vpc.V4VpcDeleteRequest(region, vpc_id))
    sdk.ask(sdk.vpc.v4_vpc_delete_subnet, vpc.V4VpcDeleteSubnetRequest(region, subnet_id))
    sdk.ask(sdk.vpc.v4_vpc_delete, vpc.V4VpcDeleteRequest(region, vpc_id))
    assert sdk.refused(sdk.vpc.v4_vpc_query, vpc.V4VpcQueryRequest(region, vpc_id)) == "Openapi.Vpc.NotFound"


def test_a_security_group_with_rules(sdk: Sdk, region: str, make: Any) -> None:
    vpc_id, name = make.vpc(), make.name("sdk")
    wish = vpc.V4VpcCreateSecurityGroupRequest(new_token(), region, vpc_id, name)
    group_id = sdk.ask(sdk.vpc.v4_vpc_create_security_group, wish).securityGroupID
    inward = vpc.V4VpcCreateSecurityGroupIngressRequestSecurityGroupRules(
        "INGRESS", "ACCEPT", "TCP", "IPv4", "0.0.0.0/0", priority=1, range="80"
    )
    added = sdk.ask(
        sdk.vpc.v4_vpc_create_security_group_ingress,
        vpc.V4VpcCreateSecurityGroupIngressRequest(region, group_id, [inward], new_token()),
    ).sgRuleIDs
    ask = vpc.V4VpcDescribeSecurityGroupAttributeRequest(region, group_id, direction="ingress")
    shown = sdk.ask(sdk.vpc.v4_vpc_describe_security_group_attribute, ask)
    rules = {rule.id: rule for rule in shown.securityGroupRuleList}
    assert (shown.securityGroupName, shown.vpcID) == (name, vpc_id)
    rule = rules[added[0]]
    assert (rule.range, rule.destCidrIp, rule.action, rule.direction) == ("80", "0.0.0.0/0", "accept", "ingress")
    groups = sdk.ask(
        sdk.vpc.v4_vpc_new_query_security_groups, vpc.V4VpcNewQuerySecurityGroupsRequest(region, vpcID=vpc_id)
    ).securityGroups
    older = sdk.ask(sdk.vpc.v4_vpc_query_security_groups, vpc.V4VpcQuerySecurityGroupsRequest(region, vpcID=vpc_id))
    assert [group.id for group in groups] == [group.id for group in older] == [group_id]
    sdk.ask(
        sdk.vpc.v4_vpc_revoke_security_group_ingress,
        vpc.V4VpcRevokeSecurityGroupIngressRequest(
            regionID=region, securityGroupID=group_id, securityGroupRuleID=added[0], clientToken=new_token()
        ),
    )
    sdk.ask(
        sdk.vpc.v4_vpc_delete_security_group,
        vpc.V4VpcDeleteSecurityGroupRequest(clientToken=new_token(), regionID=region, securityGroupID=group_id),
    )


def test_an_eip(sdk: Sdk, region: str, make: Any) -> None:
    name = make.name("sdk")
    wish = eip.V4EipCreateRequest(new_token(), region, "on_demand", 1, name, bandwidth=5, demandBillingType="upflowc")
    ordered = sdk.eip.v4_eip_create(wish)
    assert ordered.statusCode == 800 or ordered.errorCode == "Openapi.Order.Inprogress", ordered
    assert mistyped(ordered) == []
    [eip_id] = finished_order(sdk, ordered.returnObj.masterOrderID).instanceIDList
    again = sdk.ask(sdk.eip.v4_eip_create, wish)  # the same token: the finished order, with the id
    assert (again.masterResourceStatus, again.eipID) == ("started", eip_id)

    shown = sdk.ask(sdk.eip.v4_eip_show, eip.V4EipShowRequest(region, eip_id))
    assert (shown.ID, shown.name, shown.bandwidth, shown.status) == (eip_id, name, 5, "DOWN")
    listed = sdk.ask(sdk.eip.v4_eip_new_list, eip.V4EipNewListRequest(new_token(), region, ids=[eip_id]))
    assert ([item.eipAddress for item in listed.eips], listed.totalCount) == ([shown.eipAddress], 1)
    sdk.ask(sdk.eip.v4_eip_change_name, eip.V4EipChangeNameRequest(new_token(), region, eip_id, name=f"{name}-2"))
    deleted = sdk.ask(sdk.eip.v4_eip_delete, eip.V4EipDeleteRequest(new_token(), region, eip_id))
    finished_order(sdk, deleted.masterOrderID)
    assert sdk.refused(sdk.eip.v4_eip_show, eip.V4EipShowRequest(region, eip_id)) == "Openapi.Eip.NotFound"


def test_key_pairs(sdk: Sdk, region: str, make: Any) -> None:
    name = make.name("sdk")
    made = sdk.ask(sdk.ecs.v4_ecs_keypair_create_keypair, ecs.V4EcsKeypairCreateKeypairRequest(region, name))
    assert made.privateKey.startswith("-----BEGIN ")
    assert made.publicKey.startswith("ssh-rsa ")
    found = sdk.ask(sdk.ecs.v4_ecs_keypair_details, ecs.V4EcsKeypairDetailsRequest(region, keyPairName=name)).results
    assert [(item.keyPairID, item.bindInstanceNum) for item in found] == [(made.keyPairID, 0)]
    sdk.ask(sdk.ecs.v4_ecs_keypair_delete, ecs.V4EcsKeypairDeleteRequest(region, name))
    imported = ecs.V4EcsKeypairImportKeypairRequest(region, name, made.publicKey)
    assert sdk.ask(sdk.ecs.v4_ecs_keypair_import_keypair, imported).keyPairName == name
    sdk.ask(sdk.ecs.v4_ecs_keypair_delete, ecs.V4EcsKeypairDeleteRequest(region, name))


def test_flavors(sdk: Sdk, region: str) -> None:
    zone = sdk.ask(sdk.ecs.v4_region_get_zones, ecs.V4RegionGetZonesRequest(region)).zoneList[0].name
    request = ecs.V4EcsFlavorListRequest(region, azName=zone, flavorCPU=2, flavorRAM=4)
    flavors = sdk.ask(sdk.ecs.v4_ecs_flavor_list, request).flavorList
    assert "s7.large.2" in [flavor.flavorName for flavor in flavors]
    assert {(flavor.flavorCPU, flavor.flavorRAM) for flavor in flavors} == {(2, 4)}
    assert all(zone in flavor.azList for flavor in flavors)


def order_server(sdk: Sdk, region: str, site: Any, name: str) -> str:
    wish = ecs.V4EcsCreateInstanceRequest(
        new_token(),
        region,
        name,
        name,
        azName=site.zone_name,
        flavorID=site.flavor_id,
        imageType=1,
        imageID=site.image_id,
        bootDiskType="SATA",
        bootDiskSize=40,
        vpcID=site.vpc_id,
        onDemand=True,
        networkCardList=[ecs.V4EcsCreateInstanceRequestNetworkCardList(True, site.subnet_id)],
        extIP="0",
        secGroupList=[site.group_id],
        dataDiskList=[ecs.V4EcsCreateInstanceRequestDataDiskList("SATA", 10)],
        userPassword="Sdk-made-2026!",
        userData=base64.b64encode(b"#!/bin/sh\ntrue\n").decode(),
        labelList=[ecs.V4EcsCreateInstanceRequestLabelList("made-by", "sdk")],
    )
    order_id = sdk.ask(sdk.ecs.v4_ecs_create_instance, wish).masterOrderID
    [instance_id] = finished_order(sdk, order_id).instanceIDList
    until(lambda: details(sdk, region, instance_id).instanceStatus == "running", TIMEOUT, f"{name} to run")
    return str(instance_id)


def test_the_life_of_a_server(sdk: Sdk, region: str, make: Any, site: Any) -> None:
    name = make.name("sdk")
    instance_id = order_server(sdk, region, site, name)
    make.remove_server_later(instance_id)
    shown = details(sdk, region, instance_id)
    assert (shown.instanceName, shown.azName, shown.vpcID) == (name, site.zone_name, site.vpc_id)
    assert (shown.flavor.flavorCPU, shown.image.imageName) == (1, "debian-12")
    assert [(label.labelKey, label.labelValue) for label in shown.labelList] == [("made-by", "sdk")]
    assert [card.subnetID for card in shown.networkCardList] == [site.subnet_id]
    assert shown.addresses[0].addressList[0].addr == shown.privateIP

    listed = sdk.ask(sdk.ecs.v4_ecs_list_instances, ecs.V4EcsListInstancesRequest(region, instanceIDList=instance_id))
    assert ([item.instanceID for item in listed.results], listed.totalCount) == ([instance_id], 1)
    described = sdk.ask(sdk.ecs.v4_ecs_describe_instances, ecs.V4EcsDescribeInstancesRequest(region, instanceName=name))
    assert [item.instanceID for item in described.results] == [instance_id]
    states = sdk.ask(sdk.ecs.v4_ecs_instance_status_list, ecs.V4EcsInstanceStatusListRequest(region, instanceIDList=instance_id))
    assert [item.instanceStatus for item in states.statusList] == ["running"]

    rename = ecs.V4EcsBatchUpdateInstancesRequestUpdateInfo(instance_id, displayName="renamed")
    changed = sdk.ask(sdk.ecs.v4_ecs_batch_update_instances, ecs.V4EcsBatchUpdateInstancesRequest(region, [rename])).updateInfo
    assert [(item.instanceID, item.displayName, item.instanceName) for item in changed] == [(instance_id, "renamed", name)]

    for call, request, state in (
        (sdk.ecs.v4_ecs_stop_instance, ecs.V4EcsStopInstanceRequest(region, instance_id), "stopped"),
        (sdk.ecs.v4_ecs_start_instance, ecs.V4EcsStartInstanceRequest(region, instance_id), "running"),
        (sdk.ecs.v4_ecs_reboot_instance, ecs.V4EcsRebootInstanceRequest(region, instance_id), "running"),
        (sdk.ecs.v4_ecs_stop_instance, ecs.V4EcsStopInstanceRequest(region, instance_id, force=True), "stopped"),
    ):
        finished_job(sdk, region, sdk.ask(call, request).jobID)
        assert details(sdk, region, instance_id).instanceStatus == state

    wanted = ecs.V4EcsFlavorListRequest(region, azName=site.zone_name, flavorName="s7.medium.2")
    [flavor] = sdk.ask(sdk.ecs.v4_ecs_flavor_list, wanted).flavorList
    resized = ecs.V4EcsUpdateFlavorSpecRequest(region, instance_id, flavor.flavorID, new_token())
    finished_order(sdk, sdk.ask(sdk.ecs.v4_ecs_update_flavor_spec, resized).masterOrderID)
    assert details(sdk, region, instance_id).flavor.flavorName == "s7.medium.2"
    other = ecs.V4EcsUpdateInstanceSpecRequest(region, instance_id, new_token(), flavorID=site.flavor_id)
    finished_order(sdk, sdk.ask(sdk.ecs.v4_ecs_update_instance_spec, other).masterOrderID)
    assert details(sdk, region, instance_id).flavor.flavorID == site.flavor_id

    ended = ecs.V4EcsUnsubscribeInstanceRequest(clientToken=new_token(), regionID=region, instanceID=instance_id)
    finished_order(sdk, sdk.ask(sdk.ecs.v4_ecs_unsubscribe_instance, ended).masterOrderID)
    gone = ecs.V4EcsInstanceDetailsRequest(region, instance_id)
    assert sdk.refused(sdk.ecs.v4_ecs_instance_details, gone) == "Ecs.Instance.NotFound"


def test_an_eip_at_a_server(sdk: Sdk, region: str, make: Any, site: Any) -> None:
    server, address = make.server(site.wish(make.name("sdk"))), make.eip()
    bind = eip.V4EipAssociateRequest(
        clientToken=new_token(), regionID=region, eipID=address.id, associationID=server.id, associationType=1
    )
    sdk.ask(sdk.eip.v4_eip_associate, bind)
    shown = sdk.ask(sdk.eip.v4_eip_show, eip.V4EipShowRequest(region, address.id))
    assert (shown.status, shown.associationID, shown.privateIpAddress) == ("ACTIVE", server.id, server.private_address)
    assert details(sdk, region, server.id).floatingIP == address.address
    unbind = eip.V4EipDisassociateRequest(clientToken=new_token(), regionID=region, eipID=address.id)
    sdk.ask(sdk.eip.v4_eip_disassociate, unbind)
    assert sdk.ask(sdk.eip.v4_eip_show, eip.V4EipShowRequest(region, address.id)).status == "DOWN"


def test_a_server_by_delete_instance(sdk: Sdk, region: str, make: Any, site: Any) -> None:
    server = make.server(site.wish(make.name("sdk")))
    wish = ecs.V4EcsDeleteInstanceRequest(new_token(), region, server.id)
    answer = sdk.ecs.v4_ecs_delete_instance(wish)
    assert answer.statusCode == 800, answer
    finished_order(sdk, answer.returnObj["masterOrderID"])


REFUSALS: dict[str, tuple[Callable[[Sdk], Callable[[Any], Any]], Callable[[str], Any], str]] = {
    "a VPC that is not there": (
        lambda sdk: sdk.vpc.v4_vpc_query,
        lambda region: vpc.V4VpcQueryRequest(region, "vpc-nothere"),
        "Openapi.Vpc.NotFound",
    ),
    "a subnet that is not there": (
        lambda sdk: sdk.vpc.v4_vpc_delete_subnet,
        lambda region: vpc.V4VpcDeleteSubnetRequest(region, "subnet-nothere"),
        "Openapi.Subnet.NotFound",
    ),
    "a group that is not there": (
        lambda sdk: sdk.vpc.v4_vpc_describe_security_group_attribute,
        lambda region: vpc.V4VpcDescribeSecurityGroupAttributeRequest(region, "sg-nothere"),
        "Openapi.SecurityGroup.NotFound",
    ),
    "a malformed CIDR": (
        lambda sdk: sdk.vpc.vpc_create,
        lambda region: vpc.VpcCreateRequest(new_token(), region, "sdk-bad", "10.0.0.1/8"),
        "Openapi.Parameter.Error",
    ),
}


@pytest.mark.parametrize(("call", "request_for", "code"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals(sdk: Sdk, region: str, call: Any, request_for: Any, code: str) -> None:
    assert sdk.refused(call(sdk), request_for(region)) == code


def test_the_gateway_refuses_a_wrong_key(record: CloudRecord, region: str) -> None:
    """The SDK reads a gateway's refusal only under a failing HTTP status, and then puts its statusCode in errorCode."""
    keys = record.credentials
    for access_key, secret_key, code in (
        ("x" * 32, keys.secret_key, "CTAPI_10002"),
        (keys.access_key, "x" * 32, "CTAPI_10009"),
    ):
        answer = Sdk(record.url, access_key, secret_key).vpc.v4_vpc_query(vpc.V4VpcQueryRequest(region, "vpc-nothere"))
        assert (answer.statusCode, answer.errorCode) == (900, code)


def test_the_real_host_names_over_tls(record: CloudRecord, region: str, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unchanged SDK, unchanged endpoint: only where the connection goes is different."""
    assert record.tls_url is not None
    port = int(record.tls_url.rpartition(":")[2])
    connect = urllib3.util.connection.create_connection
    seen: list[tuple[str, int]] = []

    def to_loopback(address: tuple[str, int], *arguments: Any, **options: Any) -> Any:
        seen.append(address)
        return connect(("127.0.0.1", port), *arguments, **options)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", to_loopback)
    vpc_id, keys = make.vpc(), record.credentials
    sdk = Sdk("https://ctvpc-global.ctapi.ctyun.cn", keys.access_key, keys.secret_key, str(record.ca_file))
    assert sdk.ask(sdk.vpc.v4_vpc_query, vpc.V4VpcQueryRequest(region, vpc_id)).vpcID == vpc_id
    sdk = Sdk("https://ctecs-global.ctapi.ctyun.cn", keys.access_key, keys.secret_key, str(record.ca_file))
    assert sdk.ask(sdk.ecs.v4_region_list_regions, ecs.V4RegionListRegionsRequest())["regionList"]
    assert seen == [("ctvpc-global.ctapi.ctyun.cn", 443), ("ctecs-global.ctapi.ctyun.cn", 443)]


def test_without_the_clouds_authority_tls_is_refused(record: CloudRecord, region: str) -> None:
    assert record.tls_url is not None
    sdk = Sdk(record.tls_url, record.credentials.access_key, record.credentials.secret_key, True)
    with pytest.raises(Exception, match="certificate verify failed"):
        sdk.vpc.v4_vpc_query(vpc.V4VpcQueryRequest(region, "vpc-nothere"))


def test_what_the_sdk_prints_is_its_own_affair(sdk: Sdk, region: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints signature and body to stdout; this is why it is no run-time dependency."""
    sdk.ask(sdk.ecs.v4_region_get_zones, ecs.V4RegionGetZonesRequest(region))
    assert "Eop-Authorization" in capsys.readouterr().out
