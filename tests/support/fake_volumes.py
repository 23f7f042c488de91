"""Volumes that are kept in memory: each disk's content is a text, which tests set, copy and look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from support.fake_journal import Journal

from localcloud.engines.interface.engines import Disk, EngineError


@dataclass
class FakeVolumes(Journal):
    """`journal` holds the calls in order; `on_call` is called in the middle of a call; `fail` names calls that raise."""

    contents: dict[str, str] = field(default_factory=dict)  # by disk id
    sizes: dict[str, int] = field(default_factory=dict)  # GiB by disk id
    attached: dict[str, str] = field(default_factory=dict)  # instance id by disk id
    copies: dict[str, tuple[str, str]] = field(default_factory=dict)  # content and base by copy id

    async def make_volume(self, disk: Disk) -> None:
        self.did("make_volume", disk.disk_id, disk.size_gib)
        self.contents.setdefault(disk.disk_id, "")
        self.sizes[disk.disk_id] = disk.size_gib

    async def delete_volume(self, disk_id: str) -> None:
        self.did("delete_volume", disk_id)
        self.contents.pop(disk_id, None)

    async def attach_volume(self, instance_id: str, disk: Disk) -> None:
        self.did("attach_volume", instance_id, disk.disk_id, disk.device)
        self.attached[disk.disk_id] = instance_id

    async def detach_volume(self, instance_id: str, disk_id: str) -> None:
        self.did("detach_volume", instance_id, disk_id)
        self.attached.pop(disk_id, None)

    async def copy_volume(self, copy_id: str, disk: Disk, instance_id: str, base: str) -> int:
        self.did("copy_volume", copy_id, disk.disk_id, instance_id, base)
        if base and base not in self.copies:
            raise EngineError(f"there is no copy {base} of a disk, or it was never finished")
        self.copies[copy_id] = (self.contents.get(disk.disk_id, ""), base)
        return 4096 if base else 8192

    async def restore_volume(self, disk: Disk, chain: Sequence[str]) -> None:
        self.did("restore_volume", disk.disk_id, list(chain))
        for copy_id, base in zip(chain, ("", *chain), strict=False):
            if self.copies[copy_id][1] != base:
                raise EngineError(f"copy {copy_id} of a disk needs {self.copies[copy_id][1]}, not {base}")
        self.contents[disk.disk_id] = self.copies[chain[-1]][0]

    async def merge_copies(self, keep: str, base: str) -> int:
        self.did("merge_copies", keep, base)
        if self.copies[keep][1] == base:
            self.copies[keep] = (self.copies[keep][0], self.copies[base][1])
        return 8192

    async def remove_copy(self, copy_id: str) -> None:
        self.did("remove_copy", copy_id)
        self.copies.pop(copy_id, None)
