"""Runs the commands of an installation and tells how far they are."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence

from drlab.bootstrap.tether import tethered

REPORT_EVERY = 5.0  # seconds between two lines of progress


class BootstrapError(Exception):
    """The sentence for the user."""


def say(text: str) -> None:
    """Prints a line for the user on standard error."""
    print(f"lab: {text}", file=sys.stderr, flush=True)


def run(args: Sequence[str], what: str, environ: dict[str, str] | None = None) -> None:
    """Runs a command, shows its newest line every few seconds, and raises BootstrapError with its last lines when it fails.

    A killed ./lab takes it along, so that the next ./lab never runs beside it.
    """
    started = shown = time.monotonic()
    tail: deque[str] = deque(maxlen=25)
    with subprocess.Popen(
        tethered(args),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=environ,
    ) as child:
        assert child.stdout is not None
        try:
            for line in child.stdout:
                tail.append(line.rstrip())
                if time.monotonic() - shown > REPORT_EVERY:
                    shown = time.monotonic()
                    say(f"{what}: {shown - started:.0f} s, {tail[-1].strip()[:90]}")
        except BaseException:
            child.terminate()
            raise
    if child.returncode != 0:
        raise BootstrapError(f"{what} failed (exit {child.returncode}):\n  " + "\n  ".join(tail))
