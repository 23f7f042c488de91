"""All tests: two lanes beside each other, then what claims how long something takes, alone on the machine.

A lane is a pytest of its own. One has the local cloud's parts, by themselves and behind its API; the other what stands below and
above it: engines, images, and stages brought up and down with real Pulumi. Each takes about half of the time, and waits for half
of its own, for processes to start and end, so that two of them keep two cores busy.
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
from types import FrameType

from support import durations

from drlab.bootstrap.tether import tethered

ROOT = Path(__file__).parents[1]
Lanes = dict[str, tuple[str, ...]]
BESIDE: Lanes = {
    "machines": ("-m", "not timing", "tests/engines", "tests/images", "tests/stages"),
    "cloud": ("-m", "not timing", "tests/unit", "tests/contract"),
}
ALONE: Lanes = {"timing": ("-m", "timing", "tests")}
PASSED, FAILED, INTERRUPTED = 0, 1, 2  # pytest's; others say that it could not begin
WIDTH = max(map(len, [*BESIDE, *ALONE]))
LIMIT = 40 * 60.0  # seconds for one lane; the longest takes thirteen minutes on a quiet machine
GRACE = 120.0  # seconds in which a lane that was told to end cleans up


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
            tethered([sys.executable, "-m", "pytest", *self.arguments], signal.SIGINT),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            process_group=0,  # Ctrl-C reaches this program alone, which passes it on: a pytest told twice does not clean up
        )
        self.reader = threading.Thread(target=self._show, daemon=True)
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
        """Its exit status. One that has not ended in LIMIT seconds is ended, and has failed."""
        try:
            status = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            print(f"== lane {self.name} has not ended after {LIMIT:.0f} s, and is ended", flush=True)
            status = self.end() or FAILED
        self.reader.join(GRACE)  # a process that it left behind may hold the other end
        print(f"== lane {self.name} ended with {status} after {time.monotonic() - self.began:.0f} s", flush=True)
        return status

    def end(self) -> int:
        """Its exit status: by SIGINT, at which pytest cleans up, and by SIGKILL when it does not end by that."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@dataclass
class Interrupts:
    """SIGINT and SIGTERM to this program end all lanes by SIGINT, at which pytest cleans up, and let no other begin."""

    asked: bool = False
    running: list[Lane] = field(default_factory=list)

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._pass_on)

    def begin(self, lane: Lane) -> None:
        self.running.append(lane)
        if self.asked:  # while it was being started
            lane.process.send_signal(signal.SIGINT)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        for lane in self.running:
            lane.process.send_signal(signal.SIGINT)


def run(lanes: Lanes, folder: Path, interrupts: Interrupts) -> list[int]:
    """Exit statuses of lanes that run at the same time."""
    running: list[Lane] = []
    try:
        for name, arguments in lanes.items():
            running.append(Lane(name, arguments, folder))
            interrupts.begin(running[-1])
        return [lane.wait() for lane in running]
    finally:
        for lane in running:
            lane.end()


def main() -> int:
    """The exit status: the first that is not 0."""
    interrupts = Interrupts()
    interrupts.listen()
    with tempfile.TemporaryDirectory(prefix="drlab-lanes-") as temporary:
        folder = Path(temporary)
        statuses = run(BESIDE, folder, interrupts)
        if not set(statuses) - {PASSED, FAILED} and not interrupts.asked:
            statuses += run(ALONE, folder, interrupts)
        took = [one for name in [*BESIDE, *ALONE] for one in durations.kept(folder / f"{name}.json")]
    durations.keep(durations.KEPT, took)
    print("\n".join(durations.lines(took)))
    return next(filter(None, statuses), INTERRUPTED if interrupts.asked else PASSED)


if __name__ == "__main__":
    sys.exit(main())
