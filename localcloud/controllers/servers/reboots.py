"""Servers that reboot by themselves, such as by `reboot` in a shell, come up again; one that has powered itself off stays off."""

from __future__ import annotations

import asyncio
import logging

from localcloud.controllers.faults.faults import Faults
from localcloud.controllers.faults.power import fault_over, power_faults
from localcloud.controllers.servers.servers import Servers
from localcloud.controllers.tasks import together
from localcloud.engines.interface.errors import EngineError
from localcloud.engines.interface.servers import ServerEngine
from localcloud.records.compute import INSTANCES, Instance
from localcloud.records.errors.ecs import ZoneWithoutPower
from localcloud.records.store import Store

log = logging.getLogger("localcloud")

INTERVAL = 1.0  # seconds between two looks


class Reboots:
    """Looks for servers that have ended in order to begin again."""

    def __init__(self, store: Store, engine: ServerEngine, servers: Servers, faults: Faults) -> None:
        self._store, self._engine, self._servers, self._faults = store, engine, servers, faults

    async def watch(self) -> None:
        """Until the task is cancelled."""
        while True:
            try:
                await self.look()
            except EngineError as error:
                log.warning("servers that reboot by themselves are not seen now: %s", error)
            await asyncio.sleep(INTERVAL)

    async def look(self) -> None:
        """Switch on all that wait for it, at the same time. Raises EngineError when it cannot be told who does."""
        if not any(self._store.count(INSTANCES, status=status) for status in ("running", "stopped")):
            return
        ended = await self._engine.rebooting()
        if any(map(self._wanted, ended)):
            await self._servers.look()  # who is down is stopped, until it is switched on
            await together(*map(self._again, ended))

    def _wanted(self, instance_id: str) -> Instance | None:
        """Its record, unless somebody else sees to its power: its owner, a job, an order, a fault."""
        server = self._store.get(INSTANCES, instance_id)
        if server is None or server.desired != "on" or server.status not in ("running", "stopped"):
            return None
        return None if fault_over(power_faults(self._store), server) else server

    async def _again(self, instance_id: str) -> None:
        server = self._wanted(instance_id)
        if server is None:
            return
        try:
            said = await self._faults.switch_on([server])
        except (EngineError, ZoneWithoutPower) as error:
            log.error("server %s (%s) has not come up again after its own reboot: %s", server.name, server.id, error)
        else:
            log.info("after its own reboot: %s", said)
