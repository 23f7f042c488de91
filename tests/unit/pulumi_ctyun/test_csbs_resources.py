"""Vaults and backup policies in the provider: adoption by name, changes in place, no drift by spelling, a vault with backups."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support.fake_csbs import FakeCsbs

from pulumi_ctyun.kit.serve import InitFailed, PluginError
from pulumi_ctyun.kit.values import UNKNOWN, to_plain

VAULT, POLICY = "ctyun:csbs:BackupVault", "ctyun:csbs:BackupPolicy"
A_VAULT: dict[str, Any] = {"region": "华东1", "name": "dev-vault"}
A_POLICY: dict[str, Any] = {
    "region": "华东1", "name": "dev-nightly", "cycle": "week", "hours": [20], "weekdays": [6, 0], "retention": {"days": 7},
    "fullInterval": 6, "vaultId": "vault-0", "instanceIds": ["i-2", "i-1"],
}  # fmt: skip


@pytest.fixture
def fake() -> FakeCsbs:
    return FakeCsbs()


def test_a_vault_and_a_policy_are_made_and_read_back_without_drift(engine: Any, fake: Any, run: Any) -> None:
    vault_id, vault = run(engine.create(VAULT, A_VAULT))
    policy_id, policy = run(engine.create(POLICY, A_POLICY))
    assert (to_plain(vault)["vaultId"], to_plain(vault)["sizeGib"]) == (vault_id, 100)
    assert fake.vaults[vault_id] == {"repositoryName": "dev-vault", "size": 100, "status": "active"}
    shown = fake.policies[policy_id]
    wanted = {"cycleWeek": "0,6", "time": "20", "retentionType": "date", "retentionDay": 7, "fullBackupInterval": 6, "status": 1}
    assert {name: shown[name] for name in wanted} == wanted and "cycleDay" not in shown
    assert (shown["resourceIDs"], shown["repositoryList"]) == ("i-2,i-1", [{"repositoryID": "vault-0"}])
    for type_, id, state, inputs in ((VAULT, vault_id, vault, A_VAULT), (POLICY, policy_id, policy, A_POLICY)):
        seen = run(engine.read(type_, id, state, inputs))
        assert not run(engine.diff(type_, id, seen.properties, inputs)).changes


@pytest.mark.parametrize(
    "changes",
    [
        {"cycle": "day", "weekdays": None},
        {"cycle": "day", "weekdays": None, "everyDays": 1},
        {"cycle": "day", "weekdays": None, "everyDays": 3},
        {"retention": {"count": 3, "forever": False}},
        {"retention": {"forever": True}},
        {"enabled": False},
        {"instanceIds": []},
    ],
)
def test_every_spelling_comes_back_as_it_was_said(engine: Any, run: Any, changes: dict[str, Any]) -> None:
    inputs = {name: value for name, value in {**A_POLICY, **changes}.items() if value is not None}
    id, state = run(engine.create(POLICY, inputs))
    seen = run(engine.read(POLICY, id, state, inputs))
    assert not run(engine.diff(POLICY, id, seen.properties, inputs)).changes


def test_drift_is_seen(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(POLICY, A_POLICY))
    fake.policies[id] |= {"time": "3", "resourceIDs": "i-1"}
    seen = run(engine.read(POLICY, id, state, A_POLICY))
    diff = run(engine.diff(POLICY, id, seen.properties, A_POLICY))
    assert sorted(diff.diffs) == ["hours", "instanceIds"] and not diff.replaces


def test_rules_and_bindings_change_in_place(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(POLICY, A_POLICY))
    changed = A_POLICY | {"hours": [3], "retention": {"count": 2}, "vaultId": "vault-9", "instanceIds": ["i-1", "i-3"]}
    assert not run(engine.diff(POLICY, id, state, changed)).replaces
    run(engine.update(POLICY, id, state, changed))
    shown = fake.policies[id]
    assert (shown["time"], shown["retentionNum"], shown["resourceIDs"]) == ("3", 2, "i-1,i-3")
    assert shown["repositoryList"] == [{"repositoryID": "vault-9"}]


@pytest.mark.parametrize(
    ("type_", "inputs", "call"),
    [
        (VAULT, A_VAULT, "backup-repo/create"),
        (POLICY, A_POLICY, "backup-policy/create"),
        (POLICY, A_POLICY, "backup-policy/bind-repo"),
    ],
)
def test_an_interrupted_create_leaves_no_twin(
    make_engine: Any, fake: Any, run: Any, type_: str, inputs: dict[str, Any], call: str
) -> None:
    fake.cut_off = call
    with pytest.raises(asyncio.CancelledError):
        run(make_engine().create(type_, inputs))
    id, _ = run(make_engine().create(type_, inputs))
    assert [*fake.vaults, *fake.policies] == [id]


def test_a_policy_whose_vault_is_missing_stays_in_the_state(engine: Any, fake: Any, run: Any) -> None:
    """Else nobody would own it, and the next update would take it for somebody else's."""
    fake.refuse["backup-policy/bind-repo"] = ["EcsBackup.Repository.NotFound"]
    with pytest.raises(InitFailed) as failed:
        run(engine.create(POLICY, A_POLICY))
    run(engine.update(POLICY, failed.value.resource_id, failed.value.properties, A_POLICY))
    assert [policy["repositoryList"] for policy in fake.policies.values()] == [[{"repositoryID": "vault-0"}]]


@pytest.mark.parametrize(("type_", "inputs"), [(VAULT, A_VAULT), (POLICY, A_POLICY)])
def test_what_somebody_else_has_made_is_not_taken(engine: Any, fake: Any, run: Any, type_: str, inputs: dict[str, Any]) -> None:
    fake.vaults["v"] = {"repositoryName": "dev-vault", "size": 100, "status": "active"}
    fake.policies["p"] = {"policyName": "dev-nightly", "cycleType": "day", "time": "1", "retentionType": "all", "status": 1}
    with pytest.raises(PluginError, match=r"exists already.*pulumi import"):
        run(engine.create(type_, inputs))


def test_a_vault_grows_and_is_renewed_in_place(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(VAULT, A_VAULT))
    wanted = A_VAULT | {"sizeGib": 300, "months": 3}
    assert run(engine.diff(VAULT, id, state, wanted)).replaces == []
    after = run(engine.update(VAULT, id, state, wanted))
    assert fake.vaults == {id: {"repositoryName": "dev-vault", "size": 300, "status": "active", "renewed": 2}}
    assert not run(engine.diff(VAULT, id, run(engine.read(VAULT, id, after, wanted)).properties, wanted)).changes
    run(engine.update(VAULT, id, after, wanted | {"months": 4}))
    assert fake.vaults[id]["renewed"] == 3


@pytest.mark.parametrize("call", ["backup-repo/upgrade", "backup-repo/renew", "backup-repo/list", "order/query-uuid", "the end"])
def test_an_update_that_was_killed_neither_enlarges_nor_pays_twice(make_engine: Any, fake: Any, run: Any, call: str) -> None:
    id, state = run(make_engine().create(VAULT, A_VAULT))
    wanted = A_VAULT | {"sizeGib": 300, "months": 3}
    if call == "the end":  # done, and killed before the state was written
        run(make_engine().update(VAULT, id, state, wanted))
    else:
        fake.cut_off = call
        with pytest.raises((asyncio.CancelledError, InitFailed, PluginError)):
            run(make_engine().update(VAULT, id, state, wanted))
    run(make_engine().update(VAULT, id, state, wanted))
    assert (fake.vaults[id]["size"], fake.vaults[id]["renewed"]) == (300, 2)


def test_what_the_cloud_does_not_give_back_is_refused_before_anything_happens(engine: Any, fake: Any, run: Any) -> None:
    had = A_VAULT | {"sizeGib": 300, "months": 3}
    assert [name for name, _ in run(engine.failures(VAULT, A_VAULT, had))] == ["sizeGib", "months"]
    assert run(engine.failures(VAULT, A_VAULT | {"name": "other"}, had)) == [], "that one is made anew"
    id, state = run(engine.create(VAULT, A_VAULT))
    fake.vaults[id]["size"] = 500
    with pytest.raises(PluginError, match="has 500 GB and cannot shrink to 300"):
        run(engine.update(VAULT, id, state, A_VAULT | {"sizeGib": 300}))


def a_backup(vault_id: str, status: str, created: str) -> dict[str, Any]:
    return {"repositoryID": vault_id, "instanceBackupStatus": status, "createdTime": created, "instanceBackupName": "b"}


def test_a_vaults_backups_go_with_it_the_newest_first(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(VAULT, A_VAULT))
    fake.backups = {
        "old": a_backup(id, "ACTIVE", "1"),
        "new": a_backup(id, "CREATING", "2"),
        "other": a_backup("v", "ACTIVE", "3"),
    }
    run(engine.delete(VAULT, id, state))
    assert (list(fake.vaults), list(fake.backups)) == ([], ["other"])
    assert [wanted["instanceBackupID"] for name, wanted in fake.sent if name == "backup-delete"] == ["new", "old"]
    run(engine.delete(VAULT, id, state))  # gone already


def test_a_backup_that_begins_while_its_vault_goes_goes_too(engine: Any, fake: Any, run: Any) -> None:
    """A run of a policy that was deleted a moment ago makes one server's backup after the other."""
    id, state = run(engine.create(VAULT, A_VAULT))
    remove = fake.do_backup_repo_delete

    def late(wanted: dict[str, Any]) -> dict[str, Any]:
        fake.do_backup_repo_delete = remove
        fake.backups["late"] = a_backup(id, "CREATING", "9")
        return dict(remove(wanted))

    fake.do_backup_repo_delete = late
    run(engine.delete(VAULT, id, state))
    assert (fake.vaults, fake.backups) == ({}, {})


def test_a_policy_lets_go_of_a_vault_that_is_replaced(engine: Any, run: Any) -> None:
    """The cloud keeps a vault that a policy would put backups into."""
    id, state = run(engine.create(POLICY, A_POLICY))
    assert run(engine.diff(POLICY, id, state, A_POLICY | {"vaultId": UNKNOWN})).replaces == ["vaultId"]


@pytest.mark.parametrize(("type_", "inputs"), [(VAULT, A_VAULT | {"months": 12}), (POLICY, A_POLICY)])
def test_what_is_imported_is_not_replaced(engine: Any, fake: Any, run: Any, type_: str, inputs: dict[str, Any]) -> None:
    """The cloud does not show for how long a vault is paid: the first update writes that down."""
    id, _ = run(engine.create(type_, inputs))
    seen = run(engine.read(type_, f"华东1/{id}"))
    assert run(engine.diff(type_, id, seen.properties, inputs)).replaces == []
    state = run(engine.update(type_, id, seen.properties, inputs))
    assert not run(engine.diff(type_, id, state, inputs)).changes


def test_a_failed_order_is_told(engine: Any, fake: Any, run: Any) -> None:
    fake.order_status = "5"
    fake.do_backup_repo_list = lambda wanted: {"results": [], "totalCount": 0}
    with pytest.raises(PluginError, match="provisioning failed"):
        run(engine.create(VAULT, A_VAULT))


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"cycle": "month"}, {"cycle"}),
        ({"hours": [24, 3, 3]}, {"hours"}),
        ({"hours": []}, {"hours"}),
        ({"weekdays": [7]}, {"weekdays"}),
        ({"weekdays": None}, {"weekdays"}),
        ({"cycle": "day"}, {"weekdays"}),
        ({"everyDays": 2}, {"everyDays"}),
        ({"retention": {}}, {"retention.count"}),
        ({"retention": {"count": 1, "days": 1}}, {"retention.count"}),
        ({"retention": {"count": 0}}, {"retention.count"}),
        ({"fullInterval": 101, "name": "a b"}, {"fullInterval", "name"}),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    engine: Any, fake: Any, run: Any, changes: dict[str, Any], fields: set[str]
) -> None:
    inputs = {name: value for name, value in {**A_POLICY, **changes}.items() if value is not None}
    found = run(engine.failures(POLICY, inputs))
    assert {name or reason.split()[0].rstrip(":") for name, reason in found} == fields  # what is nested is named in the reason
    assert not fake.sent
