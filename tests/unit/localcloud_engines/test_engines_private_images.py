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

from localcloud.engines.api import EngineError
from localcloud.engines.private_images import COMPLETE, PrivateImages, Source


class Images(PrivateImages):
    """Without Docker: of a server that stands still at once and has no data disks."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.commits = folder, 0
        super().__init__(SimpleNamespace(docker=self), None, SimpleNamespace(image_folder=folder.joinpath))  # type: ignore[arg-type]

    async def has_image(self, reference: str) -> bool:
        return self.commits > 0

    async def commit(self, image_id: str, container: str) -> None:
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
