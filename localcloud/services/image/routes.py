"""Images: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route
from localcloud.services.image import handlers

# Filters that count for shared and application images only, of which there are none.
_OF_OTHER_IMAGES = ("cwaiType", "imageScene", "imageStatus", "imageSubcategory")

ROUTES = (
    Route("GET", "/v4/image/list", "ctimage", handlers.list_images, ignores=_OF_OTHER_IMAGES),
    Route("GET", "/v4/image/detail", "ctimage", handlers.image_detail),
    Route("POST", "/v4/image/create", "ctimage", handlers.create_of_system_disk),
    Route("POST", "/v4/image/create-from-ecs", "ctimage", handlers.create_of_whole_machine),
    Route("POST", "/v4/image/delete", "ctimage", handlers.delete_image),
)
