"""Mounts seen through processes that end while the agent looks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.agent import mounts
from localcloud.agent.errors import OpError
from localcloud.agent.mounts import Mount, file_systems, table

DEVICE = Path("/").stat().st_dev
ENDED = Mount(Path(f"/proc/{1 << 23}/root/data"), DEVICE)  # above the kernel's highest process id
HERE = Mount(Path("/"), DEVICE)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[list[Mount]]:
    """What each look finds."""
    planned: list[list[Mount]] = []

    def look(container: str, devices: set[int]) -> Iterator[Mount]:
        return iter(planned.pop(0) if len(planned) > 1 else planned[0])

    monkeypatch.setattr(mounts, "mounts", look)
    return planned


def test_a_process_that_has_just_ended_hides_no_file_system(looks: list[list[Mount]]) -> None:
    looks += [[ENDED], [ENDED, HERE, HERE]]
    found = [(os.fstat(descriptor).st_ino, path) for descriptor, path in file_systems("c1", [0], must=True)]
    assert found == [(Path("/").stat().st_ino, Path("/"))]


def test_a_file_system_under_another_one_is_told_and_never_mistaken(looks: list[list[Mount]]) -> None:
    looks += [[Mount(Path("/proc"), DEVICE)]]
    assert list(file_systems("c1", [0])) == []
    with pytest.raises(OpError, match="mounted at /proc cannot be got at"):
        list(file_systems("c1", [0], must=True))


def test_mount_points_are_read_as_they_are() -> None:
    line = "36 35 7:12 / /\u6570\u636e\\040and\\134more rw shared:1 - ext4 /dev/vdb rw\n"
    assert list(table(line.encode())) == [(os.makedev(7, 12), "/\u6570\u636e and\\more")]
