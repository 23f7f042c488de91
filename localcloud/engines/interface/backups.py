"""What the services ask of the backup engine: all disks of a server at one instant, and their way back.

All calls may be repeated, and raise EngineError. What was begun and not ended is made anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from localcloud.engines.interface.values import Disk, ServerSpec


@dataclass(frozen=True)
class DiskCopy:
    """A data disk and the copy that is to be made of it. With `base`, an earlier copy, only what differs from it is kept."""

    disk: Disk
    copy_id: str
    base: str = ""


@dataclass(frozen=True)
class Kept:
    """What a backup has cost: bytes of the system disk and of each copy, and for how many seconds the server stood still."""

    system: int
    copies: Mapping[str, int] = field(default_factory=dict)
    pause: float = 0.0


class BackupEngine(Protocol):
    """Backups of one cloud's servers. A chain is a full copy's id, then those of the incremental ones, in order."""

    async def back_up(self, backup_id: str, instance_id: str, disks: Sequence[DiskCopy]) -> Kept:
        """Copy the system disk and these data disks of a server, running or stopped, as they are at one instant."""

    async def restore(self, spec: ServerSpec, backup_id: str, chains: Mapping[str, Sequence[str]]) -> None:
        """Give a server that is down the system disk of a backup and, by disk id, the content of its data disks. It is the same
        server afterwards, and still down."""

    async def unpack(self, instance_id: str, disks: Sequence[Disk], chains: Mapping[str, Sequence[str]]) -> None:
        """Make the disks of a server that is still to be made, with the content of chains (by disk id). `remove_server` removes
        them, also when it comes to nothing."""

    async def merge(self, keep: str, base: str) -> int:
        """A copy takes over what it needs of its base, which can be removed then. Bytes kept."""

    async def remove(self, backup_id: str, copies: Collection[str]) -> None:
        """Remove a backup's system disk and its copies; fine if they are gone. Servers made from it keep what they have."""
