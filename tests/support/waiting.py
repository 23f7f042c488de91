"""One way to wait in tests: a deadline, and the last thing seen in the failure.

`until` is strict: an error while looking is the test's failure. `wait_until` takes errors of a look for "not yet", where things
are only just coming or going.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


def until(look: Callable[[], T], seconds: float, what: str, *, done: Callable[[T], object] = bool, pause: float = 0.05) -> T:
    """Look again and again until what is seen is `done` (by default: true); what was seen then."""
    deadline = time.monotonic() + seconds
    while not done(seen := look()):
        if time.monotonic() >= deadline:
            pytest.fail(f"waited {seconds:g} s for {what}; last seen: {seen!r}")
        time.sleep(pause)
    return seen


def seconds_until(claim: Callable[[], object], seconds: float, what: str, *, pause: float = 0.05) -> float:
    """How long it took until the claim held."""
    begin = time.monotonic()
    until(claim, seconds, what, pause=pause)
    return time.monotonic() - begin


def wait_until(claim: Callable[[], object], seconds: float, what: str, *, pause: float = 0.1) -> Any:
    """Polls a claim until it holds, every `pause` seconds; the last answer or error stands in the failure."""
    deadline = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < deadline:
        try:
            last = claim()
            if last:
                return last
        except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as error:
            last = error
        time.sleep(pause)
    pytest.fail(f"waited {seconds} s for {what}; last seen: {last!r}")
