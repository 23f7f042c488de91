"""System disks kept as Docker images: named while they are wanted, and removed once no server is made of them any more."""

from __future__ import annotations

import asyncio
import json

from localcloud.engines.context import Context


class Layers:
    """The kept system disks of one cloud, of private images and of backups alike."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._wanted: set[str] = set()  # ids of images: for a moment Docker has one without a name
        self._sweeping = asyncio.Lock()

    def reference(self, image_id: str) -> str:
        """The name that Docker knows it by."""
        return self._context.naming.image(image_id)

    async def keep(self, image_id: str, container: str) -> None:
        """Keep a container's file system under this id."""
        self._wanted.add(image_id)
        repository, _, tag = self.reference(image_id).rpartition(":")
        changes = [f"LABEL {key}={json.dumps(value)}" for key, value in self._labels(image_id).items()]
        await self._context.docker.commit(container, repository, tag, changes)

    async def drop(self, image_id: str) -> None:
        """Take the name away; what it named goes at the next sweep that finds no server made of it. Fine if it is gone."""
        self._wanted.discard(image_id)
        async with self._sweeping:
            await self._context.docker.untag(self.reference(image_id))

    async def sweep(self) -> None:
        """Remove layers without a name that no server uses any more. One sweep at a time: Docker fails where two remove one
        image."""
        filters = {**self._context.naming.filters("image"), "dangling": ["true"]}
        async with self._sweeping:
            for found in await self._context.docker.images(filters):
                if found["Labels"].get("drlab.resource") not in self._wanted:
                    await self._context.docker.drop_unused(found["Id"])

    def _labels(self, image_id: str) -> dict[str, str]:
        """A commit keeps the server's labels: all of ours are set anew, or the image would be taken for the server."""
        naming = self._context.naming
        return {"drlab.region": "", "drlab.zone": "", **naming.labels("image", image_id)}
