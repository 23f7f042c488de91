"""The engines' one helper for waiting: a deadline, and an error that names what was waited for and what was seen last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from localcloud.engines.api import EngineError


async def wait_until(seen: Callable[[], Awaitable[str | None]], seconds: float, what: str) -> None:
    """Poll until `seen` gives None (done); otherwise it gives what is the matter. Raises EngineError after `seconds`."""
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + seconds, 0.005
    while (problem := await seen()) is not None:
        if loop.time() > deadline:
            raise EngineError(f"waited {seconds:.0f} s for {what}; last seen: {problem}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.2)
