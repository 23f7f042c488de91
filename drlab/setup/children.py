"""The commands that set-up runs: their output to a log, their newest line to the report, none left behind."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from drlab.bootstrap.tether import tethered
from drlab.errors import UserError

TAIL = 20  # lines of a failed command that the user is shown
GRACE_SECONDS = 5.0  # between asking a command to end and killing it
DEADLINE_SECONDS = 1800.0  # for one command; the longest, the engine's build, takes four to eight minutes on two cores
FULL_DISK_WORDS = ("no space left on device", "disk quota exceeded", "not enough free disk space")


class CommandFailed(Exception):
    """A command ended with another status than 0. Steps turn this into a sentence that says what it was for."""

    def __init__(self, command: Sequence[str], status: int, tail: Sequence[str]) -> None:
        super().__init__(f"`{' '.join(command)}` ended with status {status}")
        self.status, self.tail = status, list(tail)

    @property
    def disk_full(self) -> bool:
        text = "\n".join(self.tail).lower()
        return any(word in text for word in FULL_DISK_WORDS)

    def shown(self) -> str:
        return "\n".join([f"{self}:", *(f"  {line}" for line in self.tail)])


class CommandLate(CommandFailed):
    """A command was still running at its deadline and was ended."""

    def __init__(self, command: Sequence[str], seconds: float, tail: Sequence[str]) -> None:
        super().__init__(command, -signal.SIGTERM, tail)
        self.args = (f"`{' '.join(command)}` had not ended after {seconds:.0f} s and was stopped",)


class Cancelled(Exception):
    """Set-up is being ended; whatever a thread was doing, it stops here."""


class DiskFull(UserError):
    """Says which folder, and the two ways out."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "free some space, or name a folder on another disk in DRLAB_CACHE")

    @classmethod
    def during(cls, doing: str, folder: Path) -> DiskFull:
        return cls(f"The disk is full: {doing} in {folder} could not be finished; the unfinished files were removed.")


def is_disk_full(problem: OSError) -> bool:
    return problem.errno in (errno.ENOSPC, errno.EDQUOT)


class Children:
    """Every command of one set-up. `cancel` ends them all and refuses new ones."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._cancelled = False

    def check(self) -> None:
        """Raises Cancelled; for loops that run no command."""
        if self._cancelled:
            raise Cancelled

    def run(
        self,
        command: Sequence[str],
        *,
        tell: Callable[[str], None] = lambda line: None,
        env: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: int | None = None,
        stdout: int | None = None,
        deadline: float = DEADLINE_SECONDS,
    ) -> list[str]:
        """Runs to the end; returns the last lines of output. Raises CommandFailed (CommandLate at the deadline), or Cancelled.

        `env` is added to the environment, which is passed on as it is: proxies and certificate settings live there. With
        `environment` the command gets that and nothing else.
        With `stdout` given (a file descriptor) only standard error is read here.
        """
        tail: deque[str] = deque(maxlen=TAIL)
        child = self._start(command, {**(os.environ if environment is None else environment), **(env or {})}, cwd, stdin, stdout)
        stream = child.stdout if stdout is None else child.stderr
        assert stream is not None
        late = threading.Event()
        watchman = threading.Timer(deadline, self._end_late, (child, late))
        watchman.daemon = True
        watchman.start()
        try:
            for raw in stream:
                line = raw.decode(errors="replace").rstrip()
                if line:
                    tail.append(line)
                    tell(line)
            status = child.wait()
        finally:
            watchman.cancel()
            self._end(child)
            stream.close()
        self.check()
        if late.is_set():
            raise CommandLate(command, deadline, tail)
        if status != 0:
            raise CommandFailed(command, status, tail)
        return list(tail)

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            running = list(self._running)
        for child in running:
            _signal_group(child, signal.SIGTERM)

    def _start(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Path | None, stdin: int | None, stdout: int | None
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            self.check()
            # A session of its own, so that a whole tree of compilers can be ended as one group.
            child = subprocess.Popen(
                tethered(command),
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=subprocess.PIPE if stdout is None else stdout,
                stderr=subprocess.STDOUT if stdout is None else subprocess.PIPE,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )
            self._running.add(child)
            return child

    def _end_late(self, child: subprocess.Popen[bytes], late: threading.Event) -> None:
        late.set()
        self._end(child)

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        """Nothing to do for a command that has ended; also its own children end when it was cut short."""
        if child.poll() is None:
            _signal_group(child, signal.SIGTERM)
            try:
                child.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                _signal_group(child, signal.SIGKILL)
                child.wait()
        with self._lock:
            self._running.discard(child)


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)
