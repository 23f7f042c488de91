"""What is in a MySQL instance: databases and the accounts that may use them."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from ctyun.errors import NotFound
from ctyun.fields import Body, items, need, text
from ctyun.services.mysql_base import MysqlService, encoded, rds2

CREATE_DATABASE = rds2("POST", "v1/open-api/database", "create database")
LIST_DATABASES = rds2("GET", "v1/open-api/database/schemas", "list databases of MySQL instance")
DELETE_DATABASE = rds2("DELETE", "v1/open-api/database", "delete database")
CREATE_ACCOUNT = rds2("POST", "v1/open-api/account", "create account")
LIST_ACCOUNTS = rds2("GET", "v1/open-api/account", "list accounts of MySQL instance")
DELETE_ACCOUNT = rds2("DELETE", "v1/open-api/account", "delete account")
PASSWORD = rds2("POST", "v1/open-api/account/reset-password", "set the password of account")
GRANT = rds2("POST", "v1/open-api/account/operator-privilege-grant", "grant rights to account")
REVOKE = rds2("POST", "v1/open-api/account/operator-privilege-revoke", "revoke rights of account")

PRIVILEGES = {"readWrite": "readAndWrite", "readOnly": "readOnly", "ddl": "ddlPrivilege", "dml": "dmlPrivilege"}


@dataclass(frozen=True)
class MysqlAccount:
    """Who may log in; `grants`: database -> readWrite, readOnly, ddl or dml."""

    name: str
    grants: Mapping[str, str]

    @classmethod
    def from_api(cls, body: Body) -> Self:
        granted = ((text(item, "grantSchema"), privilege_of(item)) for item in items(body, "schemaPrivilegeVOList"))
        return cls(need(body, "accountName"), {database: privilege for database, privilege in granted if privilege})


def privilege_of(item: Body) -> str:
    """The privilege whose flag is set; "" when none is."""
    return next((word for word, flag in PRIVILEGES.items() if item.get(flag)), "")


def grant_list(grants: Mapping[str, str]) -> list[dict[str, Any]]:
    """{"hr_db": "readWrite"} -> [{"grantSchema": "hr_db", "readAndWrite": True}]"""
    return [{"grantSchema": database, PRIVILEGES[privilege]: True} for database, privilege in sorted(grants.items())]


@dataclass(frozen=True)
class MysqlDatabase:
    """A database of an instance."""

    name: str
    charset: str

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(need(body, "grantSchema"), text(body, "charsetName"))


class MysqlDatabases(MysqlService):
    """Databases of instances."""

    async def create(self, region_id: str, mysql_id: str, name: str, *, charset: str = "utf8mb4") -> None:
        body = {"dbName": name, "charSetName": charset}
        await self._ask(CREATE_DATABASE, region_id, mysql_id, thing=name, body=body)

    async def list(self, region_id: str, mysql_id: str) -> builtins.list[MysqlDatabase]:
        """Without the server's own."""
        answer = await self._ask(LIST_DATABASES, region_id, mysql_id)
        return [MysqlDatabase.from_api(body) for body in items(answer, "items")]

    async def get(self, region_id: str, mysql_id: str, name: str) -> MysqlDatabase:
        """Raises NotFound."""
        found = next((database for database in await self.list(region_id, mysql_id) if database.name == name), None)
        if found is None:
            raise NotFound("look up database", name, "", f"MySQL instance {mysql_id} does not list it")
        return found

    async def delete(self, region_id: str, mysql_id: str, name: str) -> None:
        """With its tables. Raises NotFound."""
        await self.get(region_id, mysql_id, name)
        await self._ask(DELETE_DATABASE, region_id, mysql_id, thing=name, query={"dbName": name})


class MysqlAccounts(MysqlService):
    """Accounts of instances; `grants` is database -> readWrite, readOnly, ddl or dml."""

    async def create(
        self, region_id: str, mysql_id: str, name: str, *, password: str, grants: Mapping[str, str] | None = None
    ) -> None:
        body = {
            "accountName": name,
            "accountPassword": encoded(password),
            "schemaPrivilegeVOList": grant_list(grants or {}),
        }
        await self._ask(CREATE_ACCOUNT, region_id, mysql_id, thing=name, body=body)

    async def list(self, region_id: str, mysql_id: str) -> builtins.list[MysqlAccount]:
        answer = await self._ask(LIST_ACCOUNTS, region_id, mysql_id)
        return [MysqlAccount.from_api(body) for body in items(answer, "items")]

    async def get(self, region_id: str, mysql_id: str, name: str) -> MysqlAccount:
        """Raises NotFound."""
        found = next((account for account in await self.list(region_id, mysql_id) if account.name == name), None)
        if found is None:
            raise NotFound("look up account", name, "", f"MySQL instance {mysql_id} does not list it")
        return found

    async def set_password(self, region_id: str, mysql_id: str, name: str, password: str) -> None:
        body = {"accountName": name, "accountPassword": encoded(password)}
        await self._ask(PASSWORD, region_id, mysql_id, thing=name, body=body)

    async def set_grants(self, region_id: str, mysql_id: str, name: str, grants: Mapping[str, str]) -> None:
        """Exactly these: what it may do in other databases is revoked; what stays the same is not touched."""
        there = (await self.get(region_id, mysql_id, name)).grants
        changed = {database: privilege for database, privilege in grants.items() if there.get(database) != privilege}
        await self._revoke(region_id, mysql_id, name, [database for database in there if database not in grants])
        if changed:
            body = {"accountName": name, "schemaPrivilegeVOList": grant_list(changed)}
            await self._ask(GRANT, region_id, mysql_id, thing=name, body=body)

    async def _revoke(self, region_id: str, mysql_id: str, name: str, databases: Iterable[str]) -> None:
        """Everything in these databases; the API takes only these two flags."""
        listed = [{"grantSchema": database, "dmlPrivilege": True, "ddlPrivilege": True} for database in sorted(databases)]
        if listed:
            body = {"accountName": name, "schemaPrivilegeVOList": listed}
            await self._ask(REVOKE, region_id, mysql_id, thing=name, body=body)

    async def delete(self, region_id: str, mysql_id: str, name: str) -> None:
        """Raises NotFound."""
        await self.get(region_id, mysql_id, name)
        await self._ask(DELETE_ACCOUNT, region_id, mysql_id, thing=name, query={"accountName": name})
