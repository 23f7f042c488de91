"""Faults on a server with a data disk, asked for through the local cloud's own path, judged inside the server."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from ctyun import CloudRecord, DiskWish, LocalCloud, LocalCloudError

MOUNT = "/srv/data"


@pytest.fixture
def inside(record: CloudRecord, make: Any, site: Any) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """A shell in a server whose data disk is formatted and mounted at MOUNT."""
    wish = site.wish(make.name("disk"), data_disks=(DiskWish("SSD", 10),))
    server = make.server(wish)

    def shell(script: str) -> subprocess.CompletedProcess[str]:
        command = ["docker", "exec", f"drlab-{record.id}-{server.id}", "sh", "-ec", script]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    shell.name = server.name  # type: ignore[attr-defined]
    made = shell(f"mkfs.ext4 -q /dev/vdb && mkdir -p {MOUNT} && mount /dev/vdb {MOUNT}")
    assert made.returncode == 0, made.stderr
    return shell


async def put(record: CloudRecord, kind: str, name: str, **options: Any) -> Any:
    async with LocalCloud(record) as cloud:
        return await cloud.put_fault(kind, f"server:{name}", **options)


async def undo(record: CloudRecord, fault: Any) -> None:
    async with LocalCloud(record) as cloud:
        await cloud.undo_fault(fault.id)


def test_a_full_disk_refuses_writes_until_it_is_freed(record: CloudRecord, run: Any, inside: Any) -> None:
    write = f"head -c 65536 /dev/zero > {MOUNT}/probe && sync {MOUNT}/probe"
    fault = run(put(record, "disk-full", inside.name, path=MOUNT))
    assert fault.landed
    refused = inside(write)
    assert refused.returncode != 0 and "No space left" in refused.stderr
    run(undo(record, fault))
    assert inside(write).returncode == 0


def test_a_power_off_keeps_what_was_synced_and_loses_the_rest(record: CloudRecord, run: Any, inside: Any) -> None:
    written = inside(f"echo kept > {MOUNT}/synced && sync {MOUNT}/synced && echo lost > {MOUNT}/unsynced && cat {MOUNT}/unsynced")
    assert written.stdout == "lost\n"
    fault = run(put(record, "power-off", inside.name))
    assert fault.landed and inside("true").returncode != 0
    run(undo(record, fault))
    found = inside(f"mount /dev/vdb {MOUNT}; cat {MOUNT}/synced; cat {MOUNT}/unsynced 2>/dev/null || true")
    assert found.returncode == 0, found.stderr
    assert found.stdout == "kept\n"


def test_a_system_disk_is_not_filled(record: CloudRecord, run: Any, inside: Any) -> None:
    with pytest.raises(LocalCloudError, match="data disk"):
        run(put(record, "disk-full", inside.name, path="/var"))
