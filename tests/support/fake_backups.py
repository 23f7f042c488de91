"""A backup engine that only remembers: the content of a server's disks is a text of the test's choice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from support.fake_journal import Journal

from localcloud.engines.interface.backups import DiskCopy, Kept
from localcloud.engines.interface.engines import Disk, ServerSpec

SYSTEM_BYTES, FULL_BYTES, INCREMENT_BYTES = 1000, 100, 10


@dataclass
class FakeBackups(Journal):
    """`content`: by disk id (and by instance id for system disks). `copies`: by copy id, what a copy holds and needs."""

    content: dict[str, str] = field(default_factory=dict)
    systems: dict[str, str] = field(default_factory=dict)
    copies: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def back_up(self, backup_id: str, instance_id: str, disks: Sequence[DiskCopy]) -> Kept:
        self.did("back_up", backup_id, instance_id, [copy.base for copy in disks])
        self.systems[backup_id] = self.content.get(instance_id, "")
        for copy in disks:
            assert not copy.base or copy.base in self.copies, f"{copy.base}, the base of {copy.copy_id}, is gone"
            self.copies[copy.copy_id] = (self.content.get(copy.disk.disk_id, ""), copy.base)
        return Kept(SYSTEM_BYTES, {copy.copy_id: INCREMENT_BYTES if copy.base else FULL_BYTES for copy in disks}, 0.25)

    async def restore(self, spec: ServerSpec, backup_id: str, chains: Mapping[str, Sequence[str]]) -> None:
        self.did("restore", spec.instance_id, backup_id)
        self.content[spec.instance_id] = self.systems[backup_id]
        for disk_id, chain in chains.items():
            self.content[disk_id] = self._read(chain)

    async def unpack(self, instance_id: str, disks: Sequence[Disk], chains: Mapping[str, Sequence[str]]) -> None:
        self.did("unpack", instance_id)
        for disk in disks:
            self.content[disk.disk_id] = self._read(chains[disk.disk_id])

    async def merge(self, keep: str, base: str) -> int:
        self.did("merge", keep, base)
        self.copies[keep] = (self.copies[keep][0], self.copies[base][1])
        return FULL_BYTES

    async def remove(self, backup_id: str, copies: Collection[str]) -> None:
        self.did("remove", backup_id)
        for copy_id in copies:
            self.copies.pop(copy_id, None)
        self.systems.pop(backup_id, None)

    def _read(self, chain: Sequence[str]) -> str:
        """The last copy's content; the chain must be complete, and in order."""
        for copy_id, base in zip(chain, ["", *chain], strict=False):
            assert self.copies[copy_id][1] == base, f"{copy_id} needs {self.copies[copy_id][1] or 'nothing'}, not {base}"
        return self.copies[chain[-1]][0]
