"""What belongs to a MySQL instance: databases, accounts, white lists, its public address.

Their ids are INSTANCE-ID/NAME. They carry no mark: names are fixed, and the token of a create says that this stack began it.
"""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ctyun import errors
from ctyun.services.eips import Eip
from ctyun.waiting import wait_until
from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.provider.cloud_handler import CloudHandler
from pulumi_ctyun.provider.eip import free_for
from pulumi_ctyun.provider.exclusive import once_free
from pulumi_ctyun.provider.handler import Created, Desired, Observed, Plain, Recorded
from pulumi_ctyun.resources.declarations.rds import MYSQL_ACCOUNT, MYSQL_DATABASE, MYSQL_EIP, MYSQL_WHITE_LIST

BUSY_SECONDS = 120.0  # an instance that restarts, switches roles or changes a white list takes no other change meanwhile
BIND_SECONDS = 60.0


class PartHandler(CloudHandler):
    """A part that has a name in its instance. `pulumi import TOKEN NAME [REGION/]INSTANCE-ID/PART`."""

    parts_of_id, one_of_a_name = 2, True

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        mysql_id, name = desired.inputs["instanceId"], desired.inputs["name"]
        try:
            return [await self.look(region, f"{mysql_id}/{name}", desired.inputs)]
        except errors.NotFound:
            return []

    async def read(self, recorded: Recorded) -> Observed | None:
        """Of an instance that was given back nothing can be seen, and nothing will be."""
        try:
            return await super().read(recorded)
        except errors.WrongState:
            if recorded.is_import or not await self._went_with_its_instance(recorded):
                raise
            return None

    async def delete(self, recorded: Recorded) -> None:
        if not await self._went_with_its_instance(recorded):
            await super().delete(recorded)

    async def _went_with_its_instance(self, recorded: Recorded) -> bool:
        instance = await self.client.mysqls.find(await self.cloud.region_id(recorded.state["region"]), parts_of(recorded.id)[0])
        return instance is None or instance.is_returned

    async def make(self, region: str, desired: Desired, token: str) -> str:
        mysql_id, name = desired.inputs["instanceId"], desired.inputs["name"]
        await when_idle(lambda: self.add(region, mysql_id, desired.inputs))
        return f"{mysql_id}/{name}"

    @abstractmethod
    async def add(self, region: str, mysql_id: str, inputs: Plain) -> None:
        """Create it."""


class MysqlDatabaseHandler(PartHandler):
    """Nothing of it can be changed."""

    resource = MYSQL_DATABASE

    async def add(self, region: str, mysql_id: str, inputs: Plain) -> None:
        await self.client.mysql_databases.create(region, mysql_id, inputs["name"], charset=inputs["charset"])

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        mysql_id, name = parts_of(id)
        database = await self.client.mysql_databases.get(region, mysql_id, name)
        return Observed(id, {"instanceId": mysql_id, "name": name, "charset": database.charset}, {})

    async def remove(self, region: str, id: str) -> None:
        await self.client.mysql_databases.delete(region, *parts_of(id))


class MysqlAccountHandler(PartHandler):
    """The cloud does not show passwords: what was left is only kept when it was made with this one."""

    resource = MYSQL_ACCOUNT

    async def add(self, region: str, mysql_id: str, inputs: Plain) -> None:
        grants = _grants(inputs)
        await self.client.mysql_accounts.create(region, mysql_id, inputs["name"], password=inputs["password"], grants=grants)

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        mysql_id, name = parts_of(id)
        account = await self.client.mysql_accounts.get(region, mysql_id, name)
        grants = [{"database": database, "privilege": privilege} for database, privilege in sorted(account.grants.items())]
        return Observed(id, {"instanceId": mysql_id, "name": name, "grants": grants}, {})

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        mysql_id, name = parts_of(recorded.id)
        accounts, password = self.client.mysql_accounts, desired.inputs["password"]
        if password != recorded.state.get("password"):
            await when_idle(lambda: accounts.set_password(region, mysql_id, name, password))
        await when_idle(lambda: accounts.set_grants(region, mysql_id, name, _grants(desired.inputs)))

    async def remove(self, region: str, id: str) -> None:
        await self.client.mysql_accounts.delete(region, *parts_of(id))


def _grants(inputs: Plain) -> Mapping[str, str]:
    return {grant["database"]: grant["privilege"] for grant in inputs["grants"]}


class MysqlWhiteListHandler(PartHandler):
    """Its addresses change in place."""

    resource = MYSQL_WHITE_LIST

    async def add(self, region: str, mysql_id: str, inputs: Plain) -> None:
        await self.client.mysql_white_lists.create(region, mysql_id, inputs["name"], inputs["addresses"])

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        mysql_id, name = parts_of(id)
        found = (await self.client.mysql_white_lists.get(region, mysql_id, name)).addresses
        return Observed(id, {"instanceId": mysql_id, "name": name, "addresses": list(found)}, {})

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        mysql_id, name = parts_of(recorded.id)
        await when_idle(lambda: self.client.mysql_white_lists.change(region, mysql_id, name, desired.inputs["addresses"]))

    async def remove(self, region: str, id: str) -> None:
        await self.client.mysql_white_lists.delete(region, *parts_of(id))


class MysqlEipHandler(CloudHandler):
    """`pulumi import ctyun:rds:MysqlEip NAME [REGION/]INSTANCE-ID/EIP-ID`."""

    resource, parts_of_id, one_of_a_name = MYSQL_EIP, 2, True

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        """Bound already: that is what is wanted, or somebody else's decision."""
        mysql_id, eip_id = desired.inputs["instanceId"], desired.inputs["eipId"]
        if await self._is_bound(region, mysql_id, eip_id):
            return [_bound(mysql_id, await self.client.eips.get(region, eip_id))]
        await once_free(lambda: free_for(self.client, region, eip_id, ""))
        return []

    async def _is_bound(self, region: str, mysql_id: str, eip_id: str) -> bool:
        return any(eip.id == eip_id for eip in await self.client.mysql_eips.list(region, mysql_id))

    async def make(self, region: str, desired: Desired, token: str) -> str:
        mysql_id, eip = desired.inputs["instanceId"], await self.client.eips.get(region, desired.inputs["eipId"])
        await when_idle(lambda: self.client.mysql_eips.bind(region, mysql_id, eip.id, eip.address))
        return f"{mysql_id}/{eip.id}"

    async def settle(self, region: str, id: str, desired: Desired) -> Created:
        mysql_id, eip_id = parts_of(id)
        await wait_until(
            lambda: self._is_bound(region, mysql_id, eip_id),
            bool,
            what=f"EIP {eip_id} to be bound to MySQL instance {mysql_id}",
            timeout=BIND_SECONDS,
            state=lambda bound: "bound" if bound else "not bound",
        )
        return desired.reached(id, address=(await self.client.eips.get(region, eip_id)).address)

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        mysql_id, eip_id = parts_of(id)
        if not await self._is_bound(region, mysql_id, eip_id):
            raise errors.NotFound("look up", f"the binding of EIP {eip_id}", "", f"it is not bound to MySQL instance {mysql_id}")
        return _bound(mysql_id, await self.client.eips.get(region, eip_id))

    async def remove(self, region: str, id: str) -> None:
        mysql_id, eip_id = parts_of(id)
        found = await self.look(region, id, {})
        await self.client.mysql_eips.unbind(region, mysql_id, eip_id, found.outputs["address"])


def _bound(mysql_id: str, eip: Eip) -> Observed:
    inputs: dict[str, Any] = {"instanceId": mysql_id, "eipId": eip.id}
    return Observed(f"{mysql_id}/{eip.id}", inputs, {"address": eip.address})


def parts_of(id: str) -> tuple[str, str]:
    """INSTANCE-ID/NAME. Raises PluginError when it is something else."""
    mysql_id, slash, name = id.partition("/")
    if not slash or not mysql_id or not name:
        raise PluginError(f"{id!r} names no part of a MySQL instance; write [REGION/]INSTANCE-ID/NAME.")
    return mysql_id, name


async def when_idle(change: Callable[[], Awaitable[object]], timeout: float = BUSY_SECONDS, pause: float = 0.5) -> None:
    """Carry out a change as soon as the instance takes it. Raises the cloud's last refusal at the deadline."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            await change()
            return
        except errors.WrongState:
            if time.monotonic() + pause >= deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 5.0)
