"""The provider's vault and policy on a real local cloud: made, seen without drift, changed in place, removed with backups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.waiting import until
from unit.pulumi_ctyun.conftest import Engine

from ctyun import Client
from pulumi_ctyun.kit.values import to_plain
from pulumi_ctyun.provider.cloud import Cloud, Settings
from pulumi_ctyun.provider.plugin import CtyunProvider

VAULT, POLICY = "ctyun:csbs:BackupVault", "ctyun:csbs:BackupPolicy"
SECONDS = 120.0


@pytest.fixture
def engine(client: Client, tmp_path: Path) -> Engine:
    return Engine(CtyunProvider(lambda settings: Cloud(Settings("local", tmp_path), lambda _: client)))


def test_a_vault_its_policy_and_what_it_has_made(
    engine: Engine, client: Client, run: Any, make: Any, region: str, site: Any
) -> None:
    server = make.server(site.wish(make.name("web")))
    place = {"region": "华东1", "name": make.name("vault")}
    vault_id, vault = run(engine.create(VAULT, place))
    weekly = {
        "region": "华东1", "name": make.name("weekly"), "cycle": "week", "hours": [20], "weekdays": [6], "retention": {"days": 7},
        "vaultId": vault_id, "instanceIds": [server.id],
    }  # fmt: skip
    policy_id, policy = run(engine.create(POLICY, weekly))
    same(engine, run, VAULT, vault_id, vault, place)
    same(engine, run, POLICY, policy_id, policy, weekly)

    daily = {key: value for key, value in weekly.items() if key != "weekdays"}
    daily |= {"cycle": "day", "hours": [20, 8], "retention": {"count": 3}, "fullInterval": 6}
    change = run(engine.diff(POLICY, policy_id, policy, daily))
    assert (change.changes, change.replaces) == (True, [])
    policy = run(engine.update(POLICY, policy_id, policy, daily))
    same(engine, run, POLICY, policy_id, policy, daily)

    run(client.backup_policies.run(region, policy_id))
    until(lambda: made(client, run, region, vault_id), SECONDS, "the policy's backup")
    run(client.backup_policies.run(region, policy_id))  # one that is still being made when everything goes
    run(engine.delete(POLICY, policy_id, policy))
    run(engine.delete(VAULT, vault_id, vault))
    assert run(client.server_backups.list(region, vault_id=vault_id)) == []
    for type_, id, state in ((VAULT, vault_id, vault), (POLICY, policy_id, policy)):
        assert run(engine.read(type_, id, state)).resource_id == ""


def made(client: Client, run: Any, region: str, vault_id: str) -> bool:
    backups = run(client.server_backups.list(region, vault_id=vault_id))
    return bool(backups) and all(backup.status == "ACTIVE" for backup in backups)


def same(engine: Engine, run: Any, type_: str, id: str, state: Any, inputs: dict[str, Any]) -> None:
    """What the cloud shows is what was wished."""
    seen = run(engine.read(type_, id, state, inputs))
    assert to_plain(seen.properties) == to_plain(state)
    assert run(engine.diff(type_, id, seen.properties, inputs)).changes is False
