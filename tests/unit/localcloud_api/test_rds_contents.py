"""Databases and accounts: which statements the calls become, and how MariaDB's tables are read."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from support.fake_lives import FakeLives
from support.rds_calls import Rds, wish

from localcloud.controllers.databases import grants
from localcloud.records.databases import MYSQLS
from localcloud.services.rds.passwords import hashed

DATABASE, ACCOUNT = "v1/open-api/database", "v1/open-api/account"
PASSWORD = base64.b64encode(b"Right-2026!").decode()


@pytest.fixture
def pair(rds: Rds, lives: FakeLives, data_net: tuple[str, str, str]) -> str:
    mysql_id = rds.made(wish(*data_net))
    lives.rows = {
        "SCHEMATA": [("hr_db", "utf8mb4", "utf8mb4_general_ci"), ("other", "utf8mb3", "utf8mb3_general_ci")],
        "CHARACTER_SETS": [("latin1", "cp1252", 1, "latin1_swedish_ci"), ("utf8mb4", "UTF-8", 4, "utf8mb4_general_ci")],
        "global_priv": [("app",), ("drlab_replication",), ("root",)],
        "mysql.db": [row("app", "hr\\_db", grants.READ_AND_WRITE), row("app", "other", grants.READ_ONLY)],
    }
    return mysql_id


def row(user: str, pattern: str, held: frozenset[str]) -> tuple[str, ...]:
    return (user, pattern, *("Y" if name in held else "N" for name in grants.COLUMNS))


# -- pure ----------------------------------------------------------------------------------------------------------------
def test_the_hash_is_mariadbs() -> None:
    assert hashed("password") == "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"  # SELECT PASSWORD('password')


@pytest.mark.parametrize("flag", list(grants.FLAGS))
def test_a_flag_that_is_granted_is_shown_again(flag: str) -> None:
    assert [name for name, is_set in grants.flags_of(grants.privileges([flag])).items() if is_set] == [flag]


def test_changing_and_defining_together_is_everything() -> None:
    assert grants.privileges(["dmlPrivilege", "ddlPrivilege"]) == grants.READ_AND_WRITE


def test_from_one_privilege_to_another() -> None:
    statements = grants.change_grants("app", "hr_db", grants.READ_AND_WRITE, grants.READ_ONLY)
    assert [text.split(" ON ")[1] for text, _ in statements] == ["`hr\\_db`.* FROM %s@%s"]
    assert grants.change_grants("app", "hr_db", grants.DML, grants.DML) == []


# -- databases -----------------------------------------------------------------------------------------------------------
def test_databases(rds: Rds, lives: FakeLives, pair: str) -> None:
    rds.ok("POST", DATABASE, pair, dbName="new_db", charSetName="utf8mb4")
    assert lives.written() == ["CREATE DATABASE `new_db` CHARACTER SET utf8mb4"]
    assert "already has a database hr_db" in rds.refused("POST", DATABASE, pair, dbName="hr_db", charSetName="utf8mb4")
    assert "'klingon' is not a character set" in rds.refused("POST", DATABASE, pair, dbName="x1", charSetName="klingon")
    assert "is a database of the server's own" in rds.refused("POST", DATABASE, pair, dbName="mysql", charSetName="utf8mb4")
    assert "'a; DROP' is not allowed" in rds.refused("POST", DATABASE, pair, dbName="a; DROP", charSetName="utf8mb4")
    [first, _] = rds.ok("GET", f"{DATABASE}/schemas", pair)
    assert (first["grantSchema"], first["charsetName"]) == ("hr_db", "utf8mb4")
    assert first["userVOList"] == [{"accountName": "app", "readOnly": False, "selectPriv": "Y", "insertPriv": "Y"}]
    assert rds.ok("GET", f"{DATABASE}/show-character-set", pair)["data"][1]["charset"] == "utf8mb4"


def test_while_roles_change_there_is_a_refusal_that_says_to_wait(rds: Rds, pair: str) -> None:
    """A state of the instance, as clients know it, and no trouble of the cloud's."""
    store = rds.api.cloud.store
    store.put(MYSQLS, replace(store.require(MYSQLS, pair), step="fence"))
    assert "changing the roles of its nodes" in rds.refused("POST", DATABASE, pair, dbName="new_db", charSetName="utf8mb4")


def test_what_was_granted_in_a_database_goes_with_it(rds: Rds, lives: FakeLives, pair: str) -> None:
    rds.ok("DELETE", DATABASE, pair, dbName="other")
    assert lives.written() == ["DROP DATABASE `other`", "REVOKE SELECT, SHOW VIEW ON `other`.* FROM 'app'@'%'"]
    assert "dbName not exist" in rds.refused("DELETE", DATABASE, pair, dbName="gone")


# -- accounts ------------------------------------------------------------------------------------------------------------
def test_a_new_account(rds: Rds, lives: FakeLives, pair: str) -> None:
    wanted = [{"grantSchema": "hr_db", "readOnly": True, "readAndWrite": None}]
    rds.ok("POST", ACCOUNT, pair, accountName="reader", accountPassword=PASSWORD, schemaPrivilegeVOList=wanted)
    assert lives.written() == [
        f"CREATE USER 'reader'@'%' IDENTIFIED VIA mysql_native_password USING '{hashed('Right-2026!')}'",
        "GRANT SELECT, SHOW VIEW ON `hr\\_db`.* TO 'reader'@'%'",
    ]
    body = {"accountName": "app", "accountPassword": PASSWORD}
    assert "already has an account app" in rds.refused("POST", ACCOUNT, pair, **body)
    assert rds.ok("GET", f"{ACCOUNT}/account-available", pair, accountName="app") == {"available": False}


def test_all_problems_of_an_account(rds: Rds, lives: FakeLives, pair: str) -> None:
    wanted = [{"grantSchema": "hr_db"}, {"grantSchema": "hr_db", "readOnly": True}]
    weak = base64.b64encode(b"weak").decode()
    answer = rds.refused("POST", ACCOUNT, pair, accountName="root", accountPassword=weak, schemaPrivilegeVOList=wanted)
    for part in (
        "'root' is an account of the server's own",
        "accountPassword is too weak",
        "schemaPrivilegeVOList[0].grantSchema 'hr_db' has no privilege set",
        "schemaPrivilegeVOList[1].grantSchema 'hr_db' is given twice",
    ):
        assert part in answer
    wanted = [{"grantSchema": name, "readOnly": True} for name in ("gone", "hr_db", "lost")]
    answer = rds.refused("POST", ACCOUNT, pair, accountName="new", accountPassword=PASSWORD, schemaPrivilegeVOList=wanted)
    assert "none called gone, lost" in answer and lives.written() == []


def test_accounts_are_listed_without_the_clouds_own(rds: Rds, pair: str) -> None:
    [shown] = rds.ok("GET", ACCOUNT, pair)
    held = {item["grantSchema"]: [flag for flag in grants.FLAGS if item[flag]] for item in shown["schemaPrivilegeVOList"]}
    assert (shown["accountName"], held) == ("app", {"hr_db": ["readAndWrite"], "other": ["readOnly"]})


def test_grants_are_set_and_revoked(rds: Rds, lives: FakeLives, pair: str) -> None:
    wanted = [{"grantSchema": "hr_db", "readOnly": True}, {"grantSchema": "other", "dmlPrivilege": True}]
    rds.ok("POST", f"{ACCOUNT}/operator-privilege-grant", pair, accountName="app", schemaPrivilegeVOList=wanted)
    [taken, given] = lives.written()
    assert taken.startswith("REVOKE ALTER, ") and "SELECT" not in taken and "ON `hr\\_db`.* FROM" in taken
    assert given.startswith("GRANT ") and "INSERT" in given and "SHOW VIEW" not in given
    lives.statements.clear()
    everything = [{"grantSchema": "other", "dmlPrivilege": True, "ddlPrivilege": True}]
    rds.ok("POST", f"{ACCOUNT}/operator-privilege-revoke", pair, accountName="app", schemaPrivilegeVOList=everything)
    assert lives.written() == ["REVOKE SELECT, SHOW VIEW ON `other`.* FROM 'app'@'%'"]
    answer = rds.refused("POST", f"{ACCOUNT}/operator-privilege-grant", pair, accountName="bob", schemaPrivilegeVOList=everything)
    assert "accountName not exist" in answer


def test_another_password_and_the_end(rds: Rds, lives: FakeLives, pair: str) -> None:
    rds.ok("POST", f"{ACCOUNT}/reset-password", pair, accountName="app", accountPassword=PASSWORD)
    rds.ok("DELETE", ACCOUNT, pair, accountName="app")
    assert [text.split(" ")[0] for text in lives.written()] == ["ALTER", "DROP"]
    assert "accountName not exist" in rds.refused("DELETE", ACCOUNT, pair, accountName="bob")
