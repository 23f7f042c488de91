"""Images: list and detail."""

from __future__ import annotations

from typing import Any

from localcloud.core.calls import Call, page, paged
from localcloud.core.catalogue import IMAGES, image_by_id
from localcloud.services.image import model
from localcloud.services.image.errors import ImageNotFound


def list_images(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    visibility = fields.integer("imageVisibilityCode", low=0, high=5, default=model.PUBLIC)
    system = fields.integer("osTypeCode", low=1, high=2, default=1)
    content, name, flavor = fields.text("queryContent"), fields.text("imageName"), fields.text("flavorName")
    call.zone(region)
    number, size = page(call, most=200)
    fields.project()
    fields.ignore("status", "cpuArch")
    fields.check()
    del flavor  # every image runs on every flavour
    offered = IMAGES if visibility == model.PUBLIC and system == 1 else ()
    found = [model.shown(image, region) for image in offered if content in image.name and name in image.name]
    return paged("images", found, number, size)


def image_detail(call: Call) -> dict[str, Any]:
    """With `errorFree` (the default) an unknown image is an empty list, not an error."""
    fields, region = call.fields, call.region()
    image_id, error_free = fields.text("imageID", required=True), fields.boolean("errorFree", default=True)
    fields.check()
    image = image_by_id(region, image_id)
    if image is None and not error_free:
        raise ImageNotFound(image_id, region.id)
    return {"images": [model.shown(image, region)] if image else []}
