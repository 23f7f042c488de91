"""Server backups over the API: vaults, full and incremental backups, back in place and as new servers, tasks, a killed daemon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from support.backup_lab import REGION, BackupLab, Json

from localcloud.engines.interface.engines import Power
from localcloud.records.backups import BACKUPS
from localcloud.records.compute import DISKS, INSTANCES


@pytest.fixture
def lab(api: Any) -> BackupLab:
    return BackupLab(api)


def test_a_vault_holds_what_was_backed_up_and_is_not_deleted_meanwhile(lab: BackupLab) -> None:
    backup = lab.backup()
    [shown] = lab.api.ok(lab.ask("GET", "backup-repo/list", repositoryID=lab.vault))["results"]
    assert (shown["status"], shown["size"], shown["usedSize"], shown["backupList"]) == ("active", 100, 1100, [backup])
    refusal = lab.ask("POST", "backup-repo/delete", repositoryID=lab.vault)
    assert (refusal["statusCode"], backup in refusal["message"]) == (900, True)
    lab.api.ok(lab.ask("POST", "backup-delete", instanceBackupID=backup))
    assert lab.settled(backup) == {}
    order = lab.api.ok(lab.ask("POST", "backup-repo/delete", repositoryID=lab.vault))["masterOrderID"]
    assert lab.api.finished(order)["orderStatus"] == "3"
    assert lab.api.ok(lab.ask("GET", "backup-repo/list"))["results"] == []


def test_a_vault_grows_and_is_renewed_with_what_it_holds(lab: BackupLab) -> None:
    def shown() -> Json:
        [vault] = lab.api.ok(lab.ask("GET", "backup-repo/list", repositoryID=lab.vault))["results"]
        return dict(vault)

    backup, before = lab.backup(), shown()
    wish = {"repositoryID": lab.vault, "clientToken": "twice"}
    for _ in range(2):
        order = lab.api.ok(lab.ask("POST", "backup-repo/renew", cycleType="MONTH", cycleCount=2, **wish))["masterOrderID"]
    assert lab.api.finished(order)["orderStatus"] == "3"
    assert date(shown()) - date(before) == timedelta(days=60), "the same token is the same order"
    lab.api.ok(lab.ask("POST", "backup-repo/upgrade", repositoryID=lab.vault, size=300))
    assert (shown()["size"], shown()["backupList"]) == (300, [backup])
    assert "can only grow" in lab.ask("POST", "backup-repo/upgrade", repositoryID=lab.vault, size=300)["message"]
    lab.api.local("POST", "/clock", {"advanceSeconds": 400 * 86400})
    lab.api.ok(lab.ask("POST", "backup-repo/renew", repositoryID=lab.vault, cycleType="YEAR", cycleCount=1))
    assert date(shown()) - date(before) > timedelta(days=400 + 300), "from now on, as its end has passed"


def date(vault: Json) -> datetime:
    return datetime.fromisoformat(vault["expiredAt"])


def test_the_first_backup_is_full_and_the_next_hold_what_changed(lab: BackupLab) -> None:
    first, second, third = lab.backup("first"), lab.backup("second"), lab.backup("third", fullBackup=True)
    fourth = lab.backup("fourth")
    shown = {backup["instanceBackupID"]: backup for backup in lab.backups()}
    assert [shown[id_]["backupType"] for id_ in (first, second, third, fourth)] == ["FULL", "INCREMENT", "FULL", "INCREMENT"]
    assert [shown[id_]["usedSize"] for id_ in (first, second)] == [1100, 1010]
    assert (shown[first]["diskCount"], shown[first]["diskTotalSize"], shown[first]["instanceName"]) == (2, 50, "web-01")
    bases = [call[3] for call in lab.engine.calls("back_up")]
    assert [[base.removesuffix(f"-{lab.disk()}") for base in of_one] for of_one in bases] == [[""], [first], [""], [third]]


def test_a_backup_in_another_vault_is_full(lab: BackupLab) -> None:
    lab.backup()
    lab.vault = lab.make_vault("other")
    assert lab.details(lab.backup("elsewhere"))["returnObj"]["backupType"] == "FULL"


def test_back_in_place_the_server_stays_the_same(lab: BackupLab) -> None:
    before = lab.api.ok(lab.api.details(lab.server))
    old = lab.backup("old", "old")
    lab.backup("new", "new")
    lab.write("lost")
    assert lab.api.ok(lab.ask("POST", "backup-restore", instanceBackupID=old)) == {"instanceBackupID": old}
    assert lab.settled(old)["restoreFinishedTime"]
    assert lab.read() == ("old", "old")
    after = lab.api.ok(lab.api.details(lab.server))
    same = ("instanceID", "instanceName", "privateIP", "attachedVolume", "instanceStatus", "networkCardList")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert [call[0] for call in lab.api.engines.journal if call[0] in ("shut_down", "boot_servers")][-2:] == [
        "shut_down",
        "boot_servers",
    ]
    assert [task["taskStatus"] for task in lab.tasks(taskType="restore")] == ["successed"]


def test_an_incremental_backup_is_restored_with_what_it_needs(lab: BackupLab) -> None:
    lab.backup("one", "one")
    two = lab.backup("two", "two")
    lab.write("lost")
    lab.api.ok(lab.ask("POST", "backup-restore", instanceBackupID=two))
    lab.settled(two)
    assert lab.read() == ("two", "two")


def test_a_stopped_server_stays_off_when_it_is_restored(lab: BackupLab) -> None:
    backup = lab.backup(text="then")
    lab.api.job_done(lab.api.ok(lab.api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=lab.server))["jobID"])
    lab.api.ok(lab.ask("POST", "backup-restore", instanceBackupID=backup))
    lab.settled(backup)
    lab.until(lab.status, lambda status: status == "stopped")
    assert lab.api.engines.power[lab.server] is Power.STOPPED


def test_a_server_that_loses_its_power_while_it_is_restored_stays_off(lab: BackupLab) -> None:
    backup = lab.backup(text="then")
    lab.write("lost")
    store = lab.api.cloud.store

    def cut() -> None:  # what a power fault stores before it lands
        store.put(INSTANCES, replace(store.require(INSTANCES, lab.server), desired="off"))

    lab.engine.on_call["restore"] = cut
    lab.api.ok(lab.ask("POST", "backup-restore", instanceBackupID=backup))
    assert lab.settled(backup)["restoreFinishedTime"]
    lab.until(lab.status, lambda status: status == "stopped")
    assert lab.read() == ("then", "then") and lab.api.engines.power[lab.server] is Power.STOPPED


def test_nothing_else_is_done_to_a_server_that_is_being_restored(lab: BackupLab) -> None:
    backup = lab.backup()
    answers: list[Json] = []
    with lab.api.cloud.store.transaction():
        lab.api.cloud.store.put(INSTANCES, replace(lab.api.cloud.store.require(INSTANCES, lab.server), status="rebuild"))
    answers.append(lab.api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=lab.server))
    answers.append(lab.create("meanwhile"))
    answers.append(lab.ask("POST", "backup-restore", instanceBackupID=backup))
    assert [answer["statusCode"] for answer in answers] == [900] * 3
    lab.api.engines.power.pop(lab.server)  # its container is replaced: nobody takes it for gone
    assert lab.status() == "rebuild"


def new_server(lab: BackupLab, backup_id: str, **more: Any) -> Json:
    wish = lab.api.wish(lab.vpc, lab.subnet, "copy", **more)
    for name in ("imageType", "imageID", "bootDiskType", "bootDiskSize", "azName"):
        wish.pop(name)
    return dict(lab.api.post("/v4/ecs/backup/create-instance", **wish, instanceBackupID=backup_id))


def test_a_new_server_from_a_backup_whose_source_is_gone(lab: BackupLab) -> None:
    lab.backup("one", "one")
    two = lab.backup("two", "two")
    release = lab.api.ok(lab.api.post("/v4/ecs/unsubscribe-instance", regionID=REGION, instanceID=lab.server))["masterOrderID"]
    lab.api.finished(release)
    order = lab.api.finished(lab.api.ok(new_server(lab, two))["masterOrderID"])
    assert order["orderStatus"] == "3"
    [copy] = order["instanceIDList"]
    assert lab.engine.content[lab.disk(copy)] == "two"
    spec = lab.api.engines.specs[copy]
    assert spec.image == f"drlab-t-image:{two}" and [disk.size_gib for disk in spec.disks] == [10]
    refusal = lab.ask("POST", "backup-restore", instanceBackupID=two)
    assert (refusal["statusCode"], refusal["errorCode"]) == (900, "Ecs.Instance.NotFound")


def test_a_new_server_that_cannot_be_made_leaves_nothing(lab: BackupLab) -> None:
    backup = lab.backup()
    lab.engine.fail["unpack"] = "the disk is full"
    order = lab.api.finished(lab.api.ok(new_server(lab, backup))["masterOrderID"])
    assert order["orderStatus"] == "5"
    assert [server.id for server in lab.api.cloud.store.find(INSTANCES)] == [lab.server]


def test_an_order_for_a_new_server_that_a_daemon_died_over_is_carried_on(lab: BackupLab, start: Callable[[], Any]) -> None:
    backup = lab.backup(text="then")
    dead = type("Dead", (), {"spawn": lambda self, coroutine, what: coroutine.close(), "cancel": lab.api.cloud.tasks.cancel})
    lab.api.cloud.tasks = dead()
    order = lab.api.ok(new_server(lab, backup))["masterOrderID"]
    lab.api = start()
    lab.engine = lab.api.engines.backups
    [copy] = lab.api.finished(order)["instanceIDList"]
    assert lab.engine.content[lab.disk(copy)] == "then" and len(lab.engine.calls("unpack")) == 1


def test_what_is_deleted_from_the_middle_of_a_chain_lives_on_in_the_next(lab: BackupLab) -> None:
    one, two, three = (lab.backup(name, name) for name in ("one", "two", "three"))
    lab.api.ok(lab.ask("POST", "backup-delete", instanceBackupID=two))
    assert lab.settled(two) == {}
    lab.api.ok(lab.ask("POST", "backup-delete", instanceBackupID=one))
    assert lab.settled(one) == {}
    [left] = lab.backups()
    assert (left["instanceBackupID"], left["backupType"], left["usedSize"]) == (three, "FULL", 1100)
    lab.api.ok(lab.ask("POST", "backup-restore", instanceBackupID=three))
    lab.settled(three)
    assert lab.read() == ("three", "three")
    assert len(lab.engine.copies) == 1 and [task["taskStatus"] for task in lab.tasks(taskType="delete")] == ["successed"] * 2


def test_a_disk_that_has_grown_is_copied_whole_and_comes_back_as_small_as_it_was(lab: BackupLab) -> None:
    first = lab.backup()
    store = lab.api.cloud.store
    store.put(DISKS, replace(store.require(DISKS, lab.disk()), size=20))
    lab.backup("grown")
    assert [call[3] for call in lab.engine.calls("back_up")] == [[""], [""]]
    lab.api.ok(lab.ask("POST", "backup-restore", instanceBackupID=first))
    lab.settled(first)
    assert store.require(DISKS, lab.disk()).size == 10


def test_a_backup_that_failed_says_why_and_can_be_deleted(lab: BackupLab) -> None:
    lab.engine.fail["back_up"] = "no room left in the state folder"
    backup = lab.api.ok(lab.create())["results"]["instanceBackupID"]
    assert lab.settled(backup)["instanceBackupStatus"] == "ERROR"
    [task] = lab.done()
    assert (task["taskStatus"], "no room left" in task["taskDetailDesc"]) == ("failed", True)
    assert lab.engine.calls("remove") == [("remove", backup)]
    del lab.engine.fail["back_up"]
    assert lab.details(lab.backup("again"))["returnObj"]["backupType"] == "FULL"  # a failed one is no base
    lab.api.ok(lab.ask("POST", "backup-delete", instanceBackupID=backup))
    assert lab.settled(backup) == {}


def test_a_restore_that_failed_half_way_can_be_repeated(lab: BackupLab) -> None:
    backup = lab.backup(text="then")
    lab.engine.fail["restore"] = "Docker does not answer"
    lab.engine.on_call["restore"] = lambda: lab.api.engines.power.pop(lab.server)  # its container is gone already
    lab.api.ok(lab.ask("POST", "backup-restore", instanceBackupID=backup))
    assert lab.settled(backup)["instanceBackupStatus"] == "ACTIVE"
    lab.until(lab.status, lambda status: status == "error")  # not gone: it can be restored
    lab.engine.fail.clear()
    lab.engine.on_call.clear()
    lab.api.ok(lab.ask("POST", "backup-restore", instanceBackupID=backup))
    lab.until(lab.status, lambda status: status == "running")
    assert [task["taskStatus"] for task in lab.tasks(taskType="restore")] == ["successed", "failed"]


@pytest.mark.parametrize("kind", ["create", "restore", "delete"])
def test_a_task_that_a_daemon_died_over_is_carried_on(lab: BackupLab, start: Callable[[], Any], kind: str) -> None:
    first = lab.backup("first", "first")
    second = lab.backup("second", "second") if kind == "delete" else ""
    step = {"create": "back_up", "restore": "restore", "delete": "merge"}[kind]

    with lab.api.cloud.store.transaction():  # what the handler stores, without the task being run
        backups, backup = lab.api.cloud.backups, lab.api.cloud.store.require(BACKUPS, first)
        status = {"create": "CREATING", "restore": "RESTORING", "delete": "DELETING"}[kind]
        backups.begin(kind, backup, status)
        if kind == "restore":
            store = lab.api.cloud.store
            store.put(INSTANCES, replace(store.require(INSTANCES, lab.server), status="rebuild"))
    lab.api = start()
    lab.engine = lab.api.engines.backups
    lab.done()
    assert lab.engine.calls(step)
    if kind == "delete":
        assert [backup["instanceBackupID"] for backup in lab.backups()] == [second]
    else:
        assert lab.settled(first)["instanceBackupStatus"] == "ACTIVE"
        lab.until(lab.status, lambda status: status == "running")


@pytest.mark.parametrize(
    ("path", "fields", "says"),
    [
        ("backup-repo/create", {"repositoryName": " v", "cycleCount": 0, "cycleType": "day", "size": 1},
         ["repositoryName", "cycleCount", "cycleType", "size"]),
        ("backup-repo/create", {"repositoryName": "vault", "cycleCount": 1, "cycleType": "MONTH"}, ["already taken"]),
        ("backup-repo/create", {"repositoryName": "v2", "cycleCount": 1, "cycleType": "MONTH", "labels": [{"key": "a"}] * 2},
         ["'a' is given twice"]),
        ("backup-repo/create", {"repositoryName": "v2", "cycleCount": 1, "cycleType": "YEAR", "autoScaling": True}, ["Scaling"]),
        ("backup/create", {"instanceID": "i", "instanceBackupName": "b", "repositoryID": "no"}, ["instanceBackupName"]),
        ("backup/create", {"instanceID": "i", "instanceBackupName": "b1", "repositoryID": "no"}, ["vault no does not exist"]),
        ("backup-delete", {"instanceBackupID": "no"}, ["backup no does not exist"]),
        ("backup-restore", {}, ["instanceBackupID is required"]),
        ("backup-task/list", {"taskType": "steal"}, ["taskType"]),
    ],
)  # fmt: skip
def test_bad_input(lab: BackupLab, path: str, fields: Json, says: list[str]) -> None:
    answer = lab.ask("POST", path, **fields)
    assert answer["statusCode"] == 900 and all(word in answer["message"] for word in says), answer


def test_a_new_server_needs_a_backup_and_all_that_any_server_needs(lab: BackupLab) -> None:
    answer = new_server(lab, "no-such-backup", vpcID="no-such-vpc")
    assert answer["statusCode"] == 900
    assert "no-such-backup" in answer["message"] and "no-such-vpc" in answer["message"]


def test_a_disk_that_was_taken_away_cannot_be_restored_in_place(lab: BackupLab) -> None:
    backup = lab.backup()
    lab.api.cloud.store.delete(DISKS, lab.disk())
    answer = lab.ask("POST", "backup-restore", instanceBackupID=backup)
    assert answer["statusCode"] == 900 and "make a new server" in answer["message"]
    assert lab.status() == "running"


def test_a_server_in_a_zone_without_power_is_neither_backed_up_nor_restored(lab: BackupLab) -> None:
    backup = lab.backup()
    lab.api.local("POST", "/faults", {"kind": "power-off", "target": f"server:{lab.server}"}, status=201)
    for answer in (lab.create("dark"), lab.ask("POST", "backup-restore", instanceBackupID=backup)):
        assert answer["statusCode"] == 900 and "no power" in answer["message"]
