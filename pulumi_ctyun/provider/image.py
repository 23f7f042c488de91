"""Images made from servers. Their marks stand in the description; a create that was cut off goes on in the cloud."""

from __future__ import annotations

from collections.abc import Sequence

from ctyun import errors
from ctyun.services.images import ENDING, FAILED, PRIVATE, WHOLE_MACHINE, Image
from pulumi_ctyun.provider.cloud_handler import CloudHandler
from pulumi_ctyun.provider.handler import Made, Plain, Seen, Wish
from pulumi_ctyun.provider.marks import described, has_mark, undescribed
from pulumi_ctyun.resources.declarations.image import IMAGE


class ImageHandler(CloudHandler):
    """`pulumi import ctyun:image:Image NAME [REGION/]IMAGE-ID`."""

    resource = IMAGE

    async def left_over(self, region: str, wish: Wish) -> Sequence[Seen]:
        images = await self.client.images.list(region, PRIVATE)
        return [_seen(image) for image in images if has_mark(image.description, wish.mark) and image.status not in ENDING]

    def is_failed_attempt(self, seen: Seen, wish: Wish) -> bool:
        return seen.outputs["status"] in FAILED

    async def make(self, region: str, wish: Wish, token: str) -> str:
        images, inputs = self.client.images, wish.inputs
        create = images.create_from_server if inputs["wholeMachine"] else images.create_system
        description = described(inputs.get("description"), wish.mark)
        return (await create(region, inputs["instanceId"], name=inputs["name"], description=description)).id

    async def settle(self, region: str, id: str, wish: Wish) -> Made:
        """Wait until servers can be made from it. One that failed is not kept: the next create removes it and tries again."""
        try:
            image = await self.client.images.wait(region, id, timeout=wish.timeout)
        except errors.JobFailed:
            wish.made = None
            raise
        return wish.reached(id, imageId=image.id)

    async def look(self, region: str, id: str, state: Plain) -> Seen:
        image = await self.client.images.get(region, id)
        if image.visibility != PRIVATE or image.status in ENDING:
            raise errors.NotFound("look up image", id, "", f"it is {image.status or 'no private image'}")
        seen = _seen(image)
        return Seen(seen.id, seen.inputs, {"imageId": image.id})

    async def remove(self, region: str, id: str) -> None:
        """Waits until it is gone."""
        await self.client.images.delete(region, id)


def _seen(image: Image) -> Seen:
    inputs = {
        "name": image.name,
        "instanceId": image.source_server_id,
        "wholeMachine": image.kind == WHOLE_MACHINE,
        "description": undescribed(image.description),
    }
    return Seen(image.id, inputs, {"imageId": image.id, "status": image.status})
