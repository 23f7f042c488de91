"""One set-up at a time per cache folder."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from drlab.errors import UserError
from drlab.lock import Holder, lab_lock

DEADLINE_SECONDS = 1200.0  # the longest set-up takes 12 minutes


@contextmanager
def cache_lock(cache: Path, say: Callable[[str], None], deadline: float = DEADLINE_SECONDS) -> Iterator[None]:
    """Held by the kernel for this process, so a killed set-up never leaves it locked. The second one waits and says so."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = cache / "lock"
        lock.touch()
    except OSError as problem:
        raise UserError(
            f"The cache folder {cache} cannot be written: {problem.strerror}.", "name a folder of your own in DRLAB_CACHE"
        ) from problem

    def waiting(holder: Holder | None) -> None:
        say(f"another set-up is at work ({holder.sentence() if holder else 'unknown'}); waiting for it")

    with lab_lock(lock, "set-up", waiting, deadline):
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # an unfinished build stays: the next set-up goes on from it
                (cache / "build").rmdir()
