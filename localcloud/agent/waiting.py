"""The agent's one helper for waiting: a deadline, and a sentence that names what was waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

from localcloud.agent.errors import OpError


def wait_until(done: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll `done`, at first often, then less so. Raises OpError when the deadline passes."""
    start, pause = time.monotonic(), 0.002
    while not done():
        if time.monotonic() - start > seconds:
            raise OpError(f"waited {seconds:.0f} s for {what}")
        time.sleep(pause)
        pause = min(pause * 2, 0.1)
