"""Servers are ordered, checked, made in the background, shown and released."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from localcloud.engines.interface.engines import Power

REGION = "bb9fdb42056f11eda1610242ac110002"
ZONES = [f"cn-huadong1-jsnj{number}A-public-ctcloud" for number in (1, 2, 3)]


@pytest.fixture
def vpc(api: Any) -> str:
    return str(api.vpc())


@pytest.fixture
def subnet(api: Any, vpc: str) -> str:
    return str(api.subnet(vpc))


def release(api: Any, server: str) -> dict[str, Any]:
    answer = api.ok(api.post("/v4/ecs/unsubscribe-instance", regionID=REGION, instanceID=server))
    return dict(api.finished(answer["masterOrderID"]))


def test_an_order_makes_a_running_server(api: Any, vpc: str, subnet: str) -> None:
    server = api.server(vpc, subnet, labelList=[{"labelKey": "a", "labelValue": "b"}])
    details = api.ok(api.details(server))
    assert details["instanceStatus"] == "running"
    assert details["privateIP"] == "192.168.1.2"
    assert details["flavor"]["flavorName"] == "s7.small.1"
    assert details["image"]["imageName"] == "debian-12"
    assert details["azName"] == ZONES[0]
    assert details["labelList"] == [{"labelKey": "a", "labelValue": "b"}]
    assert [call[0] for call in api.engines.journal[-3:]] == ["apply_networks", "create_server", "boot_servers"]


def test_a_released_server_leaves_nothing(api: Any, vpc: str, subnet: str) -> None:
    server = api.server(vpc, subnet)
    assert release(api, server)["orderStatus"] == "3"
    assert api.details(server)["errorCode"] == "Ecs.Instance.NotFound"
    assert api.engines.networks[vpc].nics == ()
    assert api.engines.power == {}
    api.ok(api.post("/v4/vpc/delete-subnet", regionID=REGION, subnetID=subnet))


def test_the_engines_get_what_the_call_said(api: Any, vpc: str, subnet: str) -> None:
    api.ok(api.post("/v4/ecs/keypair/create-keypair", regionID=REGION, keyPairName="key"))
    pair = api.ok(api.post("/v4/ecs/keypair/details", regionID=REGION, keyPairName="key"))["results"][0]
    server = api.server(
        vpc, subnet, "db-01", zone=ZONES[1], flavorID=api.flavor("s7.large.2", ZONES[1]), imageID=api.image("debian-12-lamp"),
        keyPairID=pair["keyPairID"], userData=base64.b64encode(b"#!/bin/sh\n").decode(), userPassword="Secret-pass-1",
        networkCardList=[{"isMaster": True, "subnetID": subnet, "fixedIP": "192.168.1.77"}],
        dataDiskList=[{"diskType": "SSD", "diskSize": 20}, {"diskType": "SATA", "diskSize": 10, "diskName": "logs"}],
    )  # fmt: skip
    spec = api.engines.specs[server]
    assert (spec.cpus, spec.memory_mib, spec.zone_label, spec.region) == (2.0, 4096, "AZ2", "华东1")
    assert (spec.image, spec.hostname, spec.user_data) == ("drlab/debian-lamp:t", "db-01", b"#!/bin/sh\n")
    assert [(disk.device, disk.size_gib) for disk in spec.disks] == [("/dev/vdb", 20), ("/dev/vdc", 10)]
    assert (spec.nic.address, spec.nic.prefix, spec.nic.gateway, spec.dns) == (
        "192.168.1.77",
        24,
        "192.168.1.1",
        ("192.168.1.1",),
    )
    assert (spec.public_key, spec.password_hash) == (pair["publicKey"], None)  # the key pair wins over the password
    volumes = api.ok(api.post("/v4/ecs/volume/list", regionID=REGION, instanceID=server))["results"]
    assert [(disk["diskType"], disk["diskSize"], disk["diskName"]) for disk in volumes] == [
        ("系统盘", 40, "db-01-0"), ("数据盘", 20, "db-01-1"), ("数据盘", 10, "logs"),
    ]  # fmt: skip
    info = api.ok(api.get("/v4/ebs/info-ebs", diskID=volumes[2]["diskID"], regionID=REGION))
    assert (info["attachments"][0]["device"], info["diskStatus"]) == ("/dev/vdc", "in-use")


def test_a_host_name_in_user_data_is_taken_and_what_cannot_be_done_refused(api: Any, vpc: str, subnet: str) -> None:
    def encoded(text: str) -> str:
        return base64.b64encode(f"#cloud-config\n{text}\n".encode()).decode()

    server = api.server(vpc, subnet, userData=encoded("fqdn: shop.example.com"))
    assert api.engines.specs[server].hostname == "shop"
    answer = api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet, "second") | {"userData": encoded("swap: {size: 1}")})
    assert answer["message"].startswith("userData asks cloud-init for swap, which servers here do not do: disks are the engines'")


def test_a_password_is_kept_as_a_hash_only(api: Any, vpc: str, subnet: str, tmp_path: Any) -> None:
    server = api.server(vpc, subnet, userPassword="Secret-pass-1")
    assert api.engines.specs[server].password_hash.startswith("$6$")
    assert not any(b"Secret-pass-1" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"azName": "cn-nowhere-1a"}, f"azName 'cn-nowhere-1a' is not a zone of 华东1; there are {', '.join(ZONES)}"),
        ({"flavorID": "x"}, f"flavorID 'x' is not a flavour of zone {ZONES[0]}; ids differ per region and zone"),
        ({"imageID": "x"}, "imageID 'x' is not an image of 华东1; ids differ per region"),
        ({"instanceName": "-web"}, "instanceName '-web' is not allowed: 2-64 letters, digits or '-', in parts separated by '.'; no '-' or '.' at an end or twice in a row, not only digits"),  # noqa: E501
        ({"bootDiskSize": 5}, "bootDiskSize is 5; it must be between 10 and 2048"),
        ({"userData": "%%%"}, "userData is not base64"),
        ({"userData": "QUFB" * 4097}, "userData has 16388 characters; at most 16384 are allowed"),
        ({"userPassword": "short"}, "userPassword is too weak: 8-30 characters, three of: upper case, lower case, digits, special characters; not beginning with '/'"),  # noqa: E501
        ({"extIP": "1"}, "bandwidth is required"),
        ({"onDemand": False}, "cycleType and cycleCount are required when onDemand is false"),
        ({"networkCardList": []}, "networkCardList must not be empty"),
    ],
)  # fmt: skip
def test_a_bad_order_is_refused_before_anything_is_made(
    api: Any, vpc: str, subnet: str, changes: dict[str, Any], problem: str
) -> None:
    answer = api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet) | changes)
    assert (answer["errorCode"], answer["message"]) == ("Openapi.Parameter.Error", problem)
    assert api.ok(api.post("/v4/ecs/list-instances", regionID=REGION))["totalCount"] == 0


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("192.168.2.9", "192.168.2.9 is not an address that a server in 192.168.1.0/24 may have"),
        ("192.168.1.1", "192.168.1.1 is not an address that a server in 192.168.1.0/24 may have"),
        ("192.168.1.255", "192.168.1.255 is not an address that a server in 192.168.1.0/24 may have"),
        ("192.168.1.2", "192.168.1.2 is taken by instance "),
        ("192.168.1", "'192.168.1' is not an IPv4 address"),
    ],
)
def test_a_fixed_address_must_be_free(api: Any, vpc: str, subnet: str, address: str, problem: str) -> None:
    api.server(vpc, subnet)
    card = {"isMaster": True, "subnetID": subnet, "fixedIP": address}
    answer = api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet, "second", networkCardList=[card]))
    assert answer["message"].startswith(f"networkCardList[0].fixedIP {problem}")


def test_what_is_missing_keeps_its_own_code_when_it_is_alone(api: Any, vpc: str, subnet: str) -> None:
    def code(**changes: Any) -> str:
        return str(api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet) | changes)["errorCode"])

    assert code(secGroupList=["sg-x"]) == "Openapi.SecurityGroup.NotFound"
    assert code(keyPairID="x") == "Ecs.KeyPair.NotFound"
    assert code(extIP="2", eipID="eip-x") == "Openapi.Eip.NotFound"
    both = api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet) | {"secGroupList": ["sg-x"], "azName": "x"})
    assert both["errorCode"] == "Openapi.Parameter.Error"
    assert "Security group sg-x does not exist" in both["message"]
    assert "azName 'x'" in both["message"]


@pytest.mark.parametrize(
    "option", [{"affinityGroupID": "x"}, {"ipVersion": "ipv6"}, {"userName": "ecs-user"}, {"gpuDriverKits": "x"}]
)
def test_options_that_are_not_modelled_are_refused(api: Any, vpc: str, subnet: str, option: dict[str, Any]) -> None:
    answer = api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet, **option))
    assert answer["errorCode"] == "LocalCloud.Feature.NotModelled"
    assert next(iter(option)) in answer["message"]


def test_the_order_is_opening_until_the_server_runs(api: Any, vpc: str, subnet: str) -> None:
    wish = api.wish(vpc, subnet)
    order = api.ok(api.post("/v4/ecs/create-instance", **wish))
    assert set(order) == {"masterOrderID", "masterOrderNO", "masterResourceID", "regionID"}
    assert api.finished(order["masterOrderID"])["orderStatus"] == "3"
    twin = api.ok(api.get("/v4/order/query-uuid", masterOrderId=order["masterOrderID"]))
    assert (twin["orderStatus"], twin["resourceType"], len(twin["resourceUUID"])) == ("3", "VM", 1)


@pytest.mark.parametrize("step", ["apply_networks", "create_server", "boot_servers"])
def test_a_failed_order_says_why_and_leaves_nothing(api: Any, vpc: str, subnet: str, step: str) -> None:
    api.engines.fail[step] = "no space left"
    api.engines.on_call["remove_server"] = api.engines.fail.clear  # cleaning up works again
    order = api.ok(api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet, extIP="1", bandwidth=5)))["masterOrderID"]
    assert api.finished(order)["orderStatus"] == "5"
    assert api.get("/v4/ecs/order/query-uuid", masterOrderID=order)["message"] == "no space left"
    assert api.ok(api.post("/v4/ecs/list-instances", regionID=REGION))["totalCount"] == 0
    assert api.ok(api.post("/v4/eip/new-list", regionID=REGION))["totalCount"] == 0
    assert api.engines.networks[vpc].nics == ()


def test_the_same_token_orders_once(api: Any, vpc: str, subnet: str) -> None:
    wish = api.wish(vpc, subnet, clientToken="once")
    first = api.ok(api.post("/v4/ecs/create-instance", **wish))
    assert api.ok(api.post("/v4/ecs/create-instance", **wish)) == first
    api.finished(first["masterOrderID"])
    assert api.ok(api.post("/v4/ecs/list-instances", regionID=REGION))["totalCount"] == 1


def test_a_batch_is_numbered_and_booted_together(api: Any, vpc: str, subnet: str) -> None:
    wish = api.wish(vpc, subnet, "web-{R:7}", orderCount=3)
    order = api.ok(api.post("/v4/ecs/batch-create-instances", **wish))["masterOrderID"]
    done = api.finished(order)
    shown = api.ok(api.post("/v4/ecs/describe-instances", regionID=REGION, instanceIDList=",".join(done["instanceIDList"])))[
        "results"
    ]
    assert [(server["instanceName"], server["privateIP"]) for server in shown] == [
        ("web-7", "192.168.1.2"), ("web-8", "192.168.1.3"), ("web-9", "192.168.1.4"),
    ]  # fmt: skip
    assert len(api.engines.calls("boot_servers")) == 1


def test_lists_are_filtered_and_paged(api: Any, vpc: str, subnet: str) -> None:
    one = api.server(vpc, subnet, "one", labelList=[{"labelKey": "mark", "labelValue": "m1"}])
    two = api.server(vpc, subnet, "two", zone=ZONES[1], flavorID=api.flavor(zone=ZONES[1]))

    def found(**filters: Any) -> list[str]:
        results = api.ok(api.post("/v4/ecs/list-instances", regionID=REGION, **filters))["results"]
        return [server["instanceID"] for server in results]

    assert found() == [one, two]
    assert found(azName=ZONES[1]) == [two]
    assert found(instanceName="one") == [one]
    assert found(keyword="192.168.1.3") == [two]
    assert found(state="active", pageNo=2, pageSize=1) == [two]
    assert found(state="shutoff") == []
    assert found(labelList=[{"labelKey": "mark", "labelValue": "m1"}]) == [one]
    assert api.ok(api.post("/v4/ecs/list-instances", regionID="200000001852"))["totalCount"] == 0


def test_flavour_ids_belong_to_a_zone(api: Any) -> None:
    everywhere = api.ok(api.post("/v4/ecs/flavor/list", regionID=REGION, flavorName="s7.small.1"))["flavorList"]
    assert len({flavor["flavorID"] for flavor in everywhere}) == 3
    assert [flavor["azList"] for flavor in everywhere] == [[zone] for zone in ZONES]
    sizes = api.ok(api.post("/v4/ecs/flavor/list", regionID=REGION, azName=ZONES[0], flavorCPU="1", flavorRAM=1))["flavorList"]
    assert [flavor["flavorName"] for flavor in sizes] == ["s7.small.1", "c7.small.1"]


def test_start_stop_and_reboot_are_jobs(api: Any, vpc: str, subnet: str) -> None:
    server = api.server(vpc, subnet)

    def switch(verb: str, **more: Any) -> dict[str, Any]:
        answer = api.ok(api.post(f"/v4/ecs/{verb}-instance", regionID=REGION, instanceID=server, **more))
        return dict(api.job_done(answer["jobID"]))

    assert switch("stop")["jobStatus"] == "success"
    assert api.ok(api.details(server))["instanceStatus"] == "stopped"
    assert api.engines.calls("shut_down") == [("shut_down", server, 30.0)]
    refused = api.post("/v4/ecs/reboot-instance", regionID=REGION, instanceID=server)
    assert refused["errorCode"] == "Ecs.Instance.StatusNotRunning"
    assert switch("start")["fields"] == {"taskName": "start"}
    refused = api.post("/v4/ecs/start-instance", regionID=REGION, instanceID=server)
    assert refused["errorCode"] == "Ecs.Instance.StatusNotStopped"
    assert switch("reboot", force="True")["status"] == 1
    assert api.engines.calls("shut_down")[-1] == ("shut_down", server, 0)
    statuses = api.ok(api.post("/v4/ecs/instance-status-list", regionID=REGION, instanceIDList=server))["statusList"]
    assert statuses == [{"instanceID": server, "instanceStatus": "running"}]


def flavor_id(api: Any, name: str, zone: str = ZONES[0]) -> str:
    [found] = api.ok(api.post("/v4/ecs/flavor/list", regionID=REGION, azName=zone, flavorName=name))["flavorList"]
    return str(found["flavorID"])


@pytest.mark.parametrize("call", ["update-flavor-spec", "update-instance-spec"])
def test_a_stopped_server_gets_another_flavour(api: Any, vpc: str, subnet: str, call: str) -> None:
    server, wanted = api.server(vpc, subnet), flavor_id(api, "s7.large.2")

    def ask(flavor: str) -> dict[str, Any]:
        return dict(api.post(f"/v4/ecs/{call}", regionID=REGION, instanceID=server, flavorID=flavor))

    assert ask(wanted)["errorCode"] == "Ecs.Instance.StatusNotStopped"
    api.job_done(api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=server))["jobID"])
    assert "is not a flavour of" in ask(flavor_id(api, "s7.large.2", ZONES[1]))["message"]
    assert api.finished(api.ok(ask(wanted))["masterOrderID"])["orderStatus"] == "3"
    shown = api.ok(api.details(server))
    assert (shown["flavor"]["flavorCPU"], shown["flavor"]["flavorRAM"], shown["instanceStatus"]) == (2, 4, "stopped")
    assert (api.engines.specs[server].cpus, api.engines.specs[server].memory_mib) == (2.0, 4096)
    assert "has already" in ask(wanted)["message"]
    api.engines.fail["size_server"] = "no room"
    assert api.finished(api.ok(ask(flavor_id(api, "s7.small.1")))["masterOrderID"])["orderStatus"] == "5"
    assert api.ok(api.details(server))["flavor"]["flavorName"] == "s7.large.2"


def test_a_failed_job_says_why(api: Any, vpc: str, subnet: str) -> None:
    server = api.server(vpc, subnet)
    api.engines.fail["shut_down"] = "it hangs"
    job = api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=server))["jobID"]
    assert api.job_done(job)["jobStatus"] == "fail"
    assert api.get("/v4/job/info", regionID=REGION, jobID=job)["message"] == "it hangs"
    assert api.ok(api.get("/v4/ecs/query-async-result", regionID=REGION, jobID=job)) == {"jobStatus": 2}
    assert api.ok(api.details(server))["instanceStatus"] == "running"


def test_names_labels_and_password_can_be_changed(api: Any, vpc: str, subnet: str) -> None:
    server = api.server(vpc, subnet)
    one = {"regionID": REGION, "instanceID": server}
    assert api.ok(api.post("/v4/ecs/update-instance", **one, displayName="新名字"))["displayName"] == "新名字"
    assert (
        api.post("/v4/ecs/update-instance", **one)["message"] == "displayName or instanceName or instanceDescription is required"
    )
    label = [{"labelKey": "k", "labelValue": "v"}]
    assert api.post("/v4/ecs/label/update", **one, action="UPDATE", labelList=label)["errorCode"] == "Ecs.Label.NotFound"
    api.ok(api.post("/v4/ecs/label/update", **one, action="ADD", labelList=label))
    assert api.ok(api.details(server))["labelList"] == label
    api.ok(api.post("/v4/ecs/reset-password", **one, newPassword="Another-pass-2"))
    api.ok(api.details(server))  # the task has run by now
    command, stdin = api.engines.calls("run")[-1][2:]
    assert command == ["chpasswd", "-e"]
    assert stdin.startswith(b"root:$6$")


def test_a_subscription_is_unsubscribed_then_destroyed(api: Any, vpc: str, subnet: str) -> None:
    server = api.server(vpc, subnet, onDemand=False, cycleType="MONTH", cycleCount=1)
    assert api.ok(api.details(server))["expiredTime"]
    assert release(api, server)["orderStatus"] == "3"
    assert api.ok(api.details(server))["instanceStatus"] == "unsubscribed"
    order = api.ok(api.post("/v4/ecs/destroy-instance", regionID=REGION, instanceID=server))
    assert api.finished(order["masterOrderID"])["orderStatus"] == "3"
    assert api.details(server)["errorCode"] == "Ecs.Instance.NotFound"


def test_a_server_removed_behind_the_back_is_gone(api: Any, vpc: str, subnet: str) -> None:
    server = api.server(vpc, subnet, extIP="1", bandwidth=1)
    del api.engines.power[server]
    assert api.details(server)["errorCode"] == "Ecs.Instance.NotFound"
    assert ("remove_server", server) in api.engines.journal
    assert api.engines.networks[vpc].nics == ()
    assert api.ok(api.details(api.server(vpc, subnet)))["privateIP"] == "192.168.1.2"


def test_a_server_stopped_behind_the_back_is_stopped(api: Any, vpc: str, subnet: str) -> None:
    server = api.server(vpc, subnet)
    api.engines.power[server] = Power.STOPPED
    assert api.ok(api.details(server))["instanceStatus"] == "stopped"
    assert api.local("GET", "/servers")[0]["desired"] == "on"


def test_a_gone_server_can_be_released(api: Any, vpc: str, subnet: str) -> None:
    server = api.server(vpc, subnet)
    api.engines.power.clear()
    assert release(api, server)["orderStatus"] == "3"


def test_the_quota_of_servers(api: Any, vpc: str, subnet: str) -> None:
    order = api.ok(api.post("/v4/ecs/batch-create-instances", **api.wish(vpc, subnet, "w-{R:1}", orderCount=50)))
    assert api.finished(order["masterOrderID"])["orderStatus"] == "3"
    refused = api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet, "more"))
    assert refused["message"] == "The quota of 50 servers in this region is used up."


def test_what_cannot_be_cleared_away_stays_as_error_and_can_be_released(api: Any, vpc: str, subnet: str) -> None:
    api.engines.fail |= {"boot_servers": "it does not boot", "remove_server": "Docker does not answer"}
    order = api.ok(api.post("/v4/ecs/create-instance", **api.wish(vpc, subnet)))["masterOrderID"]
    assert api.finished(order)["orderStatus"] == "5"
    assert (
        api.get("/v4/ecs/order/query-uuid", masterOrderID=order)["message"]
        == "it does not boot; and then: Docker does not answer"
    )
    left = api.ok(api.post("/v4/ecs/list-instances", regionID=REGION))["results"]
    assert [server["instanceStatus"] for server in left] == ["error"]
    api.engines.fail.clear()
    assert release(api, left[0]["instanceID"])["orderStatus"] == "3"
    assert api.ok(api.post("/v4/ecs/list-instances", regionID=REGION))["totalCount"] == 0
