"""Server backup: what is sent, what is waited for, and how a failure is told."""

# ruff: noqa: S106 (a clientToken is no password)

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
from support.fake_csbs import REGION, FakeCsbs

from ctyun import Client, Credentials, Endpoints, InUse, JobFailed, NotFound, OrderFailed
from ctyun.services.backup_policies import Rules
from ctyun.services.backups import NewServerFromBackup

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def fake() -> FakeCsbs:
    return FakeCsbs()


@pytest.fixture
def client(fake: FakeCsbs) -> Client:
    keys = Credentials("a" * 32, "s" * 32)
    return Client(Endpoints.at("http://cloud.test"), keys, http=httpx.MockTransport(fake.answer))


async def a_vault(client: Client) -> str:
    return (await client.backup_vaults.create(REGION, name="vault", client_token="t")).id


def test_a_vault_is_paid_by_the_month_and_ordered_once_a_token(client: Client, fake: FakeCsbs, run: Run) -> None:
    assert run(a_vault(client)) == run(a_vault(client))
    orders = [wanted for name, wanted in fake.sent if name == "backup-repo/create"]
    assert [(order["cycleType"], order["cycleCount"], order["size"]) for order in orders] == [("MONTH", 1, 100)] * 2


def test_a_vault_whose_order_failed(client: Client, fake: FakeCsbs, run: Run) -> None:
    fake.order_status = "5"
    with pytest.raises(OrderFailed, match="provisioning failed"):
        run(a_vault(client))


def test_a_vault_is_found_by_its_whole_name_only(client: Client, run: Run) -> None:
    run(a_vault(client))
    assert run(client.backup_vaults.find(REGION, "vau")) is None
    assert run(client.backup_vaults.find(REGION, "vault")) is not None
    with pytest.raises(NotFound):
        run(client.backup_vaults.get(REGION, "no-such-vault"))


def a_backup(client: Client, run: Run, vault: str) -> str:
    begun = run(client.server_backups.create(REGION, "i-1", vault_id=vault, name="b1"))
    return str(run(client.server_backups.wait(REGION, begun.id)).id)


def test_a_backup_is_waited_for_and_holds_its_vault(client: Client, fake: FakeCsbs, run: Run) -> None:
    vault = run(a_vault(client))
    backup = a_backup(client, run, vault)
    assert "fullBackup" not in next(wanted for name, wanted in fake.sent if name == "backup/create")
    assert run(client.server_backups.get(REGION, backup)).kind == "FULL"
    with pytest.raises(InUse):
        run(client.backup_vaults.delete(REGION, vault))
    run(client.server_backups.delete(REGION, backup))
    run(client.backup_vaults.delete(REGION, vault))
    assert not fake.vaults


def test_a_backup_that_failed_says_why(client: Client, fake: FakeCsbs, run: Run) -> None:
    vault = run(a_vault(client))
    begun = run(client.server_backups.create(REGION, "i-1", vault_id=vault, name="b1"))
    fake.backups[begun.id]["becomes"] = "ERROR"
    fake.tasks = [{"taskID": "t-1", "taskType": "create", "taskStatus": "failed", "taskDetailDesc": "no room left"}]
    with pytest.raises(JobFailed, match="no room left"):
        run(client.server_backups.wait(REGION, begun.id))


def test_a_restore_that_failed_says_why(client: Client, fake: FakeCsbs, run: Run) -> None:
    backup = a_backup(client, run, run(a_vault(client)))
    earlier = {"taskID": "t-1", "taskType": "restore", "taskStatus": "failed", "taskDetailDesc": "an earlier one"}
    fake.tasks = [earlier]
    assert run(client.server_backups.restore(REGION, backup)).id == backup
    asked = fake.do_backup_restore

    def fails(wanted: dict[str, Any]) -> dict[str, Any]:
        fake.tasks = [{**earlier, "taskID": "t-2", "taskDetailDesc": "Docker does not answer"}, earlier]
        return asked(wanted)

    fake.do_backup_restore = fails  # type: ignore[method-assign]
    with pytest.raises(JobFailed, match="Docker does not answer"):
        run(client.server_backups.restore(REGION, backup))


def test_what_is_being_made_is_waited_for_before_it_is_deleted(client: Client, fake: FakeCsbs, run: Run) -> None:
    vault = run(a_vault(client))
    begun = run(client.server_backups.create(REGION, "i-1", vault_id=vault, name="b1"))
    run(client.server_backups.delete(REGION, begun.id))
    assert [name for name, _ in fake.sent].index("backup/details") < [name for name, _ in fake.sent].index("backup-delete")
    with pytest.raises(NotFound):
        run(client.server_backups.delete(REGION, begun.id))


def test_a_server_from_a_backup_leaves_out_what_is_not_wanted(client: Client, fake: FakeCsbs, run: Run) -> None:
    wish = NewServerFromBackup("copy", "f-1", "vpc-1", "subnet-1", labels={"a": "b"})
    order = run(client.server_backups.create_server(REGION, "backup-1", wish, client_token="t"))
    body = fake.sent[-1][1]
    assert order.id == "order-3" and body["networkCardList"] == [{"isMaster": True, "subnetID": "subnet-1"}]
    assert {"azName", "secGroupList", "keyPairID", "imageID"} & set(body) == set()


@pytest.mark.parametrize(
    "rules",
    [
        Rules("day", (3, 20), every_days=2, keep_count=5),
        Rules("week", (20,), weekdays=(0, 6), keep_days=7, full_interval=6),
        Rules("day", (0,), every_days=1, full_interval=0, enabled=False),
    ],
)
def test_a_policys_rules_come_back_as_they_were_sent(client: Client, run: Run, rules: Rules) -> None:
    id_ = run(client.backup_policies.create(REGION, name="nightly", rules=rules))
    assert run(client.backup_policies.get(REGION, id_)).rules == rules
    assert [policy.id for policy in run(client.backup_policies.list(REGION, name="nightly"))] == [id_]
    assert run(client.backup_policies.list(REGION, name="night")) == []


def test_binding_says_what_shall_be_bound(client: Client, fake: FakeCsbs, run: Run) -> None:
    id_ = run(client.backup_policies.create(REGION, name="nightly", rules=Rules("day", (3,))))
    run(client.backup_policies.bind(REGION, id_, instance_ids=["i-1", "i-2"], vault_id="v-1"))
    run(client.backup_policies.bind(REGION, id_, instance_ids=["i-2", "i-3"], vault_id="v-2"))
    seen = run(client.backup_policies.get(REGION, id_))
    assert (seen.instance_ids, seen.vault_ids) == (("i-2", "i-3"), ("v-2",))
    before = len(fake.sent)
    run(client.backup_policies.bind(REGION, id_, instance_ids=["i-3", "i-2"], vault_id="v-2"))
    assert [name for name, _ in fake.sent[before:]] == ["backup-policy/list"]  # nothing to do
