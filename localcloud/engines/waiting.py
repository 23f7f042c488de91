"""The engines' helpers for waiting: for what is to be seen, with a deadline and an error that names it; for several works."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from localcloud.engines.interface.engines import EngineError


async def wait_until(seen: Callable[[], Awaitable[str | None]], seconds: float, what: str) -> None:
    """Poll until `seen` gives None (done); otherwise it gives what is the matter. Raises EngineError after `seconds`."""
    problem = await within(seen, seconds)
    if problem is not None:
        raise EngineError(f"waited {seconds:.0f} s for {what}; last seen: {problem}")


async def within(seen: Callable[[], Awaitable[str | None]], seconds: float) -> str | None:
    """The same, for those that go on when it did not happen: what was the matter last, None when done."""
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + seconds, 0.005
    while (problem := await seen()) is not None and loop.time() < deadline:
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.2)
    return problem


async def together(work: Iterable[Awaitable[Any]]) -> list[Any]:
    """All results; the first failure is raised when none is under way any more."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
