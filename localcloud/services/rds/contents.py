"""What is in an instance. MariaDB itself keeps its databases and accounts and is asked each time."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from localcloud.api.calls import Call
from localcloud.api.inputs import Fields
from localcloud.controllers.databases import grants
from localcloud.controllers.databases.grants import Statement
from localcloud.records.databases import Mysql
from localcloud.records.errors.rds import PartDuplicated, PartNotFound, WrongState
from localcloud.services.rds.instances import must_be_primary
from localcloud.services.rds.reading import BACKING_UP, IDLE, must_be_normal, mysql_of

DATABASE_NAME = re.compile(r"[a-z](?:[a-z0-9_]{0,62}[a-z0-9])?")
DATABASE_RULE = "1-64 lower-case letters, digits or '_', a letter first, no '_' last"
OWN_DATABASES = ("mysql", "sys", "information_schema", "performance_schema")
OWN_ACCOUNTS = ("root", "mysql", "mariadb")

SCHEMATA: Statement = (
    "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA "
    "WHERE SCHEMA_NAME NOT IN (%s, %s, %s, %s) ORDER BY SCHEMA_NAME",
    OWN_DATABASES,
)
CHARSETS: Statement = (
    "SELECT CHARACTER_SET_NAME, DESCRIPTION, MAXLEN, DEFAULT_COLLATE_NAME FROM information_schema.CHARACTER_SETS "
    "ORDER BY CHARACTER_SET_NAME",
    (),
)


class Contents:
    """Questions to the primary of one instance, and orders to it."""

    def __init__(self, call: Call, mysql: Mysql) -> None:
        self._databases, self.mysql = call.cloud.databases, mysql

    async def ask(self, statement: Statement) -> list[tuple[Any, ...]]:
        """The rows of a question."""
        return await self._databases.sql(self.mysql.id, [statement])

    async def do(self, statements: list[Statement]) -> None:
        """Statements in a row; none is fine."""
        if statements:
            await self._databases.sql(self.mysql.id, statements)

    async def database_names(self) -> list[str]:
        return [str(row[0]) for row in await self.ask(SCHEMATA)]

    async def account_names(self) -> list[str]:
        """Without the cloud's own."""
        own = {*OWN_ACCOUNTS, self.mysql.replication_user}
        return [
            str(name)
            for (name,) in await self.ask(grants.ALL_ACCOUNTS)
            if name not in own and not str(name).startswith("mariadb.")
        ]

    async def granted(self) -> dict[str, dict[str, frozenset[str]]]:
        """Account -> database -> privileges."""
        return grants.read_grants(await self.ask(grants.ALL_GRANTS))

    async def require_account(self, name: str) -> None:
        """Raises PartNotFound."""
        if name not in await self.account_names():
            raise PartNotFound("accountName", [name], self.mysql.name)

    async def require_databases(self, names: Collection[str]) -> None:
        """Raises PartNotFound, which names all that are missing."""
        there = set(await self.database_names())
        if missing := [name for name in names if name not in there]:
            raise PartNotFound("dbName", missing, self.mysql.name)


def contents_of(call: Call, what: str = "") -> Contents:
    """The contents of the instance that the call is about. `what`: this call changes them."""
    mysql = mysql_of(call)
    if what:
        must_be_primary(mysql, what)
    must_be_normal(mysql, (IDLE, BACKING_UP))
    if mysql.step:
        raise WrongState(mysql.name, "changing the roles of its nodes", "done with that")
    return Contents(call, mysql)


# -- databases -----------------------------------------------------------------------------------------------------------
def create_database(call: Call) -> None:
    name = database_name(call.fields)
    charset = call.fields.text("charSetName", required=True)
    contents = contents_of(call, "database")

    async def create() -> None:
        known = [str(row[0]) for row in await contents.ask(CHARSETS)]
        if charset not in known:
            call.fields.problem("charSetName", f"{charset!r} is not a character set; there are {', '.join(known)}")
            call.fields.check()
        if name in await contents.database_names():
            raise PartDuplicated("a database", name, contents.mysql.name)
        await contents.do([(f"CREATE DATABASE `{name}` CHARACTER SET {charset}", ())])

    call.answers_with(create)


def delete_database(call: Call) -> None:
    """With its tables, and with what was granted in it."""
    name = database_name(call.fields)
    contents = contents_of(call, "database")

    async def delete() -> None:
        await contents.require_databases([name])
        revoked = [
            statement
            for account, held in (await contents.granted()).items()
            for statement in grants.change_grants(account, name, held.get(name, frozenset()), frozenset())
        ]
        await contents.do([(f"DROP DATABASE `{name}`", ()), *revoked])

    call.answers_with(delete)


def list_databases(call: Call) -> None:
    contents = contents_of(call)

    async def look() -> list[dict[str, Any]]:
        granted = await contents.granted()
        return [
            {"grantSchema": name, "charsetName": charset, "collationName": collation, "remark": "",
             "userVOList": [_user_shown(account, held[name]) for account, held in granted.items() if name in held]}
            for name, charset, collation in await contents.ask(SCHEMATA)
        ]  # fmt: skip

    call.answers_with(look)


def list_charsets(call: Call) -> None:
    contents = contents_of(call)

    async def look() -> dict[str, Any]:
        names = ("charset", "description", "maxlen", "defaultCollation")
        return {"data": [dict(zip(names, row, strict=True)) for row in await contents.ask(CHARSETS)]}

    call.answers_with(look)


def _user_shown(account: str, held: frozenset[str]) -> dict[str, Any]:
    letters = {name: "Y" if name in held else "N" for name in ("SELECT", "INSERT")}
    return {
        "accountName": account, "readOnly": held == grants.READ_ONLY, "selectPriv": letters["SELECT"],
        "insertPriv": letters["INSERT"],
    }  # fmt: skip


def database_name(fields: Fields, field: str = "dbName") -> str:
    name = fields.name(field, required=True, rule=DATABASE_NAME, says=DATABASE_RULE)
    if name in OWN_DATABASES:
        fields.problem(field, f"{name!r} is a database of the server's own")
    return name
