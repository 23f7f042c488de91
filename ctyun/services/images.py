"""Images (host `ctimage`), found by name or id: public ones first, then the account's own."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Self

from ctyun.errors import NotFound, UnknownName
from ctyun.fields import Body, items, need, number, text
from ctyun.services.base import Service, all_pages
from ctyun.signing import QueryValue
from ctyun.transport import Call

LIST = Call("ctimage", "GET", "/v4/image/list", "list images")
GET = Call("ctimage", "GET", "/v4/image/detail", "look up image")

PRIVATE, PUBLIC = 0, 1  # imageVisibilityCode, and imageType when a server is created
PAGE = 200  # the largest page of this service


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
        )


def _visibility(body: Body) -> int:
    """Some pools answer the code, some only the word."""
    if body.get("imageVisibilityCode") is not None:
        return number(body, "imageVisibilityCode")
    return PUBLIC if text(body, "imageVisibility") == "public" else PRIVATE


class Images(Service):
    """List and find images."""

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
