"""Copies of disk files that take no more room than their content."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

_FICLONE = 0x40049409  # linux/fs.h: share the blocks, where the file system can
_CHUNK = 1 << 24


def copy(source: Path, target: Path) -> None:
    """Copy a sparse file; `target` appears when it is complete, or not at all."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.new")
    reading = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        writing = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _fill(reading, writing)
        finally:
            os.close(writing)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    finally:
        os.close(reading)
    fresh.replace(target)


def sync(folder: Path) -> None:
    """The files of a folder are on the disk afterwards."""
    for file in folder.iterdir():
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _fill(reading: int, writing: int) -> None:
    try:
        fcntl.ioctl(writing, _FICLONE, reading)
        return
    except OSError as exc:
        if exc.errno not in (errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL, errno.ENOSYS):
            raise
    size = os.fstat(reading).st_size
    os.truncate(writing, size)
    position = 0
    while position < size:
        try:
            position = os.lseek(reading, position, os.SEEK_DATA)
        except OSError as exc:
            if exc.errno == errno.ENXIO:  # nothing but a hole up to the end
                return
            raise
        end = os.lseek(reading, position, os.SEEK_HOLE)
        while position < end:
            data = os.pread(reading, min(_CHUNK, end - position), position)
            os.pwrite(writing, data, position)
            position += len(data)
