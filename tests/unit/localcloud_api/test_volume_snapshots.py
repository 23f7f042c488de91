"""Snapshots of volumes, and the policies that take them by the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.waiting import until

from localcloud.records import jobs
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import DISKS
from localcloud.records.volumes import SNAPSHOT_POLICIES, SNAPSHOTS

REGION = "bb9fdb42056f11eda1610242ac110002"
ZONE = "cn-huadong1-jsnj1A-public-ctcloud"
DAY = 24 * 3600
Json = dict[str, Any]


@pytest.fixture
def disk(api: Any) -> str:
    return volume(api)


def volume(api: Any, name: str = "data") -> str:
    placed = api.placed(api.post(
        "/v4/ebs/new-ebs", regionID=REGION, azName=ZONE, diskMode="VBD", diskType="SATA", diskName=name, diskSize=20,
    ))  # fmt: skip
    return str(api.finished(placed["masterOrderID"])["instanceIDList"][0])


def create(api: Any, disk: str, name: str = "before-update", **more: Any) -> Json:
    wish = {"regionID": REGION, "diskID": disk, "snapshotName": name, "retentionPolicy": "forever"}
    answer: Json = api.post("/v4/ebs_snapshot/create-ebs-snap", **wish | more)
    return answer


def listed(api: Any, **filters: Any) -> list[Json]:
    found: list[Json] = api.ok(api.get("/v4/ebs_snapshot/list-ebs-snap", regionID=REGION, **filters))["snapshotList"]
    return found


def made(api: Any, disk: str, name: str = "before-update", **more: Any) -> str:
    """A snapshot that can be used."""
    answer = api.placed(create(api, disk, name, **more))
    if "snapshotJobID" in answer:
        assert api.job_done(answer["snapshotJobID"])["status"] == 1
    else:
        assert api.finished(answer["masterOrderID"])["orderStatus"] == "3"
    [shown] = listed(api, snapshotName=name)
    assert shown["snapshotStatus"] == "available"
    return str(shown["snapshotID"])


def refused(answer: Json, text: str, code: str = "") -> None:
    assert answer["statusCode"] == 900, answer
    assert text in answer["message"] and code in answer["errorCode"], answer


def roll_back(api: Any, snapshot: str, disk: str) -> Json:
    call = "/v4/ebs_snapshot/rollback-ebs-snap"
    answer: Json = api.post(call, regionID=REGION, azName=ZONE, snapshotID=snapshot, diskID=disk)
    return answer


def test_the_first_snapshot_is_an_order_and_later_ones_are_jobs(api: Any, disk: str) -> None:
    first = api.placed(create(api, disk, "one"))
    assert api.finished(first["masterOrderID"])["instanceIDList"] == [first["resources"][0]["snapshotID"]]
    assert set(api.ok(create(api, disk, "two"))) >= {"snapshotJobID"}
    shown = listed(api, diskID=disk)
    assert [it["snapshotName"] for it in shown] == ["two", "one"]
    wanted = {"volumeSize": 20, "retentionPolicy": "forever", "expireTime": "", "snapshotType": "manu", "azName": ZONE}
    assert wanted.items() <= shown[1].items()


def test_a_disk_goes_back_to_a_snapshot(api: Any, disk: str) -> None:
    volumes = api.engines.volumes
    volumes.contents[disk] = "before"
    snapshot = made(api, disk)
    volumes.contents[disk] = "after"
    assert api.job_done(api.ok(roll_back(api, snapshot, disk))["snapshotJobID"])["status"] == 1
    assert volumes.contents[disk] == "before"
    assert api.ok(api.get("/v4/ebs/info-ebs", diskID=disk))["diskStatus"] == "available"
    refused(roll_back(api, snapshot, volume(api, "other")), "was made of disk")


def test_the_server_of_a_disk_that_goes_back_must_be_stopped(api: Any, disk: str) -> None:
    vpc = api.vpc()
    server = api.server(vpc, api.subnet(vpc))
    api.job_done(api.ok(api.post("/v4/ebs/attach-ebs", diskID=disk, instanceID=server))["diskRequestID"])
    snapshot = made(api, disk)
    assert api.engines.volumes.calls("copy_volume")[-1] == ("copy_volume", snapshot, disk, server, "")
    refused(roll_back(api, snapshot, disk), "stop the instance")
    api.job_done(api.ok(api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=server))["jobID"])
    assert api.job_done(api.ok(roll_back(api, snapshot, disk))["snapshotJobID"])["status"] == 1
    assert api.ok(api.get("/v4/ebs/info-ebs", diskID=disk))["diskStatus"] == "in-use"


def test_a_new_disk_begins_as_a_snapshot_that_outlives_its_own(api: Any, disk: str) -> None:
    api.engines.volumes.contents[disk] = "content"
    snapshot = made(api, disk)
    api.finished(api.ok(api.post("/v4/ebs/refund-ebs", regionID=REGION, diskID=disk))["masterOrderID"])
    wish = {"regionID": REGION, "snapshotID": snapshot, "diskMode": "VBD", "diskName": "copy"}
    refused(api.post("/v4/ebs/new-from-snapshot-ebs-snap", **wish, diskSize=10), "diskSize is 10")
    placed = api.placed(api.post("/v4/ebs/new-from-snapshot-ebs-snap", **wish, diskSize=40))
    [new] = api.finished(placed["masterOrderID"])["instanceIDList"]
    assert api.engines.volumes.contents[new] == "content"
    assert api.ok(api.get("/v4/ebs/info-ebs", diskID=new))["volumeSource"] == snapshot


def test_snapshots_go_with_their_disk_only_when_asked(api: Any, disk: str) -> None:
    snapshot = made(api, disk)
    placed = api.post("/v4/ebs/refund-ebs", regionID=REGION, diskID=disk, deleteSnapWithEbs=True)
    api.finished(api.ok(placed)["masterOrderID"])
    assert listed(api) == [] and snapshot not in api.engines.volumes.copies


def test_deleting_some_and_all(api: Any, disk: str) -> None:
    one, two, three = (made(api, disk, name) for name in ("one", "two", "three"))
    call = "/v4/ebs_snapshot/delete-ebs-snap"
    answer = api.ok(api.post(call, regionID=REGION, diskID=disk, snapshotIDs=[one, "unknown"]))
    assert (answer["notFoundList"], answer["notAllowedList"]) == (["unknown"], [])
    api.job_done(answer["snapshotJobID"])
    assert {it["snapshotID"] for it in listed(api)} == {two, three}
    answer = api.ok(api.post(call, regionID=REGION, diskID=disk, snapshotIDs=[], refundOrder=True))
    assert api.finished(answer["masterOrderID"])["orderStatus"] == "3"
    assert listed(api) == [] and api.engines.volumes.copies == {}


def test_a_snapshot_that_fails_says_why(api: Any, disk: str) -> None:
    api.engines.volumes.fail["copy_volume"] = "no room is left"
    done = api.finished(api.placed(create(api, disk))["masterOrderID"])
    assert done["orderStatus"] == "5"
    assert [it["snapshotStatus"] for it in listed(api)] == ["error"]
    assert api.engines.volumes.calls("remove_copy")


def test_while_a_disk_is_copied_nothing_else_is_done_to_it(api: Any, disk: str) -> None:
    snapshot = made(api, disk)
    store = api.cloud.store
    store.put(SNAPSHOTS, replace(store.require(SNAPSHOTS, snapshot), status="creating"))
    refused(create(api, disk, "two"), f"snapshot {snapshot}", "copying")
    refused(api.post("/v4/ebs/refund-ebs", regionID=REGION, diskID=disk), f"snapshot {snapshot}")
    refused(roll_back(api, snapshot, disk), "is creating")


def test_wrong_fields_come_all_at_once(api: Any, disk: str) -> None:
    answer = create(api, disk, "no blank", retentionPolicy="custom")
    for text in ("snapshotName 'no blank'", "retentionTime is required"):
        refused(answer, text)


def test_the_next_daemon_carries_snapshots_on(start: Callable[[], Any]) -> None:
    api = start()
    disk = volume(api)
    store = api.cloud.store
    snapshot = api.cloud.snapshots.new(store.require(DISKS, disk), "half", -1)
    job = jobs.begin(store, REGION, "create-snapshot", snapshot.id)
    api = start()
    assert api.job_done(job.id)["status"] == 1
    assert [it["snapshotStatus"] for it in listed(api)] == ["available"]


# -- policies --------------------------------------------------------------------------------------------------------------
def policy(api: Any, disk: str, name: str = "nightly", weekdays: str = "0,1,2,3,4,5,6", days: int = 2, **more: Any) -> str:
    wish = {"regionID": REGION, "snapshotPolicyName": name, "repeatWeekdays": weekdays, "repeatTimes": "2", "retentionTime": days}
    made = str(api.ok(api.post("/v4/ebs_snapshot/create-policy-ebs-snap", **wish | more))["snapshotPolicyID"])
    call = "/v4/ebs_snapshot/apply-policy-ebs-snap"
    api.ok(api.post(call, regionID=REGION, snapshotPolicyID=made, targetDiskIDs=disk))
    return made


def shown_policy(api: Any, policy_id: str) -> Json:
    call = "/v4/ebs_snapshot/query-policy-ebs-snap"
    [shown] = api.ok(api.get(call, regionID=REGION, snapshotPolicyID=policy_id))["snapshotPolicyList"]
    return dict(shown)


def advance(api: Any, seconds: float) -> None:
    api.local("POST", "/clock", {"advanceSeconds": seconds})


def look(api: Any) -> None:
    """One round of the scheduler, on the cloud's own loop."""

    async def once() -> None:
        api.cloud.scheduler.look()

    api.http.wait(once())


def test_a_policy_takes_snapshots_by_the_clock_and_old_ones_go(api: Any, disk: str) -> None:
    policy(api, disk)
    taken = api.engines.volumes.calls
    for day in range(4):
        advance(api, DAY)
        until(lambda day=day: len(taken("copy_volume")) == day + 1, 10, f"the snapshot of day {day}")  # type: ignore[misc]
        until(lambda: {it["snapshotStatus"] for it in listed(api)} == {"available"}, 10, "all of them to be done")
    until(lambda: len(listed(api)) <= 2, 10, "those older than two days to go")
    assert {it["snapshotType"] for it in listed(api)} == {"timer"}
    assert all(it["snapshotName"].startswith("nightly-") for it in listed(api))


def test_a_policy_that_is_off_takes_none(api: Any, disk: str) -> None:
    made_id = policy(api, disk, isEnabled=False)
    advance(api, 2 * DAY)
    look(api)
    assert listed(api) == []
    status = "/v4/ebs_snapshot/modify-policy-status-ebs-snap"
    api.ok(api.post(status, regionID=REGION, snapshotPolicyID=made_id, targetStatus="activated"))
    look(api)
    assert listed(api) == []  # what fell due before is not made up for


def test_a_policy_changes_in_place(api: Any, disk: str) -> None:
    made_id = policy(api, disk)
    change = {"regionID": REGION, "snapshotPolicyID": made_id, "repeatTimes": "20,8", "retentionTime": -1}
    api.ok(api.post("/v4/ebs_snapshot/modify-policy-ebs-snap", **change))
    shown = shown_policy(api, made_id)
    assert (shown["repeatTimes"], shown["retentionTime"], shown["boundDiskNum"]) == ("8,20", -1, 1)
    assert api.ok(api.get("/v4/ebs/info-ebs", diskID=disk))["snapshotPolicyID"] == made_id
    api.ok(api.post("/v4/ebs_snapshot/cancel-policy-ebs-snap", regionID=REGION, targetDiskIDs=disk))
    assert shown_policy(api, made_id)["boundDiskNum"] == 0


def test_what_policies_refuse(api: Any, disk: str) -> None:
    made_id = policy(api, disk)
    wish = {"regionID": REGION, "snapshotPolicyName": "9", "repeatWeekdays": "7", "repeatTimes": "1,1", "retentionTime": 0}
    answer = api.post("/v4/ebs_snapshot/create-policy-ebs-snap", **wish)
    for text in ("snapshotPolicyName '9'", "repeatWeekdays '7'", "repeatTimes '1,1'", "retentionTime is 0"):
        refused(answer, text)
    for numbers in ("0,00", "²", "1,", "1" * 400):
        refused(
            api.post("/v4/ebs_snapshot/create-policy-ebs-snap", **wish | {"repeatTimes": numbers}), f"repeatTimes '{numbers}'"
        )
    nothing = api.post("/v4/ebs_snapshot/apply-policy-ebs-snap", regionID=REGION, snapshotPolicyID=made_id, targetDiskIDs=" ,")
    refused(nothing, "targetDiskIDs ' ,' names nothing")
    wish |= {"snapshotPolicyName": "nightly", "repeatWeekdays": "1", "repeatTimes": "1", "retentionTime": 1}
    refused(api.post("/v4/ebs_snapshot/create-policy-ebs-snap", **wish), "already taken by")
    other = api.ok(api.post("/v4/ebs_snapshot/create-policy-ebs-snap", **wish | {"snapshotPolicyName": "other"}))
    call = "/v4/ebs_snapshot/apply-policy-ebs-snap"
    again = api.post(call, regionID=REGION, snapshotPolicyID=other["snapshotPolicyID"], targetDiskIDs=disk)
    refused(again, f"has snapshot policy {made_id} already")
    api.ok(api.post("/v4/ebs_snapshot/delete-policy-ebs-snap", regionID=REGION, snapshotPolicyID=made_id))
    assert api.cloud.store.get(SNAPSHOT_POLICIES, made_id) is None
    assert api.cloud.store.require(DISKS, disk).policy_id == ""


def test_a_disk_that_cannot_be_copied_is_passed_over(api: Any, disk: str, caplog: pytest.LogCaptureFixture) -> None:
    policy(api, disk)
    store = api.cloud.store
    store.put(DISKS, replace(store.require(DISKS, disk), status="resizing"))
    with caplog.at_level("WARNING"):
        advance(api, DAY)
        until(lambda: "makes no snapshot of disk data" in caplog.text, 10, "the log to say so")
    assert listed(api) == [] and QUOTAS.snapshots_per_disk > 0
