"""Volumes: ordered, given to servers, taken away, enlarged, released; what is refused; what a killed daemon leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from localcloud.records import jobs, orders
from localcloud.records.compute import DISKS, INSTANCES

REGION, OTHER_REGION = "bb9fdb42056f11eda1610242ac110002", "200000001852"
ZONES = [f"cn-huadong1-jsnj{number}A-public-ctcloud" for number in (1, 2, 3)]
Json = dict[str, Any]


@pytest.fixture
def server(api: Any) -> str:
    """A running server with a data disk of its own."""
    vpc = api.vpc()
    return str(api.server(vpc, api.subnet(vpc), dataDiskList=[{"diskType": "SATA", "diskSize": 10, "diskMode": "VBD"}]))


def order(api: Any, name: str = "data", **more: Any) -> Json:
    wish = {
        "regionID": REGION, "azName": ZONES[0], "diskMode": "VBD", "diskType": "SATA", "diskName": name, "diskSize": 20,
    }  # fmt: skip
    answer: Json = api.post("/v4/ebs/new-ebs", **wish | more)
    return answer


def made(api: Any, name: str = "data", **more: Any) -> str:
    """A new volume's id."""
    placed = api.placed(order(api, name, **more))
    done = api.finished(placed["masterOrderID"])
    assert (done["orderStatus"], done["instanceIDList"]) == ("3", [placed["resources"][0]["diskID"]])
    return str(done["instanceIDList"][0])


def info(api: Any, disk: str) -> Json:
    shown: Json = api.ok(api.get("/v4/ebs/info-ebs", diskID=disk))
    return shown


def move(api: Any, verb: str, disk: str, server: str) -> Json:
    answer: Json = api.post(f"/v4/ebs/{verb}-ebs", regionID=REGION, diskID=disk, instanceID=server)
    return answer


def moved(api: Any, verb: str, disk: str, server: str) -> Json:
    job: Json = api.job_done(api.ok(move(api, verb, disk, server))["diskRequestID"])
    return job


def refused(answer: Json, text: str, code: str = "") -> None:
    assert answer["statusCode"] == 900, answer
    assert text in answer["message"] and code in answer["errorCode"], answer


def test_a_volume_is_ordered_and_shown(api: Any) -> None:
    disk = made(api, labels=[{"key": "drlab-mark", "value": "abc"}], volumeDescription="for files")
    shown = info(api, disk)
    wanted = {"diskStatus": "available", "diskSize": 20, "azName": ZONES[0], "isPackaged": False, "attachments": []}
    assert wanted.items() <= shown.items()
    assert shown["labels"] == [{"key": "drlab-mark", "value": "abc"}]
    assert api.engines.volumes.calls("make_volume") == [("make_volume", disk, 20)]
    listed = api.ok(api.get("/v4/ebs/list-ebs", regionID=REGION, diskStatus="available", queryContent="data"))
    assert [found["diskID"] for found in listed["diskList"]] == [disk]


def test_all_problems_of_an_order_come_at_once(api: Any) -> None:
    answer = order(api, "9", diskType="TAPE", diskSize=5, azName="nowhere", onDemand=False)
    for text in ("diskName '9'", "diskType is 'TAPE'", "diskSize is 5", "azName 'nowhere'", "cycleType is required"):
        refused(answer, text, "Openapi.Parameter.Error")


@pytest.mark.parametrize("more", [{"multiAttach": True}, {"isEncrypt": True}, {"imageID": "x"}, {"diskMode": "ISCSI"}])
def test_what_is_not_modelled_is_refused(api: Any, more: Json) -> None:
    refused(order(api, **more), "not modelled")


def test_a_repeated_order_is_the_same_one(api: Any) -> None:
    first, again = (order(api, clientToken="once") for _ in range(2))
    assert first["returnObj"]["masterOrderID"] == again["returnObj"]["masterOrderID"]
    assert len(api.cloud.store.find(DISKS)) == 1


def test_a_failed_order_leaves_nothing(api: Any) -> None:
    api.engines.volumes.fail["make_volume"] = "this host has no loop devices"
    done = api.finished(api.placed(order(api))["masterOrderID"])
    assert done["orderStatus"] == "5"
    assert api.cloud.store.find(DISKS) == []


def test_a_volume_is_given_to_a_server_and_taken_away(api: Any, server: str) -> None:
    disk = made(api)
    assert moved(api, "attach", disk, server)["status"] == 1
    shown = info(api, disk)
    assert (shown["diskStatus"], shown["instanceID"], shown["attachments"][0]["device"]) == ("in-use", server, "/dev/vdc")
    assert api.engines.volumes.attached == {disk: server}
    assert disk in api.ok(api.details(server))["attachedVolume"]
    assert moved(api, "detach", disk, server)["status"] == 1
    assert (info(api, disk)["diskStatus"], info(api, disk)["attachments"]) == ("available", [])
    assert api.engines.volumes.attached == {}


def test_a_server_boots_with_the_volumes_it_has(api: Any, server: str) -> None:
    disk = made(api)
    moved(api, "attach", disk, server)
    spec = api.cloud.servers.spec(api.cloud.store.require(INSTANCES, server))
    assert [(found.device, found.separate) for found in spec.disks] == [("/dev/vdb", False), ("/dev/vdc", True)]


def test_volumes_outlive_their_server_and_its_own_disks_do_not(api: Any, server: str) -> None:
    disk = made(api)
    moved(api, "attach", disk, server)
    api.finished(api.ok(api.post("/v4/ecs/unsubscribe-instance", regionID=REGION, instanceID=server))["masterOrderID"])
    assert [(found.id, found.instance_id, found.status) for found in api.cloud.store.find(DISKS)] == [(disk, "", "available")]


def test_a_servers_own_data_disk_can_be_taken_and_stays_then(api: Any, server: str) -> None:
    [own] = [disk.id for disk in api.cloud.store.find(DISKS, instance_id=server) if not disk.system]
    moved(api, "detach", own, server)
    assert info(api, own)["isPackaged"] is False


def test_a_failed_attachment_leaves_the_volume_free(api: Any, server: str) -> None:
    disk = made(api)
    api.engines.volumes.fail["attach_volume"] = "no loop device could be had"
    assert moved(api, "attach", disk, server)["status"] == 2
    assert info(api, disk)["diskStatus"] == "available"
    assert api.engines.volumes.calls("detach_volume")


def test_a_mounted_volume_stays(api: Any, server: str) -> None:
    disk = made(api)
    moved(api, "attach", disk, server)
    api.engines.volumes.fail["detach_volume"] = "the server still uses /dev/vdc: it is mounted at /data"
    job = api.ok(move(api, "detach", disk, server))["diskRequestID"]
    assert api.job_done(job)["status"] == 2
    assert "mounted at /data" in api.get("/v4/job/info", regionID=REGION, jobID=job)["message"]
    assert (info(api, disk)["diskStatus"], info(api, disk)["instanceID"]) == ("in-use", server)


def test_where_a_volume_cannot_go(api: Any, server: str) -> None:
    there, here = made(api, azName=ZONES[1]), made(api)
    refused(move(api, "attach", there, server), "its zone only", "azMismatch")
    moved(api, "attach", here, server)
    refused(move(api, "attach", here, server), f"used by instance {server}", "inUse")
    refused(move(api, "detach", there, server), "is in no instance")
    refused(move(api, "attach", "nothing", server), "does not exist", "ebs.ebsInfo.notExists")
    system = next(disk.id for disk in api.cloud.store.find(DISKS, instance_id=server) if disk.system)
    refused(move(api, "detach", system, server), "system disk")


def test_a_volume_grows_and_never_shrinks(api: Any) -> None:
    disk = made(api)
    placed = api.post("/v4/ebs/resize-ebs", regionID=REGION, diskID=disk, diskSize=30)
    assert api.finished(api.ok(placed)["masterOrderID"])["orderStatus"] == "3"
    assert info(api, disk)["diskSize"] == 30
    refused(api.post("/v4/ebs/resize-ebs", regionID=REGION, diskID=disk, diskSize=30), "can only grow")
    api.engines.volumes.fail["make_volume"] = "no room"
    placed = api.post("/v4/ebs/resize-ebs", regionID=REGION, diskID=disk, diskSize=40)
    assert api.finished(api.ok(placed)["masterOrderID"])["orderStatus"] == "5"
    assert (info(api, disk)["diskSize"], info(api, disk)["diskStatus"]) == (30, "available")


def test_release_is_refused_while_a_server_has_it(api: Any, server: str) -> None:
    disk = made(api)
    moved(api, "attach", disk, server)
    refused(api.post("/v4/ebs/refund-ebs", regionID=REGION, diskID=disk), f"used by instance {server}", "ebs.ebsInfo.inUse")
    moved(api, "detach", disk, server)
    placed = api.ok(api.post("/v4/ebs/refund-ebs", regionID=REGION, diskID=disk))
    assert api.finished(placed["masterOrderID"])["orderStatus"] == "3"
    refused(api.get("/v4/ebs/info-ebs", diskID=disk), "does not exist")
    assert disk not in api.engines.volumes.contents


def test_renaming(api: Any) -> None:
    disk = made(api)
    api.ok(api.post("/v4/ebs/update-attr-ebs", regionID=REGION, diskID=disk, diskName="other"))
    assert info(api, disk)["diskName"] == "other"
    refused(api.post("/v4/ebs/update-attr-ebs", regionID=REGION, diskID=disk), "or volumeDescription is required")


def test_a_zone_without_power_takes_and_moves_no_volumes(api: Any, server: str) -> None:
    disk = made(api)
    api.local("POST", "/faults", {"kind": "power-off", "target": "zone:华东1/AZ1"}, status=201)
    refused(move(api, "attach", disk, server), "power")
    done = api.finished(api.placed(order(api, "late"))["masterOrderID"])
    assert done["orderStatus"] == "5"


@pytest.mark.parametrize(
    ("task", "status", "then"), [("attach", "diskAttaching", "in-use"), ("detach", "detaching", "available")]
)
def test_the_next_daemon_carries_a_move_on(start: Callable[[], Any], task: str, status: str, then: str) -> None:
    api = start()
    vpc = api.vpc()
    server = api.server(vpc, api.subnet(vpc))
    disk = made(api)
    record = api.cloud.store.require(DISKS, disk)
    api.cloud.store.put(DISKS, replace(record, status=status, instance_id=server, device="/dev/vdb"))
    job = jobs.begin(api.cloud.store, REGION, f"{task}-disk", disk)
    api = start()
    assert api.job_done(job.id)["status"] == 1
    assert info(api, disk)["diskStatus"] == then


def test_the_next_daemon_carries_orders_on(start: Callable[[], Any]) -> None:
    api = start()
    disk = made(api)
    store = api.cloud.store
    store.put(DISKS, replace(store.require(DISKS, disk), status="resizing", grows_to=25))
    resize = orders.place(store, REGION, "ebs-resize", "EBS", (disk,))
    store.put(DISKS, replace(store.require(DISKS, disk), id="new", status="creating"))
    create = orders.place(store, REGION, "ebs-create", "EBS", ("new",))
    lost = orders.place(store, REGION, "ebs-create", "EBS", ("lost",))
    api = start()
    assert [api.finished(order.id)["orderStatus"] for order in (resize, create, lost)] == ["3", "3", "5"]
    assert (info(api, disk)["diskSize"], info(api, "new")["diskStatus"]) == (25, "available")
