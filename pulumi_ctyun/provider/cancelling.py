"""Ctrl-C: the engine calls `cancel`, and everything that is under way ends at once instead of waiting out its deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from plugins.kit.serve import PluginError

T = TypeVar("T")


class Cancelled(PluginError):
    """The user has stopped the update."""

    def __init__(self) -> None:
        super().__init__("Stopped before it was done, because the update was cancelled. The next `pulumi up` goes on from here.")


class Running:
    """The operations under way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._cancelled = False

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The work's result. Raises Cancelled when `cancel` was or is called."""
        if self._cancelled:
            work.close()
            raise Cancelled
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            if self._cancelled:
                raise Cancelled from None
            raise
        finally:
            self._tasks.discard(task)

    def cancel(self) -> None:
        self._cancelled = True
        for task in self._tasks:
            task.cancel()
