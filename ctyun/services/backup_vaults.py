"""Vaults of server backup (host `ctecs`): ordered, and paid by the month."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ctyun.errors import NotFound, OrderFailed
from ctyun.fields import Body, need, number, present, text, texts
from ctyun.services.base import PAGE, Service, all_pages, token_or_new
from ctyun.services.orders import FAILED, Order, OrderRef, Orders
from ctyun.transport import Call, Transport
from ctyun.waiting import LOCAL_PACE, Pace, wait_until

CREATE = Call("ctecs", "POST", "/v4/ecs/backup-repo/create", "create backup vault")
LIST = Call("ctecs", "GET", "/v4/ecs/backup-repo/list", "look up backup vault")
ENLARGE = Call("ctecs", "POST", "/v4/ecs/backup-repo/upgrade", "enlarge backup vault")
RENEW = Call("ctecs", "POST", "/v4/ecs/backup-repo/renew", "renew backup vault")
DELETE = Call("ctecs", "POST", "/v4/ecs/backup-repo/delete", "delete backup vault")


@dataclass(frozen=True)
class Vault:
    """Where backups are kept. `size` in GB, `used` in bytes, `backup_ids`: those that can be used."""

    id: str
    name: str
    status: str
    size: int
    used: int = 0
    backup_ids: tuple[str, ...] = ()
    backup_count: int = 0
    expires: str = ""

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "repositoryID"),
            name=text(body, "repositoryName"),
            status=text(body, "status"),
            size=number(body, "size"),
            used=number(body, "usedSize"),
            backup_ids=texts(body, "backupList"),
            backup_count=number(body, "backupCount"),
            expires=text(body, "expiredAt"),
        )


class BackupVaults(Service):
    """Order, find, enlarge, renew and give back vaults."""

    def __init__(self, transport: Transport, orders: Orders, pace: Pace = LOCAL_PACE) -> None:
        super().__init__(transport, pace)
        self._orders = orders

    async def create(
        self, region_id: str, *, name: str, size: int = 100, months: int = 1, client_token: str, timeout: float = 300
    ) -> Vault:
        """Order one of `size` GB for so many months, and wait until it can be used. Raises OrderFailed, WaitTimeout."""
        body = {
            "clientToken": client_token, "regionID": region_id, "repositoryName": name, "size": size, "cycleType": "MONTH",
            "cycleCount": months,
        }  # fmt: skip
        order = OrderRef.from_api((await self._transport.send(CREATE, name, body=body)).body)

        async def look() -> tuple[Order, Vault | None]:
            return await self._orders.get(order.id), await self.find(region_id, name)

        seen, vault = await wait_until(
            look,
            lambda seen: seen[0].status in FAILED or (seen[1] is not None and seen[1].status == "active"),
            what=f"the order of backup vault {name}",
            timeout=timeout,
            state=lambda seen: f"order {seen[0].state}, vault {seen[1].status if seen[1] else 'not there'}",
            pace=self._pace,
        )
        if vault is None or seen.status in FAILED:
            raise OrderFailed(f"The order of backup vault {name} failed: order {order.id} ended as {seen.state}.")
        return vault

    async def enlarge(self, region_id: str, vault_id: str, size: int, *, client_token: str, timeout: float = 300) -> Vault:
        """To `size` GB, and wait; its backups stay. Raises OrderFailed, WaitTimeout, NotFound."""
        await self._changed(ENLARGE, region_id, vault_id, {"size": size}, client_token, timeout)
        return await self.get(region_id, vault_id)

    async def renew(self, region_id: str, vault_id: str, months: int, *, client_token: str, timeout: float = 300) -> Vault:
        """Pay for so many months more, and wait. Raises OrderFailed, WaitTimeout, NotFound."""
        more = {"cycleType": "MONTH", "cycleCount": months}
        await self._changed(RENEW, region_id, vault_id, more, client_token, timeout)
        return await self.get(region_id, vault_id)

    async def _changed(
        self, call: Call, region_id: str, vault_id: str, wanted: Mapping[str, Any], client_token: str, timeout: float
    ) -> None:
        body = {"clientToken": client_token, "regionID": region_id, "repositoryID": vault_id, **wanted}
        order = OrderRef.from_api((await self._transport.send(call, vault_id, body=body)).body)
        await self._orders.wait_for_change(order.id, what=f"a change of backup vault {vault_id}", timeout=timeout)

    async def get(self, region_id: str, vault_id: str) -> Vault:
        """Raises NotFound."""
        found = [vault for vault in await self.list(region_id, vault_id=vault_id) if vault.id == vault_id]
        if not found:
            raise NotFound(LIST.operation, vault_id, "", "the list does not have it")
        return found[0]

    async def find(self, region_id: str, name: str) -> Vault | None:
        """The one of exactly this name."""
        return next((vault for vault in await self.list(region_id, name=name) if vault.name == name), None)

    async def list(self, region_id: str, *, vault_id: str | None = None, name: str | None = None) -> builtins.list[Vault]:
        """All of the region, or the one of an id, or those whose names hold a text."""
        query = present(regionID=region_id, repositoryID=vault_id, repositoryName=name, pageSize=PAGE)
        bodies = await all_pages(lambda page: self._transport.send(LIST, "", query={**query, "pageNo": page}), "results")
        return [Vault.from_api(body) for body in bodies]

    async def delete(self, region_id: str, vault_id: str, *, client_token: str | None = None, timeout: float = 300) -> None:
        """Give it back, and wait until that is done. Raises InUse while there is a backup in it, NotFound when it is gone."""
        body = {"clientToken": token_or_new(client_token), "regionID": region_id, "repositoryID": vault_id}
        order = OrderRef.from_api((await self._transport.send(DELETE, vault_id, body=body)).body)
        await self._orders.wait_for_removal(order.id, what=f"the end of backup vault {vault_id}", timeout=timeout)
