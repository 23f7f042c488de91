"""Kernel limits that all containers of the machine share, raised as far as servers and clusters need them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

# A server's systemd has six or seven inotify instances and a kubelet fifty, of the kernel's 128 for all; the rest comes after.
FLOORS = {
    "fs.inotify.max_user_instances": 4096,
    "fs.inotify.max_user_watches": 524_288,
    "kernel.pid_max": 131_072,
    "net.ipv4.neigh.default.gc_thresh2": 4096,  # from here on the kernel clears away, up to gc_thresh3
    "net.ipv4.neigh.default.gc_thresh3": 8192,
    "kernel.pty.max": 16_384,
    "fs.aio-max-nr": 1_048_576,
    "net.netfilter.nf_conntrack_max": 262_144,
}


def raise_limits(root: Path = Path("/proc/sys")) -> list[str]:
    """Raise each that is lower; the names of those that could not be. One that this kernel does not have is left out."""
    low = []
    for name, floor in sorted(FLOORS.items(), reverse=True):  # gc_thresh3 before gc_thresh2, which is not to be above it
        path = root / name.replace(".", "/")
        if not path.exists() or _value(path) >= floor:
            continue
        with suppress(OSError):  # not ours to change: said by whoever counts
            path.write_text(str(floor), encoding="utf-8")
        if _value(path) < floor:
            low.append(name)
    return sorted(low)


def _value(path: Path) -> int:
    return int(path.read_text(encoding="utf-8"))
