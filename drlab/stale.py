"""What a killed run of the engine leaves behind: its lock, and helpers that have not ended yet."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from drlab.errors import UserError
from drlab.processes import Process, is_alive, processes_of_lab, started_at, stat_fields

HELPERS = ("pulumi_ctyun.provider", "plugins.language_python", "plugins.random_provider", "pulumi-language-", "pulumi-resource-")
CLOCK_TOLERANCE = 2.0  # seconds between a lock's time and its process's start
HELPERS_SECONDS = 5.0  # they end themselves within 3
WAIT_SECONDS = 600.0
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class StackLock:
    """A lock of Pulumi's file backend."""

    path: Path
    pid: int
    host: str
    user: str
    since: str  # ISO time

    def sentence(self) -> str:
        return f"process {self.pid} of {self.user} on {self.host}, since {self.since[:19].replace('T', ' ')}"


def read_lock(path: Path) -> StackLock | None:
    """None when it is gone meanwhile: its holder has ended. Raises UserError when the file is no lock of Pulumi's."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return StackLock(path, int(raw["pid"]), raw["hostname"], raw["username"], raw["timestamp"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"The lock {path} cannot be read, so nobody can say who holds it.", "pulumi cancel") from error


def locks_in(folder: Path) -> list[StackLock]:
    """The locks of a stack, oldest name first."""
    return [lock for path in sorted(folder.glob("*.json")) if (lock := read_lock(path)) is not None]


def is_dead(lock: StackLock, host: str) -> bool:
    """Provably: the process was one of this machine, and it is gone or its number belongs to a younger one."""
    if lock.host != host:
        return False
    if not is_alive(lock.pid):
        return True
    begun = started_at(lock.pid)
    return begun is not None and begun > timestamp(lock.since) + CLOCK_TOLERANCE


def timestamp(text: str) -> float:
    """Unix time of an ISO time; of Go's nanoseconds Python keeps the microseconds."""
    return datetime.fromisoformat(text).timestamp()


def free_stack(folder: Path, say: Callable[[str], None], host: str | None = None, deadline: float = WAIT_SECONDS) -> bool:
    """Remove locks whose process is dead, wait for those that live. True when one was removed: a run had been killed."""
    removed, announced, end = False, False, time.monotonic() + deadline
    while True:
        locks = locks_in(folder)
        dead = [lock for lock in locks if is_dead(lock, host or socket.gethostname())]
        for lock in dead:
            lock.path.unlink(missing_ok=True)
            say(f"removed the lock of a run that was killed ({lock.sentence()})")
            removed = True
        living = [lock for lock in locks if lock not in dead]
        if not living:
            return removed
        if not announced:
            say(f"waiting: the stack is locked by {living[0].sentence()}")
            announced = True
        if time.monotonic() > end:
            raise UserError(
                f"The stack has been locked for {deadline:.0f} s by {living[0].sentence()}.",
                "when you know that it is gone: pulumi cancel",
            )
        time.sleep(POLL_SECONDS)


def is_helper(process: Process) -> bool:
    return any(word in process.command for word in HELPERS)


def orphaned_helpers(state: Path) -> list[Process]:
    """Plugins and language hosts of this lab whose engine is gone."""
    return [p for p in processes_of_lab(state) if is_helper(p) and not _has_engine(p.pid)]


def _has_engine(pid: int) -> bool:
    while pid > 1:
        fields = stat_fields(pid)
        if fields is None:
            return False
        pid = int(fields[1])
        try:
            if (Path("/proc") / str(pid) / "comm").read_text(encoding="utf-8").strip() == "pulumi":
                return True
        except OSError:
            return False
    return False


def await_helpers(state: Path, say: Callable[[str], None], seconds: float = HELPERS_SECONDS) -> None:
    """Until no helper of a killed run is left: one that still creates something would do so beside the next run."""
    end = time.monotonic() + seconds
    while helpers := orphaned_helpers(state):
        if time.monotonic() > end:
            for helper in helpers:
                with contextlib.suppress(ProcessLookupError):  # it has ended at the last moment
                    os.kill(helper.pid, signal.SIGKILL)
                say(f"ended a helper that had outlived its engine ({helper.short()})")
            return
        time.sleep(POLL_SECONDS)
