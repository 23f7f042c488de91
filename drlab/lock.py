"""One `./lab up` or `down` at a time per state folder: a second one waits and says for whom."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from drlab.errors import UserError

POLL_SECONDS = 0.2  # flock has no wait with a deadline
DEADLINE_SECONDS = 1800.0


@dataclass(frozen=True)
class Holder:
    """Who holds the lock; written into the lock file by the holder itself."""

    pid: int
    command: str
    since: str  # ISO time, UTC

    def sentence(self) -> str:
        return f"`{self.command}` (process {self.pid}, since {self.since})"


def read_holder(path: Path) -> Holder | None:
    """None while the holder has not written its name yet, or when the file is no lock of ours."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    return None


@contextmanager
def lab_lock(
    path: Path, command: str, on_wait: Callable[[Holder | None], None], deadline: float = DEADLINE_SECONDS
) -> Iterator[None]:
    """Hold the lab for one command. The kernel frees the lock when this process ends, however it ends."""
    with path.open("a+", encoding="utf-8") as file:
        _acquire(file.fileno(), path, on_wait, deadline)
        holder = Holder(os.getpid(), command, datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"))
        file.truncate(0)
        file.write(json.dumps(asdict(holder)))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)  # the name of somebody who is gone would mislead


def _acquire(descriptor: int, path: Path, on_wait: Callable[[Holder | None], None], deadline: float) -> None:
    end, announced = time.monotonic() + deadline, False
    while not _try_lock(descriptor):
        holder = read_holder(path)
        if not announced:
            on_wait(holder)
            announced = True
        if time.monotonic() > end:
            who = holder.sentence() if holder else f"another process that has {path} open"
            raise UserError(f"Waited {deadline:.0f} s for {who} to finish; gave up.", "end it, or wait and try again")
        time.sleep(POLL_SECONDS)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
