"""The one waiter: it has a deadline, and running out of time is a failure that names what was waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from ctyun.errors import WaitTimeout

T = TypeVar("T")


@dataclass(frozen=True)
class Pace:
    """How often to look: after `first` seconds, then each time `growth` times later, at most every `longest` seconds."""

    first: float = 0.1
    longest: float = 1.0
    growth: float = 1.4


LOCAL_PACE = Pace()
REAL_PACE = Pace(first=1.0, longest=5.0)  # the official provider looks every 5 s


async def wait_until(
    look: Callable[[], Awaitable[T]],
    done: Callable[[T], bool],
    *,
    what: str,
    timeout: float,
    state: Callable[[T], object] = str,
    pace: Pace = LOCAL_PACE,
) -> T:
    """Look until `done`; what was seen last is returned, or named in the WaitTimeout.

    what="server i-7 to run" -> "Waited 300 s for server i-7 to run; last seen: creating."
    """
    last: object = "nothing"
    pause = pace.first
    try:
        async with asyncio.timeout(timeout) as deadline:
            while True:
                seen = await look()
                if done(seen):
                    return seen
                last = state(seen)
                await asyncio.sleep(pause)
                pause = min(pause * pace.growth, pace.longest)
    except TimeoutError as error:
        if not deadline.expired():  # a time-out of `look` itself, with a better text than ours
            raise
        raise WaitTimeout(f"Waited {timeout:g} s for {what}; last seen: {last}.") from error
