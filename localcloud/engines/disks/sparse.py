"""Copies of disk files that take no more room than their content."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FICLONE = 0x40049409  # linux/fs.h: share the blocks, where the file system can
_CHUNK = 1 << 24

Range = tuple[int, int]  # first byte, byte after the last


def copy(source: Path, target: Path) -> None:
    """Copy a sparse file; `target` appears when it is complete, or not at all."""
    with fresh(target) as writing:
        fill(source, writing)


@contextmanager
def fresh(target: Path) -> Iterator[int]:
    """A descriptor to write a file with, which takes the place of `target` when the block ends well, and is gone else."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.new")
    try:
        writing = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            yield writing
        finally:
            os.close(writing)
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def fill(source: Path, writing: int) -> None:
    """Give an empty file the content of another one."""
    with opened(source) as reading:
        try:
            fcntl.ioctl(writing, _FICLONE, reading)
            return
        except OSError as exc:
            if exc.errno not in (errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL, errno.ENOSYS):
                raise
        os.truncate(writing, os.fstat(reading).st_size)
        for first, end in data(reading):
            position = first
            while position < end:
                content = os.pread(reading, min(_CHUNK, end - position), position)
                write(writing, content, position)
                position += len(content)


def write(writing: int, content: bytes, position: int) -> None:
    """All of it: a disk that is nearly full takes a part without an error, and only then says ENOSPC."""
    left = memoryview(content)
    while left:
        done = os.pwrite(writing, left, position)
        position, left = position + done, left[done:]


@contextmanager
def opened(file: Path) -> Iterator[int]:
    """A descriptor to read a file with."""
    reading = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield reading
    finally:
        os.close(reading)


def data(reading: int) -> Iterator[Range]:
    """Where a sparse file is no hole."""
    size, position = os.fstat(reading).st_size, 0
    while position < size:
        try:
            first = os.lseek(reading, position, os.SEEK_DATA)
        except OSError as exc:
            if exc.errno == errno.ENXIO:  # nothing but a hole up to the end
                return
            raise
        position = os.lseek(reading, first, os.SEEK_HOLE)
        yield first, position


def sync(folder: Path) -> None:
    """The files of a folder are on the disk afterwards."""
    for file in folder.iterdir():
        with opened(file) as descriptor:
            os.fsync(descriptor)
