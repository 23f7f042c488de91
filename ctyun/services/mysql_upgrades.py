"""MySQL instances changed in place: another size, more room, a standby. Orders without a clientToken, one kind of change in each.

An order that got no answer is not sent again here: whoever repeats the change looks at what is there first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ctyun.fields import need
from ctyun.services.mysql_base import MysqlService, data_part, teledb
from ctyun.services.mysql_instances import MysqlInstances
from ctyun.services.mysql_values import PAIR, PRODUCTS, MysqlInstance
from ctyun.transport import Transport
from ctyun.waiting import LOCAL_PACE, Pace, wait_until

UPGRADE = teledb("POST", "acceptor/v2/openapi/accept-order-info/upgrade", "change MySQL instance")


class MysqlUpgrades(MysqlService):
    """Enlarge instances. Nothing can be made smaller."""

    def __init__(self, transport: Transport, instances: MysqlInstances, pace: Pace = LOCAL_PACE) -> None:
        super().__init__(transport, pace)
        self._instances = instances

    async def resize(self, region_id: str, mysql_id: str, flavor: str, *, timeout: float = 900) -> MysqlInstance:
        """Another size ("4C8G"); wait for it. Raises OrderFailed, WrongState, WaitTimeout."""
        there = await self._instances.get(region_id, mysql_id)
        places = [_place(node.zone_name) for node in there.nodes]
        wanted = {"prodPerformanceSpec": flavor, "nodeType": "master", "azList": places}
        return await self._changed(region_id, there, wanted, f"to be {flavor}", lambda seen: seen.flavor != there.flavor, timeout)

    async def enlarge(self, region_id: str, mysql_id: str, storage_gib: int, *, timeout: float = 900) -> MysqlInstance:
        """More room for its data; wait for it. Raises OrderFailed, WrongState, WaitTimeout."""
        there, what = await self._instances.get(region_id, mysql_id), f"to have {storage_gib} GiB"
        wanted = {"diskVolume": storage_gib, "nodeType": "master"}
        return await self._changed(region_id, there, wanted, what, lambda seen: seen.storage_gib == storage_gib, timeout)

    async def add_standby(self, region_id: str, mysql_id: str, zone_name: str, *, timeout: float = 900) -> MysqlInstance:
        """Make a single one a pair, with a standby in this zone; wait for it. Raises OrderFailed, WrongState, WaitTimeout."""
        there, what = await self._instances.get(region_id, mysql_id), f"to have a standby in {zone_name}"
        product = PRODUCTS[".".join(there.version.split(".")[:2]), PAIR]
        wanted = {"prodId": product, "nodeType": "master", "azList": [_place(zone_name)]}
        return await self._changed(region_id, there, wanted, what, lambda seen: seen.product == product, timeout)

    async def _changed(
        self,
        region_id: str,
        there: MysqlInstance,
        wanted: Mapping[str, Any],
        what: str,
        done: Callable[[MysqlInstance], bool],
        timeout: float,
    ) -> MysqlInstance:
        body = {"instId": there.id, **wanted}
        order_id = need(data_part((await self._order(UPGRADE, there.id, region_id=region_id, body=body)).body), "newOrderId")

        async def look() -> MysqlInstance:
            seen = await self._instances.get(region_id, there.id)
            if not (seen.is_ready and done(seen)):
                await self._instances.instances_of(order_id, there.name, "A change of")
            return seen

        return await wait_until(
            look,
            lambda seen: seen.is_ready and done(seen),
            what=f"MySQL instance {there.id} {what}",
            timeout=timeout,
            state=lambda seen: f"{seen.state}, {seen.flavor}, {seen.storage_gib} GiB, {len(seen.nodes)} servers",
            pace=self._pace,
        )


def _place(zone_name: str) -> dict[str, Any]:
    return {"availabilityZoneName": zone_name, "availabilityZoneCount": 1}
