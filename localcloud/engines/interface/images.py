"""What controllers ask of the image engine: images made from servers."""

from __future__ import annotations

from typing import Protocol


class ImageEngine(Protocol):
    """The private images of one cloud. Calls may be repeated, and raise EngineError."""

    async def make(self, image_id: str, instance_id: str, whole: bool) -> float:
        """Make an image of a server's system disk (`whole`: and of its data disks); the seconds that the server stood still.

        A half-made image of this id is made anew, a complete one is left as it is.
        """

    async def remove(self, image_id: str) -> None:
        """Remove an image; servers made from it stay as they are. Fine if it is gone."""

    def reference(self, image_id: str) -> str:
        """What `ServerSpec.image` is for a server from this image."""
