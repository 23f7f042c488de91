"""MySQL instances changed in place: another size, larger disks, a standby for a single one. Each can be carried on.

Limits of a container change while it runs. A file system grows when its node boots: the standby first, then the roles are
switched and the other one follows, so that clients see one switchover; a single one restarts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from localcloud.controllers.databases.control_loop import ControlLoop
from localcloud.controllers.databases.orders import BUILD_SECONDS, STOP_SECONDS, Orders
from localcloud.controllers.databases.roles import Roles
from localcloud.controllers.databases.view import engine_nodes, nodes_of
from localcloud.controllers.failures import log_failure
from localcloud.controllers.faults.power import must_have_power
from localcloud.engines.interface.engines import EngineError
from localcloud.records import orders
from localcloud.records.compute import ORDERS
from localcloud.records.database_products import PAIR, PRODUCTS, SINGLE
from localcloud.records.databases import MYSQL_NODES, MYSQLS, Mysql, change_mysql

EXPANDING = 7  # the API's prodRunningStatus
GIB = 1 << 30
LOST = 0.05  # of a disk, at most, that its file system needs for itself


class Upgrades:
    """Carries the orders out."""

    def __init__(self, loop: ControlLoop, creation: Orders, roles: Roles) -> None:
        self._loop, self._creation, self._roles = loop, creation, roles
        self._store, self._engine, self._networks = loop.store, loop.engine, loop.networks

    async def carry_out(self, order_id: str) -> None:
        """Change an instance in place (order kind "mysql-upgrade"); running_status is 7 meanwhile, and the instance in use.

        The order's `wanted`: {"spec", "cpus", "memoryMib"}, or {"diskGib"}, or {"prodId", "nodeId"} of the standby that a single
        one gets, whose node the handler has stored (fenced, reseed True). One that fails leaves the instance as it was.
        """
        order, problem = self._store.require(ORDERS, order_id), ""
        [mysql_id], wanted = order.resource_ids, order.wanted
        change_mysql(self._store, mysql_id, running_status=EXPANDING)
        changes: dict[str, Callable[[str, Mapping[str, str]], Awaitable[None]]] = {
            "spec": self._resize, "diskGib": self._grow, "prodId": self._add_standby,
        }  # fmt: skip
        try:
            must_have_power(self._store, *nodes_of(self._store, self._store.require(MYSQLS, mysql_id)))
            await next(change for name, change in changes.items() if name in wanted)(mysql_id, wanted)
        except Exception as error:
            problem = log_failure(f"order {order_id}", error)
            if "nodeId" in wanted:
                problem = await self._without(mysql_id, wanted["nodeId"], problem)
        with self._store.transaction():
            change_mysql(self._store, mysql_id, running_status=0)
            orders.close(self._store, order_id, problem)

    # -- CPUs and memory -----------------------------------------------------------------------------------------------
    async def _resize(self, mysql_id: str, wanted: Mapping[str, str]) -> None:
        async with self._loop.held(mysql_id) as mysql:
            sized = replace(mysql, spec=wanted["spec"], cpus=int(wanted["cpus"]), memory_mib=int(wanted["memoryMib"]))
            try:
                await self._size_all(sized)
            except EngineError:
                with suppress(EngineError):
                    await self._size_all(mysql)
                raise
            change_mysql(self._store, mysql_id, spec=sized.spec, cpus=sized.cpus, memory_mib=sized.memory_mib)

    async def _size_all(self, mysql: Mysql) -> None:
        for node in engine_nodes(self._store, mysql).values():
            await self._engine.nodes.size(node)

    # -- disks -----------------------------------------------------------------------------------------------------------
    async def _grow(self, mysql_id: str, wanted: Mapping[str, str]) -> None:
        size = int(wanted["diskGib"])
        await self._settled(mysql_id)
        for node in nodes_of(self._store, self._store.require(MYSQLS, mysql_id)):
            if self._leads_a_pair(mysql_id, node.id):
                continue
            await self._grow_one(mysql_id, node.id, size)
        mysql = self._store.require(MYSQLS, mysql_id)
        if mysql.kind == PAIR and not await self._has_room(mysql.primary, size):
            [standby] = [node for node in nodes_of(self._store, mysql) if node.id != mysql.primary]
            before = mysql.primary
            await self._roles.switchover(mysql_id, standby.id)
            await self._settled(mysql_id)
            await self._grow_one(mysql_id, before, size)
        change_mysql(self._store, mysql_id, disk_gib=size)

    def _leads_a_pair(self, mysql_id: str, node_id: str) -> bool:
        mysql = self._store.require(MYSQLS, mysql_id)
        return mysql.kind == PAIR and mysql.primary == node_id

    async def _grow_one(self, mysql_id: str, node_id: str, size: int) -> None:
        """Down in good order, a larger disk, and up again by the controller, which brings up whatever is down."""
        if await self._has_room(node_id, size):  # another daemon was here
            return
        async with self._loop.held(mysql_id) as mysql:
            if mysql.step or self._leads_a_pair(mysql_id, node_id):
                raise EngineError(f"the roles of MySQL instance {mysql.name} have changed meanwhile: {mysql.verdict}")
            if mysql.kind == PAIR:
                await self._go_alone(mysql)
                await self._engine.nodes.shut_down(node_id, STOP_SECONDS)
            else:
                await self._creation.shut_down(mysql)
            await self._engine.nodes.size(replace(engine_nodes(self._store, mysql)[node_id], disk_gib=size))
        await self._settled(mysql_id)
        if not await self._has_room(node_id, size):
            raise EngineError(f"the disk of node {node_id} has not grown to {size} GiB")

    async def _go_alone(self, mysql: Mysql) -> None:
        """Nobody waits for a standby that is about to go; as always it is stored first that it will lack writes."""
        with self._store.durably():
            change_mysql(self._store, mysql.id, in_sync=False)
        await self._engine.semi_sync.switch(mysql.primary, False)

    async def _settled(self, mysql_id: str) -> None:
        await self._loop.wait_until(mysql_id, self._creation.complete, BUILD_SECONDS, "to take writes with all its nodes")

    async def _has_room(self, node_id: str, size: int) -> bool:
        return sum(await self._engine.nodes.room(node_id)) >= size * GIB * (1 - LOST)

    # -- a standby -------------------------------------------------------------------------------------------------------
    async def _add_standby(self, mysql_id: str, wanted: Mapping[str, str]) -> None:
        """The controller fills the new node from the primary, which goes on meanwhile."""
        change_mysql(self._store, mysql_id, kind=PAIR, prod_id=int(wanted["prodId"]))
        await self._settled(mysql_id)

    async def _without(self, mysql_id: str, node_id: str, problem: str) -> str:
        """Single again, unless the new node leads by now; the problem, and what more went wrong."""
        try:
            async with self._loop.held(mysql_id) as mysql:
                if mysql.step or mysql.primary == node_id:
                    return problem
                single = next(one.id for one in PRODUCTS.values() if (one.version, one.kind) == (mysql.version, SINGLE))
                with self._store.durably():
                    change_mysql(self._store, mysql_id, kind=SINGLE, prod_id=single, in_sync=False)
                await self._engine.semi_sync.switch(mysql.primary, False)
                await self._engine.nodes.remove([node_id])
                self._store.delete(MYSQL_NODES, node_id)
                await self._networks.change({mysql.vpc_id})
        except EngineError as error:
            return f"{problem}; and then: {error}"
        return problem
