"""Commands at hand beside those of an earlier build: the same calls in turn, in one run on this machine."""

from __future__ import annotations

import resource
import subprocess
from pathlib import Path

from bench.lab import ROOT, Lab, own_lab
from bench.table import Row, ratio
from drlab.folders import Folders

BASELINE = "e3c6db8"  # the build that this one is measured against
COMMANDS = {"second up of single-host": ("up", "single-host"), "preview of dual-active": ("preview", "dual-active")}
AIM = 0.7
SETUP_SECONDS = 900.0


def earlier(rounds: int) -> list[Row]:
    """Each command of both builds, theirs first, with a stage that is up in both."""
    rows = []
    with own_lab() as ours, own_lab(earlier_build()) as theirs:
        for lab in (ours, theirs):
            for command in COMMANDS.values():
                lab.run(*command)  # from here on all is there, and compiled
        for name, command in COMMANDS.items():
            pairs = [(cost(theirs, command), cost(ours, command)) for _ in range(rounds)]
            rows += rows_of(name, f"./lab {' '.join(command)}", pairs)
    return rows


def rows_of(name: str, command: str, pairs: list[tuple[tuple[float, float], tuple[float, float]]]) -> list[Row]:
    """Of what each round has cost them and us: seconds by the clock, and of CPU time."""
    note = f"git checkout {BASELINE}; {command}"
    theirs, their_cpu, ours, our_cpu = (tuple(values) for values in zip(*((*one, *other) for one, other in pairs), strict=True))
    mine, other = Row(name, "s", ours, None, command), Row(f"  {name} of {BASELINE}", "s", theirs, None, note)
    my_cpu, other_cpu = Row("  its CPU time", "s", our_cpu), Row(f"  CPU time of {BASELINE}", "s", their_cpu)
    return [
        mine,
        other,
        ratio(f"{name} over {BASELINE}'s", mine, other, AIM),
        ratio("  its CPU time over theirs", my_cpu, other_cpu, AIM),
    ]


def cost(lab: Lab, command: tuple[str, ...]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU time of all processes that ended with the command: a busy machine changes these little."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = lab.run(*command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def earlier_build() -> Path:
    """A clone of the baseline in the cache, with packages of its own. Raises RuntimeError, also where its history is not here."""
    folder = Folders.from_environment().cache / "bench" / BASELINE
    if not (folder / ".git").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        call("git", "clone", "-q", "--no-checkout", str(ROOT), str(folder))
    call("git", "-C", str(folder), "checkout", "-q", BASELINE)
    call(str(folder / "lab"), "--version")
    return folder


def call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=SETUP_SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(f"`{' '.join(command)}` failed: {done.stderr.strip()[-1000:]}")
