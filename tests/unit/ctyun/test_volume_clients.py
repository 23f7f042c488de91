"""Volumes, snapshots and volume backups: orders, jobs and tasks that are waited for, and failures that say why."""

# ruff: noqa: S106 (a clientToken is no password)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ctyun import JobFailed, NotFound, OrderFailed, WaitTimeout

Run = Callable[..., Any]
NEW, INFO, ORDER, JOB = "/v4/ebs/new-ebs", "/v4/ebs/info-ebs", "/v4/ecs/order/query-uuid", "/v4/job/info"
CREATE_SNAPSHOT, LIST_SNAPSHOTS = "/v4/ebs_snapshot/create-ebs-snap", "/v4/ebs_snapshot/list-ebs-snap"
BACK_UP, SHOW_BACKUP, TASKS = (f"/v4/ebs-backup/{call}" for call in ("create-backup", "show-backup", "task/list-task"))


def disk(status: str = "available", **more: Any) -> dict[str, Any]:
    return {"diskID": "d-1", "diskName": "data", "diskStatus": status, "diskSize": 10, "azName": "zone-1", **more}


def snapshot(status: str = "available", name: str = "one", created: str = "2026-01-01 00:00:00") -> dict[str, Any]:
    return {
        "snapshotID": f"s-{created}", "snapshotName": name, "snapshotStatus": status, "diskID": "d-1", "createTime": created,
        "retentionPolicy": "custom", "retentionTime": 3,
    }  # fmt: skip


def test_an_order_that_still_runs_is_no_refusal(scripted: Any, ok: Any, failure: Any, run: Run, region: str) -> None:
    cloud = scripted({
        NEW: [failure("ebs.order.inProgress", masterOrderID="o-1")],
        ORDER: [ok(orderStatus="14"), ok(orderStatus="3", instanceIDList=["d-1"])],
        INFO: [ok(disk("creating")), ok(disk())],
    })  # fmt: skip
    volumes = cloud.client().volumes
    made = run(volumes.create(region, zone_name="zone-1", name="data", size=10, labels={"a": "b"}, client_token="t"))
    assert (made.id, made.status, made.instance_id, made.device) == ("d-1", "available", "", "")
    [sent] = cloud.bodies()
    assert (sent["diskMode"], sent["onDemand"], sent["labels"], sent["clientToken"]) == (
        "VBD", True, [{"key": "a", "value": "b"}], "t",
    )  # fmt: skip
    assert "backupID" not in sent


def test_an_order_that_fails(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({NEW: [ok(masterOrderID="o-1")], ORDER: [ok(orderStatus="5")]})
    with pytest.raises(OrderFailed, match="volume data failed: order o-1"):
        run(cloud.client().volumes.create(region, zone_name="zone-1", name="data", size=10, client_token="t"))


def test_attached_by_a_job_and_read_back(scripted: Any, ok: Any, run: Run, region: str) -> None:
    there = disk("in-use", attachments=[{"instanceID": "i-1", "device": "/dev/vdb"}], labels=[{"key": "a", "value": "b"}])
    cloud = scripted({
        "/v4/ebs/attach-ebs": [ok(diskJobID="old", diskRequestID="j-1")], JOB: [ok(jobID="j-1", status=1)], INFO: [ok(there)],
    })  # fmt: skip
    volume = run(cloud.client().volumes.attach(region, "d-1", "i-1"))
    assert (volume.instance_id, volume.device, volume.labels) == ("i-1", "/dev/vdb", {"a": "b"})
    assert "jobID=j-1" in str(cloud.requests[1].url)


def test_a_failed_job_says_why(scripted: Any, run: Run, region: str, ok: Any) -> None:
    failed = ok(jobID="j-1", status=2)
    reason = "the server still uses /dev/vdb: it is mounted at /data"
    failed = type(failed)(200, json={"statusCode": 800, "message": reason, "returnObj": {"jobID": "j-1", "status": 2}})
    cloud = scripted({"/v4/ebs/detach-ebs": [ok(diskRequestID="j-1")], JOB: [failed]})
    with pytest.raises(JobFailed, match="detachment of volume d-1 from server i-1 failed: .* mounted at /data"):  # noqa: RUF043
        run(cloud.client().volumes.detach(region, "d-1", "i-1"))


@pytest.mark.parametrize("first", [True, False])
def test_a_snapshot_is_an_order_or_a_job_and_found_by_name(scripted: Any, ok: Any, run: Run, region: str, first: bool) -> None:
    older, newest = snapshot(created="2025-01-01 00:00:00"), snapshot()
    cloud = scripted({
        CREATE_SNAPSHOT: [ok(masterOrderID="o-1") if first else ok(snapshotJobID="j-1")],
        ORDER: [ok(orderStatus="3", instanceIDList=["s-1"])],
        JOB: [ok(jobID="j-1", status=1)],
        LIST_SNAPSHOTS: [ok(snapshotList=[newest, older, snapshot(name="other", created="2027-01-01 00:00:00")])],
    })  # fmt: skip
    made = run(cloud.client().snapshots.create(region, "d-1", name="one", days=3))
    assert (made.id, made.days, made.automatic) == (newest["snapshotID"], 3, False)
    [sent] = cloud.bodies()
    assert (sent["retentionPolicy"], sent["retentionTime"]) == ("custom", 3)


def test_a_snapshot_that_came_to_nothing(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({
        CREATE_SNAPSHOT: [ok(snapshotJobID="j-1")], JOB: [ok(jobID="j-1", status=1)],
        LIST_SNAPSHOTS: [ok(snapshotList=[snapshot("error")])],
    })  # fmt: skip
    with pytest.raises(JobFailed, match="its state is error"):
        run(cloud.client().snapshots.create(region, "d-1", name="one"))


def test_a_snapshot_that_is_busy_or_gone_is_not_deleted(scripted: Any, ok: Any, run: Run, region: str) -> None:
    delete = "/v4/ebs_snapshot/delete-ebs-snap"
    cloud = scripted({
        LIST_SNAPSHOTS: [ok(snapshotList=[snapshot()])], delete: [ok(notAllowedList=["s"]), ok(notFoundList=["s"])],
    })  # fmt: skip
    snapshots = cloud.client().snapshots
    [found] = run(snapshots.list(region))
    with pytest.raises(JobFailed, match="something is being done with it"):
        run(snapshots.delete(region, found))
    with pytest.raises(NotFound):
        run(snapshots.delete(region, found))


def test_a_policy_is_spelt_as_the_api_wants_it(scripted: Any, ok: Any, run: Run, region: str) -> None:
    shown = {
        "snapshotPolicyID": "p-1", "snapshotPolicyName": "nightly", "snapshotPolicyStatus": "deactivated",
        "repeatWeekdays": "0,3", "repeatTimes": "", "retentionTime": -1,
    }  # fmt: skip
    cloud = scripted({
        "/v4/ebs_snapshot/create-policy-ebs-snap": [ok(snapshotPolicyID="p-1")],
        "/v4/ebs_snapshot/query-policy-ebs-snap": [ok(snapshotPolicyList=[shown])],
    })  # fmt: skip
    policies = cloud.client().snapshot_policies
    made = run(policies.create(region, name="nightly", weekdays=[3, 0], hours=[2], days=-1, enabled=False))
    assert (made.weekdays, made.hours, made.days, made.enabled) == ((0, 3), (), -1, False)
    [sent] = cloud.bodies()
    assert (sent["repeatWeekdays"], sent["repeatTimes"], sent["isEnabled"]) == ("0,3", "2", False)
    run(policies.apply(region, "p-1", []))  # nothing to say
    assert len(cloud.bodies()) == 1


def test_a_backup_is_a_task(scripted: Any, ok: Any, run: Run, region: str) -> None:
    shown = {"backupID": "b-1", "backupName": "one", "backupStatus": "available", "backupType": "incremental-backup"}
    cloud = scripted({
        BACK_UP: [ok(taskID="t-1", backupID="b-1")], SHOW_BACKUP: [ok(shown)],
        TASKS: [ok(taskList=[{"status": "running"}]), ok(taskList=[{"status": "success"}])],
    })  # fmt: skip
    made = run(cloud.client().volume_backups.create(region, "d-1", "v-1", name="one"))
    assert (made.id, made.is_full, made.status) == ("b-1", False, "available")


def test_a_task_that_fails_says_why_and_one_that_hangs_has_a_deadline(scripted: Any, ok: Any, run: Run, region: str) -> None:
    failed = {"status": "failed", "taskErrMsg": "no room is left"}
    cloud = scripted({BACK_UP: [ok(taskID="t-1", backupID="b-1")], TASKS: [ok(taskList=[failed])]})
    with pytest.raises(JobFailed, match="backup one of volume d-1 failed: no room is left"):
        run(cloud.client().volume_backups.create(region, "d-1", "v-1", name="one"))
    cloud = scripted({BACK_UP: [ok(taskID="t-1", backupID="b-1")], TASKS: [ok(taskList=[{"status": "running"}])]})
    with pytest.raises(WaitTimeout, match="task t-1"):
        run(cloud.client().volume_backups.create(region, "d-1", "v-1", name="one", timeout=0.3))
