"""Volume backups: full and incremental, restored to their disk, made into new disks, deleted in any order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.waiting import until

from localcloud.records.volumes import DISK_BACKUPS, DISK_TASKS

REGION = "bb9fdb42056f11eda1610242ac110002"
ZONE = "cn-huadong1-jsnj1A-public-ctcloud"
Json = dict[str, Any]


@pytest.fixture
def disk(api: Any) -> str:
    return volume(api)


@pytest.fixture
def vault(api: Any) -> str:
    return new_vault(api)


def new_vault(api: Any, name: str = "vault") -> str:
    wish = {"regionID": REGION, "repositoryName": name, "cycleType": "MONTH", "cycleCount": 1}
    answer = api.ok(api.post("/v4/ebs-backup/repo/create", **wish))
    assert api.finished(answer["masterOrderID"])["instanceIDList"] == [answer["repositoryID"]]
    return str(answer["repositoryID"])


def volume(api: Any, name: str = "data", **more: Any) -> str:
    wish = {"regionID": REGION, "azName": ZONE, "diskMode": "VBD", "diskType": "SATA", "diskName": name, "diskSize": 20}
    placed = api.placed(api.post("/v4/ebs/new-ebs", **wish | more))
    return str(api.finished(placed["masterOrderID"])["instanceIDList"][0])


def create(api: Any, disk: str, vault: str, name: str = "one", **more: Any) -> Json:
    wish = {"regionID": REGION, "diskID": disk, "repositoryID": vault, "backupName": name}
    answer: Json = api.post("/v4/ebs-backup/create-backup", **wish | more)
    return answer


def ended(api: Any, task_id: str) -> Json:
    """The task when it is over."""

    def look() -> Json:
        [task] = api.ok(api.get("/v4/ebs-backup/task/list-task", regionID=REGION, taskID=task_id))["taskList"]
        return dict(task)

    return until(look, 10, f"task {task_id}", done=lambda task: task["status"] != "running")


def made(api: Any, disk: str, vault: str, name: str, content: str = "", **more: Any) -> str:
    """A finished backup of the disk with this content."""
    api.engines.volumes.contents[disk] = content
    answer = api.ok(create(api, disk, vault, name, **more))
    assert ended(api, answer["taskID"])["status"] == "success"
    return str(answer["backupID"])


def show(api: Any, backup: str) -> Json:
    shown: Json = api.ok(api.get("/v4/ebs-backup/show-backup", regionID=REGION, backupID=backup))
    return shown


def delete(api: Any, backup: str) -> Json:
    answer: Json = api.post("/v4/ebs-backup/delete", regionID=REGION, backupID=backup)
    return answer


def restore(api: Any, backup: str, disk: str) -> Json:
    answer: Json = api.post("/v4/ebs-backup/restore-backup", regionID=REGION, backupID=backup, diskID=disk)
    return answer


def refused(answer: Json, text: str, code: str = "") -> None:
    assert answer["statusCode"] == 900, answer
    assert text in answer["message"] and code in answer["errorCode"], answer


def test_a_vault_grows_is_renewed_and_renamed_with_what_it_holds(api: Any, disk: str, vault: str) -> None:
    def ask(call: str, **wish: Any) -> Json:
        return dict(api.post(f"/v4/ebs-backup/repo/{call}", regionID=REGION, repositoryID=vault, **wish))

    def shown() -> Json:
        return dict(api.ok(api.get("/v4/ebs-backup/repo/list-repos", regionID=REGION, repositoryID=vault))["repositoryList"][0])

    backup, before = made(api, disk, vault, "one"), shown()
    assert api.finished(api.ok(ask("resize", size=300))["masterOrderID"])["orderStatus"] == "3"
    api.ok(ask("renew", cycleType="MONTH", cycleCount=1))
    api.ok(ask("update", repositoryName="other"))
    after = shown()
    assert (after["size"], after["repositoryName"], after["backupList"]) == (300, "other", [backup])
    assert after["expiredTime"] - before["expiredTime"] == 30 * 86400
    assert "can only grow" in ask("resize", size=200)["message"]
    vault = api.ok(api.post("/v4/ebs-backup/repo/create", regionID=REGION, repositoryName="free", onDemand=True))["repositoryID"]
    assert "has no end" in ask("renew", cycleType="MONTH", cycleCount=1)["message"]
    assert "already taken" in ask("update", repositoryName="other")["message"]


def test_the_first_backup_is_full_and_later_ones_hold_what_differs(api: Any, disk: str, vault: str) -> None:
    backups = [made(api, disk, vault, name) for name in ("one", "two", "three")]
    backups.append(made(api, disk, vault, "four", fullBackup=True))
    kinds = [show(api, backup)["backupType"] for backup in backups]
    assert kinds == ["full-backup", "incremental-backup", "incremental-backup", "full-backup"]
    bases = [call[-1] for call in api.engines.volumes.calls("copy_volume")]
    assert bases == ["", backups[0], backups[1], ""]
    [shown] = api.ok(api.get("/v4/ebs-backup/repo/list-repos", regionID=REGION))["repositoryList"]
    assert sorted(shown["backupList"]) == sorted(backups) and 0 <= shown["freeSize"] <= 100


def test_each_vault_has_a_chain_of_its_own(api: Any, disk: str, vault: str) -> None:
    made(api, disk, vault, "one")
    assert show(api, made(api, disk, new_vault(api, "other"), "two"))["backupType"] == "full-backup"


def test_restored_over_the_detached_disk(api: Any, disk: str, vault: str) -> None:
    made(api, disk, vault, "one", "old")
    backup = made(api, disk, vault, "two", "newer")
    api.engines.volumes.contents[disk] = "lost"
    assert ended(api, api.ok(restore(api, backup, disk))["taskID"])["status"] == "success"
    assert api.engines.volumes.contents[disk] == "newer"
    assert api.ok(api.get("/v4/ebs/info-ebs", diskID=disk))["diskStatus"] == "available"
    assert show(api, backup)["restoredTime"]
    refused(restore(api, backup, volume(api, "other")), f"made of disk {disk}", "NotSourceDisk")


def test_not_restored_while_a_server_has_the_disk(api: Any, disk: str, vault: str) -> None:
    backup, vpc = made(api, disk, vault, "one"), api.vpc()
    server = api.server(vpc, api.subnet(vpc))
    api.job_done(api.ok(api.post("/v4/ebs/attach-ebs", diskID=disk, instanceID=server))["diskRequestID"])
    refused(restore(api, backup, disk), "is in-use; it must be available")
    shown = show(api, made(api, disk, vault, "two"))  # it is backed up all the same
    assert (shown["instanceID"], shown["instanceName"]) == (server, "web-01")


def test_a_new_disk_from_a_backup(api: Any, disk: str, vault: str) -> None:
    made(api, disk, vault, "one", "old")
    backup = made(api, disk, vault, "two", "content")
    new = volume(api, "copy", backupID=backup)
    assert api.engines.volumes.contents[new] == "content"
    wish = {"regionID": REGION, "azName": ZONE, "diskMode": "VBD", "diskType": "SATA", "diskName": "x", "diskSize": 10}
    refused(api.post("/v4/ebs/new-ebs", **wish, backupID=backup), "diskSize is 10")
    refused(api.post("/v4/ebs/new-ebs", **wish, backupID="none"), "is not a volume backup of this region")


@pytest.mark.parametrize("order", ["012", "021", "102", "120", "201", "210"])
def test_deleted_in_any_order_the_rest_can_be_restored(api: Any, disk: str, vault: str, order: str) -> None:
    backups = [made(api, disk, vault, name, f"content of {name}") for name in ("one", "two", "three")]
    left = list(backups)
    for index in map(int, order):
        assert ended(api, api.ok(delete(api, backups[index]))["taskID"])["status"] == "success"
        left.remove(backups[index])
        for backup in left:
            assert ended(api, api.ok(restore(api, backup, disk))["taskID"])["status"] == "success"
            assert api.engines.volumes.contents[disk] == f"content of {('one', 'two', 'three')[backups.index(backup)]}"
    assert api.engines.volumes.copies == {}


def test_a_vault_that_holds_backups_stays(api: Any, disk: str, vault: str) -> None:
    backup = made(api, disk, vault, "one")
    refused(api.post("/v4/ebs-backup/repo/delete", regionID=REGION, repositoryID=vault), f"backup {backup}", "InUse")
    ended(api, api.ok(delete(api, backup))["taskID"])
    api.ok(api.post("/v4/ebs-backup/repo/delete", regionID=REGION, repositoryID=vault))
    assert api.ok(api.get("/v4/ebs-backup/repo/list-repos", regionID=REGION))["totalCount"] == 0


def test_a_backup_that_fails_says_why_and_leaves_no_copy(api: Any, disk: str, vault: str) -> None:
    api.engines.volumes.fail["copy_volume"] = "no room is left"
    answer = api.ok(create(api, disk, vault))
    task = ended(api, answer["taskID"])
    assert (task["status"], task["taskErrMsg"]) == ("failed", "no room is left")
    assert show(api, answer["backupID"])["backupStatus"] == "error"
    api.engines.volumes.fail.clear()
    assert show(api, made(api, disk, vault, "next"))["backupType"] == "full-backup"
    assert ended(api, api.ok(delete(api, answer["backupID"]))["taskID"])["status"] == "success"


def test_wrong_fields_come_all_at_once(api: Any, vault: str) -> None:
    answer = api.post("/v4/ebs-backup/repo/create", regionID=REGION, repositoryName="-", size=5)
    for text in ("repositoryName '-'", "size is 5", "cycleType is required", "cycleCount is required"):
        refused(answer, text)
    answer = api.post("/v4/ebs-backup/repo/create", regionID=REGION, repositoryName="vault", onDemand=True)
    refused(answer, f"already taken by {vault}")


def test_the_next_daemon_carries_backups_on(start: Callable[[], Any]) -> None:
    api = start()
    disk, vault = volume(api), new_vault(api)
    first = made(api, disk, vault, "one", "content")
    second = made(api, disk, vault, "two", "more")
    store = api.cloud.store
    half = replace(store.require(DISK_BACKUPS, second), id="half", status="creating", base=second)
    tasks = [
        api.cloud.volume_backups.begin("delete", store.require(DISK_BACKUPS, first), "deleting"),
        api.cloud.volume_backups.begin("create", half, "creating"),
    ]
    api = start()
    assert [ended(api, task.id)["status"] for task in tasks] == ["success", "success"]
    assert [show(api, backup)["backupType"] for backup in (second, "half")] == ["full-backup", "incremental-backup"]
    assert {task.status for task in api.cloud.store.find(DISK_TASKS)} == {"success"}


def test_tasks_that_were_over_long_ago_are_forgotten(start: Callable[[], Any]) -> None:
    api = start()
    disk, vault = volume(api), new_vault(api)
    for name in ("one", "two"):
        made(api, disk, vault, name)
    old, _ = api.cloud.store.find(DISK_TASKS)
    api.cloud.store.put(DISK_TASKS, replace(old, finished=time.time() - 8 * 24 * 3600))
    api = start()
    assert [task.backup_name for task in api.cloud.store.find(DISK_TASKS)] == ["two"]
