"""The agent's helpers for waiting: with a deadline and a sentence that names what was waited for, and for one's turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from weakref import WeakValueDictionary

from localcloud.agent.errors import OpError

_TURNS: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
_TAKING = threading.Lock()


def turn(thing: str) -> threading.Lock:
    """Held by whoever makes something of or in a thing, such as a container.

    What a daemon asked for before it was killed is still done, maybe at the moment when its successor asks for it again.
    """
    with _TAKING:
        return _TURNS.setdefault(thing, threading.Lock())


def wait_until(done: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll `done`, at first often, then less so. Raises OpError when the deadline passes."""
    start, pause = time.monotonic(), 0.002
    while not done():
        if time.monotonic() - start > seconds:
            raise OpError(f"waited {seconds:.0f} s for {what}")
        time.sleep(pause)
        pause = min(pause * 2, 0.1)
