"""All tests: two lanes beside each other, then what claims how long something takes, alone on the machine.

A lane is a pytest of its own. One brings stages up and down with real Pulumi, the other has all other tests. Each waits for half
of its time, for processes to start and end, so that two of them keep two cores busy.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from support import durations

ROOT = Path(__file__).parents[1]
BESIDE = {
    "stages": ("-m", "not timing", "tests/stages"),
    "others": ("-m", "not timing", "tests/unit", "tests/contract", "tests/engines", "tests/images"),
}
ALONE = {"timing": ("-m", "timing", "tests")}
PASSED, FAILED = 0, 1  # pytest's; all others say that it was interrupted or could not begin
WIDTH = max(map(len, [*BESIDE, *ALONE]))


@dataclass
class Lane:
    """A running pytest, whose lines are shown with its name before them."""

    name: str
    arguments: tuple[str, ...]
    folder: Path
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        environment = {**os.environ, durations.LANE: str(self.durations)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *self.arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self.reader = threading.Thread(target=self._show)
        self.reader.start()

    @property
    def durations(self) -> Path:
        return self.folder / f"{self.name}.json"

    def _show(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                print(f"{self.name:{WIDTH}} | {line}", end="", flush=True)  # one call: lines of two lanes never mix

    def wait(self) -> int:
        """Its exit status."""
        status = self.process.wait()
        self.reader.join()
        print(f"== lane {self.name} ended with {status} after {time.monotonic() - self.began:.0f} s", flush=True)
        return status


def run(lanes: dict[str, tuple[str, ...]], folder: Path) -> list[int]:
    """Exit statuses of lanes that run at the same time."""
    running = [Lane(name, arguments, folder) for name, arguments in lanes.items()]

    def pass_on(number: int, frame: object) -> None:
        for lane in running:
            lane.process.send_signal(signal.SIGINT)  # the signal at which pytest cleans up

    before = signal.signal(signal.SIGTERM, pass_on)
    try:
        return [lane.wait() for lane in running]
    finally:
        signal.signal(signal.SIGTERM, before)


def main() -> int:
    """The exit status: the first that is not 0."""
    signal.signal(signal.SIGINT, lambda number, frame: None)  # Ctrl-C reaches all lanes, which clean up and end
    with tempfile.TemporaryDirectory(prefix="drlab-lanes-") as temporary:
        folder = Path(temporary)
        statuses = run(BESIDE, folder)
        if not set(statuses) - {PASSED, FAILED}:
            statuses += run(ALONE, folder)
        took = [one for name in [*BESIDE, *ALONE] for one in durations.kept(folder / f"{name}.json")]
    durations.keep(durations.KEPT, took)
    print("\n".join(durations.lines(took)))
    return next(filter(None, statuses), 0)


if __name__ == "__main__":
    sys.exit(main())
