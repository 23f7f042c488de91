"""Runs the Pulumi engine, through the wrapper that set-up writes, and reads what it says."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

from drlab.bootstrap.tether import tethered
from drlab.engine_environment import engine_environment
from drlab.errors import UserError
from drlab.events import PLAIN, PROGRAM_OUTPUT, Event, Message, is_debug, parse_event
from drlab.folders import Folders

QUERY_TIMEOUT = 60.0  # seconds for a call that only reads
TICK_SECONDS = 1.0  # how often the caller may refresh what it shows while the engine is silent
SHOWN_LINES = 20  # of a failed call's output
PRIVATE_UMASK = 0o077


@dataclass(frozen=True)
class Ended:
    """How a run of the engine ended."""

    status: int  # exit status; negative: killed by that signal
    interrupted: bool
    seconds: float
    plain: tuple[str, ...] = ()  # the last lines that were no events: what the engine says before it has any, or after them
    output: tuple[str, ...] = ()  # the last lines on the standard error of the program and the plugins
    log: Path | None = None


@dataclass(frozen=True)
class Engine:
    """The Pulumi CLI of one lab."""

    folders: Folders

    def command(self, *arguments: str) -> list[bytes]:
        """In UTF-8, which the engine expects whatever the terminal's encoding is."""
        if not self.folders.pulumi.exists():
            raise UserError("The Pulumi engine is not set up yet.", "./lab doctor --setup")
        return [os.fsencode(self.folders.pulumi), *(argument.encode() for argument in arguments), b"--non-interactive"]

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        return {**engine_environment(self.folders), **(extra or {})}

    def query(self, *arguments: str, stdin: str | None = None) -> str:
        """A call that answers at once. Raises UserError with the engine's own last lines."""
        done = subprocess.run(
            tethered(self.command(*arguments), signal.SIGINT),
            cwd=self.folders.root,
            env=self.environment(),
            input=stdin or "",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=QUERY_TIMEOUT,
            umask=PRIVATE_UMASK,
        )
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()[-SHOWN_LINES:]
            raise UserError(f"`pulumi {' '.join(arguments)}` failed:\n" + "\n".join(lines))
        return done.stdout

    def outputs(self, stage: str) -> dict[str, Any]:
        """All outputs of a stack, secrets in clear: for this process's memory, never for a file or a screen."""
        return dict(json.loads(self.query("stack", "output", "--json", "--show-secrets", "--stack", stage)))

    def work(
        self,
        arguments: Sequence[str],
        log_name: str,
        on_event: Callable[[Event], None],
        on_tick: Callable[[], None],
        on_interrupt: Callable[[int], None],
        variables: Mapping[str, str] | None = None,
    ) -> Ended:
        """A long run (`up`, `destroy`, `preview`): every event as it comes, a tick a second, and Ctrl-C handed on once.

        Kept in `STATE/logs/<log_name>.jsonl`, without the debug events.
        """
        begin = time.monotonic()
        plain, output = (deque[str](maxlen=SHOWN_LINES) for _ in range(2))
        process = self._start([*arguments, "--json"], variables or {})
        assert process.stdout is not None
        with process.stdout as stdout, _interrupts_go_to(process, on_interrupt) as interrupts, self._log(log_name) as log:
            for line in _lines(stdout, on_tick):
                if is_debug(line):
                    continue
                log.write(line + "\n")
                event = parse_event(line)
                if event is None:
                    continue
                if isinstance(event, Message) and event.severity in (PLAIN, PROGRAM_OUTPUT):
                    (plain if event.severity == PLAIN else output).extend(event.text.splitlines())
                on_event(event)
            status = process.wait()
        seconds, path = time.monotonic() - begin, self._log_path(log_name)
        return Ended(status, bool(interrupts), seconds, tuple(plain), tuple(output), path)

    def _start(self, arguments: Sequence[str], variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C in the terminal reaches this process alone, and the engine gets it once, from here.
        # The engine ends in an orderly way should this process be killed.
        return subprocess.Popen(
            tethered(self.command(*arguments), signal.SIGINT),
            cwd=self.folders.root,
            env=self.environment({"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true", **variables}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=PRIVATE_UMASK,
        )

    @contextmanager
    def _log(self, name: str) -> Iterator[IO[str]]:
        self.folders.logs.mkdir(mode=0o700, exist_ok=True)
        private = os.open(self._log_path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(private, "w", encoding="utf-8") as file:
            yield file

    def _log_path(self, name: str) -> Path:
        return self.folders.logs / f"{name}.jsonl"


def _lines(stream: IO[bytes], on_tick: Callable[[], None]) -> Iterator[str]:
    """Lines as they come; `on_tick` is called about once a second also while nothing comes."""
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            ready = selector.select(TICK_SECONDS)
            on_tick()
            if not ready:
                continue
            chunk = os.read(stream.fileno(), 1 << 16)
            if not chunk:
                break
            *complete, pending = (pending + chunk).split(b"\n")
            yield from (line.decode(errors="replace") for line in complete)
    if pending:
        yield pending.decode(errors="replace")


@contextmanager
def _interrupts_go_to(process: subprocess.Popen[bytes], on_interrupt: Callable[[int], None]) -> Iterator[list[int]]:
    """First interruption: the engine finishes what it has begun. Second: it ends at once. Third: it is killed."""
    seen: list[int] = []

    def hand_on(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        if process.poll() is None:
            process.send_signal(signal.SIGINT if len(seen) < 3 else signal.SIGKILL)
        on_interrupt(len(seen))

    handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, hand_on) for number in handled}
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
