"""Images: method and path -> handler."""

from __future__ import annotations

from localcloud.core.calls import Route
from localcloud.services.image import handlers

ROUTES = (
    Route("GET", "/v4/image/list", "ctimage", handlers.list_images),
    Route("GET", "/v4/image/detail", "ctimage", handlers.image_detail),
)
