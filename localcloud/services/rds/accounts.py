"""Accounts of an instance, and what they may do in its databases."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from localcloud.api.calls import Call
from localcloud.api.inputs import Fields
from localcloud.controllers.databases import grants
from localcloud.records.errors.rds import PartDuplicated
from localcloud.services.rds import passwords
from localcloud.services.rds.contents import OWN_ACCOUNTS, contents_of, database_name

ACCOUNT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}[A-Za-z0-9]")
ACCOUNT_RULE = "2-32 letters, digits or '_', a letter first, no '_' last"
MOST_GRANTS = 100
Change = Callable[[frozenset[str], frozenset[str]], frozenset[str]]  # privileges held, flags set -> privileges to hold


def create_account(call: Call) -> None:
    name, password = _account_name(call.fields), passwords.encoded(call.fields, "accountPassword")
    wanted = _flags(call.fields)
    contents = contents_of(call, "account")

    async def create() -> None:
        if name in await contents.account_names():
            raise PartDuplicated("an account", name, contents.mysql.name)
        await contents.require_databases(wanted)
        granted = [
            statement
            for database, flags in wanted.items()
            for statement in grants.change_grants(name, database, frozenset(), grants.privileges(flags))
        ]
        await contents.do([*grants.create_account(name, passwords.hashed(password)), *granted])

    call.answers_with(create)


def list_accounts(call: Call) -> None:
    contents = contents_of(call)

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
    contents = contents_of(call)

    async def look() -> dict[str, bool]:
        return {"available": name not in await contents.account_names()}

    call.answers_with(look)


def delete_account(call: Call) -> None:
    name = _account_name(call.fields)
    contents = contents_of(call, "account")

    async def delete() -> None:
        await contents.require_account(name)
        await contents.do(grants.drop_account(name))

    call.answers_with(delete)


def reset_password(call: Call) -> None:
    name, password = _account_name(call.fields), passwords.encoded(call.fields, "accountPassword")
    contents = contents_of(call, "reset-password")

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
    contents = contents_of(call, "operator-privilege-grant")

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


def _account_name(fields: Fields) -> str:
    name = fields.name("accountName", required=True, rule=ACCOUNT_NAME, says=ACCOUNT_RULE)
    if name.lower() in OWN_ACCOUNTS or name.lower().startswith("drlab_"):
        fields.problem("accountName", f"{name!r} is an account of the server's own")
    return name


def _flags(fields: Fields, required: bool = False) -> dict[str, frozenset[str]]:
    """schemaPrivilegeVOList as database -> flags."""
    wanted: dict[str, frozenset[str]] = {}
    for item in fields.items("schemaPrivilegeVOList", required=required, most=MOST_GRANTS):
        database = database_name(item, "grantSchema")
        flags = frozenset(flag for flag in grants.FLAGS if item.boolean(flag))
        if database in wanted:
            item.problem("grantSchema", f"{database!r} is given twice")
        if not flags:
            item.problem("grantSchema", f"{database!r} has no privilege set; there are {', '.join(grants.FLAGS)}")
        wanted[database] = flags
    return wanted
