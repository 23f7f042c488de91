"""Accounts as MariaDB keeps them: privileges turned into statements, and its tables read back. No I/O.

Names in statements have passed strict rules; hosts, account names and hashes travel as parameters all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Statement = tuple[str, Sequence[Any]]

ANYWHERE = "%"  # every account may log in from wherever white list and security group let it
ROOT = "root"

COLUMNS = {  # privilege -> column of mysql.db
    "SELECT": "Select_priv", "INSERT": "Insert_priv", "UPDATE": "Update_priv", "DELETE": "Delete_priv",
    "CREATE": "Create_priv", "DROP": "Drop_priv", "REFERENCES": "References_priv", "INDEX": "Index_priv",
    "ALTER": "Alter_priv", "CREATE TEMPORARY TABLES": "Create_tmp_table_priv", "LOCK TABLES": "Lock_tables_priv",
    "CREATE VIEW": "Create_view_priv", "SHOW VIEW": "Show_view_priv", "CREATE ROUTINE": "Create_routine_priv",
    "ALTER ROUTINE": "Alter_routine_priv", "EXECUTE": "Execute_priv", "EVENT": "Event_priv", "TRIGGER": "Trigger_priv",
}  # fmt: skip

READ_ONLY = frozenset({"SELECT", "SHOW VIEW"})
DML = READ_ONLY | {"INSERT", "UPDATE", "DELETE", "CREATE TEMPORARY TABLES", "LOCK TABLES", "EXECUTE"}
DDL = frozenset(COLUMNS) - DML
READ_AND_WRITE = DML | DDL
FLAGS = {"readOnly": READ_ONLY, "dmlPrivilege": DML, "ddlPrivilege": DDL, "readAndWrite": READ_AND_WRITE}

# Everything on everything that cannot write to a read-only node, reach the machine's files or meddle with replication.
ROOT_PRIVILEGES = (*sorted(COLUMNS), "PROCESS", "RELOAD", "SHOW DATABASES", "CREATE USER")

ALL_GRANTS: Statement = (
    f"SELECT User, Db, {', '.join(COLUMNS.values())} FROM mysql.db WHERE Host = %s ORDER BY User, Db", (ANYWHERE,)
)  # fmt: skip
ALL_ACCOUNTS: Statement = ("SELECT User FROM mysql.global_priv WHERE Host = %s ORDER BY User", (ANYWHERE,))


def privileges(flags: Iterable[str]) -> frozenset[str]:
    """What the API's flags stand for together."""
    return frozenset().union(*(FLAGS[flag] for flag in flags))


def flags_of(granted: frozenset[str]) -> dict[str, bool]:
    """The API's flags for a set of privileges: reading and writing says it all; otherwise each kind that is held in full."""
    if granted >= READ_AND_WRITE:
        return {flag: flag == "readAndWrite" for flag in FLAGS}
    held = {flag: granted >= FLAGS[flag] for flag in ("dmlPrivilege", "ddlPrivilege")}
    return {"readOnly": granted == READ_ONLY, "readAndWrite": False} | held


def read_grants(rows: Iterable[tuple[Any, ...]]) -> dict[str, dict[str, frozenset[str]]]:
    """The rows of ALL_GRANTS: account -> database -> privileges."""
    grants: dict[str, dict[str, frozenset[str]]] = {}
    for user, pattern, *columns in rows:
        held = frozenset(name for name, value in zip(COLUMNS, columns, strict=True) if value == "Y")
        grants.setdefault(str(user), {})[str(pattern).replace("\\", "")] = held
    return grants


def create_account(name: str, password_hash: str) -> list[Statement]:
    """An account that may do nothing yet."""
    return [("CREATE USER %s@%s IDENTIFIED VIA mysql_native_password USING %s", (name, ANYWHERE, password_hash))]


def set_password(name: str, password_hash: str) -> list[Statement]:
    """Another password."""
    return [("ALTER USER %s@%s IDENTIFIED VIA mysql_native_password USING %s", (name, ANYWHERE, password_hash))]


def drop_account(name: str) -> list[Statement]:
    """Its grants go with it."""
    return [("DROP USER %s@%s", (name, ANYWHERE))]


def change_grants(name: str, database: str, old: frozenset[str], new: frozenset[str]) -> list[Statement]:
    """From one set of privileges in a database to another; what stays is never missing in between."""
    where = f"`{pattern_of(database)}`.*"
    statements: list[Statement] = []
    if new - old:
        statements.append((f"GRANT {', '.join(sorted(new - old))} ON {where} TO %s@%s", (name, ANYWHERE)))
    if old - new:
        statements.append((f"REVOKE {', '.join(sorted(old - new))} ON {where} FROM %s@%s", (name, ANYWHERE)))
    return statements


def replication_account(name: str, password: str) -> list[Statement]:
    """Whoever follows is let in by it; whatever became of an earlier one of that name."""
    return [
        ("CREATE OR REPLACE USER %s@%s IDENTIFIED BY %s", (name, ANYWHERE, password)),
        ("GRANT REPLICATION SLAVE ON *.* TO %s@%s", (name, ANYWHERE)),
    ]


def root_account(password_hash: str) -> list[Statement]:
    """The administrator that an instance's owner may be: made, or given another password."""
    return [
        ("CREATE USER IF NOT EXISTS %s@%s", (ROOT, ANYWHERE)),
        *set_password(ROOT, password_hash),
        (f"GRANT {', '.join(ROOT_PRIVILEGES)} ON *.* TO %s@%s WITH GRANT OPTION", (ROOT, ANYWHERE)),
    ]


def pattern_of(database: str) -> str:
    """In a grant "_" stands for any character unless it is escaped: "hr_db" -> "hr\\_db"."""
    return database.replace("_", "\\_")
