"""RDS for MySQL: two families of calls, headers of the product, orders without a clientToken, roles, contents, access."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest
from support.fake_rds import FakeRds

from ctyun import (
    Client,
    Credentials,
    CtyunError,
    Endpoints,
    JobFailed,
    NewMysql,
    NotFound,
    OrderFailed,
    Retry,
    UnknownName,
    WrongState,
)
from ctyun.services.mysql_backups import MysqlBackup
from ctyun.services.mysql_contents import grant_list, privilege_of
from ctyun.services.mysql_values import role_word

Run = Callable[..., Any]
PAIR = NewMysql(
    name="lab-db",
    version="8.0",
    flavor="2C4G",
    vpc_id="vpc-1",
    subnet_id="subnet-1",
    security_group_id="sg-1",
    zone_name="zone-1",
    standby_zone_name="zone-2",
    password="Aa1!secret",  # noqa: S106 (of a cloud in a dictionary)
)


@pytest.fixture
def rds() -> FakeRds:
    return FakeRds()


@pytest.fixture
def client(rds: FakeRds, keys: Credentials) -> Client:
    return Client(Endpoints.at("http://cloud.test"), keys, http=httpx.MockTransport(rds.answer), retry=Retry(pause=0))


@pytest.fixture
def made(rds: FakeRds, client: Client, run: Run, region: str) -> Any:
    """Runs steps that get the id of a pair that is ready: made(lambda id: ...)."""

    def go(step: Callable[[str], Any]) -> Any:
        async def steps() -> Any:
            id = await client.mysqls.create(region, PAIR)
            await client.mysqls.wait(region, id)
            return await step(id)

        return run(steps())

    return go


def test_a_pair_is_ordered_and_waited_for(rds: FakeRds, client: Client, run: Run, region: str) -> None:
    async def steps() -> Any:
        id = await client.mysqls.create(region, PAIR)
        return await client.mysqls.wait(region, id)

    seen = run(steps())
    assert (seen.name, seen.kind, seen.address, seen.port, seen.state) == ("lab-db", "pair", "192.168.1.50", 3306, "running")
    assert [(node.name, node.zone_name, node.role) for node in seen.nodes] == [
        ("lab-db-1", "zone-1", "primary"),
        ("lab-db-2", "zone-2", "standby"),
    ]
    assert rds.passwords["root"] == "Aa1!secret"


def test_the_password_travels_encrypted(rds: FakeRds, client: Client, run: Run, region: str) -> None:
    sent: list[bytes] = []

    async def keep(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return await rds.answer(request)

    spied = Client(Endpoints.at("http://cloud.test"), client.credentials, http=httpx.MockTransport(keep))
    run(spied.mysqls.create(region, PAIR))
    assert not [content for content in sent if b"Aa1!secret" in content]


def test_product_headers_are_sent_and_not_signed(rds: FakeRds, client: Client, run: Run, region: str) -> None:
    with pytest.raises(NotFound, match="outerProdInstId not exist"):
        run(client.mysqls.get(region, "0" * 32))
    headers = rds.headers[-1]
    assert (headers["regionId"], headers["inst-id"], headers["project-id"]) == (region, "0" * 32, "0")
    assert "Headers=ctyun-eop-request-id;eop-date " in headers["Eop-Authorization"]


def test_a_size_that_the_zone_lacks_is_refused_with_all_there_are(client: Client, run: Run, region: str) -> None:
    with pytest.raises(UnknownName, match=r"'3C9G'.*There are: 2C4G, 4C8G"):
        run(client.mysqls.create(region, NewMysql("lab-db", "8.0", "3C9G", "vpc-1", "subnet-1", "sg-1", "zone-1")))


def test_an_order_that_is_not_accepted_says_why(rds: FakeRds, client: Client, run: Run, region: str, made: Any) -> None:
    async def again(id: str) -> None:
        await client.mysqls.create(region, PAIR)

    with pytest.raises(OrderFailed, match="lab-db was not accepted: the name lab-db is taken"):
        made(again)


def test_a_build_that_fails_is_told(rds: FakeRds, client: Client, run: Run, region: str, made: Any) -> None:
    rds.fails = True
    with pytest.raises(OrderFailed, match="The order of MySQL instance lab-db failed: the zone is without power"):
        made(lambda id: None)


def test_delete_returns_then_destroys_each_once(rds: FakeRds, client: Client, region: str, made: Any) -> None:
    made(lambda id: client.mysqls.delete(region, id))
    assert rds.instances == {}
    assert (rds.calls["GET refundOrder"], rds.calls["GET destroyOrder"]) == (1, 1)


def test_a_delete_that_was_cut_off_goes_on(rds: FakeRds, client: Client, region: str, made: Any) -> None:
    async def rest(id: str) -> None:
        rds.instances[id]["prodOrderStatus"] = 8
        await client.mysqls.delete(region, id)

    made(rest)
    assert (rds.calls["GET refundOrder"], rds.instances) == (0, {})


def test_an_instance_that_cannot_be_destroyed_says_why_at_once(
    rds: FakeRds, client: Client, region: str, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rds, "destroy", lambda wanted: {"data": {"submitted": True, "newOrderId": "destroy"}})

    def ordered(id: str) -> list[str]:
        rds.message = "its disk is in use." if id == "destroy" else "操作成功"
        return [] if id == "destroy" else [id]

    monkeypatch.setattr(rds, "ordered", ordered)
    with pytest.raises(OrderFailed, match=r"The removal of MySQL instance lab-db failed: its disk is in use\.$"):
        made(lambda id: client.mysqls.delete(region, id, timeout=5))


@pytest.mark.parametrize("message", ["", "success", "SUCCESS", "OK", "成功", "操作成功。", "query success"])
def test_an_order_that_has_no_instance_yet_is_waited_for_however_that_is_worded(
    rds: FakeRds, client: Client, run: Run, region: str, monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    answers = [[], ["0" * 32]]

    def ordered(id: str) -> list[str]:
        rds.message = message
        return answers.pop(0)

    monkeypatch.setattr(rds, "ordered", ordered)
    assert run(client.mysqls.create(region, PAIR)) == "0" * 32


def test_a_get_that_changes_something_is_not_repeated(client: Client, keys: Credentials, run: Run) -> None:
    asked: list[str] = []

    def broken(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(503)

    broken_client = Client(Endpoints.at("http://cloud.test"), keys, http=httpx.MockTransport(broken), retry=Retry(pause=0))
    from ctyun.services.mysql_instances import GET, REFUND

    for call in (REFUND, GET):
        with pytest.raises(Exception, match="503"):
            run(broken_client.transport.send(call, "db", query={"instId": "1"}))
    assert len(asked) == 1 + 4


def test_a_list_takes_all_pages_and_only_the_exact_name(rds: FakeRds, client: Client, run: Run, region: str, made: Any) -> None:
    async def many(id: str) -> Any:
        for n in range(60):
            rds.instances[f"x{n}"] = {**rds.instances[id], "outerProdInstId": f"x{n}", "prodInstName": f"lab-db-{n}"}
        return len(await client.mysqls.list(region)), [one.id for one in await client.mysqls.list(region, name="lab-db")] == [id]

    assert made(many) == (61, True)


def test_settings_are_spelt_as_people_do(rds: FakeRds, client: Client, region: str, made: Any) -> None:
    async def steps(id: str) -> Any:
        before = await client.mysql_roles.settings(region, id)
        await client.mysql_roles.set_mode(region, id, "usability")
        await client.mysql_roles.set_sync(region, id, "Async")
        await client.mysql_roles.set_failover(region, id, "manual")
        after = await client.mysql_roles.settings(region, id)
        await client.mysql_roles.set_mode(region, id, "reliability")
        return before, after, rds.instances[id]["hamode"]

    before, after, wire = made(steps)
    assert (before.mode, before.sync, before.failover) == ("reliability", "Semi_sync", "auto")
    assert (after.mode, after.sync, after.failover) == ("usability", "Async", "manual")
    assert wire == "reliablity"


def test_a_switchover_is_waited_for(rds: FakeRds, client: Client, region: str, made: Any) -> None:
    seen = made(lambda id: client.mysql_roles.switch_over(region, id, 102))
    assert [(node.res_id, node.role) for node in seen.nodes] == [(101, "standby"), (102, "primary")]


def test_a_switchover_that_fell_back_is_told(rds: FakeRds, client: Client, region: str, made: Any) -> None:
    async def steps(id: str) -> None:
        rds.fails = True
        await client.mysql_roles.switch_over(region, id, 102)

    with pytest.raises(JobFailed, match="were not switched, the old primary goes on: busy"):
        made(steps)


def test_grants_change_one_by_one(rds: FakeRds, client: Client, region: str, made: Any) -> None:
    async def steps(id: str) -> Any:
        accounts = client.mysql_accounts
        await accounts.create(region, id, "hr_app", password="Aa1!secret", grants={"a": "readWrite", "b": "readOnly"})  # noqa: S106
        calls = rds.calls.copy()
        await accounts.set_grants(region, id, "hr_app", {"a": "readWrite", "b": "readOnly"})
        unchanged = rds.calls - calls
        await accounts.set_grants(region, id, "hr_app", {"a": "dml", "c": "ddl"})
        return unchanged, (await accounts.get(region, id, "hr_app")).grants

    unchanged, grants = made(steps)
    assert unchanged == {"GET account": 1}
    assert grants == {"a": "dml", "c": "ddl"}


@pytest.mark.parametrize("privilege", ["readWrite", "readOnly", "ddl", "dml"])
def test_a_privilege_is_one_flag(privilege: str) -> None:
    assert privilege_of(grant_list({"hr_db": privilege})[0]) == privilege


@pytest.mark.parametrize(
    ("role", "word"), [("master", "primary"), ("m", "primary"), ("slave", "standby"), ("s", "standby"), ("readNode", "replica")]
)
def test_roles_of_both_spellings(role: str, word: str) -> None:
    assert role_word(role) == word


def test_what_is_missing_is_not_found(client: Client, run: Run, region: str, made: Any) -> None:
    async def steps(id: str) -> None:
        for look in (client.mysql_databases.get, client.mysql_accounts.get, client.mysql_white_lists.get):
            with pytest.raises(NotFound, match=r"gone: MySQL instance .* does not list it"):
                await look(region, id, "gone")
            with pytest.raises(NotFound):
                await look(region, "other", "gone")

    made(steps)


def test_a_busy_instance_is_a_wrong_state(rds: FakeRds, client: Client, region: str, made: Any) -> None:
    rds.refuse["POST database"] = ["Openapi.Mysql.StatusNotAllowed"]

    async def steps(id: str) -> Any:
        with pytest.raises(WrongState, match="Could not create database hr_db"):
            await client.mysql_databases.create(region, id, "hr_db")
        await client.mysql_databases.create(region, id, "hr_db")
        return await client.mysql_databases.list(region, id)

    assert [(database.name, database.charset) for database in made(steps)] == [("hr_db", "utf8mb4")]


def test_white_lists_as_a_list_or_as_one_text(client: Client, region: str, made: Any) -> None:
    from ctyun.services.mysql_access import MysqlWhiteList

    async def steps(id: str) -> Any:
        lists = client.mysql_white_lists
        await lists.create(region, id, "lab", ["10.0.0.0/8"])
        await lists.change(region, id, "lab", ["10.0.0.0/8", "192.168.1.7"])
        return await lists.get(region, id, "lab")

    assert made(steps).addresses == ("10.0.0.0/8", "192.168.1.7")
    shown = MysqlWhiteList.from_api({"groupName": "lab", "groupWhiteList": '["10.0.0.0/8", "192.168.1.7"]'})
    assert shown.addresses == ("10.0.0.0/8", "192.168.1.7")


BACKUPS, BACK_UP = "/RDS2/v2/open-api/backup/list", "/RDS2/v2/open-api/backup/createManual"
BEGUN = httpx.Response(200, json={"statusCode": 0, "returnObj": {}})


def listed(*records: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"statusCode": 0, "returnObj": {"list": [{"blockId": 7, "records": list(records)}]}})


def test_a_backup_that_failed_says_why(scripted: Any, run: Run, region: str) -> None:
    failed = {"backupRecordId": 1, "backupName": "night", "taskStatus": -1, "description": "the disk is full."}
    cloud = scripted({BACKUPS: [listed(), listed(failed)], BACK_UP: [BEGUN]})
    with pytest.raises(JobFailed, match=r"Backup night of MySQL instance a+ ended as failed: the disk is full\."):
        run(cloud.client().mysql_backups.create(region, "a" * 32, name="night"))


def test_a_backup_is_the_newest_of_its_name(scripted: Any, run: Run, region: str) -> None:
    old = {"backupRecordId": 1, "backupName": "night", "taskStatus": 1, "backupStartTime": "2026-01-01 00:00:00"}
    new = {**old, "backupRecordId": 2, "taskStatus": 101, "backupStartTime": "2026-01-02 00:00:00", "opType": "manual"}
    done = {**new, "taskStatus": 1, "backedUpDataSize": "4096", "taskId": "t-2"}
    cloud = scripted({BACKUPS: [listed(old), listed(new, old), listed(done, old)], BACK_UP: [BEGUN]})
    made = run(cloud.client().mysql_backups.create(region, "a" * 32, name="night"))
    assert made == MysqlBackup("2", "7", "t-2", "night", "", 1, 4096, True, "2026-01-02 00:00:00", "")


def test_a_restore_that_failed_says_why(scripted: Any, run: Run, region: str) -> None:
    def record(status: int) -> httpx.Response:
        body = {"list": [{"taskId": "7", "taskStatus": status, "message": "the disk is full"}]}
        return httpx.Response(200, json={"statusCode": 0, "returnObj": body})

    begun = httpx.Response(200, json={"statusCode": 0, "returnObj": {"data": "7"}})
    answers = {
        "/RDS2/v2/open-api/recovery/createNewRecoveryJob": [begun],
        "/RDS2/v2/open-api/recovery/record": [record(1), record(3)],
    }
    cloud = scripted(answers)

    async def steps() -> None:
        backups = cloud.client().mysql_backups
        job = await backups.restore(region, "a" * 32, "b" * 32, until=datetime(2026, 1, 22, 17, 30, 15))
        await backups.restored(region, "b" * 32, job)

    with pytest.raises(JobFailed, match=r"The restore of MySQL instance b+ failed: the disk is full\."):
        run(steps())
    assert cloud.bodies()[0] == {
        "srcOuterProdInstId": "a" * 32,
        "dstOuterProdInstId": "b" * 32,
        "toTimepoint": "2026-01-22 17:30:15",
    }


def test_a_password_that_travels_in_base64_is_kept_out_of_errors_and_logs(
    keys: Credentials, run: Run, region: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The cloud decodes it, and may say what it has read."""
    refusal = {"statusCode": 900, "error": "MYSQL_1", "message": "accountPassword Aa1!secret is weak"}
    answer = httpx.MockTransport(lambda request: httpx.Response(200, json=refusal))
    client = Client(Endpoints.at("http://cloud.test"), keys, http=answer)
    with caplog.at_level("DEBUG"), pytest.raises(CtyunError, match=r"accountPassword \[secret\] is weak") as caught:
        run(client.mysql_accounts.create(region, "0" * 32, "hr_app", password=str(PAIR.password)))
    assert "Aa1!secret" not in f"{caught.value!r} {caplog.text} {PAIR!r}"
