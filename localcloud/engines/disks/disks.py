"""Data disks: sparse files in the state folder, on loop devices while their server runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from localcloud.engines.context import Context
from localcloud.engines.disks import sparse
from localcloud.engines.interface.engines import Disk, EngineError
from localcloud.engines.network.network import Process
from localcloud.engines.waiting import together

GIB = 1 << 30


class Disks:
    """The disks of one cloud."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._folder = context.state / "disks"
        self._images = context.state / "images"

    async def make(self, disks: Sequence[Disk]) -> None:
        """Sparse files; one that is there keeps its content. Raises EngineError where the host has no loop devices."""
        if not disks:
            return
        if not (await self._context.ask("host.facts", viewer=os.getpid()))["loopDevices"]:
            raise EngineError("this host has no loop devices (/dev/loop-control), so data disks cannot be had here")
        for disk in disks:
            if disk.image_id and not self.file(disk).exists():
                await self._restore(disk)
            try:
                await asyncio.to_thread(_make_file, self.file(disk), disk.size_gib * GIB)
            except OSError as error:
                raise EngineError(f"a disk of {disk.size_gib} GiB cannot be made in {self._folder}: {error.strerror}") from error

    async def attach(self, disks: Sequence[Disk]) -> list[int]:
        """Loop numbers, in the disks' order."""
        found = await together(self._context.ask("disk.attach", file=str(self.file(disk)), viewer=os.getpid()) for disk in disks)
        return [item["loop"] for item in found]

    async def show(self, disks: Sequence[Disk], loops: Sequence[int], server: Process) -> None:
        """Let a running server see its disks."""
        await together(
            self._context.ask("disk.show", pid=server.pid, container=server.container, loop=loop, device=disk.device)
            for disk, loop in zip(disks, loops, strict=True)
        )

    async def hide(self, disk: Disk, server: Process) -> None:
        """Take a disk out of a running server's sight. Raises EngineError while the server uses it."""
        file = str(self.file(disk))
        await self._context.ask("disk.hide", pid=server.pid, container=server.container, file=file, device=disk.device)

    async def cut_power(self, disks: Sequence[Disk], container: str) -> None:
        """File systems on them stop without flushing."""
        if disks:
            await self._context.ask("disk.shutdown", container=container, files=[str(self.file(disk)) for disk in disks])

    async def detach(self, disks: Sequence[Disk]) -> None:
        """After their server is down."""
        await together(self._context.ask("disk.detach", file=str(self.file(disk))) for disk in disks)

    async def delete(self, disks: Sequence[Disk]) -> None:
        """Detach, and delete the files; fine if they are gone."""
        await self.detach(disks)
        for disk in disks:
            file = self.file(disk)
            await asyncio.to_thread(file.unlink, missing_ok=True)
            await asyncio.to_thread(file.with_name(f"{file.name}.new").unlink, missing_ok=True)  # a copy that was cut off

    async def _restore(self, disk: Disk) -> None:
        source = self.image_file(disk.image_id, disk.image_disk)
        try:
            await asyncio.to_thread(sparse.copy, source, self.file(disk))
        except OSError as exc:
            reason = f"cannot be restored from image {disk.image_id}: {exc.strerror}"
            raise EngineError(f"disk {disk.disk_id} {reason}") from exc

    def image_folder(self, image_id: str) -> Path:
        return self._images.resolve() / image_id

    def image_file(self, image_id: str, disk_id: str) -> Path:
        """An image's copy of a disk."""
        return self.image_folder(image_id) / f"{disk_id}.img"

    def file(self, disk: Disk) -> Path:
        return self._folder.resolve() / f"{disk.disk_id}.img"


def _make_file(file: Path, size: int) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(descriptor).st_size < size:
            os.truncate(descriptor, size)
    finally:
        os.close(descriptor)
