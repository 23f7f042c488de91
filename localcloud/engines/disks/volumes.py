"""Volumes: disks that come and go while servers run, their copies, and the way back, behind `interface.volumes`."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ParamSpec, TypeVar

from localcloud.engines.context import Context
from localcloud.engines.disks.copies import DiskCopies
from localcloud.engines.disks.disks import GIB, Disks
from localcloud.engines.interface.engines import Disk, EngineError
from localcloud.engines.servers.private_images import PrivateImages
from localcloud.engines.servers.records import Record
from localcloud.engines.servers.servers import Servers

P = ParamSpec("P")
T = TypeVar("T")


class Volumes:
    """The volumes of one cloud. Who calls knows which server has a disk.

    Where both are locked, the server comes first, as it does for who copies all disks of a server.
    """

    def __init__(self, context: Context, servers: Servers, disks: Disks, images: PrivateImages) -> None:
        self._context, self._servers, self._disks, self._images = context, servers, disks, images
        self._copies = DiskCopies(context.state / "disk-copies")
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # of disks

    async def make_volume(self, disk: Disk) -> None:
        """A running server sees the new size at once; its file system grows when the server makes it."""
        async with self._locks[disk.disk_id]:
            await self._disks.make([disk])
            await self._context.ask("disk.resize", file=str(self._disks.file(disk)))

    async def delete_volume(self, disk_id: str) -> None:
        if owner := self._owner(disk_id):
            raise EngineError(f"disk {disk_id} is still in server {owner.instance_id}, so it is not deleted")
        async with self._locks[disk_id]:
            await self._disks.delete([Disk(disk_id, 0, "")])
        self._locks.pop(disk_id, None)

    async def attach_volume(self, instance_id: str, disk: Disk) -> None:
        async with self._servers.held(instance_id), self._locks[disk.disk_id]:
            record = self._record(instance_id)
            if (owner := self._owner(disk.disk_id)) and owner.instance_id != instance_id:
                raise EngineError(f"disk {disk.disk_id} is still in server {owner.instance_id}, so {instance_id} cannot have it")
            others = tuple(had for had in record.disks if had.disk_id != disk.disk_id)
            if taken := [had.disk_id for had in others if had.device == disk.device]:
                raise EngineError(f"{disk.device} of server {instance_id} is disk {taken[0]} already")
            await self._disks.make([disk])
            # Written first: should the server go now, its removal knows what there may be.
            self._context.records.put(replace(record, disks=(*others, replace(disk, separate=True))))
            if await self._servers.is_running(instance_id):
                loops = await self._disks.attach([disk])
                await self._disks.show([disk], loops, await self._servers.must_run(instance_id))

    async def detach_volume(self, instance_id: str, disk_id: str) -> None:
        async with self._servers.held(instance_id), self._locks[disk_id]:
            record = self._context.records.get(instance_id)
            disk = next((had for had in record.disks if had.disk_id == disk_id), None) if record else None
            if record is None or disk is None:
                return
            if await self._servers.is_running(instance_id):
                await self._disks.hide(disk, await self._servers.must_run(instance_id))
            await self._disks.detach([disk])
            self._context.records.put(replace(record, disks=tuple(had for had in record.disks if had is not disk)))

    async def copy_volume(self, copy_id: str, disk: Disk, instance_id: str, base: str) -> int:
        if done := await self._in_thread("looked at", copy_id, self._copies.get, copy_id):
            return done.kept
        if not instance_id:
            return await self._copy(copy_id, disk, base)
        async with self._images.standing_still(instance_id):
            return await self._copy(copy_id, disk, base)

    async def copy_held(self, copy_id: str, disk: Disk, base: str) -> int:
        """As `copy_volume`, of a disk of a server that the caller holds still."""
        return await self._copy(copy_id, disk, base)

    async def restore_volume(self, disk: Disk, chain: Sequence[str]) -> None:
        async with self._locks[disk.disk_id]:
            owner = self._owner(disk.disk_id)
            if owner and await self._servers.is_running(owner.instance_id):
                raise EngineError(f"server {owner.instance_id} runs, so its disk {disk.disk_id} is not restored")
            file, size = self._disks.file(disk), disk.size_gib * GIB
            await self._disks.detach([disk])  # nobody may go on with what was there
            await self._in_thread("restored", chain[-1], self._copies.restore, chain, file, size)

    async def merge_copies(self, keep: str, base: str) -> int:
        return await self._in_thread("merged", keep, self._copies.merge, keep, base)

    async def remove_copy(self, copy_id: str) -> None:
        await self._in_thread("removed", copy_id, self._copies.remove, copy_id)

    async def _copy(self, copy_id: str, disk: Disk, base: str) -> int:
        async with self._locks[disk.disk_id]:
            return await self._in_thread("made", copy_id, self._copies.make, copy_id, self._disks.file(disk), base)

    async def _in_thread(self, done: str, copy_id: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Work on files; not even a cancelled caller leaves before it has ended, as it may hold a server still."""
        task = asyncio.create_task(asyncio.to_thread(work, *args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            raise
        except OSError as exc:
            raise EngineError(f"copy {copy_id} of a disk cannot be {done}: {exc.strerror or exc}") from exc

    def _record(self, instance_id: str) -> Record:
        if (record := self._context.records.get(instance_id)) is None:
            raise EngineError(f"server {instance_id} is gone, so it can have no disk")
        return record

    def _owner(self, disk_id: str) -> Record | None:
        """The server that has a disk."""
        return next(
            (record for record in self._context.records.all() if any(had.disk_id == disk_id for had in record.disks)), None
        )
