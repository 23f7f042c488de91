"""How much this machine has of each limit and how much is taken, from /proc and /sys. Looks only; takes some milliseconds."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from drlab.limits import table
from drlab.limits.table import Limit
from drlab.setup.kernel import free_bytes

MB = 1_000_000
WATCHING = {"systemd": 5, "dbus-daemon": 1, "dnsmasq": 1, "containerd-shim": 2, "kubelet": 50}  # instances each has, counted
INOTIFY = "anon_inode:inotify"


@dataclass(frozen=True)
class Room:
    """What there is of one limit. `raised`: what there will be once the local cloud runs, if it may raise it."""

    limit: Limit
    most: int
    used: int
    raised: int = 0

    @property
    def is_low(self) -> bool:
        """The local cloud has not raised it yet, or may not."""
        return self.most < self.raised

    def left(self, before_start: bool) -> int:
        return (self.raised if before_start and self.is_low else self.most) - self.used


def read_rooms(folders: Iterable[Path], root: Path = Path("/")) -> dict[Limit, Room]:
    """Of all limits that can be told here. `folders`: where disks of servers will lie; the fullest counts."""
    instances, watches = inotify_used(root)
    used = {
        table.INSTANCES: instances,
        table.WATCHES: watches,
        table.TASKS: _tasks(root),
        table.NEIGHBOURS: _neighbours(root),
        table.TERMINALS: _number(root / "proc/sys/kernel/pty/nr"),
        table.REQUESTS: _number(root / "proc/sys/fs/aio-nr"),
        table.CONNECTIONS: _number(root / "proc/sys/net/netfilter/nf_conntrack_count"),
        table.FILES: _number(root / "proc/sys/fs/file-nr"),
    }
    rooms = {limit: room for limit, taken in used.items() if (room := _sysctl_room(root, limit, taken or 0))}
    return {**rooms, **{room.limit: room for room in _plain_rooms(folders, root)}}


def _sysctl_room(root: Path, limit: Limit, used: int) -> Room | None:
    most = _number(root / "proc/sys" / limit.sysctl.replace(".", "/"))
    if most is None:
        return None
    raised = max(most, limit.floor)
    if limit is table.TASKS:  # two sysctls for one thing; the second follows from the machine's memory
        threads = _number(root / "proc/sys/kernel/threads-max") or most
        most, raised = min(most, threads), min(raised, threads)
    return Room(limit, most, used, raised)


def _plain_rooms(folders: Iterable[Path], root: Path) -> Iterator[Room]:
    memory = _text(root / "proc/meminfo")
    found = [int(kilobytes) * 1024 for kilobytes in re.findall(r"^(?:MemAvailable|SwapFree):\s+(\d+) kB", memory, re.MULTILINE)]
    if found:
        yield Room(table.MEMORY, sum(found) // MB, 0)
    free = [_free(folder) for folder in folders]
    if seen := [number for number in free if number is not None]:
        yield Room(table.DISK, min(seen) // MB, 0)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)  # the local cloud inherits it
    if soft != resource.RLIM_INFINITY:
        yield Room(table.OWN_FILES, soft, 0)
    if not (root / "dev/loop-control").exists():  # where it is, the kernel makes as many as are asked for
        yield Room(table.LOOPS, 0, 0)


def _free(folder: Path) -> int | None:
    """None for one that may not be looked at: Docker's, to an ordinary user, where it lies in a folder closed to others."""
    try:
        return free_bytes(folder)
    except OSError:
        return None


def inotify_used(root: Path = Path("/")) -> tuple[int, int]:
    """Instances and watches of root's processes, whom containers' count with. What may not be looked into is estimated."""
    instances = watches = 0
    for process in _processes_of_root(root / "proc"):
        try:
            found = [entry.name for entry in os.scandir(process / "fd") if _target(entry) == INOTIFY]
        except PermissionError:
            instances += WATCHING.get(_text(process / "comm").strip(), 0)
            continue
        except OSError:
            continue  # it has ended meanwhile
        instances += len(found)
        watches += sum(_text(process / "fdinfo" / name).count("inotify wd:") for name in found)
    return instances, watches


def _processes_of_root(proc: Path) -> Iterator[Path]:
    for entry in os.scandir(proc):
        if not entry.name.isdigit():
            continue
        try:
            if entry.stat().st_uid == 0 or proc != Path("/proc"):
                yield Path(entry.path)
        except OSError:
            continue


def _target(entry: os.DirEntry[str]) -> str:
    try:
        return str(Path(entry.path).readlink())
    except OSError:
        return ""


def _tasks(root: Path) -> int:
    """All of the machine, of other containers too: `0.5 0.4 0.3 2/431 1234`."""
    found = re.search(r"/(\d+) ", _text(root / "proc/loadavg"))
    return int(found[1]) if found else 0


def _neighbours(root: Path) -> int:
    """In all network namespaces: first column, in hexadecimal, of each line but the heading."""
    lines = _text(root / "proc/net/stat/arp_cache").splitlines()
    return int(lines[1].split()[0], 16) if len(lines) > 1 else 0


def _number(path: Path) -> int | None:
    """The first one in a file; None where there is none."""
    words = _text(path).split()
    return int(words[0]) if words and words[0].isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace", encoding="utf-8")
    except OSError:
        return ""
