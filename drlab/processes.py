"""Processes as /proc shows them: who is alive, since when, and which belong to one lab."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
STARTTIME_FIELD = 19  # of /proc/<pid>/stat, counted from 0 after "pid (comm) "
UTIME_FIELD, STIME_FIELD = 11, 12


@dataclass(frozen=True)
class Process:
    """One running process."""

    pid: int
    name: str  # as in /proc/<pid>/comm
    command: str  # arguments, joined by blanks

    def short(self) -> str:
        shown = self.command if len(self.command) <= 100 else self.command[:99] + "…"
        return f"process {self.pid}: {shown}"


def stat_fields(pid: int) -> list[str] | None:
    """Fields of /proc/<pid>/stat after the name; None when there is no such process."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def is_alive(pid: int) -> bool:
    """A zombie has ended: only its exit status is still to be fetched."""
    fields = stat_fields(pid)
    return fields is not None and fields[0] not in ("Z", "X")


def started_at(pid: int) -> float | None:
    """Unix time of a process's start, to about 10 ms; None when it is gone."""
    fields = stat_fields(pid)
    if fields is None:
        return None
    uptime = float((PROC / "uptime").read_text(encoding="utf-8").split()[0])
    return time.time() - uptime + int(fields[STARTTIME_FIELD]) / TICKS


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used so far, user and system. Raises ProcessLookupError when it is gone."""
    fields = stat_fields(pid)
    if fields is None:
        raise ProcessLookupError(pid)
    return (int(fields[UTIME_FIELD]) + int(fields[STIME_FIELD])) / TICKS


def resident_mb(pid: int) -> float:
    """Resident memory in MB (10^6 bytes); 0 when the process is gone."""
    for line in _read(PROC / str(pid) / "status").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def all_processes() -> Iterator[Process]:
    for folder in PROC.glob("[0-9]*"):
        pid = int(folder.name)
        if not is_alive(pid):
            continue
        command = _read(folder / "cmdline").replace("\0", " ").strip()
        yield Process(pid, _read(folder / "comm").strip(), command)


def processes_of_lab(state: Path) -> list[Process]:
    """Processes started for one state folder, this one and its parents left out.

    The `pulumi` wrapper and the local cloud's start put DRLAB_STATE into the environment of everything below them;
    the environment of other users' processes cannot be read and is not ours.
    """
    needle = f"DRLAB_STATE={state}\0"
    own = set(_ancestors(os.getpid()))
    return [p for p in all_processes() if p.pid not in own and needle in _read(PROC / str(p.pid) / "environ") + "\0"]


def _ancestors(pid: int) -> Iterator[int]:
    while pid > 0:
        yield pid
        fields = stat_fields(pid)
        pid = int(fields[1]) if fields else 0


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:  # it has ended meanwhile, or is not ours to look at
        return ""
