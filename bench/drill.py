"""A running stage `dual-active` under faults: `./lab` for the faults, `./lab watch` for what a visitor sees of them."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.lab import Lab

STAGE = "dual-active"
RATE = "10"  # reads and writes a second, each
WATCH_SECONDS = 300  # a watch ends by itself, whatever became of its caller
HEALED = 120.0  # seconds for a node that has come back to be in step again
BEGUN, SERVED = 5, 10  # answered reads, and as many writes, by which a watch has begun, and by which the site serves again


class DrillFailed(AssertionError):
    """The stage did not do what was waited for; the text says what was seen instead."""


@dataclass
class Watch:
    """`./lab watch --writes` at work. `report` is its document, once it has ended."""

    process: subprocess.Popen[str]
    journal: Path
    report: dict[str, Any] = field(default_factory=dict)

    def sends(self, after: float = 0.0) -> list[dict[str, Any]]:
        """What has been settled so far of what left after an instant (Unix seconds)."""
        lines = map(json.loads, self.journal.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if instant(line["time"]) > after]

    def serves(self, after: float, sends: int = SERVED) -> bool:
        """Reads and writes have been answered again and again since then."""
        good = Counter(send["kind"] for send in self.sends(after) if send["good"])
        return min(good["read"], good["write"]) >= sends


class Drill:
    """Faults on the stage's servers and database nodes."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def database(self) -> dict[str, Any]:
        """The stage's instance as `./lab db status --json` shows it now."""
        [found] = self.lab.document("db", "status", STAGE)
        return dict(found)

    def node(self, role: str) -> str:
        """The name of the node that has this role."""
        found = self.node_or_none(role)
        if found is None:
            raise DrillFailed(f"not one node is {role}: {self.database()}")
        return found

    def node_or_none(self, role: str) -> str | None:
        """The same while roles change."""
        found = [node["name"] for node in self.database()["nodes"] if node["role"] == role]
        return str(found[0]) if len(found) == 1 else None

    def in_step(self) -> bool:
        """A primary and a standby that has everything."""
        seen = self.database()
        return bool(seen["inSync"]) and sorted(node["role"] for node in seen["nodes"]) == ["primary", "standby"]

    def power(self, way: str, name: str) -> dict[str, Any]:
        """Power of a server or node off or on; the fault, or what was undone."""
        return dict(self.lab.document("power", way, f"{STAGE}/{name.removeprefix(f'{STAGE}-')}"))

    @contextmanager
    def watched(self) -> Iterator[Watch]:
        """The block runs while a visitor reads and writes; his report is complete after it."""
        before = journals(self.lab.state)
        process = self.lab.start("watch", STAGE, "--writes", "--rate", RATE, "--for", str(WATCH_SECONDS), "--json")
        try:
            wait_until(lambda: journals(self.lab.state) - before, 60, "the watch to begin")
            watch = Watch(process, (journals(self.lab.state) - before).pop())
            begin = time.time()
            wait_until(lambda: watch.serves(begin, BEGUN), 60, "the watch to see the site")
            yield watch
        finally:
            process.send_signal(signal.SIGINT)  # as Ctrl-C
            out, errors = process.communicate(timeout=120)
        if not out:
            raise DrillFailed(f"the watch ended with {process.returncode}: {errors[-2000:]}")
        watch.report = dict(json.loads(out))


def journals(state: Path) -> set[Path]:
    return set((state / "watch").glob("*/journal.jsonl"))


def instant(text: str) -> float:
    """Unix seconds of an ISO time."""
    return datetime.fromisoformat(text).timestamp()


def wait_until(claim: Callable[[], object], seconds: float, what: str) -> None:
    """Polls until it holds. Raises DrillFailed."""
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            raise DrillFailed(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.1)
