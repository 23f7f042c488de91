"""Things deleted too early, twice, or while they are being made: each is refused with what stands in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.backup_lab import REGION, BackupLab, Json
from support.waiting import wait_until

from localcloud.records.backups import BACKUPS
from localcloud.records.store import Store
from localcloud.records.volumes import DISK_BACKUPS

ZONE = "cn-huadong1-jsnj1A-public-ctcloud"
DISK = {"regionID": REGION, "azName": ZONE, "diskMode": "VBD", "diskType": "SATA", "diskSize": 20}


@pytest.fixture
def lab(api: Any) -> BackupLab:
    return BackupLab(api)


def stand_still(api: Any) -> None:
    """From now on nothing that is ordered is carried out: it is as long under way as the test likes."""
    dead = type("Dead", (), {"spawn": lambda self, coroutine, what: coroutine.close(), "cancel": api.cloud.tasks.cancel})
    api.cloud.tasks = dead()


def refused(answer: Json, code: str, *texts: str) -> None:
    assert (answer["statusCode"], answer["errorCode"]) == (900, code), answer
    for text in texts:
        assert text in answer["message"], answer


def release(lab: BackupLab, server: str) -> Json:
    return dict(lab.api.post("/v4/ecs/unsubscribe-instance", regionID=REGION, instanceID=server))


def image_of(lab: BackupLab) -> str:
    made = lab.api.ok(lab.api.post("/v4/image/create-from-ecs", regionID=REGION, imageName="web", instanceID=lab.server))
    return str(made["images"][0]["imageID"])


def finished_image(lab: BackupLab, image: str) -> None:
    detail = lab.api.ok(lab.api.get("/v4/image/detail", regionID=REGION, imageID=image))
    lab.api.job_done(detail["images"][0]["taskID"])


def drop_image(lab: BackupLab, image: str) -> Json:
    return dict(lab.api.post("/v4/image/delete", regionID=REGION, imageID=image))


def volume(api: Any, **more: Any) -> str:
    placed = api.placed(api.post("/v4/ebs/new-ebs", **DISK | {"diskName": "data"} | more))
    return str(api.finished(placed["masterOrderID"])["instanceIDList"][0])


def disk_vault(api: Any) -> str:
    wish = {"regionID": REGION, "repositoryName": "disks", "cycleType": "MONTH", "cycleCount": 1}
    return str(api.ok(api.post("/v4/ebs-backup/repo/create", **wish))["repositoryID"])


def back_up_disk(api: Any, disk: str, vault: str) -> Json:
    wish = {"regionID": REGION, "diskID": disk, "repositoryID": vault, "backupName": "one"}
    return dict(api.post("/v4/ebs-backup/create-backup", **wish))


def finished(store: Store, backup: str) -> None:
    wait_until(lambda: store.require(DISK_BACKUPS, backup).status == "available", 10, f"backup {backup}")


def drop_disk_backup(api: Any, backup: str) -> Json:
    return dict(api.post("/v4/ebs-backup/delete", regionID=REGION, backupID=backup))


def test_an_image_that_a_server_is_being_made_from_stays(lab: BackupLab) -> None:
    image = image_of(lab)
    finished_image(lab, image)
    stand_still(lab.api)
    wish = lab.api.wish(lab.vpc, lab.subnet, "copy", imageType=0, imageID=image)
    lab.api.ok(lab.api.post("/v4/ecs/create-instance", **wish))
    refused(drop_image(lab, image), "Image.Image.InUse", "the creation of instance")


def test_a_backup_that_a_server_is_being_made_from_stays(lab: BackupLab) -> None:
    backup = lab.backup()
    stand_still(lab.api)
    wish = lab.api.wish(lab.vpc, lab.subnet, "copy")
    for name in ("imageType", "imageID", "bootDiskType", "bootDiskSize"):
        wish.pop(name)
    lab.api.ok(lab.api.post("/v4/ecs/backup/create-instance", **wish, instanceBackupID=backup))
    refused(lab.ask("POST", "backup-delete", instanceBackupID=backup), "EcsBackup.Backup.InUse", "the creation of instance")


def test_a_snapshot_that_a_disk_is_being_made_from_stays(api: Any) -> None:
    disk = volume(api)
    wish = {"regionID": REGION, "diskID": disk, "snapshotName": "before-update", "retentionPolicy": "forever"}
    placed = api.placed(api.post("/v4/ebs_snapshot/create-ebs-snap", **wish))
    api.finished(placed["masterOrderID"])
    snapshot = placed["resources"][0]["snapshotID"]
    stand_still(api)
    copy = {"regionID": REGION, "snapshotID": snapshot, "diskMode": "VBD", "diskName": "copy", "diskSize": 20}
    api.placed(api.post("/v4/ebs/new-from-snapshot-ebs-snap", **copy))
    everything = {"regionID": REGION, "diskID": disk, "snapshotIDs": [], "refundOrder": True}
    refused(api.post("/v4/ebs_snapshot/delete-ebs-snap", **everything), "ebs.snapshotInfo.inUse", "the creation of disk")
    with_it = {"regionID": REGION, "diskID": disk, "deleteSnapWithEbs": True}
    refused(api.post("/v4/ebs/refund-ebs", **with_it), "ebs.snapshotInfo.inUse", "the creation of disk")
    one = api.ok(api.post("/v4/ebs_snapshot/delete-ebs-snap", **everything | {"snapshotIDs": [snapshot], "refundOrder": False}))
    assert one["notAllowedList"] == [snapshot]


def test_volume_backups_that_a_disk_is_being_made_from_stay(api: Any) -> None:
    """The one that it begins as, and the one that this needs."""
    disk, vault = volume(api), disk_vault(api)
    backups = []
    for _ in range(2):
        backups.append(str(api.ok(back_up_disk(api, disk, vault))["backupID"]))
        finished(api.cloud.store, backups[-1])
    stand_still(api)
    api.placed(api.post("/v4/ebs/new-ebs", **DISK | {"diskName": "copy", "backupID": backups[1]}))
    for backup in backups:
        refused(drop_disk_backup(api, backup), "EbsBackup.BackupInfo.InUse", "the creation of disk")


def test_a_full_vault_takes_no_more(lab: BackupLab) -> None:
    backup = lab.backup()
    store = lab.api.cloud.store
    store.put(BACKUPS, replace(store.require(BACKUPS, backup), used=100 * 10**9))
    refused(lab.create("two"), "EcsBackup.Repository.Full", "vault", "100 GB")
    lab.api.ok(lab.ask("POST", "backup-delete", instanceBackupID=backup))
    assert lab.settled(backup) == {}
    lab.backup("two")


def test_a_full_vault_of_disks_takes_no_more(api: Any) -> None:
    disk, vault = volume(api), disk_vault(api)
    backup, store = str(api.ok(back_up_disk(api, disk, vault))["backupID"]), api.cloud.store
    finished(store, backup)
    store.put(DISK_BACKUPS, replace(store.require(DISK_BACKUPS, backup), used=100 * 10**9))
    refused(back_up_disk(api, disk, vault), "EbsBackup.RepoInfo.Full", "disks", "100 GB")


def test_what_is_being_made_is_not_deleted(lab: BackupLab) -> None:
    disk, vault = volume(lab.api), disk_vault(lab.api)
    stand_still(lab.api)
    placed = lab.api.placed(lab.api.post("/v4/ebs/new-ebs", **DISK | {"diskName": "second"}))
    refused(
        lab.api.post("/v4/ebs/refund-ebs", regionID=REGION, diskID=placed["resources"][0]["diskID"]), "ebs.ebsInfo.statusBusy"
    )
    disk_backup = lab.api.ok(back_up_disk(lab.api, disk, vault))["backupID"]
    refused(drop_disk_backup(lab.api, disk_backup), "EbsBackup.BackupInfo.StatusBusy")
    drop_vault = lab.api.post("/v4/ebs-backup/repo/delete", regionID=REGION, repositoryID=vault)
    refused(drop_vault, "EbsBackup.RepoInfo.InUse", disk_backup)
    refused(drop_image(lab, image_of(lab)), "Image.Image.StatusBusy", "queued")
    backup = lab.api.ok(lab.create())["results"]["instanceBackupID"]
    refused(lab.ask("POST", "backup-delete", instanceBackupID=backup), "EcsBackup.Backup.StatusBusy", "CREATING")
    refused(lab.ask("POST", "backup-repo/delete", repositoryID=lab.vault), "EcsBackup.Repository.InUse", backup)
    lab.api.ok(lab.api.post("/v4/ecs/create-instance", **lab.api.wish(lab.vpc, lab.subnet, "second")))
    [making] = [found["instanceID"] for found in servers(lab) if found["instanceName"] == "second"]
    refused(release(lab, making), "Ecs.Instance.Busy", "creating")


def servers(lab: BackupLab) -> list[Json]:
    return list(lab.api.ok(lab.api.post("/v4/ecs/list-instances", regionID=REGION))["results"])


def test_what_is_being_deleted_is_not_deleted_again(lab: BackupLab) -> None:
    backup, image, disk = lab.backup(), image_of(lab), volume(lab.api)
    finished_image(lab, image)
    vault = disk_vault(lab.api)
    disk_backup = str(lab.api.ok(back_up_disk(lab.api, disk, vault))["backupID"])
    finished(lab.api.cloud.store, disk_backup)
    stand_still(lab.api)
    deletions: list[tuple[Callable[[], Json], str]] = [
        (lambda: lab.ask("POST", "backup-delete", instanceBackupID=backup), "EcsBackup.Backup.StatusBusy"),
        (lambda: drop_image(lab, image), "Image.Image.StatusBusy"),
        (lambda: drop_disk_backup(lab.api, disk_backup), "EbsBackup.BackupInfo.StatusBusy"),
        (lambda: dict(lab.api.post("/v4/ebs/refund-ebs", regionID=REGION, diskID=disk)), "ebs.ebsInfo.statusBusy"),
        (lambda: release(lab, lab.server), "Ecs.Instance.Busy"),
    ]
    for delete, code in deletions:
        lab.api.ok(delete())
        refused(delete(), code)
