"""Copies of disk files: complete, incremental by blocks, merged, restored."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from localcloud.engines.disks import sparse
from localcloud.engines.disks.copies import BLOCK, DiskCopies, union
from localcloud.engines.interface.engines import EngineError

MIB = 1 << 20


@pytest.fixture
def copies(tmp_path: Path) -> DiskCopies:
    return DiskCopies(tmp_path / "disk-copies")


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A sparse disk of 16 MiB with something on it at both ends."""
    file = tmp_path / "disk.img"
    file.touch()
    os.truncate(file, 16 * MIB)
    write(file, 0, b"first block")
    write(file, 15 * MIB, os.urandom(BLOCK))
    return file


def write(file: Path, offset: int, content: bytes) -> None:
    with file.open("r+b") as writing:
        writing.seek(offset)
        writing.write(content)


def restored(copies: DiskCopies, chain: list[str], tmp_path: Path) -> bytes:
    target = tmp_path / "restored.img"
    copies.restore(chain, target, 0)
    return target.read_bytes()


def test_a_complete_copy_takes_no_more_room_than_its_content(copies: DiskCopies, disk: Path, tmp_path: Path) -> None:
    kept = copies.make("full", disk, "")
    assert 2 * BLOCK <= kept <= MIB
    assert restored(copies, ["full"], tmp_path) == disk.read_bytes()
    assert (tmp_path / "restored.img").stat().st_blocks * 512 <= MIB


def test_an_incremental_copy_holds_the_blocks_that_differ(copies: DiskCopies, disk: Path, tmp_path: Path) -> None:
    copies.make("full", disk, "")
    before = disk.read_bytes()
    write(disk, 10 * MIB + 5, b"changed")
    write(disk, 0, b"FIRST BLOCK")
    assert copies.make("inc", disk, "full") == 2 * BLOCK
    assert restored(copies, ["full", "inc"], tmp_path) == disk.read_bytes()
    assert restored(copies, ["full"], tmp_path) == before


def test_what_became_zero_again_is_a_difference(copies: DiskCopies, disk: Path, tmp_path: Path) -> None:
    copies.make("full", disk, "")
    write(disk, 15 * MIB, bytes(BLOCK))
    assert copies.make("inc", disk, "full") == BLOCK
    assert restored(copies, ["full", "inc"], tmp_path) == disk.read_bytes()


def test_nothing_changed_is_nothing_kept(copies: DiskCopies, disk: Path, tmp_path: Path) -> None:
    copies.make("full", disk, "")
    assert copies.make("inc", disk, "full") == 0
    assert restored(copies, ["full", "inc"], tmp_path) == disk.read_bytes()


def test_a_disk_that_has_grown(copies: DiskCopies, disk: Path, tmp_path: Path) -> None:
    copies.make("full", disk, "")
    os.truncate(disk, 20 * MIB)
    write(disk, 19 * MIB, b"new room")
    assert copies.make("inc", disk, "full") == BLOCK
    assert restored(copies, ["full", "inc"], tmp_path) == disk.read_bytes()
    target = tmp_path / "large.img"
    copies.restore(["full"], target, 20 * MIB)
    assert target.stat().st_size == 20 * MIB


@pytest.mark.parametrize("seed", range(3))
def test_any_chain_shows_every_instant_also_when_it_is_merged(seed: int, copies: DiskCopies, disk: Path, tmp_path: Path) -> None:
    chance, shown = random.Random(seed), {}  # noqa: S311 - not for secrets
    chain = [str(number) for number in range(5)]
    for number, copy_id in enumerate(chain):
        for _ in range(chance.randrange(40)):
            content = bytes(chance.randrange(1, 9000)) if chance.random() < 0.3 else chance.randbytes(chance.randrange(1, 9000))
            write(disk, chance.randrange(0, 12 * MIB), content)
        shown[copy_id] = disk.read_bytes()
        copies.make(copy_id, disk, chain[number - 1] if number else "")
    while len(chain) > 1:
        for end, copy_id in enumerate(chain, 1):
            assert restored(copies, chain[:end], tmp_path) == shown[copy_id], f"copy {copy_id} of {chain}"
        gone = chance.randrange(len(chain) - 1)
        copies.merge(chain[gone + 1], chain[gone])
        copies.merge(chain[gone + 1], chain[gone])  # as after a kill
        copies.remove(chain.pop(gone))
    assert restored(copies, chain, tmp_path) == shown[chain[0]]


def test_a_disk_that_takes_only_parts_gets_all_in_the_end(
    copies: DiskCopies, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, content, at: whole(file, content[: max(len(content) // 2, 1)], at))
    copies.make("full", disk, "")
    write(disk, 5 * MIB, os.urandom(3 * MIB))
    copies.make("inc-1", disk, "full")
    write(disk, 6 * MIB, os.urandom(MIB))
    copies.make("inc-2", disk, "inc-1")
    assert restored(copies, ["full", "inc-1", "inc-2"], tmp_path) == disk.read_bytes()
    copies.merge("inc-2", "inc-1")
    assert restored(copies, ["full", "inc-2"], tmp_path) == disk.read_bytes()


def test_a_copy_is_on_the_disk_before_it_counts_as_complete(
    copies: DiskCopies, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[str] = set()
    monkeypatch.setattr(
        sparse, "sync", lambda folder: synced.update(file.read_text(errors="replace") for file in folder.iterdir())
    )
    copies.make("full", disk, "")
    assert (disk.parent / "disk-copies/full/copy.json").read_text() in synced


def test_a_half_made_copy_is_none_and_is_made_anew(copies: DiskCopies, disk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "disk-copies/full"
    folder.mkdir(parents=True)
    (folder / "1.img").write_bytes(b"half")
    with pytest.raises(EngineError, match="no copy full"):
        copies.make("inc", disk, "full")
    copies.make("full", disk, "")
    write(disk, 0, b"later")
    copies.make("full", disk, "")  # a finished one is left as it is
    assert restored(copies, ["full"], tmp_path)[:11] == b"first block"


def test_a_chain_with_a_gap_is_refused(copies: DiskCopies, disk: Path, tmp_path: Path) -> None:
    copies.make("full", disk, "")
    copies.make("inc-1", disk, "full")
    copies.make("inc-2", disk, "inc-1")
    with pytest.raises(EngineError, match="consists of full, inc-1, inc-2, not of full, inc-2"):
        copies.restore(["full", "inc-2"], tmp_path / "restored.img", 0)
    assert not (tmp_path / "restored.img").exists()


def test_ranges_are_joined() -> None:
    assert list(union([])) == []
    assert list(union([(8, 9), (0, 4), (4, 6), (5, 6)])) == [(0, 6), (8, 9)]
