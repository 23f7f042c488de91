"""Servers that reboot by themselves, such as by `reboot` in a shell, come up again; one that has powered itself off stays off."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from time import time

from localcloud.core.power import fault_over, power_faults
from localcloud.core.records import INSTANCES, Instance
from localcloud.core.servers import Servers
from localcloud.core.store import Store
from localcloud.core.tasks import together
from localcloud.engines.api import EngineError, Engines
from localcloud.services.ecs.errors import ZoneWithoutPower

log = logging.getLogger("localcloud")

INTERVAL = 1.0  # seconds between two looks


class Reboots:
    """Looks for servers that have ended in order to begin again."""

    def __init__(self, store: Store, engines: Engines, servers: Servers) -> None:
        self._store, self._engines, self._servers = store, engines, servers

    async def watch(self) -> None:
        """Until the task is cancelled."""
        while True:
            try:
                await self.look()
            except EngineError as error:
                log.warning("servers that reboot by themselves are not seen now: %s", error)
            await asyncio.sleep(INTERVAL)

    async def look(self) -> None:
        """Boot all that wait for it, at the same time. Raises EngineError when it cannot be told who does."""
        if not any(self._store.count(INSTANCES, status=status) for status in ("running", "stopped")):
            return
        ended = await self._engines.rebooting()
        await together(*(self._boot(instance_id) for instance_id in ended if self._wanted(instance_id)))

    def _wanted(self, instance_id: str) -> Instance | None:
        """Its record, unless somebody else sees to its power: its owner, a job, an order, a fault."""
        server = self._store.get(INSTANCES, instance_id)
        if server is None or server.desired != "on" or server.status not in ("running", "stopped"):
            return None
        return None if fault_over(power_faults(self._store), server) else server

    async def _boot(self, instance_id: str) -> None:
        async with self._servers.held(instance_id):
            server = self._wanted(instance_id)
            if server is None or instance_id not in await self._engines.rebooting():
                return  # somebody was faster
            try:
                await self._servers.boot_held([server])
            except (EngineError, ZoneWithoutPower) as error:
                log.error("server %s (%s) has not come up again after its own reboot: %s", server.name, server.id, error)
                return
            if server := self._wanted(instance_id):
                self._store.put(INSTANCES, replace(server, status="running", updated=time()))
                log.info("server %s (%s) came up again after its own reboot", server.name, server.id)
