"""How database nodes are reached: whether they greet, and who has the address that follows the primary."""

from __future__ import annotations

import logging
from collections.abc import Collection

from localcloud.engines.context import Context
from localcloud.engines.interface.databases import DatabaseNode
from localcloud.engines.interface.engines import EngineError
from localcloud.engines.mariadb.inside import MYSQL
from localcloud.engines.network.network import Networks, Process, running

log = logging.getLogger("localcloud")


class DatabaseLinks:
    """The nodes of one cloud, seen from their routers."""

    def __init__(self, context: Context, networks: Networks) -> None:
        self._context, self._networks = context, networks
        self._routers: dict[str, Process] = {}

    async def greets(self, node: DatabaseNode, seconds: float) -> bool:
        """Whether MariaDB says something on the node's address within `seconds`, seen from the VPC's router; no: unknown."""
        wanted = {"addresses": [node.nic.address], "port": MYSQL, "seconds": seconds}
        for fresh in (False, True):
            try:
                router = await self._router(node.vpc_id, fresh)
                return bool(await self._context.ask("database.greets", pid=router.pid, container=router.container, **wanted))
            except EngineError as exc:
                problem = exc  # most likely another router took its place
        log.warning("nobody can tell whether database node %s is reachable: %s", node.node_id, problem)
        return False

    async def move_address(self, address: str, to_node: str, from_nodes: Collection[str]) -> None:
        for node_id in from_nodes:
            loser = await running(self._context, self._context.naming.server(node_id))
            if loser is not None:
                await self._context.ask("address.withdraw", pid=loser.pid, container=loser.container, address=address)
        winner = await running(self._context, self._context.naming.server(to_node))
        if winner is None:
            raise EngineError(f"database node {to_node} is not running, so {address} cannot move to it")
        await self._context.ask("address.assign", pid=winner.pid, container=winner.container, address=address)

    async def _router(self, vpc_id: str, fresh: bool) -> Process:
        """Looked up once: a look at each node every second shall not cost a look at its router."""
        if fresh or vpc_id not in self._routers:
            self._routers[vpc_id] = await self._networks.router(vpc_id)
        return self._routers[vpc_id]
