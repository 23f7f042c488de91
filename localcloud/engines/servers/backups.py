"""Backups of servers: a Docker image of the system disk, copies of the data disks by the volume engine.

A container's file system is kept as a whole each time: its layer holds what differs from the image below, not from the last
backup. The data disks are kept by the blocks that differ.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from localcloud.engines.context import Context
from localcloud.engines.disks.volumes import Volumes
from localcloud.engines.interface.backups import DiskCopy, Kept
from localcloud.engines.interface.engines import Disk, EngineError, ServerSpec
from localcloud.engines.servers.layers import Layers
from localcloud.engines.servers.private_images import PrivateImages
from localcloud.engines.servers.records import Record
from localcloud.engines.servers.servers import Servers
from localcloud.engines.waiting import together


class Backups:
    """The backups of one cloud."""

    def __init__(self, context: Context, servers: Servers, images: PrivateImages, volumes: Volumes, layers: Layers) -> None:
        self._context, self._servers, self._images, self._volumes = context, servers, images, volumes
        self._layers = layers

    async def back_up(self, backup_id: str, instance_id: str, disks: Sequence[DiskCopy]) -> Kept:
        """Always anew: copies that an interrupted attempt has completed show another instant."""
        await self.remove(backup_id, [wanted.copy_id for wanted in disks])
        async with self._images.standing_still(instance_id) as source:
            sizes = await together([
                self._layers.keep(backup_id, source.container),
                *(self._volumes.copy_held(wanted.copy_id, wanted.disk, wanted.base) for wanted in disks),
            ])  # fmt: skip
        copies = {wanted.copy_id: size for wanted, size in zip(disks, sizes[1:], strict=True)}
        return Kept(await self._context.docker.layer_size(self._layers.reference(backup_id)), copies, source.pause)

    async def restore(self, spec: ServerSpec, backup_id: str, chains: Mapping[str, Sequence[str]]) -> None:
        reference = self._layers.reference(backup_id)
        async with self._servers.held(spec.instance_id):  # nobody sees, or copies, one disk restored and another one not
            if await self._servers.is_running(spec.instance_id):
                raise EngineError(f"server {spec.instance_id} runs, so its disks cannot be restored")
            if not await self._context.docker.has_image(reference):
                raise EngineError(f"the system disk of backup {backup_id} (image {reference}) is gone, so nothing was restored")
            restored = [disk for disk in spec.disks if disk.disk_id in chains]
            await together(self._volumes.restore_volume(disk, chains[disk.disk_id]) for disk in restored)
            await self._servers.renew(spec, reference)
        await self._layers.sweep()  # the system disk before may have been the last that used a backup which is deleted

    async def unpack(self, instance_id: str, disks: Sequence[Disk], chains: Mapping[str, Sequence[str]]) -> None:
        self._context.records.put(Record(instance_id, "", tuple(disks)))
        await together(self._unpack(disk, chains[disk.disk_id]) for disk in disks)

    async def _unpack(self, disk: Disk, chain: Sequence[str]) -> None:
        await self._volumes.make_volume(Disk(disk.disk_id, disk.size_gib, disk.device))
        await self._volumes.restore_volume(disk, chain)

    async def merge(self, keep: str, base: str) -> int:
        return await self._volumes.merge_copies(keep, base)

    async def remove(self, backup_id: str, copies: Collection[str]) -> None:
        await self._images.remove(backup_id)
        await together(self._volumes.remove_copy(copy_id) for copy_id in copies)
