"""Data disks: a file on a loop device, shown to a server as /dev/vdX; and what makes a power cut and a full disk real."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from pathlib import Path
from typing import Any

from localcloud.agent import loops
from localcloud.agent.errors import OpError
from localcloud.agent.kernel import must_be_in_container, processes_of, sync_file_system
from localcloud.agent.mounts import file_systems, mounts
from localcloud.agent.waiting import wait_until

_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32): EXT4_IOC_SHUTDOWN, and the same number for XFS and F2FS
_NOLOGFLUSH = 2  # neither data nor journal reach the disk any more
_FREEZE, _THAW = 0xC0045877, 0xC0045878  # _IOWR('X', 119 and 120, int): FIFREEZE, FITHAW (linux/fs.h)
_FILLER = ".drlab-filler"
_LET_GO = 20.0  # seconds for the kernel to take down the mounts of a killed server


def attach(file: str, viewer: int) -> dict[str, Any]:
    """A loop device on a disk's file, as process `viewer` on the host names it; {"loop": number}."""
    return {"loop": loops.attach(file, viewer)}


def show(pid: int, container: str, loop: int, device: str) -> None:
    """Let a running server see a loop device as `device` ("/dev/vdb")."""
    must_be_in_container(pid, container)
    node = loops.seen_by(pid, device)
    wanted = os.makedev(loops.LOOP_MAJOR, loop)
    try:
        if node.stat().st_rdev == wanted:
            return
        node.unlink()
    except FileNotFoundError:
        pass
    os.mknod(node, stat.S_IFBLK | 0o660, wanted)
    node.chmod(0o660)


def hide(pid: int, container: str, file: str, device: str) -> None:
    """Take a disk out of a running server's sight. Raises OpError, which says where, while the server uses it."""
    must_be_in_container(pid, container)
    numbers = loops.find(file)
    if users := _users(container, numbers):
        raise OpError(f"the server still uses {device}: {', '.join(users)}; end that there first (umount {device})")
    node = loops.seen_by(pid, device)
    try:
        if node.stat().st_rdev in {os.makedev(loops.LOOP_MAJOR, number) for number in numbers}:
            node.unlink()
    except FileNotFoundError:
        pass


def resize(file: str) -> None:
    """Servers see the size that a disk's file has now; nothing to do for a disk in no running server."""
    for number in loops.find(file):
        loops.resize(number)


def shutdown(container: str, files: list[str]) -> dict[str, Any]:
    """Cut the disks' power: every file system on them stops without flushing. {"mounts": how many, "paths": where}."""
    paths = []
    for descriptor, path in file_systems(container, _numbers(files)):
        _ask(descriptor, _SHUTDOWN, struct.pack("I", _NOLOGFLUSH), f"the file system at {path} cannot lose its power")
        paths.append(str(path))
    return {"mounts": len(paths), "paths": paths}


def write_out(container: str, files: list[str]) -> None:
    """Most of what freeze() would have to write, while the server still runs: its pause is the shorter for it."""
    numbers = _numbers(files)
    for descriptor, _path in file_systems(container, numbers):
        sync_file_system(descriptor)
    for number in numbers:
        loops.write_out(number)


def freeze(container: str, files: list[str]) -> dict[str, Any]:
    """Write out every file system on the disks and hold all writes until thaw(). {"paths": where}.

    What was written past a file system goes out as well. Either all are frozen or none.
    """
    numbers, paths = _numbers(files), []
    try:
        for descriptor, path in file_systems(container, numbers, must=True):
            _ask(descriptor, _FREEZE, 0, f"the file system at {path} cannot be frozen", fine=errno.EBUSY)  # it is so already
            paths.append(str(path))
        for number in numbers:
            loops.write_out(number)
    except BaseException:
        thaw(container, files)
        raise
    return {"paths": paths}


def thaw(container: str, files: list[str]) -> None:
    """Let writes go on; fine if nothing is frozen."""
    for descriptor, path in file_systems(container, _numbers(files)):
        _ask(descriptor, _THAW, 0, f"the file system at {path} cannot be thawed", fine=errno.EINVAL)  # it is so already


def detach(file: str) -> None:
    """Take the loop device away once its last user is gone; fine if there is none."""
    for number in loops.find(file):
        loops.clear(number, file)
    wait_until(lambda: not loops.find(file), _LET_GO, f"the loop device on {file} to be let go; something still uses it")


def fill(pid: int, container: str, path: str) -> dict[str, Any]:
    """Fill the data disk that holds `path` until nothing more fits. {"bytes": how much it took}."""
    folder = _data_disk(pid, container, path)
    with (folder / _FILLER).open("ab", buffering=0) as filler:
        size = os.fstat(filler.fileno()).st_size
        step = 1 << 40
        while step >= 1024:
            try:
                os.posix_fallocate(filler.fileno(), size, step)
            except OSError as exc:
                if exc.errno not in (errno.ENOSPC, errno.EFBIG):
                    raise
                step //= 2
            else:
                size += step
        os.fsync(filler.fileno())
    return {"bytes": size}


def free(pid: int, container: str, path: str) -> None:
    """Undo fill(); fine if there is nothing to undo."""
    (_data_disk(pid, container, path) / _FILLER).unlink(missing_ok=True)


def _data_disk(pid: int, container: str, path: str) -> Path:
    """Where the data disk that holds `path` is mounted. Raises OpError for anything but a data disk."""
    must_be_in_container(pid, container)
    inside = Path(os.path.normpath(path))
    try:
        device = loops.seen_by(pid, str(inside)).stat().st_dev
    except OSError as exc:
        raise OpError(f"{path} cannot be looked at inside the server: {exc.strerror}") from exc
    if os.major(device) != loops.LOOP_MAJOR:
        raise OpError(
            f"{path} is not on a data disk: filling the system disk would fill the disk of this machine, "
            "which the server shares; give the server a data disk and name a folder on it"
        )
    while inside != inside.parent and loops.seen_by(pid, str(inside.parent)).stat().st_dev == device:
        inside = inside.parent
    return loops.seen_by(pid, str(inside))


def _numbers(files: list[str]) -> list[int]:
    return [number for file in files for number in loops.find(file)]


def _users(container: str, numbers: list[int]) -> list[str]:
    """What in a container, or anywhere, keeps loop devices from being let go."""
    devices = {os.makedev(loops.LOOP_MAJOR, number) for number in numbers}
    places = {"/" + "/".join(mount.path.parts[4:]) for mount in mounts(container, devices)}  # behind /proc/<pid>/root
    if places:
        return [f"it is mounted at {place}" for place in sorted(places)]
    if any(map(loops.is_claimed, numbers)):
        return ["swap, LVM, RAID or a mount of another kind holds it"]
    return [f"process {pid} has it open" for pid in processes_of({container})[container] if _has_open(pid, devices)]


def _has_open(pid: int, devices: set[int]) -> bool:
    """False also for a process that ends meanwhile."""
    try:
        descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
    for descriptor in descriptors:
        try:
            found = descriptor.stat()
        except OSError:
            continue
        if stat.S_ISBLK(found.st_mode) and found.st_rdev in devices:
            return True
    return False


def _ask(descriptor: int, request: int, argument: int | bytes, failure: str, fine: int = 0) -> None:
    """An ioctl; `fine`: the error that is none."""
    try:
        fcntl.ioctl(descriptor, request, argument)
    except OSError as exc:
        if exc.errno != fine:
            raise OpError(f"{failure}: {exc.strerror}") from exc
