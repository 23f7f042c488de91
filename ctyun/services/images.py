"""Images (host `ctimage`), found by name or id: public ones first, then the account's own. Images of servers are made here.

The calls that make and delete take no clientToken: who repeats one looks first for what the earlier one has made.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Self

from ctyun.errors import JobFailed, NotFound, UnknownName
from ctyun.fields import Body, items, need, number, present, text
from ctyun.services.base import Service, all_pages
from ctyun.signing import QueryValue
from ctyun.transport import Call
from ctyun.waiting import wait_until

LIST = Call("ctimage", "GET", "/v4/image/list", "list images")
GET = Call("ctimage", "GET", "/v4/image/detail", "look up image")
CREATE_SYSTEM = Call("ctimage", "POST", "/v4/image/create", "make system-disk image")
CREATE_WHOLE = Call("ctimage", "POST", "/v4/image/create-from-ecs", "make whole-machine image")
DELETE = Call("ctimage", "POST", "/v4/image/delete", "delete image")

PRIVATE, PUBLIC = 0, 1  # imageVisibilityCode, and imageType when a server is created
PAGE = 200  # the largest page of this service
ACTIVE, ERROR = "active", "error"
WHOLE_MACHINE = "full_ecs_image"  # imageType of an image of the data disks too
FAILED = frozenset({ERROR, "killed"})
ENDING = frozenset({"deleting", "pending_delete", "deleted"})


@dataclass(frozen=True)
class Image:
    """An image; `visibility` is PRIVATE or PUBLIC and doubles as imageType of a new server."""

    id: str
    name: str
    visibility: int
    status: str = ""
    os_distribution: str = ""
    os_version: str = ""
    disk_size: int = 0  # GiB
    created: str = ""
    kind: str = ""  # imageType: WHOLE_MACHINE, or "" for an image of the system disk
    description: str = ""
    source_server_id: str = ""

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "imageID"),
            name=text(body, "imageName"),
            visibility=_visibility(body),
            status=text(body, "imageStatus") or text(body, "status"),
            os_distribution=text(body, "osDistro"),
            os_version=text(body, "osVersion"),
            disk_size=number(body, "diskSize"),
            created=text(body, "createdTime"),
            kind=text(body, "imageType"),
            description=text(body, "description"),
            source_server_id=text(body, "sourceServerID"),
        )


def _visibility(body: Body) -> int:
    """Some pools answer the code, some only the word."""
    if body.get("imageVisibilityCode") is not None:
        return number(body, "imageVisibilityCode")
    return PUBLIC if text(body, "imageVisibility") == "public" else PRIVATE


class Images(Service):
    """List, find, make and delete images."""

    async def list(self, region_id: str, visibility: int = PUBLIC) -> builtins.list[Image]:
        """All images of one visibility."""
        wanted: dict[str, QueryValue] = {"regionID": region_id, "imageVisibilityCode": visibility, "pageSize": PAGE}
        bodies = await all_pages(lambda page: self._transport.send(LIST, "", query={**wanted, "pageNo": page}), "images")
        return [Image.from_api(body) for body in bodies]

    async def get(self, region_id: str, image_id: str) -> Image:
        """Raises NotFound."""
        # errorFree is on by default, and then a missing image is no error
        query: dict[str, QueryValue] = {"regionID": region_id, "imageID": image_id, "errorFree": False}
        answer = await self._transport.send(GET, image_id, query=query)
        found = items(answer.body, "images")
        if not found:
            raise NotFound(GET.operation, image_id, "", "the answer holds no image")
        return Image.from_api(found[0])

    async def find(self, region_id: str, name_or_id: str) -> Image:
        """The image of a name or an id; the newest if a name is there twice. Raises UnknownName with all names."""
        names: builtins.list[str] = []
        for visibility in (PUBLIC, PRIVATE):
            images = await self.list(region_id, visibility)
            found = [image for image in images if name_or_id in (image.id, image.name)]
            if found:
                return max(found, key=lambda image: (image.created, image.id))
            names += sorted({image.name for image in images})
        raise UnknownName("image", name_or_id, names)

    async def create_from_server(self, region_id: str, instance_id: str, *, name: str, description: str = "") -> Image:
        """Begin an image of the whole machine, its data disks too (it needs at least one); go on with `wait`."""
        return await self._create(CREATE_WHOLE, region_id, instance_id, name, description)

    async def create_system(self, region_id: str, instance_id: str, *, name: str, description: str = "") -> Image:
        """Begin an image of a server's system disk; go on with `wait`."""
        return await self._create(CREATE_SYSTEM, region_id, instance_id, name, description)

    async def _create(self, call: Call, region_id: str, instance_id: str, name: str, description: str) -> Image:
        body = present(regionID=region_id, instanceID=instance_id, imageName=name, description=description or None)
        answer = await self._transport.send(call, name, body=body)
        return await self.get(region_id, need(items(answer.body, "images")[0], "imageID"))

    async def wait(self, region_id: str, image_id: str, *, timeout: float = 600) -> Image:
        """Wait until servers can be made from it. Raises JobFailed, WaitTimeout, NotFound."""
        image = await self._settled(region_id, image_id, {ACTIVE, *FAILED}, "ready", timeout)
        if image.status in FAILED:
            raise JobFailed(f"Image {image.name} ({image_id}) could not be made: its state is {image.status}. Delete it.")
        return image

    async def delete(self, region_id: str, image_id: str, *, timeout: float = 120) -> None:
        """Delete and wait until it is gone; one that is still being made is waited for first. Raises NotFound, InUse."""
        found = await self._settled(region_id, image_id, {ACTIVE, *FAILED, *ENDING}, "at rest", timeout)
        if found.status not in ENDING:
            await self._transport.send(DELETE, image_id, body={"regionID": region_id, "imageID": image_id})
        await wait_until(
            lambda: self._unless_gone(region_id, image_id),
            lambda image: image is None or image.status in FAILED,
            what=f"image {image_id} to be gone",
            timeout=timeout,
            state=lambda image: image.status if image else "gone",
            pace=self._pace,
        )
        if await self._unless_gone(region_id, image_id) is not None:
            raise JobFailed(f"Image {image_id} could not be deleted: it is there still. Try again.")

    async def _settled(self, region_id: str, image_id: str, states: set[str], word: str, timeout: float) -> Image:
        return await wait_until(
            lambda: self.get(region_id, image_id),
            lambda image: image.status in states,
            what=f"image {image_id} to be {word}",
            timeout=timeout,
            state=lambda image: image.status,
            pace=self._pace,
        )

    async def _unless_gone(self, region_id: str, image_id: str) -> Image | None:
        try:
            image = await self.get(region_id, image_id)
        except NotFound:
            return None
        return None if image.status == "deleted" else image
