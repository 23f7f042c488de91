"""Loop devices by their ioctls (linux/loop.h).

Files are opened through the file tree of a process on the host, so that they do not hang on the agent's own mounts (which go when
it is replaced), and `losetup -a` on the host names them as the host does.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from localcloud.agent.errors import OpError

LOOP_MAJOR = 7
_LOOP_CONFIGURE = 0x4C0A
_LOOP_CLR_FD = 0x4C01
_LOOP_SET_CAPACITY = 0x4C07
_LOOP_CTL_GET_FREE = 0x4C82
_NAME_BYTES = 64
_ATTACHING = threading.Lock()  # two who want the same file get one device


def seen_by(viewer: int, path: str) -> Path:
    """A path of the file tree in which a process stands. (Process 1 will not do: some hosts let nobody look at it.)"""
    return Path(f"/proc/{viewer}/root", path.lstrip("/"))


def find(file: str) -> list[int]:
    """Numbers of the loop devices on a file (the host's path), deleted files included."""
    return [number for number, backing in in_use().items() if _is(backing, file)]


def in_use() -> dict[int, str]:
    """Backing file by loop number, of all loop devices in use on the host."""
    numbers = (int(folder.name[4:]) for folder in Path("/sys/block").glob("loop*"))
    return {number: file for number in numbers if (file := _file(number))}


def attach(file: str, viewer: int) -> int:
    """A loop device on the file, as process `viewer` names it; the number of the one that is there already, if any."""
    with _ATTACHING:
        if present := find(file):
            return present[0]
        backing = os.open(seen_by(viewer, file), os.O_RDWR | os.O_CLOEXEC)
        try:
            for _attempt in range(100):
                number = _free_number()
                if _configure(number, backing, file):
                    return number
        finally:
            os.close(backing)
    raise OpError(f"no loop device could be had for {file}: others took each free one first")


def clear(number: int, file: str) -> None:
    """Let go of the file: at once, or when the last user is gone. Fine if that has happened; it may be another's by now."""
    # While it is open here nobody else can let it go, so it stays what it is seen to be.
    with _unless_it_goes(), _opened(number) as device:
        if _is(_file(number), file):
            fcntl.ioctl(device, _LOOP_CLR_FD, 0)


def resize(number: int) -> None:
    """Take over the size that the file has now; fine if it is let go meanwhile."""
    with _unless_it_goes(), _opened(number) as device:
        fcntl.ioctl(device, _LOOP_SET_CAPACITY, 0)


def is_claimed(number: int) -> bool:
    """Whether a mount, swap or a mapping (LVM, RAID) holds the device."""
    try:
        with _unless_it_goes(), _opened(number, os.O_RDONLY | os.O_EXCL):
            return False
    except OSError as exc:
        if exc.errno != errno.EBUSY:
            raise
        return True
    return False


def write_out(number: int) -> None:
    """What was written to the device itself, past any file system, reaches its file."""
    with _unless_it_goes(), _opened(number) as device:
        os.fsync(device)


def _file(number: int) -> str:
    """What the device is on; empty when it is free."""
    try:
        return Path(f"/sys/block/loop{number}/loop/backing_file").read_text(encoding="utf-8").rstrip("\n")
    except OSError as exc:
        if exc.errno not in (errno.ENOENT, errno.ENODEV):  # ENODEV: let go of between opening and reading
            raise
        return ""


def _is(backing: str, file: str) -> bool:
    return backing in (file, f"{file} (deleted)")


@contextmanager
def _opened(number: int, flags: int = os.O_RDONLY) -> Iterator[int]:
    device = os.open(f"/dev/loop{number}", flags | os.O_CLOEXEC)
    try:
        yield device
    finally:
        os.close(device)


@contextmanager
def _unless_it_goes() -> Iterator[None]:
    """ENXIO is what the kernel says of a device that has no file any more, or is just losing it."""
    try:
        yield
    except OSError as exc:
        if exc.errno != errno.ENXIO:
            raise


def _free_number() -> int:
    control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        return fcntl.ioctl(control, _LOOP_CTL_GET_FREE)
    finally:
        os.close(control)


def _configure(number: int, backing: int, file: str) -> bool:
    """False when somebody else has taken the device meanwhile."""
    # struct loop_config: fd, block_size, struct loop_info64 (232 bytes; flags at 52, file name at 56), 64 reserved bytes.
    info = struct.pack("<QQQQQIIII64s64s32sQQ", 0, 0, 0, 0, 0, 0, 0, 0, 0, file.encode()[: _NAME_BYTES - 1], b"", b"", 0, 0)
    config = struct.pack("<II", backing, 0) + info + bytes(64)
    node = Path(f"/dev/loop{number}")
    if not node.exists():
        with suppress(FileExistsError):  # another agent was faster
            os.mknod(node, 0o600 | 0o060000, os.makedev(LOOP_MAJOR, number))
    try:
        with _opened(number, os.O_RDWR) as device:
            fcntl.ioctl(device, _LOOP_CONFIGURE, config)
    except OSError as exc:
        if exc.errno in (errno.EBUSY, errno.ENXIO):  # ENXIO: and is just giving it back
            return False
        raise
    return True
