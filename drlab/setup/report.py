"""What set-up says while it works: what a step begins, its newest output now and then, what it did in how many seconds."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drlab.output import took

NAME_WIDTH = 12
SHOWN = 88  # characters of a command's newest line
BEAT_SECONDS = 10.0  # silence is never longer than this


class Report(Protocol):
    """Where steps tell what they do. Called from several threads."""

    def begin(self, step: str, sentence: str) -> None: ...

    def detail(self, step: str, line: str) -> None:
        """The newest line of what the step runs; most of them are never shown."""

    def note(self, step: str, sentence: str) -> None:
        """Something the user should read even when all goes well."""

    def end(self, step: str, sentence: str | None, seconds: float) -> None:
        """`sentence` is None when the step failed or was interrupted."""


@dataclass
class _Active:
    since: float
    newest: str = ""


def to_stderr(line: str) -> None:
    """Standard output belongs to the command's result."""
    print(line, file=sys.stderr, flush=True)


class PrintedReport:
    """Lines on standard error; for a step that takes long, one more every ten seconds."""

    def __init__(
        self, write: Callable[[str], None] = to_stderr, clock: Callable[[], float] = time.monotonic, beat: float = BEAT_SECONDS
    ) -> None:
        self._write, self._clock, self._beat = write, clock, beat
        self._active: dict[str, _Active] = {}
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._ticker: threading.Thread | None = None

    def begin(self, step: str, sentence: str) -> None:
        with self._lock:
            self._active[step] = _Active(self._clock())
            self._line(step, f"{sentence} …")
            if self._ticker is None:
                self._ticker = threading.Thread(target=self._tick, name="set-up report", daemon=True)
                self._ticker.start()

    def detail(self, step: str, line: str) -> None:
        if step in self._active and line.strip():
            self._active[step].newest = line.strip()

    def note(self, step: str, sentence: str) -> None:
        with self._lock:
            self._line(step, sentence)

    def end(self, step: str, sentence: str | None, seconds: float) -> None:
        with self._lock:
            self._active.pop(step, None)
            if sentence is not None:
                self._line(step, f"{sentence} ({took(seconds)})")

    def beat(self) -> None:
        """One line for every step under way."""
        with self._lock:
            for step, active in self._active.items():
                self._line(step, f"{self._clock() - active.since:.0f} s … {active.newest[:SHOWN]}".rstrip())

    def _line(self, step: str, text: str) -> None:
        self._write(f"{step:<{NAME_WIDTH}} {text}")

    def _tick(self) -> None:
        while not self._idle.wait(self._beat):
            self.beat()


class SilentReport:
    """For `--json` and tests."""

    def begin(self, step: str, sentence: str) -> None: ...

    def detail(self, step: str, line: str) -> None: ...

    def note(self, step: str, sentence: str) -> None: ...

    def end(self, step: str, sentence: str | None, seconds: float) -> None: ...
