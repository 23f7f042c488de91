"""Images, as Docker has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docker.errors import APIError

import docker
from localcloud.engines.docker.calls import DockerCalls


class DockerImages(DockerCalls):
    """Look at them, make them from containers, remove them."""

    async def has_image(self, ref: str) -> bool:
        return await self._unless_gone(f"image {ref} cannot be looked up", lambda client: client.inspect_image(ref)) is not None  # type: ignore[no-untyped-call]

    async def images(self, filters: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        return await self._do("images cannot be listed", lambda client: client.images(filters=dict(filters)))

    async def commit(self, name: str, repository: str, tag: str, changes: Sequence[str]) -> None:
        """An image of the container's file system as it is; `changes` are lines of a Dockerfile."""
        await self._do(
            f"container {name} cannot be made into image {repository}:{tag}",
            lambda client: client.commit(name, repository, tag, pause=False, changes=list(changes)),
        )

    async def layer_size(self, ref: str) -> int:
        """Bytes of an image's topmost layer: what it adds to the image that it is built on."""
        layers = await self._do(f"image {ref} cannot be looked at", lambda client: client.history(ref))  # type: ignore[no-untyped-call]
        return int(layers[0]["Size"])

    async def untag(self, ref: str) -> None:
        """Take the name off an image, and with it all that nobody else uses; fine if it is gone."""
        await self._unless_gone(f"image {ref} cannot be removed", lambda client: client.remove_image(ref, force=True))

    async def drop_unused(self, image: str) -> None:
        """Remove an image by its id; fine if it is gone, or still used."""

        def call(client: docker.APIClient) -> None:
            try:
                client.remove_image(image)
            except APIError as exc:
                if exc.status_code != 409:
                    raise

        await self._unless_gone(f"image {image} cannot be removed", call)
