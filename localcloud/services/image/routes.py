"""Images: method and path -> handler."""

from __future__ import annotations

from localcloud.core.calls import Route
from localcloud.services.image import handlers

ROUTES = (
    Route("GET", "/v4/image/list", "ctimage", handlers.list_images),
    Route("GET", "/v4/image/detail", "ctimage", handlers.image_detail),
    Route("POST", "/v4/image/create", "ctimage", handlers.create_of_system_disk),
    Route("POST", "/v4/image/create-from-ecs", "ctimage", handlers.create_of_whole_machine),
    Route("POST", "/v4/image/delete", "ctimage", handlers.delete_image),
)
