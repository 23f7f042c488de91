"""Background tasks of the daemon: held until they end, counted, and never failing unheard; and works that are done together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Coroutine
from typing import Any

log = logging.getLogger("localcloud")


class Tasks:
    """The tasks that are under way."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def spawn(self, coroutine: Coroutine[Any, Any, None], what: str) -> None:
        """Run it in the background; `what` names it in the log."""
        task = asyncio.create_task(coroutine, name=what)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task %r failed: a fault of the local cloud itself", task.get_name(), exc_info=error)

    async def cancel(self) -> None:
        """Stop them all where they are, but for the one that calls; what they were doing is carried on by the next start."""
        others = self._running - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)


async def together(*changes: Awaitable[object]) -> None:
    """All at the same time; raises the first failure after all have ended."""
    for result in await asyncio.gather(*changes, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
