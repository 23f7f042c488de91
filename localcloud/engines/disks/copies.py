"""Copies of disks as files: complete ones, and incremental ones, which hold only the blocks that differ from an earlier copy.

STATE/disk-copies/<copy id>/ holds a sparse file with the blocks, each at its place on the disk, and `copy.json`, which says what
the file holds and is written last: without it there is no copy.
"""

from __future__ import annotations

import json
import os
import shutil
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from localcloud.engines.disks import sparse
from localcloud.engines.disks.sparse import Range
from localcloud.engines.interface.engines import EngineError

BLOCK = 4096  # bytes that are compared, and kept, as one
STEP = 1 << 20  # bytes that are read at once
_ABOUT = "copy.json"


@dataclass(frozen=True)
class Copy:
    """A finished copy. `size`: the disk's bytes. `base`: the copy it needs, "" for none. `ranges`: what `file` holds."""

    disk: str  # its id
    size: int
    base: str
    file: str
    ranges: tuple[Range, ...]

    @property
    def kept(self) -> int:
        """Bytes."""
        return sum(end - first for first, end in self.ranges)


class DiskCopies:
    """The copies of one cloud. Every method blocks: call it in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, copy_id: str) -> Copy | None:
        try:
            about = json.loads((self._folder / copy_id / _ABOUT).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        ranges = tuple((first, end) for first, end in about["ranges"])
        return Copy(about["disk"], about["size"], about["base"], about["file"], ranges)

    def all(self) -> Iterator[tuple[Path, str]]:
        """The folder of every copy, with the disk that it is of; "" for a half-made one."""
        for folder in sorted(self._folder.glob("*")):
            found = self.get(folder.name)
            yield folder, found.disk if found else ""

    def require(self, copy_id: str) -> Copy:
        """Raises EngineError when there is no finished copy of that id."""
        if (found := self.get(copy_id)) is None:
            raise EngineError(f"there is no copy {copy_id} of a disk, or it was never finished")
        return found

    def make(self, copy_id: str, source: Path, base: str) -> int:
        """Copy a disk's file; bytes kept. One that is there is left as it is, a half-made one is made anew."""
        if (done := self.get(copy_id)) is not None:
            return done.kept
        self.remove(copy_id)
        target = self._folder / copy_id / "1.img"
        with sparse.opened(source) as reading:
            size = os.fstat(reading).st_size
            if not base:
                sparse.copy(source, target)
                return self._finish(copy_id, Copy(source.stem, size, "", target.name, tuple(sparse.data(reading))))
            with self._view(self.chain(base)) as view, sparse.fresh(target) as writing:
                os.truncate(writing, size)
                ranges = tuple(_keep_differences(reading, size, view, writing))
        return self._finish(copy_id, Copy(source.stem, size, base, target.name, ranges))

    def restore(self, chain: Sequence[str], target: Path, size: int) -> None:
        """A disk's file of at least `size` bytes with the content of the last copy of a chain; it appears complete, or not."""
        if list(chain) != (needed := self.chain(chain[-1])):
            raise EngineError(f"copy {chain[-1]} of a disk consists of {', '.join(needed)}, not of {', '.join(chain)}")
        with sparse.fresh(target) as writing:
            for position, copy_id in enumerate(chain):
                about = self.require(copy_id)
                file = self._folder / copy_id / about.file
                if position == 0:
                    sparse.fill(file, writing)
                else:
                    os.truncate(writing, about.size)
                    _lay_over(file, about.ranges, writing)
            os.truncate(writing, max(size, self.require(chain[-1]).size))
            os.fsync(writing)

    def merge(self, keep: str, base: str) -> int:
        """Let `keep` hold what it needs of `base`, and need what `base` needs; bytes kept."""
        upper = self.require(keep)
        if upper.base != base:
            return upper.kept  # done before
        lower = self.require(base)
        target = self._folder / keep / f"{int(Path(upper.file).stem) + 1}.img"
        with sparse.fresh(target) as writing:
            sparse.fill(self._folder / base / lower.file, writing)
            os.truncate(writing, upper.size)
            _lay_over(self._folder / keep / upper.file, upper.ranges, writing)
        ranges = tuple(union([*lower.ranges, *upper.ranges]))
        kept = self._finish(keep, replace(upper, base=lower.base, file=target.name, ranges=ranges))
        (self._folder / keep / upper.file).unlink(missing_ok=True)
        return kept

    def remove(self, copy_id: str) -> None:
        """Fine if it is gone, or half-made."""
        (self._folder / copy_id / _ABOUT).unlink(missing_ok=True)  # first: a half-removed copy is none
        shutil.rmtree(self._folder / copy_id, ignore_errors=True)

    def chain(self, copy_id: str) -> list[str]:
        """The copy and all that it needs, the complete one first."""
        needed = [copy_id]
        while base := self.require(needed[0]).base:
            needed.insert(0, base)
        return needed

    def _finish(self, copy_id: str, about: Copy) -> int:
        folder = self._folder / copy_id
        fresh = folder / f".{_ABOUT}.new"
        fresh.write_text(json.dumps(asdict(about)), encoding="utf-8")
        sparse.sync(folder)  # also what says that the copy is complete: a machine that dies must not leave an empty one
        fresh.replace(folder / _ABOUT)
        return about.kept

    @contextmanager
    def _view(self, chain: Sequence[str]) -> Iterator[View]:
        with ExitStack() as files:
            copies = [(copy_id, self.require(copy_id)) for copy_id in chain]
            yield View([
                Layer(files.enter_context(sparse.opened(self._folder / copy_id / about.file)), about.ranges)
                for copy_id, about in copies
            ])  # fmt: skip


class Layer:
    """What one copy's file holds."""

    def __init__(self, descriptor: int, ranges: Sequence[Range]) -> None:
        self.descriptor, self.ranges = descriptor, ranges
        self._ends = [end for _, end in ranges]

    def within(self, first: int, end: int) -> Iterator[Range]:
        """The parts of its ranges between two places."""
        for begins, ends in self.ranges[bisect_right(self._ends, first) :]:
            if begins >= end:
                return
            yield max(begins, first), min(ends, end)


class View:
    """A disk's content as its copies have it, each laid over those before."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers

    def data(self) -> list[Range]:
        """Where it may be other than zero."""
        return [found for layer in self._layers for found in layer.ranges]

    def read(self, first: int, end: int) -> bytes:
        content = bytearray(end - first)
        for layer in self._layers:
            for begins, ends in layer.within(first, end):
                content[begins - first : ends - first] = _read(layer.descriptor, begins, ends)
        return bytes(content)


def union(ranges: Iterable[Range]) -> Iterator[Range]:
    """Ranges in order, those that touch made one.

    >>> list(union([(8, 9), (0, 4), (4, 6)]))
    [(0, 6), (8, 9)]
    """
    current: Range | None = None
    for first, end in sorted(ranges):
        if current is None or first > current[1]:
            if current is not None:
                yield current
            current = (first, end)
        else:
            current = (current[0], max(current[1], end))
    if current is not None:
        yield current


def _keep_differences(reading: int, size: int, base: View, writing: int) -> Iterator[Range]:
    """Write the blocks of a disk that differ from a view; where they are."""
    looked_at = union(_blocks([*sparse.data(reading), *base.data()], size))
    return union(
        difference
        for first, end in looked_at
        for step in range(first, end, STEP)
        for difference in _differing(reading, base, writing, step, min(step + STEP, end))
    )


def _blocks(ranges: Iterable[Range], size: int) -> Iterator[Range]:
    """Whole blocks around the ranges, within a disk's size."""
    for first, end in ranges:
        if first < size:
            yield first // BLOCK * BLOCK, min(-(-end // BLOCK) * BLOCK, size)


def _differing(reading: int, base: View, writing: int, first: int, end: int) -> Iterator[Range]:
    now, before = _read(reading, first, end), base.read(first, end)
    if now == before:
        return
    for offset in range(0, end - first, BLOCK):
        block = now[offset : offset + BLOCK]
        if block != before[offset : offset + BLOCK]:
            sparse.write(writing, block, first + offset)
            yield first + offset, first + offset + len(block)


def _lay_over(source: Path, ranges: Sequence[Range], writing: int) -> None:
    with sparse.opened(source) as reading:
        for first, end in ranges:
            for step in range(first, end, STEP):
                sparse.write(writing, _read(reading, step, min(step + STEP, end)), step)


def _read(descriptor: int, first: int, end: int) -> bytes:
    """All bytes between two places; zeros behind a file's end."""
    return os.pread(descriptor, end - first, first).ljust(end - first, b"\0")
