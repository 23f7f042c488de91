"""Orders of MySQL instances: building, refunding and removing them."""

from __future__ import annotations

import logging
from typing import Any

from localcloud.controllers.databases import grants
from localcloud.controllers.databases.action_runner import CLOSE_SECONDS
from localcloud.controllers.databases.control_loop import FAILED, REFUNDED, ControlLoop
from localcloud.controllers.databases.view import ASYNC, CREATING, engine_nodes, nodes_of
from localcloud.controllers.failures import log_failure
from localcloud.controllers.faults.power import must_have_power
from localcloud.controllers.tasks import together
from localcloud.engines.interface.engines import EngineError
from localcloud.records import eips, orders
from localcloud.records.compute import ORDERS
from localcloud.records.databases import (
    MYSQL_BACKUPS,
    MYSQL_JOBS,
    MYSQL_NODES,
    MYSQLS,
    SWITCHES,
    WHITE_LISTS,
    Mysql,
    change_mysql,
)
from localcloud.records.store import Kind

log = logging.getLogger("localcloud")

BUILD_SECONDS = 120.0
STOP_SECONDS = 20.0


class Orders:
    """Carries orders out; each can be carried on by the next daemon."""

    def __init__(self, loop: ControlLoop) -> None:
        self._loop = loop
        self._store, self._engine, self._networks = loop.store, loop.engine, loop.networks

    async def build(self, order_id: str) -> None:
        """Make an ordered instance (order kind "mysql-create", resource_ids = (its id,)).

        The handler has stored the order, the instance (order_status 3, step "", in_sync False, primary = id of the node in the
        master's zone, a replication user and password) and its nodes (fenced True, reseed False; of a read replica: reseed True).
        Afterwards order_status is 0 and the order finished; or 4 and the order failed with its problem, and no node is left.
        """
        [mysql_id] = self._store.require(ORDERS, order_id).resource_ids
        problem = ""
        try:
            await self._make(mysql_id)
        except Exception as error:
            problem = log_failure(f"order {order_id}", error)
            problem = await self._give_up(mysql_id, problem)
        with self._store.transaction():
            change_mysql(self._store, mysql_id, order_status=FAILED if problem else 0)
            orders.close(self._store, order_id, problem)

    async def _make(self, mysql_id: str) -> None:
        async with self._loop.held(mysql_id) as mysql:
            if mysql.order_status != CREATING:
                raise EngineError("its instance was being cleared away when the local cloud was killed")
            must_have_power(self._store, *nodes_of(self._store, mysql))
            await self._networks.change({mysql.vpc_id})
            nodes = engine_nodes(self._store, mysql)
            await together(*map(self._engine.nodes.create, nodes.values()))
            if mysql.kind != "replica":
                await together(*map(self._engine.nodes.boot, nodes.values()))
                await self.prepare(mysql)
        await self._loop.wait_until(mysql_id, self.complete, BUILD_SECONDS, "to be ready")
        must_have_power(self._store, *nodes_of(self._store, self._store.require(MYSQLS, mysql_id)))

    async def prepare(self, mysql: Mysql) -> None:
        """The accounts that an instance has from the beginning, on its primary; also after a restore."""
        statements = grants.replication_account(mysql.replication_user, mysql.replication_password)
        if mysql.root_password:
            statements += grants.root_account(mysql.root_password)
        await self._engine.sql(mysql.primary, statements)

    def complete(self, mysql: Mysql) -> bool:
        """The primary takes writes, and its standby has every one of them."""
        if not self._loop.takes_writes(mysql):
            return False
        standbys = [node for node in nodes_of(self._store, mysql) if node.id != mysql.primary]
        following = all(self._loop.tracks[mysql.id].seen(node.id).receiving for node in standbys)
        return following and (mysql.in_sync or not standbys or mysql.sync_mode == ASYNC)

    async def _give_up(self, mysql_id: str, problem: str) -> str:
        """A failed order leaves no node; what is left of its record can be destroyed."""
        mysql = self._store.get(MYSQLS, mysql_id)
        try:
            if mysql is not None:
                await self._remove_nodes(mysql)
        except EngineError as error:
            return f"{problem}; and then: {error}"
        return problem

    async def _remove_nodes(self, mysql: Mysql) -> None:
        nodes = nodes_of(self._store, mysql)
        await self._engine.nodes.remove([node.id for node in nodes])
        with self._store.transaction():
            for node in nodes:
                self._store.delete(MYSQL_NODES, node.id)
        await self._networks.change({mysql.vpc_id})

    async def refund(self, order_id: str) -> None:
        """End a subscription (order kind "mysql-refund"): the nodes stop; order_status 8, to be destroyed."""
        [mysql_id] = self._store.require(ORDERS, order_id).resource_ids
        problem = ""
        try:
            async with self._loop.held(mysql_id) as mysql:
                change_mysql(self._store, mysql_id, order_status=REFUNDED)  # first: the watch lets go of it
                await self.shut_down(mysql)
        except EngineError as error:
            problem = log_failure(f"order {order_id}", error)
        orders.close(self._store, order_id, problem)

    async def shut_down(self, mysql: Mysql) -> None:
        """All nodes in good order: no more writes, then the primary, whose standby has everything, then the standby."""
        try:
            await self._engine.replication.close_writes(mysql.primary, CLOSE_SECONDS)
        except EngineError as error:
            log.info("MySQL instance %s: writes were not closed before it was stopped: %s", mysql.name, error)
        for node in self._loop.nodes(mysql):
            await self._engine.nodes.shut_down(node.id, STOP_SECONDS)
        self._loop.tracks.pop(mysql.id, None)

    async def release(self, order_id: str) -> None:
        """Remove an instance for good (order kind "mysql-destroy"): nodes, disks, backups, records; its EIP is unbound."""
        [mysql_id] = self._store.require(ORDERS, order_id).resource_ids
        problem = ""
        if self._store.get(MYSQLS, mysql_id) is not None:
            try:
                async with self._loop.held(mysql_id) as mysql:
                    await self._remove_all(mysql)
            except EngineError as error:
                problem = log_failure(f"order {order_id}", error)
        orders.close(self._store, order_id, problem)

    async def _remove_all(self, mysql: Mysql) -> None:
        await self._remove_nodes(mysql)
        for backup in self._store.find(MYSQL_BACKUPS, mysql_id=mysql.id):
            await self._engine.backups.remove(backup.id)
        await self._engine.backups.remove_logs(mysql.id)
        with self._store.transaction():
            kinds: tuple[Kind[Any], ...] = (MYSQL_BACKUPS, MYSQL_JOBS, SWITCHES, WHITE_LISTS)
            for kind in kinds:
                for record in self._store.find(kind, mysql_id=mysql.id):
                    self._store.delete(kind, record.id)
            eips.leave(self._store, mysql.id)
            self._store.delete(MYSQLS, mysql.id)
        self._loop.tracks.pop(mysql.id, None)
        await self._networks.change({mysql.vpc_id})  # its EIP
