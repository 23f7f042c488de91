"""Locks by id: of servers, disks, MySQL instances. In which order those of several kinds are taken: docs/architecture.md."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary


class Locks:
    """A lock is there while somebody holds it or waits for it, and forgotten afterwards."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def held(self, ids: Iterable[str]) -> AsyncIterator[None]:
        """Hold them all; they are taken in one order everywhere, so that nobody waits for ever."""
        async with AsyncExitStack() as held:
            for id_ in sorted(set(ids)):
                await held.enter_async_context(self._locks.setdefault(id_, asyncio.Lock()))
            yield
