"""Where devices are mounted, seen through the processes of a container, which may end at any moment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from localcloud.agent import loops
from localcloud.agent.errors import OpError
from localcloud.agent.kernel import processes_of

_LOOKS = 3


class Mount(NamedTuple):
    """A place where a device is mounted, reachable from here."""

    path: Path
    device: int


def mounts(container: str, devices: set[int]) -> Iterator[Mount]:
    """Mounts of the devices in every mount namespace that the container's processes live in."""
    seen: set[int] = set()
    for pid in processes_of({container})[container]:
        try:
            namespace = Path(f"/proc/{pid}/ns/mnt").stat().st_ino
            lines = Path(f"/proc/{pid}/mountinfo").read_bytes()
        except OSError:
            continue  # ended between the two looks
        if namespace in seen:
            continue
        seen.add(namespace)
        yield from (Mount(loops.seen_by(pid, path), device) for device, path in table(lines) if device in devices)


def file_systems(container: str, numbers: Iterable[int], must: bool = False) -> Iterator[tuple[int, Path]]:
    """A descriptor of each file system on the loop devices, and where it is mounted.

    A server's processes come and go: what is seen through one that has just ended is looked for once more. With `must` OpError
    is raised for one that cannot be got at, such as one that another one is mounted upon.
    """
    devices, seen = {os.makedev(loops.LOOP_MAJOR, number) for number in numbers}, set[int]()
    for _look in range(_LOOKS):
        listed = list(mounts(container, devices))
        for mount in listed:
            if mount.device in seen or (descriptor := _opened(mount)) is None:
                continue
            seen.add(mount.device)
            try:
                yield descriptor, mount.path
            finally:
                os.close(descriptor)
        hidden = [mount for mount in listed if mount.device not in seen]
        if not hidden:
            return
    if must:
        raise OpError(f"the file system that is mounted at {hidden[0].path} cannot be got at")


def _opened(mount: Mount) -> int | None:
    """A descriptor of the mounted file system's root; None when it is not to be seen there any more."""
    try:
        descriptor = os.open(mount.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    if os.fstat(descriptor).st_dev == mount.device:
        return descriptor
    os.close(descriptor)
    return None


def table(mountinfo: bytes) -> Iterator[tuple[int, str]]:
    """(device, mount point) of each line of a mountinfo file; proc(5): blanks and backslashes in octal, all else as it is."""
    for line in mountinfo.splitlines():
        fields = line.split(b" ")
        major, minor = fields[2].split(b":")
        yield os.makedev(int(major), int(minor)), os.fsdecode(fields[4].decode("unicode_escape").encode("latin-1"))
