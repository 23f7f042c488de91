"""Server backups: what changes while work is under way, and what a daemon leaves that dies just before the end of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.backup_lab import REGION, BackupLab

from localcloud.records.backups import BACKUP_TASKS, BACKUPS
from localcloud.records.compute import DISKS, INSTANCES


@pytest.fixture
def lab(api: Any) -> BackupLab:
    return BackupLab(api)


def restored(lab: BackupLab, backup: str) -> None:
    lab.api.ok(lab.ask("POST", "backup-restore", instanceBackupID=backup))
    lab.settled(backup)
    lab.until(lab.status, lambda status: status == "running")


def restarted(lab: BackupLab, start: Callable[[], Any]) -> None:
    lab.api = start()
    lab.engine = lab.api.engines.backups
    lab.done()


def test_a_backup_keeps_the_name_that_it_is_given_while_it_is_made_restored_and_merged(lab: BackupLab) -> None:
    names: list[str] = []

    def rename() -> None:
        names.append(f"name-{len(names)}")
        for backup in lab.api.cloud.store.find(BACKUPS):
            lab.api.cloud.store.put(BACKUPS, replace(backup, name=names[-1]))

    lab.engine.on_call |= dict.fromkeys(("back_up", "restore", "merge"), rename)
    first = lab.backup()
    seen = [lab.details(first)["returnObj"]["instanceBackupName"]]
    restored(lab, first)
    seen.append(lab.details(first)["returnObj"]["instanceBackupName"])
    second = lab.backup()
    lab.api.ok(lab.ask("POST", "backup-delete", instanceBackupID=first))
    lab.settled(first)
    seen.append(lab.details(second)["returnObj"]["instanceBackupName"])
    assert seen == ["name-0", "name-1", "name-3"]


def test_a_disk_that_is_on_its_way_out_stops_a_restore(lab: BackupLab) -> None:
    backup, store = lab.backup(), lab.api.cloud.store
    store.put(DISKS, replace(store.require(DISKS, lab.disk()), status="detaching"))
    refusal = lab.ask("POST", "backup-restore", instanceBackupID=backup)
    assert (refusal["statusCode"], "is detaching; it must be in-use" in refusal["message"]) == (900, True)


def test_a_server_whose_restore_cannot_begin_is_free_again(lab: BackupLab, start: Callable[[], Any]) -> None:
    backup, store = lab.backup(), lab.api.cloud.store
    lab.api.cloud.backups.begin("restore", store.require(BACKUPS, backup), "RESTORING")  # and the task is not run yet
    store.put(INSTANCES, replace(store.require(INSTANCES, lab.server), status="rebuild"))
    store.put(DISKS, replace(store.require(DISKS, lab.disk()), instance_id="other"))
    restarted(lab, start)
    [task] = lab.tasks(taskType="restore")
    assert (task["taskStatus"], "was taken from server" in task["taskDetailDesc"]) == ("failed", True)
    assert (lab.status(), lab.details(backup)["returnObj"]["instanceBackupStatus"]) == ("running", "ACTIVE")


def test_a_chain_of_two_disks_survives_a_merge_that_fails_half_way(lab: BackupLab) -> None:
    more = lab.api.server(lab.vpc, lab.subnet, name="web-02", dataDiskList=[{"diskType": "SSD", "diskSize": 10}] * 2)
    lab.server = more
    first, second = (lab.backup(name, fullBackup=name == "first") for name in ("first", "second"))
    merges: list[str] = []

    def fail() -> None:
        merges.append("once")
        lab.engine.fail |= {"merge": "the disk is full"} if len(merges) == 2 else {}

    lab.engine.on_call["merge"] = fail
    lab.api.ok(lab.ask("POST", "backup-delete", instanceBackupID=first))
    assert lab.settled(first)["instanceBackupStatus"] == "ERROR"
    lab.engine.fail.clear()
    restored(lab, second)
    assert lab.tasks(taskType="restore")[0]["taskStatus"] == "successed"
    lab.api.ok(lab.ask("POST", "backup-delete", instanceBackupID=first))
    assert lab.settled(first) == {}
    assert len(lab.engine.copies) == 2


def test_what_a_policy_has_left_behind_can_be_deleted(lab: BackupLab) -> None:
    """Nothing is left of its failed backups, except where that cannot be removed."""
    made = lab.api.ok(lab.ask("POST", "backup-policy/create", policyName="nightly", cycleType="day", retentionType="all"))
    policy = {"policyID": made["policyID"]}
    lab.api.ok(lab.ask("POST", "backup-policy/bind-repo", **policy, repositoryID=lab.vault))
    lab.api.ok(lab.ask("POST", "backup-policy/bind-instances", **policy, instanceIDList=lab.server))
    lab.engine.fail |= {"back_up": "the disk is full", "remove": "Docker does not answer"}
    lab.api.ok(lab.ask("POST", "backup-policy/backup-instances", **policy))
    [task] = lab.done()
    assert "the disk is full; what there is of it cannot be removed: Docker does not answer" in task["taskDetailDesc"]
    [left] = lab.backups()
    assert left["instanceBackupStatus"] == "ERROR"
    del lab.engine.fail["remove"]
    lab.api.ok(lab.ask("POST", "backup-delete", instanceBackupID=left["instanceBackupID"]))
    assert lab.settled(left["instanceBackupID"]) == {}
    lab.api.ok(lab.ask("POST", "backup-policy/backup-instances", **policy))
    assert [task["taskStatus"] for task in lab.done()] == ["failed", "successed", "failed"] and lab.backups() == []


# -- a daemon that dies at the very end ------------------------------------------------------------------------------------
def test_a_finished_backup_is_not_made_again(lab: BackupLab, start: Callable[[], Any]) -> None:
    backup, store = lab.backup(text="then"), lab.api.cloud.store
    [task] = store.find(BACKUP_TASKS)
    store.put(BACKUP_TASKS, replace(task, status="in-progress"))
    lab.write("later")
    restarted(lab, start)
    assert [task["taskStatus"] for task in lab.tasks()] == ["successed"]
    assert lab.engine.systems[backup] == "then" and len(lab.engine.calls("back_up")) == 1


@pytest.mark.parametrize("stored", [True, False])
def test_what_a_restored_server_has_written_stays(lab: BackupLab, start: Callable[[], Any], stored: bool) -> None:
    """Killed after the server was restored: before (or after) the backup's record said so."""
    backup, store = lab.backup(text="then"), lab.api.cloud.store
    restored(lab, backup)
    [task] = [task for task in store.find(BACKUP_TASKS) if task.kind == "restore"]
    store.put(BACKUP_TASKS, replace(task, status="in-progress"))
    if not stored:
        store.put(BACKUPS, replace(store.require(BACKUPS, backup), status="RESTORING"))
    lab.write("since")
    restarted(lab, start)
    assert lab.read() == ("since", "since")
    assert lab.settled(backup)["instanceBackupStatus"] == "ACTIVE" and lab.status() == "running"


def test_a_server_that_is_off_is_restored_again_and_nobody_switches_it_on_meanwhile(lab: BackupLab) -> None:
    backup, store = lab.backup(text="then"), lab.api.cloud.store
    lab.api.job_done(lab.api.ok(lab.api.post("/v4/ecs/stop-instance", regionID=REGION, instanceID=lab.server))["jobID"])
    task = lab.api.cloud.backups.begin("restore", store.require(BACKUPS, backup), "RESTORING")
    statuses: list[str] = []
    lab.engine.on_call["restore"] = lambda: statuses.append(store.require(INSTANCES, lab.server).status)
    lab.write("lost")
    lab.api.http.wait(lab.api.cloud.backups.run(task.id))
    assert (statuses, lab.read(), lab.status()) == (["rebuild"], ("then", "then"), "stopped")
