"""One way to wait in tests: a claim, a deadline, and the last thing seen in the failure."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest


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
