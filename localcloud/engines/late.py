"""The engines of a cloud that answers before they are there: Docker's library takes as long to import as all the rest."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from localcloud.engines.docker_engines import DockerEngines


class _Late:
    """Whatever is asked of it is asked of the engines, which are made then."""

    def __init__(self, make: Callable[[], DockerEngines]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: DockerEngines | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engines(), name)

    async def start(self) -> None:
        """In a thread, so that calls are answered while Docker's library is imported."""
        engines = await asyncio.to_thread(self._engines)
        await engines.start()

    async def close(self) -> None:
        """Nothing to do where they were never needed."""
        if self._made is not None:
            await self._made.close()

    def _engines(self) -> DockerEngines:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


def late(make: Callable[[], DockerEngines]) -> DockerEngines:
    """Engines that `make` makes when they are first asked for anything."""
    return cast("DockerEngines", _Late(make))
