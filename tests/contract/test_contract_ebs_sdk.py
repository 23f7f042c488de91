"""The official SDKs of volumes and their backups as clients: what they send is understood, what they get has its types."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from contract.official_sdk import ask, config
from contract.typed_answers import mistyped
from ctyunsdk_ebs20220909 import models as ebs  # type: ignore[import-untyped]
from ctyunsdk_ebs20220909.ebs_client import EbsClient  # type: ignore[import-untyped]
from ctyunsdk_ebsbackup20220909 import models as vbs  # type: ignore[import-untyped]
from ctyunsdk_ebsbackup20220909.ebsbackup_client import EbsbackupClient  # type: ignore[import-untyped]
from support.waiting import until

from ctyun import Client, CloudRecord

SECONDS = 120.0
GONE = "ebs.ebsInfo.notExists"


class Sdk:
    """Both clients on one endpoint."""

    def __init__(self, record: CloudRecord) -> None:
        self.ebs, self.vbs = EbsClient(config(record)), EbsbackupClient(config(record))

    ask = staticmethod(ask)

    def order(self, call: Callable[[Any], Any], request: Any) -> Any:
        """The order that was taken, which is open or, if it was quick, done."""
        answer = call(request)
        assert answer.statusCode == 800 or answer.errorCode == "ebs.order.inProgress", answer
        assert mistyped(answer) == []
        return answer.returnObj

    def disk(self, disk_id: str) -> Any:
        return self.ask(self.ebs.v4_ebs_info_ebs, ebs.V4EbsInfoEbsRequest(disk_id))


@pytest.fixture
def sdk(record: CloudRecord, no_proxy: None) -> Sdk:
    return Sdk(record)


@pytest.fixture
def disk(sdk: Sdk, client: Client, run: Any, region: str, make: Any, site: Any) -> str:
    """A volume that can be used."""
    labels = [ebs.V4EbsNewEbsRequestLabels("course", "灾备")]
    wish = ebs.V4EbsNewEbsRequest(
        region, "VBD", "SATA", make.name("sdk"), 10, str(uuid.uuid4()), azName=site.zone_name, labels=labels
    )
    placed = sdk.order(sdk.ebs.v4_ebs_new_ebs, wish)
    [resource] = placed.resources
    made = str(resource.diskID)
    make.remove_later(lambda: client.volumes.delete(region, made, with_snapshots=True))
    run(client.orders.wait(placed.masterOrderID, what="the volume", timeout=SECONDS))
    assert sdk.ask(sdk.ebs.v4_ebs_new_ebs, wish).masterResourceStatus == "started"
    return made


def test_the_life_of_a_volume(sdk: Sdk, client: Client, run: Any, region: str, disk: str, make: Any, site: Any) -> None:
    shown = sdk.disk(disk)
    assert (shown.diskStatus, shown.diskSize, shown.isPackaged, shown.labels[0].value) == ("available", 10, False, "灾备")
    [listed] = sdk.ask(
        sdk.ebs.v4_ebs_list_ebs, ebs.V4EbsListEbsRequest(region, diskStatus="available", queryContent=disk)
    ).diskList
    assert listed.diskID == disk
    sdk.ask(sdk.ebs.v4_ebs_set_delete_policy_ebs, ebs.V4EbsSetDeletePolicyEbsRequest(region, disk, True))
    assert sdk.disk(disk).deleteSnapWithEbs == "true"
    sdk.ask(sdk.ebs.v4_ebs_update_attr_ebs, ebs.V4EbsUpdateAttrEbsRequest(disk, "renamed", regionID=region))
    order = sdk.ask(sdk.ebs.v4_ebs_resize_ebs, ebs.V4EbsResizeEbsRequest(20, disk, region, str(uuid.uuid4()))).masterOrderID
    run(client.orders.wait_for_removal(order, what="the larger volume", timeout=SECONDS))
    assert (sdk.disk(disk).diskName, sdk.disk(disk).diskSize) == ("renamed", 20)
    named = sdk.ask(sdk.ebs.v4_ebs_info_by_name_ebs, ebs.V4EbsInfoByNameEbsRequest(region, "renamed"))
    older = sdk.ask(sdk.ebs.v4_ebs_list_by_name_ebs, ebs.V4EbsListByNameEbsRequest(region, "renamed")).diskList
    assert [named.diskID, *(item.diskID for item in older)] == [disk, disk]

    server = make.server(site.wish(make.name("sdk")))
    moved = sdk.ask(sdk.ebs.v4_ebs_attach_ebs, ebs.V4EbsAttachEbsRequest(disk, server.id, region))
    run(client.jobs.wait(region, moved.diskRequestID, what="attachment", timeout=SECONDS))
    [attachment] = sdk.disk(disk).attachments
    assert (attachment.instanceID, attachment.device, sdk.disk(disk).instanceStatus) == (server.id, "/dev/vdb", "running")
    refused = sdk.ebs.v4_ebs_refund_ebs(ebs.V4EbsRefundEbsRequest(disk, regionID=region))
    assert (refused.statusCode, refused.errorCode) == (900, "ebs.ebsInfo.inUse") and server.id in refused.message
    moved = sdk.ask(sdk.ebs.v4_ebs_detach_ebs, ebs.V4EbsDetachEbsRequest(disk, regionID=region))
    run(client.jobs.wait(region, moved.diskRequestID, what="detachment", timeout=SECONDS))
    sdk.ask(sdk.ebs.v4_ebs_refund_ebs, ebs.V4EbsRefundEbsRequest(disk, str(uuid.uuid4()), region))
    looked = ebs.V4EbsInfoEbsRequest(disk)
    until(lambda: sdk.ebs.v4_ebs_info_ebs(looked).errorCode == GONE, SECONDS, "the volume to be gone")


def test_snapshots_and_their_policies(sdk: Sdk, client: Client, run: Any, region: str, disk: str, make: Any, site: Any) -> None:
    wish = ebs.V4EbsSnapshotCreateEbsSnapRequest(region, "first", disk, "custom", retentionTime=3)
    first = sdk.order(sdk.ebs.v4_ebs_snapshot_create_ebs_snap, wish)
    run(client.orders.wait(first.masterOrderID, what="the snapshot", timeout=SECONDS))
    later = ebs.V4EbsSnapshotCreateEbsSnapRequest(region, "second", disk, "forever")
    job = sdk.ask(sdk.ebs.v4_ebs_snapshot_create_ebs_snap, later).snapshotJobID
    run(client.jobs.wait(region, job, what="the snapshot", timeout=SECONDS))
    listed = sdk.ask(sdk.ebs.v4_ebs_snapshot_list_ebs_snap, ebs.V4EbsSnapshotListEbsSnapRequest(region, diskID=disk))
    assert [(it.snapshotName, it.snapshotStatus, it.retentionPolicy) for it in listed.snapshotList] == [
        ("second", "available", "forever"), ("first", "available", "custom"),
    ]  # fmt: skip
    size = sdk.ask(sdk.ebs.v4_ebs_snapshot_query_size_ebs_snap, ebs.V4EbsSnapshotQuerySizeEbsSnapRequest(region))
    assert size.snapshotTotalCount == 2
    snapshot = first.resources[0].snapshotID
    back = ebs.V4EbsSnapshotRollbackEbsSnapRequest(snapshot, disk, region, site.zone_name)
    job = sdk.ask(sdk.ebs.v4_ebs_snapshot_rollback_ebs_snap, back).snapshotJobID
    run(client.jobs.wait(region, job, what="the way back", timeout=SECONDS))
    wish = ebs.V4EbsNewFromSnapshotEbsSnapRequest(snapshot, region, "VBD", make.name("copy"), 12, str(uuid.uuid4()))
    placed = sdk.order(sdk.ebs.v4_ebs_new_from_snapshot_ebs_snap, wish)
    copy = str(placed.resources[0].diskID)
    make.remove_later(lambda: client.volumes.delete(region, copy))
    run(client.orders.wait(placed.masterOrderID, what="the volume", timeout=SECONDS))
    assert (sdk.disk(copy).diskStatus, sdk.disk(copy).diskSize) == ("available", 12)
    deletion = sdk.ask(
        sdk.ebs.v4_ebs_snapshot_delete_ebs_snap, ebs.V4EbsSnapshotDeleteEbsSnapRequest(region, [snapshot, "none"], disk)
    )
    assert (deletion.notFoundList, deletion.notAllowedList) == (["none"], [])
    run(client.jobs.wait(region, deletion.snapshotJobID, what="the removal", timeout=SECONDS))

    wish = ebs.V4EbsSnapshotCreatePolicyEbsSnapRequest(region, "nightly", "0,6", "2", -1)
    policy = sdk.ask(sdk.ebs.v4_ebs_snapshot_create_policy_ebs_snap, wish).snapshotPolicyID
    make.remove_later(lambda: client.snapshot_policies.delete(region, policy))
    sdk.ask(sdk.ebs.v4_ebs_snapshot_apply_policy_ebs_snap, ebs.V4EbsSnapshotApplyPolicyEbsSnapRequest(region, policy, disk))
    assert sdk.disk(disk).snapshotPolicyID == policy
    off = ebs.V4EbsSnapshotModifyPolicyStatusEbsSnapRequest(region, policy, "nonactivated")
    assert sdk.ask(sdk.ebs.v4_ebs_snapshot_modify_policy_status_ebs_snap, off).snapshotPolicyJobResult == "任务执行成功"
    change = ebs.V4EbsSnapshotModifyPolicyEbsSnapRequest(region, policy, repeatTimes="3,4")
    sdk.ask(sdk.ebs.v4_ebs_snapshot_modify_policy_ebs_snap, change)
    query = ebs.V4EbsSnapshotQueryPolicyEbsSnapRequest(region, policy)
    [shown] = sdk.ask(sdk.ebs.v4_ebs_snapshot_query_policy_ebs_snap, query).snapshotPolicyList
    assert (shown.snapshotPolicyStatus, shown.repeatTimes, shown.boundDiskNum) == ("deactivated", "3,4", 1)
    sdk.ask(sdk.ebs.v4_ebs_snapshot_cancel_policy_ebs_snap, ebs.V4EbsSnapshotCancelPolicyEbsSnapRequest(region, disk))
    sdk.ask(sdk.ebs.v4_ebs_snapshot_delete_policy_ebs_snap, ebs.V4EbsSnapshotDeletePolicyEbsSnapRequest(region, policy))


def test_volume_backups(sdk: Sdk, client: Client, region: str, disk: str, make: Any) -> None:
    wish = vbs.V4EbsBackupRepoCreateRequest(str(uuid.uuid4()), region, "sdk-vault", cycleType="MONTH", cycleCount=1)
    vault = sdk.ask(sdk.vbs.v4_ebs_backup_repo_create, wish).repositoryID
    make.remove_later(lambda: client.volume_backups.delete_vault(region, vault))
    begun = sdk.ask(sdk.vbs.v4_ebs_backup_create_backup, vbs.V4EbsBackupCreateBackupRequest(disk, region, vault, "before-change"))
    make.remove_later(lambda: client.volume_backups.delete(region, begun.backupID))

    def ended(task_id: str) -> None:
        query = vbs.V4EbsBackupTaskListTaskRequest(region, task_id)
        until(
            lambda: sdk.ask(sdk.vbs.v4_ebs_backup_task_list_task, query).taskList[0].status == "success",
            SECONDS,
            f"task {task_id}",
        )

    ended(begun.taskID)
    shown = sdk.ask(sdk.vbs.v4_ebs_backup_show_backup, vbs.V4EbsBackupShowBackupRequest(region, begun.backupID))
    assert (shown.backupStatus, shown.backupType, shown.diskID) == ("available", "full-backup", disk)
    [listed] = sdk.ask(sdk.vbs.v4_ebs_backup_list_backups, vbs.V4EbsBackupListBackupsRequest(region, diskID=disk)).backupList
    assert listed.backupID == begun.backupID
    [repo] = sdk.ask(sdk.vbs.v4_ebs_backup_repo_list_repos, vbs.V4EbsBackupRepoListReposRequest(region)).repositoryList
    assert (repo.repositoryID, repo.backupList) == (vault, [begun.backupID])
    used = sdk.ask(sdk.vbs.v4_ebs_backup_show_usage, vbs.V4EbsBackupShowUsageRequest(region, begun.backupID))
    assert used.backupSize == shown.backupSize
    restore = vbs.V4EbsBackupRestoreBackupRequest(region, begun.backupID, disk)
    ended(sdk.ask(sdk.vbs.v4_ebs_backup_restore_backup, restore).taskID)
    token = str(uuid.uuid4())
    sdk.ask(sdk.vbs.v4_ebs_backup_repo_resize, vbs.V4EbsBackupRepoResizeRequest(token, region, vault, 300))
    sdk.ask(sdk.vbs.v4_ebs_backup_repo_renew, vbs.V4EbsBackupRepoRenewRequest(f"{token}-2", region, vault, "MONTH", 1))
    sdk.vbs.v4_ebs_backup_repo_update(vbs.V4EbsBackupRepoUpdateRequest(region, vault, "sdk-vault-2"))
    [grown] = sdk.ask(sdk.vbs.v4_ebs_backup_repo_list_repos, vbs.V4EbsBackupRepoListReposRequest(region)).repositoryList
    assert (grown.size, grown.repositoryName, grown.backupList) == (300, "sdk-vault-2", [begun.backupID])
    assert grown.expiredTime > repo.expiredTime
    refused = sdk.vbs.v4_ebs_backup_repo_delete(vbs.V4EbsBackupRepoDeleteRequest(str(uuid.uuid4()), region, vault))
    assert refused.statusCode == 900 and begun.backupID in refused.message
    ended(sdk.ask(sdk.vbs.v4_ebs_backup_delete, vbs.V4EbsBackupDeleteRequest(region, begun.backupID)).taskID)
    assert not sdk.ask(sdk.vbs.v4_ebs_backup_list_backups, vbs.V4EbsBackupListBackupsRequest(region, diskID=disk)).backupList
