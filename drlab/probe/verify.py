"""Which rows are there: asked one by one, after the run. A site that does not answer proves nothing, so it is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from drlab.probe.journal import MISSING, READ, THERE, UNCHECKED, Answer
from drlab.probe.sender import within
from drlab.probe.transport import Transport

PATIENCE_SECONDS = 15.0  # without any usable answer; then the rest stays unchecked
PAUSE_SECONDS = 0.5


async def verify(
    rows: Iterable[str], transport: Transport, deadline: float, stop: asyncio.Event, patience: float = PATIENCE_SECONDS
) -> dict[str, str]:
    """Row id -> "there", "missing", or "unchecked" where the site did not say within the patience, or before `stop`."""
    results: dict[str, str] = {}
    loop = asyncio.get_running_loop()
    last_word, given_up = loop.time(), False
    for row in rows:
        results[row] = UNCHECKED
        while not given_up and not stop.is_set():
            results[row] = verdict(await within(transport((READ, row)), deadline))
            if results[row] != UNCHECKED:
                last_word = loop.time()
                break
            given_up = loop.time() - last_word > patience
            await asyncio.sleep(PAUSE_SECONDS)
    return results


def verdict(answer: Answer) -> str:
    """Only the site's own program can say that a row is missing."""
    if answer.from_site and answer.status == 200:
        return THERE
    return MISSING if answer.from_site and answer.status == 404 else UNCHECKED
