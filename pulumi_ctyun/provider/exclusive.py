"""What only one resource can have at a time, and how it comes from one that has it to another in an update.

An update makes and changes resources before it removes any. What another resource gives up by a *change* in the same update
comes free in a moment: it is waited for. What it gives up by being *removed* comes free only afterwards: that takes two updates,
and the error says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ctyun import errors
from pulumi_ctyun.kit.serve import PluginError

T = TypeVar("T")

FREE_SECONDS = 15.0  # the other resource's change is under way at the same time, if there is one
PAUSE_SECONDS = 0.5
TWO_UPDATES = (
    "An update removes things only after it has made and changed all others: what the program no longer has is still there now. "
    "To move it takes two updates, one without the resource that is to get it and then one with it. A resource that was only "
    "renamed keeps what it has with `aliases`."
)


class Taken(PluginError):
    """Something else has it; the text says what."""


async def once_free(attempt: Callable[[], Awaitable[T]]) -> T:
    """Try until what is wanted is free. Raises PluginError with the last refusal and the way through, after 15 s."""
    deadline = time.monotonic() + FREE_SECONDS
    while True:
        try:
            return await attempt()
        except (Taken, errors.InUse, errors.Duplicate) as refusal:
            if time.monotonic() + PAUSE_SECONDS >= deadline:
                raise PluginError(f"{refusal} {TWO_UPDATES}") from refusal
        await asyncio.sleep(PAUSE_SECONDS)
