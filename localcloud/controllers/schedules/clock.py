"""The cloud's clock: the machine's, moved forward by what was asked for over `/_local/clock`. It never goes back.

What happens by schedule goes by this clock, and what schedules have made carries its time. Deadlines and faults go by the
machine's own.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import time

from localcloud.records.store import Store

NOTE = "clock-offset"
LONGEST_STEP = 400 * 24 * 3600.0  # seconds; who asks for more has mistyped


class Clock:
    """Unix seconds plus an offset that outlives the daemon."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._moved = asyncio.Event()

    @property
    def offset(self) -> float:
        """Seconds ahead of the machine."""
        return float(self._store.note(NOTE) or 0)

    def now(self) -> float:
        """Unix seconds."""
        return time() + self.offset

    def advance(self, seconds: float) -> None:
        """Go forward; whoever waits for the clock looks at once. Raises ValueError for a step back or one out of all measure."""
        if not 0 < seconds <= LONGEST_STEP:
            raise ValueError(f"the clock goes forward by more than 0 and at most {LONGEST_STEP:.0f} seconds, not by {seconds}")
        self._store.set_note(NOTE, repr(self.offset + seconds))
        self._moved.set()

    async def wait(self, seconds: float) -> None:
        """Until so many seconds of the machine have passed, or the clock was moved. For one waiter at a time."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._moved.wait(), seconds)
        self._moved.clear()
