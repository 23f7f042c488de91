"""Full disks as a fault: filled on all that are hit or on none, and freed again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import time

from localcloud.controllers.faults import evidence, targets
from localcloud.engines.interface.engines import EngineError, Engines
from localcloud.records.compute import Fault
from localcloud.records.store import Store

REBUILT_SECONDS = 15.0  # for the new disk of a MySQL node that is just being rebuilt to be there


class FullDisks:
    """Fills disks of servers and MySQL nodes, and frees them."""

    def __init__(self, store: Store, engines: Engines) -> None:
        self._store, self._engines = store, engines

    async def fill(self, fault: Fault) -> Fault:
        """All of them at the same time, and a look at what is free then. Raises EngineError: none is filled."""
        path, databases = fault.path or "/", self._engines.databases
        results = await asyncio.gather(
            *(self._engines.inside.fill_disk(server.id, path) for server in targets.alive(self._store, fault)),
            *(databases.inside.fill_disk(node.id) for node in targets.databases(self._store, fault)),
            return_exceptions=True,
        )
        at = time()
        try:
            for result in results:
                if isinstance(result, BaseException):
                    raise result
            room = await self._room(fault)
        except EngineError:
            await self._free_all(fault)  # all or none: there will be no fault that could be undone
            raise
        return replace(fault, at=at, landed=all(free < evidence.FULL_BELOW for _, free, _ in room), proof=_room_sentence(room))

    async def _room(self, fault: Fault) -> list[tuple[str, int, str]]:
        """Whose disks were filled, the bytes free there, and where: of a MySQL node its data disk, whatever the path."""
        path, databases = fault.path or "/", self._engines.databases
        servers, nodes = targets.alive(self._store, fault), targets.databases(self._store, fault)
        room = [(server.name, await evidence.free_bytes(self._engines, server.id, path), f"at {path}") for server in servers]
        return room + [(node.name, (await databases.nodes.room(node.id))[1], "on its data disk") for node in nodes]

    async def _free_all(self, fault: Fault) -> list[BaseException | None]:
        return await asyncio.gather(
            *(self._engines.inside.free_disk(server.id, fault.path or "/") for server in targets.alive(self._store, fault)),
            *(self._engines.databases.inside.free_disk(node.id) for node in targets.databases(self._store, fault)),
            return_exceptions=True,
        )

    async def free(self, fault: Fault) -> None:
        """Take away what fills them. Raises EngineError; it can be repeated then."""
        deadline = asyncio.get_running_loop().time() + REBUILT_SECONDS
        while problems := [result for result in await self._free_all(fault) if isinstance(result, BaseException)]:
            if not targets.databases(self._store, fault) or asyncio.get_running_loop().time() > deadline:
                raise problems[0]
            await asyncio.sleep(0.2)

    async def seen(self, fault: Fault) -> str:
        """How much room there is, in a sentence."""
        try:
            return _room_sentence(await self._room(fault))
        except EngineError as error:
            return f"what filled the disks is gone; how much room there is now cannot be seen: {error}"


def _room_sentence(room: list[tuple[str, int, str]]) -> str:
    return "; ".join(f"{name}: {free} bytes free {where}" for name, free, where in room)
