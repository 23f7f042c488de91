"""Data disks: a file on a loop device, shown to a server as /dev/vdX; and what makes a power cut and a full disk real."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from localcloud.agent import loops
from localcloud.agent.errors import OpError
from localcloud.agent.kernel import must_be_in_container, processes_of, sync_file_system
from localcloud.agent.waiting import wait_until

_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32): EXT4_IOC_SHUTDOWN, and the same number for XFS and F2FS
_NOLOGFLUSH = 2  # neither data nor journal reach the disk any more
_FREEZE, _THAW = 0xC0045877, 0xC0045878  # _IOWR('X', 119 and 120, int): FIFREEZE, FITHAW (linux/fs.h)
_FILLER = ".drlab-filler"
_LET_GO = 20.0  # seconds for the kernel to take down the mounts of a killed server


class Mount(NamedTuple):
    """A place where a device is mounted, reachable from here."""

    path: Path
    device: int


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
    devices = {os.makedev(loops.LOOP_MAJOR, number) for file in files for number in loops.find(file)}
    done: dict[int, Path] = {}
    for mount in _mounts(container, devices):
        if mount.device not in done and _stop(mount.path):
            done[mount.device] = mount.path
    return {"mounts": len(done), "paths": [str(path) for path in done.values()]}


def write_out(container: str, files: list[str]) -> None:
    """Most of what freeze() would have to write, while the server still runs: its pause is the shorter for it."""
    numbers = [number for file in files for number in loops.find(file)]
    for mount in _mounts(container, {os.makedev(loops.LOOP_MAJOR, number) for number in numbers}):
        descriptor = os.open(mount.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            sync_file_system(descriptor)
        finally:
            os.close(descriptor)
    for number in numbers:
        loops.write_out(number)


def freeze(container: str, files: list[str]) -> dict[str, Any]:
    """Write out every file system on the disks and hold all writes until thaw(). {"paths": where}.

    What was written past a file system goes out as well. Either all are frozen or none.
    """
    numbers = [number for file in files for number in loops.find(file)]
    done: dict[int, Path] = {}
    try:
        for mount in _mounts(container, {os.makedev(loops.LOOP_MAJOR, number) for number in numbers}):
            if mount.device not in done:
                _hold(mount.path, _FREEZE, errno.EBUSY)  # EBUSY: it is frozen already
                done[mount.device] = mount.path
        for number in numbers:
            loops.write_out(number)
    except BaseException:
        for path in done.values():
            _hold(path, _THAW, errno.EINVAL)
        raise
    return {"paths": [str(path) for path in done.values()]}


def thaw(container: str, files: list[str]) -> None:
    """Let writes go on; fine if nothing is frozen."""
    devices = {os.makedev(loops.LOOP_MAJOR, number) for file in files for number in loops.find(file)}
    seen: set[int] = set()
    for mount in _mounts(container, devices):
        if mount.device not in seen:
            seen.add(mount.device)
            _hold(mount.path, _THAW, errno.EINVAL)  # EINVAL: it is not frozen


def detach(file: str) -> None:
    """Take the loop device away once its last user is gone; fine if there is none."""
    for number in loops.find(file):
        loops.clear(number)
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


def _mounts(container: str, devices: set[int]) -> Iterator[Mount]:
    """Mounts of the devices in every mount namespace that the container's processes live in."""
    seen: set[int] = set()
    for pid in processes_of({container})[container]:
        try:
            namespace = Path(f"/proc/{pid}/ns/mnt").stat().st_ino
            table = Path(f"/proc/{pid}/mountinfo").read_text()
        except OSError:
            continue  # ended between the two looks
        if namespace in seen:
            continue
        seen.add(namespace)
        yield from (Mount(loops.seen_by(pid, path), device) for device, path in _table(table) if device in devices)


def _table(mountinfo: str) -> Iterator[tuple[int, str]]:
    """(device, mount point) of each line of a mountinfo file; proc(5)."""
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        major, minor = fields[2].split(":")
        yield os.makedev(int(major), int(minor)), fields[4].encode().decode("unicode_escape")


def _users(container: str, numbers: list[int]) -> list[str]:
    """What in a container, or anywhere, keeps loop devices from being let go."""
    devices = {os.makedev(loops.LOOP_MAJOR, number) for number in numbers}
    places = {"/" + "/".join(mount.path.parts[4:]) for mount in _mounts(container, devices)}  # behind /proc/<pid>/root
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


def _stop(mount: Path) -> bool:
    """False when the file system cannot be stopped so (or ended by itself)."""
    try:
        descriptor = os.open(mount, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _NOLOGFLUSH))
    except OSError as exc:
        raise OpError(f"the file system at {mount} cannot lose its power: {exc.strerror}") from exc
    finally:
        os.close(descriptor)
    return True


def _hold(mount: Path, request: int, fine: int) -> None:
    """FIFREEZE or FITHAW; `fine`: the error that says that it is so already."""
    descriptor = os.open(mount, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, request, 0)
    except OSError as exc:
        if exc.errno != fine:
            verb = "frozen" if request == _FREEZE else "thawed"
            raise OpError(f"the file system at {mount} cannot be {verb}: {exc.strerror}") from exc
    finally:
        os.close(descriptor)
