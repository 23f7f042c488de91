"""The official SDK of server backup as a client: what it sends is understood, what it gets has the types that it declares."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from contract.official_sdk import ask, config, refused
from ctyunsdk_csbs20220909 import models as csbs  # type: ignore[import-untyped]
from ctyunsdk_csbs20220909.csbs_client import CsbsClient  # type: ignore[import-untyped]
from support.waiting import until

from ctyun import Client, CloudRecord

SECONDS = 120.0
ACTIVE, GONE = "ACTIVE", "EcsBackup.Backup.NotFound"


@pytest.fixture
def sdk(record: CloudRecord, no_proxy: None) -> CsbsClient:
    return CsbsClient(config(record))


@pytest.fixture
def vault(sdk: CsbsClient, region: str, make: Any) -> Iterator[str]:
    wish = csbs.V4EcsBackupRepoCreateRequest(
        region, make.name("vault"), 1, "MONTH", str(uuid.uuid4()), size=200,
        labels=[csbs.V4EcsBackupRepoCreateRequestLabels("course", "灾备")],
    )  # fmt: skip
    order = ask(sdk.v4_ecs_backup_repo_create, wish)
    assert order.masterOrderID and order.masterResourceID
    request = csbs.V4EcsBackupRepoListRequest(region, repositoryName=wish.repositoryName)
    [shown] = ask(sdk.v4_ecs_backup_repo_list, request).results
    assert (shown.size, shown.status, shown.backupCount, shown.expired) == (200, "active", 0, False)
    yield shown.repositoryID
    ask(sdk.v4_ecs_backup_repo_delete, csbs.V4EcsBackupRepoDeleteRequest(region, shown.repositoryID, str(uuid.uuid4())))


def test_a_vault_grows_and_is_renewed(sdk: CsbsClient, client: Client, run: Any, region: str, vault: str) -> None:
    before = run(client.backup_vaults.get(region, vault))
    order = ask(sdk.v4_ecs_backup_repo_upgrade, csbs.V4EcsBackupRepoUpgradeRequest(region, vault, str(uuid.uuid4()), 300))
    assert run(client.orders.get(order.masterOrderID)).status == "3"
    ask(sdk.v4_ecs_backup_repo_renew, csbs.V4EcsBackupRepoRenewRequest(region, vault, 1, "MONTH", str(uuid.uuid4())))
    after = run(client.backup_vaults.enlarge(region, vault, 400, client_token=str(uuid.uuid4())))
    assert after.size == 400 and after.expires > before.expires
    assert run(client.backup_vaults.renew(region, vault, 2, client_token=str(uuid.uuid4()))).expires > after.expires
    smaller = csbs.V4EcsBackupRepoUpgradeRequest(region, vault, str(uuid.uuid4()), 300)
    assert refused(sdk.v4_ecs_backup_repo_upgrade, smaller) == "Openapi.Parameter.Error"


def test_the_life_of_a_backup(sdk: CsbsClient, client: Client, run: Any, region: str, vault: str, make: Any, site: Any) -> None:
    server = make.server(site.wish(make.name("sdk")))
    wish = csbs.V4EcsBackupCreateRequest(region, server.id, "before-change", vault, "灾备实验", fullBackup=True)
    begun = ask(sdk.v4_ecs_backup_create, wish).results
    backup, looked = begun.instanceBackupID, csbs.V4EcsBackupStatusRequest(region, begun.instanceBackupID)

    def is_active() -> bool:
        return bool(ask(sdk.v4_ecs_backup_status, looked).instanceBackupStatus == ACTIVE)

    until(is_active, SECONDS, "the backup to be made")
    details = ask(sdk.v4_ecs_backup_details, csbs.V4EcsBackupDetailsRequest(region, backup))
    assert (details.backupType, details.diskCount, details.instanceName) == ("FULL", 1, server.name)
    assert details.usedSize == ask(sdk.v4_ecs_backup_usage, csbs.V4EcsBackupUsageRequest(region, backup)).usage > 0
    listed = ask(sdk.v4_ecs_backup_list, csbs.V4EcsBackupListRequest(region, instanceID=server.id, queryContent="before"))
    assert [item.instanceBackupID for item in listed.results] == [backup]
    ask(sdk.v4_ecs_backup_update, csbs.V4EcsBackupUpdateRequest(region, backup, "renamed"))

    ask(sdk.v4_ecs_backup_restore, csbs.V4EcsBackupRestoreRequest(region, backup))
    until(is_active, SECONDS, "the backup to be restored")
    tasks = ask(sdk.v4_ecs_backup_task_list, csbs.V4EcsBackupTaskListRequest(region, backupID=backup)).results
    assert [(task.taskType, task.taskStatus) for task in tasks] == [("restore", "successed"), ("create", "successed")]

    order = ask(sdk.v4_ecs_backup_create_instance, a_server(region, site, make.name("copy"), backup)).masterOrderID
    [copy_id] = run(client.orders.wait(order, what="the copy", timeout=SECONDS)).resource_ids
    make.remove_server_later(copy_id)
    copy = run(client.servers.get(region, copy_id))
    assert (copy.status, copy.zone_name) == ("running", server.zone_name)  # where the backup was made

    assert refused(
        sdk.v4_ecs_backup_repo_delete, csbs.V4EcsBackupRepoDeleteRequest(region, vault, str(uuid.uuid4()))
    ) == "EcsBackup.Repository.InUse"  # fmt: skip
    ask(sdk.v4_ecs_backup_delete, csbs.V4EcsBackupDeleteRequest(region, backup))
    until(lambda: sdk.v4_ecs_backup_status(looked).errorCode == GONE, SECONDS, "the backup to be gone")


def test_a_policy(sdk: CsbsClient, region: str, vault: str, make: Any, site: Any) -> None:
    server = make.server(site.wish(make.name("sdk")))
    wish = csbs.V4EcsBackupPolicyCreateRequest(
        region, make.name("policy"), "week", "num", cycleWeek="0,3", time="8,20", status=1, retentionNum=3, fullBackupInterval=6
    )
    policy = ask(sdk.v4_ecs_backup_policy_create, wish)
    assert (policy.cycleWeek, policy.time, policy.retentionNum, policy.retentionDay) == ("0,3", "8,20", 3, None)
    id_ = policy.policyID
    ask(sdk.v4_ecs_backup_policy_bind_instances, csbs.V4EcsBackupPolicyBindInstancesRequest(region, id_, server.id))
    ask(sdk.v4_ecs_backup_policy_bind_repo, csbs.V4EcsBackupPolicyBindRepoRequest(region, vault, id_))
    [bound] = ask(
        sdk.v4_ecs_backup_policy_list_instances, csbs.V4EcsBackupPolicyListInstancesRequest(region, id_)
    ).instancePolicies
    assert (bound.instanceID, bound.status) == (server.id, "running")
    [shown] = ask(sdk.v4_ecs_backup_policy_list, csbs.V4EcsBackupPolicyListRequest(region, policyID=id_)).policyList
    assert (shown.resourceIDs, shown.repositoryList[0].repositoryID) == (server.id, vault)

    def look() -> list[Any]:
        return list(ask(sdk.v4_ecs_backup_list, csbs.V4EcsBackupListRequest(region, repositoryID=vault)).results)

    ask(sdk.v4_ecs_backup_policy_backup_instances, csbs.V4EcsBackupPolicyBackupInstancesRequest(region, id_))
    until(lambda: [item.instanceBackupStatus for item in look()] == [ACTIVE], SECONDS, "the policy's backup")
    update = csbs.V4EcsBackupPolicyUpdateRequest(region, id_, cycleType="day", cycleDay=2, status=0)
    changed = ask(sdk.v4_ecs_backup_policy_update, update)
    assert (changed.cycleType, changed.cycleDay, changed.cycleWeek, changed.status, changed.time) == ("day", 2, None, 0, "8,20")
    ask(sdk.v4_ecs_backup_policy_unbind_instances, csbs.V4EcsBackupPolicyUnbindInstancesRequest(region, id_, server.id))
    ask(sdk.v4_ecs_backup_policy_unbind_repo, csbs.V4EcsBackupPolicyUnbindRepoRequest(region, id_))
    ask(sdk.v4_ecs_backup_policy_delete, csbs.V4EcsBackupPolicyDeleteRequest(region, id_))
    [left] = look()
    ask(sdk.v4_ecs_backup_delete, csbs.V4EcsBackupDeleteRequest(region, left.instanceBackupID))
    until(lambda: not look(), SECONDS, "the backup to be gone")


def a_server(region: str, site: Any, name: str, backup: str) -> csbs.V4EcsBackupCreateInstanceRequest:
    card = csbs.V4EcsBackupCreateInstanceRequestNetworkCardList(True, site.subnet_id)
    return csbs.V4EcsBackupCreateInstanceRequest(
        str(uuid.uuid4()),
        region,
        name,
        name,
        backup,
        site.flavor_id,
        site.vpc_id,
        True,
        [card],
        "0",
        secGroupList=[site.group_id],
    )


def test_a_server_from_a_backup_needs_one(sdk: CsbsClient, region: str, site: Any) -> None:
    wish = a_server(region, site, "copy", "no-such-backup")
    assert refused(sdk.v4_ecs_backup_create_instance, wish) == "Openapi.Parameter.Error"
