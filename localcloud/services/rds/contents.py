"""What is in an instance: databases, and the accounts that may use them. MariaDB itself keeps both and is asked each time."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from localcloud.core.calls import Call
from localcloud.core.inputs import Fields
from localcloud.core.rds_records import Mysql
from localcloud.services.rds import grants, passwords
from localcloud.services.rds.errors import PartDuplicated, PartNotFound
from localcloud.services.rds.grants import Statement
from localcloud.services.rds.instances import must_be_primary
from localcloud.services.rds.reading import BACKING_UP, IDLE, must_be_normal, mysql_of

DATABASE_NAME = re.compile(r"[a-z](?:[a-z0-9_]{0,62}[a-z0-9])?")
DATABASE_RULE = "1-64 lower-case letters, digits or '_', a letter first, no '_' last"
ACCOUNT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}[A-Za-z0-9]")
ACCOUNT_RULE = "2-32 letters, digits or '_', a letter first, no '_' last"
OWN_DATABASES = ("mysql", "sys", "information_schema", "performance_schema")
OWN_ACCOUNTS = ("root", "mysql", "mariadb")
MOST_GRANTS = 100

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
Change = Callable[[frozenset[str], frozenset[str]], frozenset[str]]  # privileges held, flags set -> privileges to hold


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


def _contents(call: Call, what: str = "") -> Contents:
    """The contents of the instance that the call is about. `what`: this call changes them."""
    mysql = mysql_of(call)
    if what:
        must_be_primary(mysql, what)
    must_be_normal(mysql, (IDLE, BACKING_UP))
    return Contents(call, mysql)


# -- databases -----------------------------------------------------------------------------------------------------------
def create_database(call: Call) -> None:
    name = _database_name(call.fields)
    charset = call.fields.text("charSetName", required=True)
    call.fields.ignore("dbRemark", "remark")
    contents = _contents(call, "database")

    async def create() -> None:
        known = [str(row[0]) for row in await contents.ask(CHARSETS)]
        if charset not in known:
            call.fields.problem("charSetName", f"{charset!r} is not a character set; there are {', '.join(known)}")
            call.fields.check()
        if name in await contents.database_names():
            raise PartDuplicated("database", name, contents.mysql.name)
        await contents.do([(f"CREATE DATABASE `{name}` CHARACTER SET {charset}", ())])

    call.answers_with(create)


def delete_database(call: Call) -> None:
    """With its tables, and with what was granted in it."""
    name = _database_name(call.fields)
    contents = _contents(call, "database")

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
    contents = _contents(call)

    async def look() -> list[dict[str, Any]]:
        granted = await contents.granted()
        return [
            {"grantSchema": name, "charsetName": charset, "collationName": collation, "remark": "",
             "userVOList": [_user_shown(account, held[name]) for account, held in granted.items() if name in held]}
            for name, charset, collation in await contents.ask(SCHEMATA)
        ]  # fmt: skip

    call.answers_with(look)


def list_charsets(call: Call) -> None:
    contents = _contents(call)

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


# -- accounts ------------------------------------------------------------------------------------------------------------
def create_account(call: Call) -> None:
    name, password = _account_name(call.fields), passwords.encoded(call.fields, "accountPassword")
    wanted = _flags(call.fields)
    call.fields.ignore("remark")
    contents = _contents(call, "account")

    async def create() -> None:
        if name in await contents.account_names():
            raise PartDuplicated("account", name, contents.mysql.name)
        await contents.require_databases(wanted)
        granted = [
            statement
            for database, flags in wanted.items()
            for statement in grants.change_grants(name, database, frozenset(), grants.privileges(flags))
        ]
        await contents.do([*grants.create_account(name, passwords.hashed(password)), *granted])

    call.answers_with(create)


def list_accounts(call: Call) -> None:
    contents = _contents(call)

    async def look() -> list[dict[str, Any]]:
        names, granted = await contents.account_names(), await contents.granted()
        return [
            {"accountName": name, "remark": "", "schemaPrivilegeVOList": [
                {"grantSchema": database} | grants.flags_of(held) for database, held in granted.get(name, {}).items()
            ]}
            for name in names
        ]  # fmt: skip

    call.answers_with(look)


def account_available(call: Call) -> None:
    """Whether nobody has the name."""
    name = _account_name(call.fields)
    contents = _contents(call)

    async def look() -> dict[str, bool]:
        return {"available": name not in await contents.account_names()}

    call.answers_with(look)


def delete_account(call: Call) -> None:
    name = _account_name(call.fields)
    contents = _contents(call, "account")

    async def delete() -> None:
        await contents.require_account(name)
        await contents.do(grants.drop_account(name))

    call.answers_with(delete)


def reset_password(call: Call) -> None:
    name, password = _account_name(call.fields), passwords.encoded(call.fields, "accountPassword")
    contents = _contents(call, "reset-password")

    async def change() -> None:
        await contents.require_account(name)
        await contents.do(grants.set_password(name, passwords.hashed(password)))

    call.answers_with(change)


def grant(call: Call) -> None:
    """Exactly these privileges in the databases named; what the account may do in others stays."""
    _change_grants(call, lambda held, flags: grants.privileges(flags))


def revoke(call: Call) -> None:
    """Take these privileges away in the databases named."""
    _change_grants(call, lambda held, flags: held - grants.privileges(flags))


def _change_grants(call: Call, after: Change) -> None:
    name, wanted = _account_name(call.fields), _flags(call.fields, required=True)
    contents = _contents(call, "operator-privilege-grant")

    async def change() -> None:
        await contents.require_account(name)
        await contents.require_databases(wanted)
        held = (await contents.granted()).get(name, {})
        statements = []
        for database, flags in wanted.items():
            old = held.get(database, frozenset())
            statements += grants.change_grants(name, database, old, after(old, flags))
        await contents.do(statements)

    call.answers_with(change)


# -- reading -------------------------------------------------------------------------------------------------------------
def _database_name(fields: Fields, field: str = "dbName") -> str:
    name = fields.name(field, required=True, rule=DATABASE_NAME, says=DATABASE_RULE)
    if name in OWN_DATABASES:
        fields.problem(field, f"{name!r} is a database of the server's own")
    return name


def _account_name(fields: Fields) -> str:
    name = fields.name("accountName", required=True, rule=ACCOUNT_NAME, says=ACCOUNT_RULE)
    if name.lower() in OWN_ACCOUNTS or name.lower().startswith("drlab_"):
        fields.problem("accountName", f"{name!r} is an account of the server's own")
    return name


def _flags(fields: Fields, required: bool = False) -> dict[str, frozenset[str]]:
    """schemaPrivilegeVOList as database -> flags."""
    wanted: dict[str, frozenset[str]] = {}
    for item in fields.items("schemaPrivilegeVOList", required=required, most=MOST_GRANTS):
        database = _database_name(item, "grantSchema")
        flags = frozenset(flag for flag in grants.FLAGS if item.boolean(flag))
        if database in wanted:
            item.problem("grantSchema", f"{database!r} is given twice")
        if not flags:
            item.problem("grantSchema", f"{database!r} has no privilege set; there are {', '.join(grants.FLAGS)}")
        wanted[database] = flags
    return wanted
