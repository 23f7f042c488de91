"""Volumes, their snapshots and backups: what changes while work is under way, and what a daemon leaves that dies just before the
end of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from localcloud.api.calls import Call
from localcloud.api.inputs import Fields
from localcloud.records import orders
from localcloud.records.compute import DISKS, JOBS, ORDERS
from localcloud.records.errors.ebssnapshot import SnapshotBusy
from localcloud.records.volumes import DISK_BACKUPS, DISK_TASKS, SNAPSHOTS
from localcloud.services.ebssnapshot.handlers import new_from_snapshot

REGION = "bb9fdb42056f11eda1610242ac110002"
ZONE = "cn-huadong1-jsnj1A-public-ctcloud"
Json = dict[str, Any]


def order_volume(api: Any, name: str = "data", **more: Any) -> Json:
    wish = {"regionID": REGION, "azName": ZONE, "diskMode": "VBD", "diskType": "SATA", "diskName": name, "diskSize": 20}
    placed: Json = api.placed(api.post("/v4/ebs/new-ebs", **wish | more))
    return placed


def volume(api: Any, name: str = "data", **more: Any) -> str:
    return str(api.finished(order_volume(api, name, **more)["masterOrderID"])["instanceIDList"][0])


def info(api: Any, disk: str) -> Json:
    shown: Json = api.ok(api.get("/v4/ebs/info-ebs", diskID=disk))
    return shown


def snapshot(api: Any, disk: str, name: str = "snap") -> str:
    wish = {"regionID": REGION, "diskID": disk, "snapshotName": name, "retentionPolicy": "forever"}
    answer = api.placed(api.post("/v4/ebs_snapshot/create-ebs-snap", **wish))
    if "masterOrderID" in answer:
        api.finished(answer["masterOrderID"])
    else:
        api.job_done(answer["snapshotJobID"])
    return str(api.cloud.store.find(SNAPSHOTS, disk_id=disk)[-1].id)


def new_vault(api: Any) -> str:
    wish = {"regionID": REGION, "repositoryName": "vault", "cycleType": "MONTH", "cycleCount": 1}
    return str(api.ok(api.post("/v4/ebs-backup/repo/create", **wish))["repositoryID"])


def backup(api: Any, disk: str, vault: str, name: str = "one") -> str:
    wish = {"regionID": REGION, "diskID": disk, "repositoryID": vault, "backupName": name}
    answer = api.ok(api.post("/v4/ebs-backup/create-backup", **wish))
    assert ended(api, answer["taskID"]) == "success"
    return str(answer["backupID"])


def ended(api: Any, task_id: str) -> str:
    path = "/v4/ebs-backup/task/list-task"
    for _ in range(2000):
        [task] = api.ok(api.get(path, regionID=REGION, taskID=task_id))["taskList"]
        if task["status"] != "running":
            return str(task["status"])
    raise AssertionError(f"task {task_id} is still running")


# -- changed meanwhile ---------------------------------------------------------------------------------------------------
def renames(api: Any) -> Callable[[], None]:
    """What a call stores that comes while engines are at work."""

    def rename() -> None:
        for disk in api.cloud.store.find(DISKS):
            api.cloud.store.put(DISKS, replace(disk, name="renamed", policy_id="policy"))

    return rename


def test_a_disk_keeps_what_is_changed_while_it_is_made_enlarged_and_restored(api: Any) -> None:
    api.engines.volumes.on_call["make_volume"] = renames(api)
    disk = volume(api)
    seen = [info(api, disk)]
    api.cloud.store.put(DISKS, replace(api.cloud.store.require(DISKS, disk), name="data"))
    placed = api.ok(api.post("/v4/ebs/resize-ebs", regionID=REGION, diskID=disk, diskSize=30))
    assert api.finished(placed["masterOrderID"])["orderStatus"] == "3"
    seen.append(info(api, disk))
    made = backup(api, disk, new_vault(api))
    api.cloud.store.put(DISKS, replace(api.cloud.store.require(DISKS, disk), name="data"))
    api.engines.volumes.on_call["restore_volume"] = renames(api)
    task = api.ok(api.post("/v4/ebs-backup/restore-backup", regionID=REGION, backupID=made, diskID=disk))["taskID"]
    assert ended(api, task) == "success"
    seen.append(info(api, disk))
    assert [(shown["diskName"], shown["snapshotPolicyID"]) for shown in seen] == [("renamed", "policy")] * 3
    assert [shown["diskSize"] for shown in seen] == [20, 30, 30]


def test_a_disk_that_goes_with_its_server_while_it_is_enlarged_stays_gone(api: Any) -> None:
    vpc = api.vpc()
    server = api.server(vpc, api.subnet(vpc), dataDiskList=[{"diskType": "SATA", "diskSize": 10, "diskMode": "VBD"}])
    store = api.cloud.store
    disk = next(disk.id for disk in store.find(DISKS, instance_id=server) if not disk.system)
    api.engines.volumes.on_call["make_volume"] = lambda: store.delete(DISKS, disk)
    placed = api.ok(api.post("/v4/ebs/resize-ebs", regionID=REGION, diskID=disk, diskSize=30))
    api.finished(placed["masterOrderID"])
    assert store.get(DISKS, disk) is None
    resize = orders.place(store, REGION, "ebs-resize", "EBS", (disk,))
    api.http.wait(api.cloud.volumes.carry_out(resize.id))
    assert (store.require(ORDERS, resize.id).status, "released meanwhile" in store.require(ORDERS, resize.id).problem) == (
        "5",
        True,
    )


def test_a_release_that_fails_on_a_snapshot_can_be_repeated(api: Any) -> None:
    disk = volume(api)
    snapshot(api, disk)
    api.engines.volumes.fail["remove_copy"] = "the disk cannot be written"
    wish = {"regionID": REGION, "diskID": disk, "deleteSnapWithEbs": True}
    assert api.finished(api.ok(api.post("/v4/ebs/refund-ebs", **wish))["masterOrderID"])["orderStatus"] == "5"
    assert info(api, disk)["diskStatus"] == "error"
    api.engines.volumes.fail.clear()
    assert api.finished(api.ok(api.post("/v4/ebs/refund-ebs", **wish))["masterOrderID"])["orderStatus"] == "3"
    assert (api.cloud.store.find(DISKS), api.cloud.store.find(SNAPSHOTS), api.engines.volumes.copies) == ([], [], {})


def test_nothing_is_made_any_more_from_a_snapshot_that_goes_with_its_disk(api: Any) -> None:
    disk, store = volume(api), api.cloud.store
    taken, seen = snapshot(api, disk), []

    def order_from_it() -> None:
        found = store.require(SNAPSHOTS, taken)
        fields = {"regionID": REGION, "snapshotID": taken, "diskMode": "VBD", "diskName": "copy", "diskSize": 20}
        with pytest.raises(SnapshotBusy):
            new_from_snapshot(Call(api.cloud, Fields(fields)))
        seen.append(found.status)

    api.engines.volumes.on_call["delete_volume"] = order_from_it
    wish = {"regionID": REGION, "diskID": disk, "deleteSnapWithEbs": True}
    api.engines.volumes.fail["delete_volume"] = "the disk cannot be written"
    assert api.finished(api.ok(api.post("/v4/ebs/refund-ebs", **wish))["masterOrderID"])["orderStatus"] == "5"
    assert (seen, store.require(SNAPSHOTS, taken).status) == (["deleting"], "error")  # so that it can be deleted by hand
    api.engines.volumes.fail.clear()
    assert api.finished(api.ok(api.post("/v4/ebs/refund-ebs", **wish))["masterOrderID"])["orderStatus"] == "3"
    assert (store.find(DISKS), store.find(SNAPSHOTS)) == ([], [])


def test_a_move_that_meets_inner_faults_ends_all_the_same(api: Any) -> None:
    vpc, disk = api.vpc(), volume(api)
    server = api.server(vpc, api.subnet(vpc))

    def fault() -> None:
        raise OSError(28, "No space left on device")

    api.engines.volumes.on_call = dict.fromkeys(("attach_volume", "detach_volume"), fault)
    job = api.job_done(api.ok(api.post("/v4/ebs/attach-ebs", regionID=REGION, diskID=disk, instanceID=server))["diskRequestID"])
    assert (job["status"], info(api, disk)["diskStatus"]) == (2, "in-use")  # so that it can be detached again


def test_what_a_new_disk_is_being_made_from_stays(api: Any) -> None:
    disk, vault, store = volume(api), new_vault(api), api.cloud.store
    taken, first, second = snapshot(api, disk), backup(api, disk, vault), backup(api, disk, vault, "two")
    new = replace(store.require(DISKS, disk), id="new", status="creating")
    for source in (taken, second):
        store.put(DISKS, replace(new, source_id=source))
        if source == taken:
            answer = api.post("/v4/ebs/refund-ebs", regionID=REGION, diskID=disk, deleteSnapWithEbs=True)
        else:
            answer = api.post("/v4/ebs-backup/delete", regionID=REGION, backupID=first)
        assert (answer["statusCode"], "creation of disk new" in answer["message"]) == (900, True)
    store.put(DISK_BACKUPS, replace(store.require(DISK_BACKUPS, first), status="deleting"))
    wish = {"regionID": REGION, "azName": ZONE, "diskMode": "VBD", "diskType": "SATA", "diskName": "x1", "diskSize": 20}
    answer = api.post("/v4/ebs/new-ebs", **wish, backupID=second)
    assert (answer["statusCode"], "needs a backup that is just being deleted" in answer["message"]) == (900, True)


def test_a_backup_is_not_based_on_one_of_when_the_disk_was_larger(api: Any) -> None:
    disk, vault = volume(api), new_vault(api)
    backup(api, disk, vault)
    store = api.cloud.store
    store.put(DISKS, replace(store.require(DISKS, disk), size=10))  # its server was restored
    backup(api, disk, vault, "two")
    assert [made.base for made in store.find(DISK_BACKUPS)] == ["", ""]


def test_a_failed_backup_keeps_nobody_from_deleting_others(api: Any) -> None:
    disk, vault = volume(api), new_vault(api)
    first, second = backup(api, disk, vault), backup(api, disk, vault, "two")
    api.engines.volumes.fail["remove_copy"] = "the disk cannot be written"
    path = "/v4/ebs-backup/delete"
    assert ended(api, api.ok(api.post(path, regionID=REGION, backupID=second))["taskID"]) == "failed"
    api.engines.volumes.fail.clear()
    del api.engines.volumes.copies[second]  # half of it was removed
    assert [ended(api, api.ok(api.post(path, regionID=REGION, backupID=it))["taskID"]) for it in (first, second)] == [
        "success"
    ] * 2


# -- a daemon that dies at the very end ------------------------------------------------------------------------------------
def test_what_is_done_is_not_done_again_to_a_disk(start: Callable[[], Any]) -> None:
    api = start()
    source = volume(api)
    api.engines.volumes.contents[source] = "old"
    placed = order_volume(api, "copy", backupID=backup(api, source, new_vault(api)))
    [disk] = api.finished(placed["masterOrderID"])["instanceIDList"]
    api.engines.volumes.contents[disk] = "written since"
    store = api.cloud.store
    store.put(ORDERS, replace(store.require(ORDERS, placed["masterOrderID"]), status=orders.OPENING))
    api.engines.volumes.fail["restore_volume"] = "a server has it"
    api = start()
    assert api.finished(placed["masterOrderID"])["orderStatus"] == "3"
    assert (info(api, disk)["diskStatus"], api.engines.volumes.contents[disk]) == ("available", "written since")


def test_the_file_of_a_disk_that_was_being_cleared_away_goes(start: Callable[[], Any]) -> None:
    api = start()
    api.engines.volumes.contents["half"] = ""
    order = orders.place(api.cloud.store, REGION, "ebs-create", "EBS", ("half",))
    api = start()
    assert api.finished(order.id)["orderStatus"] == "5"
    assert "half" not in api.engines.volumes.contents


def test_a_finished_backup_stays_what_it_is(start: Callable[[], Any]) -> None:
    api = start()
    disk, vault = volume(api), new_vault(api)
    api.engines.volumes.contents[disk] = "then"
    made = backup(api, disk, vault)
    path = "/v4/ebs-backup/restore-backup"
    assert ended(api, api.ok(api.post(path, regionID=REGION, backupID=made, diskID=disk))["taskID"]) == "success"
    api.engines.volumes.contents[disk] = "later"
    store = api.cloud.store
    for task in store.find(DISK_TASKS):
        store.put(DISK_TASKS, replace(task, status="running"))
    api = start()
    assert [ended(api, task.id) for task in api.cloud.store.find(DISK_TASKS)] == ["success", "success"]
    assert api.engines.volumes.copies[made] == ("then", "")
    assert api.engines.volumes.contents[disk] == "later"


def test_a_disk_that_was_set_back_is_not_set_back_again(start: Callable[[], Any]) -> None:
    api = start()
    disk = volume(api)
    taken = snapshot(api, disk)
    wish = {"regionID": REGION, "azName": ZONE, "snapshotID": taken, "diskID": disk}
    job = api.ok(api.post("/v4/ebs_snapshot/rollback-ebs-snap", **wish))["snapshotJobID"]
    assert api.job_done(job)["status"] == 1
    api.engines.volumes.contents[disk] = "written since"
    api.cloud.store.put(JOBS, replace(api.cloud.store.require(JOBS, job), status=0))
    api = start()
    assert api.job_done(job)["status"] == 1
    assert api.engines.volumes.contents[disk] == "written since"


@pytest.mark.parametrize("kind", ["restore", "rollback"])
def test_a_daemon_that_is_stopped_leaves_a_disk_that_is_being_replaced_busy(start: Callable[[], Any], kind: str) -> None:
    """Until the next one has carried it on, nobody may have the disk."""
    api = start()
    disk, hang = volume(api), asyncio.Event()
    restore, begun = api.engines.volumes.restore_volume, []

    async def hangs(*what: Any) -> None:
        begun.append(what)
        await hang.wait()

    api.engines.volumes.restore_volume = hangs
    if kind == "restore":
        made = backup(api, disk, new_vault(api))
        api.ok(api.post("/v4/ebs-backup/restore-backup", regionID=REGION, backupID=made, diskID=disk))
    else:
        wish = {"regionID": REGION, "azName": ZONE, "snapshotID": snapshot(api, disk), "diskID": disk}
        api.ok(api.post("/v4/ebs_snapshot/rollback-ebs-snap", **wish))
    busy = info(api, disk)["diskStatus"]
    api.http.wait(api.cloud.tasks.cancel())
    assert begun and info(api, disk)["diskStatus"] == busy not in ("available", "in-use")
    api.engines.volumes.restore_volume = restore
    api = start()
    for _ in range(2000):
        if info(api, disk)["diskStatus"] == "available":
            return
    raise AssertionError(info(api, disk))
