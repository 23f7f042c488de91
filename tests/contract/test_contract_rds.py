"""MySQL instances of a real local cloud: real MariaDB behind the API, reached as people reach it, through an EIP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pymysql
import pytest
from contract.factories import Factory
from contract.running_cloud import Run
from support.waiting import wait_until

from ctyun import ApiError, Client, MysqlInstance, NewMysql, NotFound, Rule
from ctyun.client import CHINA

PASSWORD, ROOT = "Right-2026!", "Root-2026-right!"
SECONDS = 120.0  # for what takes ten at most on a quiet machine
REFUSED = (1044, 1142, 1045)  # MariaDB's numbers for what an account may not do

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Data:
    """A pair with an EIP, a database and an account that may read and write."""

    client: Client
    run: Run
    region: str
    id: str
    new: NewMysql
    address: str  # public
    eip_id: str

    def connect(self, user: str = "app", password: str = PASSWORD, database: str | None = "hr_db", seconds: int = 30) -> Any:
        return pymysql.connect(
            host=self.address, user=user, password=password, database=database, connect_timeout=3, read_timeout=seconds,
            write_timeout=seconds, autocommit=True,
        )  # fmt: skip

    def sql(self, statement: str, **login: Any) -> list[tuple[Any, ...]]:
        with closing(self.connect(**login)) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def ready(self) -> MysqlInstance:
        instance: MysqlInstance = self.run(self.client.mysqls.wait(self.region, self.id, timeout=SECONDS))
        return instance

    def rows(self) -> set[str]:
        return {row[0] for row in self.sql("SELECT word FROM words")}

    def answers(self) -> bool:
        with suppress(pymysql.Error):
            return bool(self.sql("SELECT 1"))
        return False

    def primary(self) -> str:
        return next(node.name for node in self.ready().nodes if node.role == "primary")


@pytest.fixture(scope="module")
def data(client: Client, run: Run, region: str) -> Iterator[Data]:
    with ExitStack() as cleanup:
        make = Factory(client, run, region, cleanup)
        vpc_id = make.vpc()
        subnet_id, group_id = make.subnet(vpc_id), make.group(vpc_id)
        run(client.security_groups.add_rules(region, group_id, [Rule("ingress", "accept", "TCP", ports="3306")]))
        first, second = (run(client.regions.zone(region, name)).name for name in ("AZ1", "AZ2"))
        new = NewMysql(make.name("data"), "8.0", "2C4G", vpc_id, subnet_id, group_id, first, second, password=ROOT)
        mysql_id = run(client.mysqls.create(region, new))
        make.remove_later(lambda: client.mysqls.delete(region, mysql_id))
        eip = make.eip()
        found = Data(client, run, region, mysql_id, new, eip.address, eip.id)
        found.ready()
        run(client.mysql_eips.bind(region, mysql_id, eip.id, eip.address))
        make.remove_later(lambda: client.mysql_eips.unbind(region, mysql_id, eip.id, eip.address))
        run(client.mysql_databases.create(region, mysql_id, "hr_db"))
        run(client.mysql_accounts.create(region, mysql_id, "app", password=PASSWORD, grants={"hr_db": "readWrite"}))
        found.sql("CREATE TABLE words (word VARCHAR(20) PRIMARY KEY)")
        yield found


def test_a_pair_in_two_zones_is_reached_through_its_eip(data: Data) -> None:
    instance = data.ready()
    assert [(node.name, node.zone_name, node.role) for node in instance.nodes] == [
        (f"{data.new.name}-1", data.new.zone_name, "primary"),
        (f"{data.new.name}-2", data.new.standby_zone_name, "standby"),
    ]
    assert (instance.eip, instance.port, instance.kind) == (data.address, 3306, "pair")
    assert data.sql("SELECT @@read_only, @@rpl_semi_sync_master_enabled", user="root", password=ROOT, database=None) == [(0, 1)]
    [listed] = data.run(data.client.mysqls.list(data.region, name=data.new.name))
    assert (listed.id, listed.address) == (data.id, instance.address)


def test_accounts_may_do_what_was_granted_and_no_more(data: Data) -> None:
    client, run, region = data.client, data.run, data.region
    run(client.mysql_databases.create(region, data.id, "other_db"))
    run(client.mysql_accounts.create(region, data.id, "guest", password=PASSWORD, grants={"hr_db": "readOnly"}))
    assert run(client.mysql_accounts.get(region, data.id, "guest")).grants == {"hr_db": "readOnly"}
    assert data.sql("SELECT count(*) FROM words", user="guest")
    must_be_refused(lambda: data.sql("INSERT INTO words VALUES ('guest')", user="guest"))
    must_be_refused(lambda: data.sql("SELECT 1", user="guest", database="other_db"))
    run(client.mysql_accounts.set_grants(region, data.id, "guest", {"hr_db": "dml", "other_db": "ddl"}))
    data.sql("INSERT INTO words VALUES ('guest')", user="guest")
    data.sql("CREATE TABLE made (id INT)", user="guest", database="other_db")
    must_be_refused(lambda: data.sql("DROP TABLE words", user="guest"))
    data.sql("CREATE TABLE changed (at DATETIME)")
    data.sql("CREATE TRIGGER noted AFTER INSERT ON words FOR EACH ROW INSERT INTO changed VALUES (NOW())")
    data.sql("CREATE FUNCTION twice(number INT) RETURNS INT DETERMINISTIC RETURN 2 * number")
    data.sql("INSERT INTO words VALUES ('noted')")
    assert data.sql("SELECT twice(count(*)) FROM changed") == [(2,)]
    data.sql("DROP TRIGGER noted")
    run(client.mysql_accounts.set_password(region, data.id, "guest", "Other-2026!"))
    must_be_refused(lambda: data.sql("SELECT 1", user="guest"))
    assert data.sql("SELECT 1", user="guest", password="Other-2026!")  # noqa: S106
    run(client.mysql_databases.delete(region, data.id, "other_db"))
    assert run(client.mysql_accounts.get(region, data.id, "guest")).grants == {"hr_db": "dml"}
    run(client.mysql_accounts.delete(region, data.id, "guest"))
    assert [account.name for account in run(client.mysql_accounts.list(region, data.id))] == ["app"]
    assert [database.name for database in run(client.mysql_databases.list(region, data.id))] == ["hr_db"]


def must_be_refused(work: Callable[[], object]) -> None:
    with pytest.raises(pymysql.Error) as error:
        work()
    assert error.value.args[0] in REFUSED, error.value


def test_root_cannot_open_a_read_only_node_nor_touch_replication(data: Data) -> None:
    for statement in ("SET GLOBAL read_only = 1", "STOP SLAVE", "SELECT 1 INTO OUTFILE '/tmp/x'"):
        with pytest.raises(pymysql.Error) as error:
            data.sql(statement, user="root", password=ROOT, database=None)
        assert error.value.args[0] in (1227, 1045), statement
    data.run(data.client.mysqls.set_root_password(data.region, data.id, "Newer-2026!", timeout=SECONDS))
    must_be_refused(lambda: data.sql("SELECT 1", user="root", password=ROOT, database=None))
    assert data.sql("SELECT 1", user="root", password="Newer-2026!", database=None)  # noqa: S106
    data.run(data.client.mysqls.set_root_password(data.region, data.id, ROOT, timeout=SECONDS))


def test_a_white_list_shuts_out_everybody_else(data: Data) -> None:
    lists = data.client.mysql_white_lists
    with closing(data.connect(seconds=3)) as open_connection:
        data.run(lists.create(data.region, data.id, "office", ["10.9.8.7"]))
        try:
            with pytest.raises(pymysql.Error):
                data.sql("SELECT 1")
            with pytest.raises(pymysql.Error), open_connection.cursor() as cursor:  # what is not allowed any more ends
                cursor.execute("SELECT 1")
            data.run(lists.change(data.region, data.id, "office", ["0.0.0.0/0"]))
            wait_until(data.answers, SECONDS, "the white list to let us in")
            assert data.run(lists.get(data.region, data.id, "office")).addresses == ("0.0.0.0/0",)
        finally:
            data.run(lists.delete(data.region, data.id, "office"))
    assert data.answers()


def test_another_security_group_is_in_force_at_once(data: Data, make: Factory) -> None:
    closed, groups = make.group(data.new.vpc_id), (data.new.security_group_id,)
    data.run(data.client.mysqls.change_security_group(data.region, data.id, groups[0], closed))
    try:
        assert not data.answers()
        with pytest.raises(ApiError, match="MySQL instance"):
            data.run(data.client.security_groups.delete(data.region, closed))
    finally:
        data.run(data.client.mysqls.change_security_group(data.region, data.id, closed, groups[0]))
    assert data.answers()


def test_restarted_stopped_and_started_it_keeps_its_data(data: Data) -> None:
    data.sql("REPLACE INTO words VALUES ('kept')")
    data.run(data.client.mysqls.restart(data.region, data.id, timeout=SECONDS))
    wait_until(data.answers, SECONDS, "it to answer again")
    data.run(data.client.mysqls.stop(data.region, data.id, timeout=SECONDS))
    assert not data.answers()
    data.run(data.client.mysqls.start(data.region, data.id, timeout=SECONDS))
    wait_until(data.answers, SECONDS, "it to answer again")
    assert "kept" in data.rows()


def test_roles_are_switched_and_recorded(data: Data) -> None:
    before = data.primary()
    roles = data.client.mysql_roles
    other = next(node for node in data.ready().nodes if node.role == "standby")
    wait_until(lambda: switched(data, other.res_id), SECONDS, "the standby to have every write and to be switched to")
    assert data.primary() == other.name != before
    wait_until(data.answers, SECONDS, "the address to follow")
    data.sql("REPLACE INTO words VALUES ('after the switch')")
    newest = data.run(roles.switches(data.region, data.id))[0]
    assert (newest.reason, newest.before, newest.after) == ("manaul", before, other.name) and newest.ended


def test_accounts_of_the_cloud_that_an_administrator_drops_are_made_anew(data: Data) -> None:
    """As he does, too, who loads a dump of all databases. The replication account is asked for when roles change."""
    with closing(data.connect("root", ROOT, None)) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM mysql.global_priv WHERE User NOT IN ('app', 'PUBLIC') AND NOT (User = 'root' AND Host = '%')")
        cursor.execute("FLUSH PRIVILEGES")
    for _ in range(2):  # the second time only where the first has left the pair in sync
        other = next(node for node in data.ready().nodes if node.role == "standby")
        wait_until(lambda other=other: switched(data, other.res_id), SECONDS, "the standby to be switched to")  # type: ignore[misc]
    wait_until(data.answers, SECONDS, "the address to follow")
    data.sql("REPLACE INTO words VALUES ('after the accounts')")


def switched(data: Data, res_id: int) -> bool:
    """A standby that was just restarted is refused until it has caught up."""
    with suppress(ApiError):
        return bool(data.run(data.client.mysql_roles.switch_over(data.region, data.id, res_id, timeout=SECONDS)))
    return False


def test_a_pair_is_enlarged_while_it_is_used(data: Data) -> None:
    """Nothing that counted is lost, and writes go on between its nodes' turns."""
    client, run, region = data.client, data.run, data.region
    leader = data.primary()
    written: list[Any] = []

    def write() -> None:
        word = f"grown {len(written)}"
        with suppress(pymysql.Error):
            data.sql(f"INSERT INTO words VALUES ('{word}')", seconds=3)
            written.append(word)

    async def written_meanwhile() -> MysqlInstance:
        change = asyncio.ensure_future(client.mysql_upgrades.enlarge(region, data.id, 200, timeout=SECONDS))
        while not change.done():
            await asyncio.to_thread(write)
        return await change

    assert run(client.mysql_upgrades.resize(region, data.id, "4C8G", timeout=SECONDS)).flavor == "4C8G"
    assert data.primary() == leader
    seen = run(written_meanwhile())
    assert (seen.storage_gib, seen.flavor, len(seen.nodes)) == (200, "4C8G", 2)
    assert data.primary() != leader and len(written) > 10
    wait_until(data.answers, SECONDS, "the address to follow")
    assert set(written) <= data.rows()
    with pytest.raises(ApiError, match="can only grow"):
        run(client.mysql_upgrades.enlarge(region, data.id, 100))


def test_a_restore_to_a_time_brings_back_that_time(data: Data) -> None:
    backups = data.client.mysql_backups
    data.sql("DELETE FROM words")
    data.sql("INSERT INTO words VALUES ('in the backup')")
    backup = data.run(backups.create(data.region, data.id, name="first", timeout=SECONDS))
    assert backup.size > 0
    time.sleep(1.1)  # the API's times have whole seconds, so that moments must lie further apart
    data.sql("INSERT INTO words VALUES ('after the backup')")
    time.sleep(1.1)
    until = datetime.now(CHINA)
    time.sleep(1.1)
    data.sql("INSERT INTO words VALUES ('too late')")
    data.run(backups.restore(data.region, data.id, data.id, until=until))
    data.ready()
    wait_until(data.answers, SECONDS, "it to answer again")
    assert data.rows() == {"in the backup", "after the backup"}
    data.run(backups.restore(data.region, data.id, data.id, task=backup.task))
    data.ready()
    wait_until(data.answers, SECONDS, "it to answer again")
    assert data.rows() == {"in the backup"}
    data.run(backups.delete(data.region, data.id, backup.id))
    assert data.run(backups.list(data.region, data.id)) == []


def test_orders_that_are_refused(data: Data) -> None:
    wrong = NewMysql(
        "1", "8.0", "2C4G", data.new.vpc_id, data.new.subnet_id, data.new.security_group_id, data.new.zone_name,
        data.new.zone_name, storage_gib=5, password="weak",  # noqa: S106
    )  # fmt: skip
    with pytest.raises(ApiError) as error:
        data.run(data.client.mysqls.create(data.region, wrong))
    for part in ("name '1' is not allowed", "storageSpace is 5", "the primary's zone", "password is too weak"):
        assert part in str(error.value)
    with pytest.raises(NotFound):
        data.run(data.client.mysqls.get(data.region, "0" * 32))
    with pytest.raises(ApiError, match="MySQL instance"):
        data.run(data.client.subnets.delete(data.region, data.new.subnet_id))


def test_a_read_replica_follows_with_a_real_lag(data: Data, make: Factory) -> None:
    client, run, region = data.client, data.run, data.region
    new = data.new
    zone, size = run(client.regions.zone(region, "AZ3")).name, run(client.mysqls.get(region, data.id)).storage_gib
    replica = NewMysql(
        make.name("copy"), "8.0", "2C4G", new.vpc_id, new.subnet_id, new.security_group_id, zone, parent_id=data.id,
        storage_gib=size,
    )  # fmt: skip
    replica_id = run(client.mysqls.create(region, replica))
    make.remove_later(lambda: client.mysqls.delete(region, replica_id))
    shown = run(client.mysqls.wait(region, replica_id, timeout=SECONDS))
    assert [node.role for node in shown.nodes] == ["replica"]
    data.sql("REPLACE INTO words VALUES ('replicated')")
    wait_until(lambda: delay(data, replica_id) == 0, SECONDS, "the replica to have everything")
    with pytest.raises(ApiError, match=f"read replica {replica_id}"):
        run(client.mysqls.delete(region, data.id))


def delay(data: Data, replica_id: str) -> int | None:
    """Milliseconds, by the API's own call: the client has none for it."""
    from ctyun.services.mysql_base import rds2

    call = rds2("GET", "v1/open-api/instance/read-instance-delay", "ask for the delay of")
    query, headers = {"outerProdInstId": replica_id}, {"regionId": data.region}
    answer = data.run(data.client.transport.send(call, replica_id, query=query, headers=headers))
    [found] = answer.body["items"]
    assert found["parentOuterProdInstId"] == data.id
    return found["delay"]  # type: ignore[no-any-return]
