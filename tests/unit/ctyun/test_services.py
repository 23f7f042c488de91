"""The services: what they send, what they make of answers, and how they wait for orders and jobs."""

# ruff: noqa: S106 (a clientToken is no password)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ctyun import (
    BadAnswer,
    DiskWish,
    JobFailed,
    NewServer,
    NotFound,
    OrderFailed,
    OrderRef,
    Rule,
    WaitTimeout,
)

Run = Callable[..., Any]
ORDER = "/v4/ecs/order/query-uuid"
DETAILS = "/v4/ecs/instance-details"
JOB = "/v4/job/info"
UNSUBSCRIBE = "/v4/ecs/unsubscribe-instance"
EIP = {"ID": "eip-1", "name": "jump", "eipAddress": "198.18.0.9", "status": "DOWN", "bandwidth": 5}


def server(status: str, **more: Any) -> dict[str, Any]:
    return {"instanceID": "i-7", "instanceName": "web-01", "instanceStatus": status, "privateIP": "10.0.1.4", **more}


def test_pages_are_read_to_the_end(scripted: Any, ok: Any, run: Run, region: str) -> None:
    def vpc(n: int) -> dict[str, Any]:
        return {"vpcID": f"vpc-{n}", "name": f"n{n}", "CIDR": "10.0.0.0/16"}

    pages = [ok(vpcs=[vpc(1), vpc(2)], totalCount=3), ok(vpcs=[vpc(3)], totalCount=3)]
    cloud = scripted({"/v4/vpc/new-list": pages})
    assert [item.id for item in run(cloud.client().vpcs.list(region))] == ["vpc-1", "vpc-2", "vpc-3"]
    assert [request.url.params["pageNo"] for request in cloud.requests] == ["1", "2"]


def test_a_total_that_is_too_large_does_not_loop(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({"/v4/vpc/new-list": [ok(vpcs=[], totalCount=99)]})
    assert run(cloud.client().vpcs.list(region)) == []


def test_a_name_means_exactly_that_name(scripted: Any, ok: Any, run: Run, region: str) -> None:
    similar = [{"vpcID": f"vpc-{name}", "name": name, "CIDR": "10.0.0.0/16"} for name in ("web", "web-2")]
    cloud = scripted({"/v4/vpc/new-list": [ok(vpcs=similar, totalCount=2)]})
    assert [vpc.name for vpc in run(cloud.client().vpcs.list(region, name="web"))] == ["web"]


def test_an_answer_without_the_id_is_told(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({"/v4/vpc/create": [ok(other=1)]})
    with pytest.raises(BadAnswer, match="lacks vpcID; it has other"):
        run(cloud.client().vpcs.create(region, name="demo", cidr="10.0.0.0/16", client_token="t"))


def test_rules_go_out_by_direction_and_their_ids_come_back_in_order(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted(
        {
            "/v4/vpc/create-security-group-ingress": [ok(sgRuleIDs=["r-in-1", "r-in-2"])],
            "/v4/vpc/create-security-group-egress": [ok(sgRuleIDs=["r-out"])],
        }
    )
    rules = [
        Rule("ingress", "accept", "TCP", ports="22", cidr="10.0.0.0/8"),
        Rule("egress", "drop", "ANY", priority=100),
        Rule("ingress", "accept", "ICMP", group_id="sg-2"),
    ]
    added = run(cloud.client().security_groups.add_rules(region, "sg-1", rules, client_token="t"))
    assert added == ("r-in-1", "r-out", "r-in-2")
    inward, outward = cloud.bodies()
    assert (inward["clientToken"], outward["clientToken"]) == ("t-ingress", "t-egress")
    assert inward["securityGroupRules"][0] == {
        "direction": "ingress",
        "action": "accept",
        "protocol": "TCP",
        "ethertype": "IPv4",
        "destCidrIp": "10.0.0.0/8",
        "remoteType": 0,
        "priority": 1,
        "range": "22",
    }
    assert inward["securityGroupRules"][1]["remoteType"] == 1
    assert inward["securityGroupRules"][1]["remoteSecurityGroupID"] == "sg-2"


def test_an_eip_that_is_ready_at_once(scripted: Any, ok: Any, run: Run, region: str) -> None:
    started = ok(masterOrderID="o-1", masterResourceStatus="started", eipID="eip-1")
    cloud = scripted({"/v4/eip/create": [started], "/v4/eip/show": [ok(EIP)]})
    assert run(cloud.client().eips.create(region, name="jump", client_token="t")).address == "198.18.0.9"


def test_an_eip_whose_order_is_in_progress(scripted: Any, failure: Any, ok: Any, run: Run, region: str) -> None:
    accepted = failure("Openapi.Order.Inprogress", masterOrderID="o-1", masterResourceStatus="in_progress", eipID=None)
    orders = [ok(orderStatus="14", instanceIDList=[]), ok(orderStatus="3", instanceIDList=["eip-1"])]
    cloud = scripted({"/v4/eip/create": [accepted], ORDER: orders, "/v4/eip/show": [ok(EIP)]})
    assert run(cloud.client().eips.create(region, name="jump", client_token="t")).id == "eip-1"


def test_a_finished_order_that_names_nothing_yet_is_asked_again(scripted: Any, ok: Any, run: Run) -> None:
    cloud = scripted({ORDER: [ok(orderStatus="3", instanceIDList=[]), ok(orderStatus="3", instanceIDList=["i-7"])]})
    assert run(cloud.client().orders.wait("o-1", what="server web", timeout=5)).resource_ids == ("i-7",)


def test_a_failed_order_says_which_and_how(scripted: Any, ok: Any, run: Run) -> None:
    cloud = scripted({ORDER: [ok(orderStatus="5", instanceIDList=[])]})
    with pytest.raises(OrderFailed, match=r"order of server web failed: order o-1 ended as 5 \(provisioning failed\)"):
        run(cloud.client().orders.wait("o-1", what="server web", timeout=5))


def test_an_order_that_takes_too_long(scripted: Any, ok: Any, run: Run) -> None:
    cloud = scripted({ORDER: [ok(orderStatus="14", instanceIDList=[])]})
    with pytest.raises(WaitTimeout, match=r"for order o-1 \(server web\); last seen: 14 \(opening\)\."):
        run(cloud.client().orders.wait("o-1", what="server web", timeout=0.05))


def test_a_new_server_as_the_api_wants_it(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({"/v4/ecs/create-instance": [ok(masterOrderID="o-1", masterResourceID="m-1")]})
    wish = NewServer(
        name="web-01",
        zone_name="az-a",
        flavor_id="f-1",
        image_id="i-1",
        vpc_id="vpc-1",
        subnet_id="subnet-1",
        security_group_ids=("sg-1",),
        key_pair_id="kp-1",
        user_data=b"#cloud-config\n",
        data_disks=(DiskWish("SSD", 10),),
        fixed_address="10.0.1.9",
        labels={"drlab-mark": "abc"},
    )
    order = run(cloud.client().servers.create(region, wish, client_token="t"))
    assert order == OrderRef("o-1", "m-1")
    assert cloud.bodies() == [
        {
            "clientToken": "t",
            "regionID": region,
            "azName": "az-a",
            "instanceName": "web-01",
            "displayName": "web-01",
            "flavorID": "f-1",
            "imageType": 1,
            "imageID": "i-1",
            "bootDiskType": "SATA",
            "bootDiskSize": 40,
            "vpcID": "vpc-1",
            "onDemand": True,
            "networkCardList": [{"isMaster": True, "subnetID": "subnet-1", "fixedIP": "10.0.1.9"}],
            "extIP": "0",
            "secGroupList": ["sg-1"],
            "dataDiskList": [{"diskType": "SSD", "diskSize": 10, "diskMode": "VBD"}],
            "keyPairID": "kp-1",
            "userData": "I2Nsb3VkLWNvbmZpZwo=",
            "labelList": [{"labelKey": "drlab-mark", "labelValue": "abc"}],
        }
    ]


def test_created_waits_for_the_order_and_for_running(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted(
        {
            ORDER: [ok(orderStatus="3", instanceIDList=["i-7"])],
            DETAILS: [ok(server("creating")), ok(server("running", floatingIP="198.18.0.9"))],
        }
    )
    made = run(cloud.client().servers.created(region, OrderRef("o-1"), timeout=5))
    assert (made.status, made.private_address, made.eip_address) == ("running", "10.0.1.4", "198.18.0.9")


def test_a_server_that_ends_in_error_is_a_failed_order(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({ORDER: [ok(orderStatus="3", instanceIDList=["i-7"])], DETAILS: [ok(server("error"))]})
    with pytest.raises(OrderFailed, match="server web-01 brought server i-7 in state error"):
        run(cloud.client().servers.created(region, OrderRef("o-1"), what="server web-01", timeout=5))


def test_delete_waits_until_the_server_is_gone(scripted: Any, ok: Any, failure: Any, run: Run, region: str) -> None:
    cloud = scripted(
        {
            UNSUBSCRIBE: [ok(masterOrderID="o-2")],
            ORDER: [ok(orderStatus="12"), ok(orderStatus="3")],
            DETAILS: [ok(server("unsubscribing")), failure("Ecs.Instance.NotFound")],
        }
    )
    run(cloud.client().servers.delete(region, "i-7", client_token="t"))
    assert [request.url.path for request in cloud.requests] == [UNSUBSCRIBE, ORDER, ORDER, DETAILS, DETAILS]


def test_a_pool_that_wants_servers_stopped_first(scripted: Any, ok: Any, failure: Any, run: Run, region: str) -> None:
    cloud = scripted(
        {
            UNSUBSCRIBE: [failure("Ecs.Instance.StatusNotStopped"), ok(masterOrderID="o-2")],
            "/v4/ecs/stop-instance": [ok(jobID="j-1")],
            JOB: [ok(jobID="j-1", status=1)],
            ORDER: [ok(orderStatus="3")],
            DETAILS: [ok(server("stopped")), failure("Ecs.Instance.NotFound")],
        }
    )
    run(cloud.client().servers.delete(region, "i-7"))
    assert next(body for body in cloud.bodies() if "force" in body)["force"] is True


def test_deleting_what_is_gone_is_not_found(scripted: Any, failure: Any, run: Run, region: str) -> None:
    cloud = scripted({UNSUBSCRIBE: [failure("Ecs.Instance.NotFound")]})
    with pytest.raises(NotFound, match=r"Could not delete server i-7: Ecs\.Instance\.NotFound"):
        run(cloud.client().servers.delete(region, "i-7"))


def test_find_takes_gone_and_unsubscribed_for_none(scripted: Any, ok: Any, failure: Any, run: Run, region: str) -> None:
    cloud = scripted({DETAILS: [failure("Ecs.Instance.NotFound"), ok(server("unsubscribed")), ok(server("stopped"))]})
    client = cloud.client()
    assert run(client.servers.find(region, "i-7")) is None
    assert run(client.servers.find(region, "i-7")) is None
    assert run(client.servers.find(region, "i-7")).status == "stopped"


def test_a_failed_job_says_what_it_did(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted(
        {
            "/v4/ecs/start-instance": [ok(jobID="j-1")],
            JOB: [ok(jobID="j-1", status=0), ok(jobID="j-1", status=2, resourceId="i-7")],
        }
    )
    with pytest.raises(JobFailed, match="The start of server i-7 failed: job j-1"):
        run(cloud.client().servers.start(region, "i-7"))


def test_an_imported_key_is_looked_up_because_the_answer_has_no_id(scripted: Any, ok: Any, run: Run, region: str) -> None:
    listed = [{"keyPairID": "k-1", "keyPairName": "web", "publicKey": "ssh-rsa A"}]
    cloud = scripted(
        {
            "/v4/ecs/keypair/import-keypair": [ok(keyPairName="web")],
            "/v4/ecs/keypair/details": [ok(results=listed, totalCount=1)],
        }
    )
    assert run(cloud.client().key_pairs.import_key(region, "web", "ssh-rsa A")).id == "k-1"


def test_a_private_key_is_not_shown(scripted: Any, ok: Any, run: Run, region: str) -> None:
    created = ok(keyPairID="k-1", keyPairName="web", publicKey="ssh-rsa A", privateKey="-----BEGIN PRIVATE")
    cloud = scripted({"/v4/ecs/keypair/create-keypair": [created]})
    pair = run(cloud.client().key_pairs.create(region, "web"))
    assert pair.private_key == "-----BEGIN PRIVATE"
    assert "BEGIN" not in repr(pair)


@pytest.mark.parametrize(
    ("shown", "ports"), [("22", "22"), ("22-22", "22"), ("8000-9000", "8000-9000"), ("", None), (None, None)]
)
def test_ports_have_one_spelling(shown: str | None, ports: str | None) -> None:
    body = {"id": "r-1", "direction": "ingress", "action": "accept", "protocol": "tcp", "range": shown, "priority": 1}
    assert Rule.from_api(body).ports == ports
