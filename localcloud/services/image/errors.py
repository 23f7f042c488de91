"""What can go wrong with images."""

from __future__ import annotations

from localcloud.core.errors import NotFound


class ImageNotFound(NotFound):
    code, noun = "Image.ImageCheck.NotFound", "Image"
