"""Images made from servers. Their marks stand in the description; a create that was cut off goes on in the cloud."""

from __future__ import annotations

from collections.abc import Sequence

from ctyun import errors
from ctyun.services.images import ENDING, FAILED, PRIVATE, WHOLE_MACHINE, Image
from pulumi_ctyun.provider.cloud_handler import CloudHandler
from pulumi_ctyun.provider.handler import Created, Desired, Observed, Plain
from pulumi_ctyun.provider.marks import described, has_mark, undescribed
from pulumi_ctyun.resources.declarations.image import IMAGE


class ImageHandler(CloudHandler):
    """`pulumi import ctyun:image:Image NAME [REGION/]IMAGE-ID`."""

    resource = IMAGE

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        images = await self.client.images.list(region, PRIVATE)
        return [_seen(image) for image in images if has_mark(image.description, desired.mark) and image.status not in ENDING]

    def is_failed_attempt(self, observed: Observed, desired: Desired) -> bool:
        return observed.outputs["status"] in FAILED

    async def make(self, region: str, desired: Desired, token: str) -> str:
        images, inputs = self.client.images, desired.inputs
        create = images.create_from_server if inputs["wholeMachine"] else images.create_system
        description = described(inputs.get("description"), desired.mark)
        return (await create(region, inputs["instanceId"], name=inputs["name"], description=description)).id

    async def settle(self, region: str, id: str, desired: Desired) -> Created:
        """Wait until servers can be made from it. One that failed is not kept: the next create removes it and tries again."""
        try:
            image = await self.client.images.wait(region, id, timeout=desired.timeout)
        except errors.JobFailed:
            desired.created = None
            raise
        return desired.reached(id, imageId=image.id)

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        image = await self.client.images.get(region, id)
        if image.visibility != PRIVATE or image.status in ENDING:
            raise errors.NotFound("look up image", id, "", f"it is {image.status or 'no private image'}")
        observed = _seen(image)
        return Observed(observed.id, observed.inputs, {"imageId": image.id})

    async def remove(self, region: str, id: str) -> None:
        """Waits until it is gone."""
        await self.client.images.delete(region, id)


def _seen(image: Image) -> Observed:
    inputs = {
        "name": image.name,
        "instanceId": image.source_server_id,
        "wholeMachine": image.kind == WHOLE_MACHINE,
        "description": undescribed(image.description),
    }
    return Observed(image.id, inputs, {"imageId": image.id, "status": image.status})
