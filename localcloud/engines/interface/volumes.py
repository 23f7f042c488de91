"""What the services ask of the volume engine: disks that come and go while servers run, their copies, and the blocks that differ.

All calls may be repeated, and raise EngineError. A half-made copy is made anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from localcloud.engines.interface.values import Disk


class VolumeEngine(Protocol):
    """Data disks of one cloud, and copies of them in STATE/disk-copies/<copy id>."""

    async def make_volume(self, disk: Disk) -> None:
        """A sparse file; one that is there keeps its content, and grows to the size asked."""

    async def delete_volume(self, disk_id: str) -> None:
        """Fine if it is gone."""

    async def attach_volume(self, instance_id: str, disk: Disk) -> None:
        """Let a server, running or stopped, have the disk: it boots with it from now on, and sees it at once when it runs."""

    async def detach_volume(self, instance_id: str, disk_id: str) -> None:
        """Take it away again. Raises EngineError while the server has it mounted."""

    async def copy_volume(self, copy_id: str, disk: Disk, instance_id: str, base: str) -> int:
        """A copy of a disk as it is at one instant; bytes kept.

        `instance_id`: the server whose it is, "" for none; it stands still meanwhile. With `base`, an earlier copy, only the
        blocks that differ from it are kept, and the copy needs it.
        """

    async def restore_volume(self, disk: Disk, chain: Sequence[str]) -> None:
        """Make a disk's content that of a copy: `chain` is its full copy, then the incremental ones in order. The disk is in no
        running server."""

    async def merge_copies(self, keep: str, base: str) -> int:
        """`keep`, which needs `base`, becomes complete without it: `base` can be removed then. Bytes kept."""

    async def remove_copy(self, copy_id: str) -> None:
        """Fine if it is gone."""
