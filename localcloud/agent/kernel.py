"""System calls that Python's standard library lacks, and work inside another process's network namespace."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localcloud.agent.errors import OpError

CLONE_NEWNET = 0x40000000  # sched.h
_LIBC = ctypes.CDLL(None, use_errno=True)
_HOME = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)  # where every thread of ours returns to


def _setns(descriptor: int) -> None:
    if _LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def network_namespace(pid: int) -> Iterator[None]:
    """Run the block with this thread inside the network namespace of process `pid`; other threads stay where they are."""
    try:
        target = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as exc:
        raise OpError(f"process {pid} has no network namespace any more: {exc.strerror}") from exc
    try:
        _setns(target)
        yield
    finally:
        os.close(target)
        _setns(_HOME)


def must_be_in_container(pid: int, container: str) -> None:
    """Process ids are used again by the kernel: refuse one that no longer belongs to the container that was meant."""
    try:
        groups = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
    except OSError as exc:
        raise OpError(f"container {container[:12]} is not running any more (process {pid} is gone)") from exc
    if container not in groups:
        raise OpError(f"process {pid} does not belong to container {container[:12]}; it has been restarted meanwhile")


def sync_file_system(descriptor: int) -> None:
    """Write out all of the file system that an open file lies on; syncfs(2)."""
    if _LIBC.syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def write_sysctl(name: str, value: str) -> None:
    """Set a sysctl as seen by this thread's network namespace, e.g. ("net/ipv4/ip_forward", "1")."""
    Path("/proc/sys", name).write_text(value, encoding="utf-8")


def processes_of(containers: set[str]) -> dict[str, list[int]]:
    """Process ids by container id, told by the cgroup they are in."""
    found: dict[str, list[int]] = {container: [] for container in containers}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            groups = (entry / "cgroup").read_text(encoding="utf-8")
        except OSError:
            continue  # ended between the two looks
        for container in containers:
            if container in groups:
                found[container].append(int(entry.name))
    return found
