"""What says that a private image is complete, on a machine whose disk is full and after a kill."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from localcloud.engines.interface.engines import EngineError
from localcloud.engines.naming import Naming
from localcloud.engines.servers.layers import Layers
from localcloud.engines.servers.private_images import COMPLETE, PrivateImages, Source


class Images(PrivateImages):
    """Without Docker: of a server that stands still at once and has no data disks."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.commits = folder, 0
        context, disks = SimpleNamespace(docker=self), SimpleNamespace(image_folder=folder.joinpath)
        super().__init__(context, None, disks, self)  # type: ignore[arg-type]

    async def has_image(self, reference: str) -> bool:
        return self.commits > 0

    async def keep(self, image_id: str, container: str) -> None:
        self.commits += 1

    async def remove(self, image_id: str) -> None:
        for file in self.folder.glob(f"{image_id}/*"):
            file.unlink()
        if (self.folder / image_id).exists():
            (self.folder / image_id).rmdir()

    def reference(self, image_id: str) -> str:
        return image_id

    @asynccontextmanager
    async def standing_still(self, instance_id: str) -> AsyncIterator[Source]:
        yield Source("container", (), 0.5)


def test_a_full_disk_is_told_and_leaves_no_complete_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    images, whole = Images(tmp_path), os.pwrite
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(EngineError, match="image-1 cannot be kept in"):
        asyncio.run(images.make("image-1", "server", whole=True))
    assert list((tmp_path / "image-1").iterdir()) == []
    monkeypatch.setattr(os, "pwrite", whole)
    assert asyncio.run(images.make("image-1", "server", whole=True)) == 0.5
    assert json.loads((tmp_path / "image-1" / COMPLETE).read_text()) == {"instance": "server", "pause": 0.5}
    assert asyncio.run(images.make("image-1", "server", whole=True)) == 0.5 and images.commits == 2  # not made a third time


class Shelf:
    """Docker's images, which it lists without a name while it makes or removes them."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.dangling: list[str] = []
        self.step = asyncio.Event()  # the end of what takes Docker a moment

    async def commit(self, container: str, repository: str, tag: str, changes: list[str]) -> None:
        self.dangling.append(tag)
        await self.step.wait()
        self.dangling.remove(tag)
        self.names[tag] = repository

    async def images(self, filters: Any) -> list[dict[str, Any]]:
        return [{"Id": tag, "Labels": {"drlab.resource": tag}} for tag in self.dangling]

    async def drop_unused(self, image: str) -> None:
        await asyncio.sleep(0.01)
        if image not in self.dangling:
            raise EngineError(f"unrecognized image ID {image}")
        self.dangling.remove(image)

    async def untag(self, reference: str) -> None:
        tag = reference.rpartition(":")[2]
        if self.names.pop(tag, None):
            self.dangling.append(tag)  # a server has it still


def shelved(shelf: Shelf) -> Layers:
    context: Any = SimpleNamespace(docker=shelf, naming=Naming("abc123"))
    return Layers(context)


def private(layers: Layers, folder: Path) -> PrivateImages:
    disks: Any = SimpleNamespace(image_folder=folder.joinpath)
    return PrivateImages(None, None, disks, layers)  # type: ignore[arg-type]


def test_an_image_that_has_no_name_yet_is_not_swept_away(tmp_path: Path) -> None:
    async def meanwhile() -> None:
        shelf = Shelf()
        layers = shelved(shelf)
        making = asyncio.create_task(layers.keep("image-1", "container"))
        await asyncio.sleep(0)
        assert shelf.dangling == ["image-1"]
        await layers.sweep()
        shelf.step.set()
        await making
        assert list(shelf.names) == ["image-1"]
        await private(layers, tmp_path).remove("image-1")
        assert (shelf.names, shelf.dangling) == ({}, [])

    asyncio.run(meanwhile())


def test_sweeps_at_the_same_time_do_not_remove_one_image_twice(tmp_path: Path) -> None:
    async def both() -> None:
        shelf = Shelf()
        shelf.dangling = ["one", "two"]
        layers = shelved(shelf)
        await asyncio.gather(layers.sweep(), layers.sweep(), private(layers, tmp_path).remove("other"))
        assert shelf.dangling == []

    asyncio.run(both())
