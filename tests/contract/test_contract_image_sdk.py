"""The official SDK of images as a client: what it sends is understood, what it gets has the types that it declares."""

from __future__ import annotations

from typing import Any

import pytest
from contract.official_sdk import ask, config, refused
from ctyunsdk_image20220909 import models as image  # type: ignore[import-untyped]
from ctyunsdk_image20220909.image_client import ImageClient  # type: ignore[import-untyped]
from support.waiting import until

from ctyun import Client, CloudRecord, DiskWish

TIMEOUT = 60.0
PRIVATE, PUBLIC = 0, 1


@pytest.fixture
def sdk(record: CloudRecord, no_proxy: None) -> ImageClient:
    return ImageClient(config(record))


def detail(sdk: ImageClient, region: str, image_id: str) -> Any:
    return ask(sdk.v4_image_detail, image.V4ImageDetailRequest(image_id, region)).images


def test_public_images(sdk: ImageClient, region: str) -> None:
    request = image.V4ImageListRequest(region, imageVisibilityCode=PUBLIC, osTypeCode=1, pageNo=1, pageSize=50)
    found = ask(sdk.v4_image_list, request).images
    assert {"debian-12", "debian-12-lamp"} <= {item.imageName for item in found}
    [shown] = detail(sdk, region, found[0].imageID)
    assert (shown.imageID, shown.imageVisibility, shown.imageStatus) == (found[0].imageID, "public", "active")


def test_the_life_of_a_private_image(sdk: ImageClient, region: str, make: Any, site: Any) -> None:
    server, name = make.server(site.wish(make.name("sdk"))), make.name("sdk")
    wish = image.V4ImageCreateRequest(name, server.id, region, description="灾备实验")
    [made] = ask(sdk.v4_image_create, wish).images
    look = lambda: detail(sdk, region, made.imageID)[0]  # noqa: E731
    seen = until(look, TIMEOUT, "the image", done=lambda shown: shown.imageStatus == "active")
    assert (seen.imageName, seen.description, seen.imageVisibility) == (name, "灾备实验", "private")
    assert (seen.imageSource, seen.sourceServerID, [disk.isSystemVolume for disk in seen.sourceDisks]) == (
        "cloud_server", server.id, [True],
    )  # fmt: skip
    request = image.V4ImageListRequest(region, imageVisibilityCode=PRIVATE, imageName=name)
    assert [item.imageID for item in ask(sdk.v4_image_list, request).images] == [made.imageID]
    ask(sdk.v4_image_delete, image.V4ImageDeleteRequest(made.imageID, region))
    until(lambda: not detail(sdk, region, made.imageID), TIMEOUT, "the image to go")


def test_a_whole_machine_image(sdk: ImageClient, client: Client, run: Any, region: str, make: Any, site: Any) -> None:
    server = make.server(site.wish(make.name("sdk"), data_disks=(DiskWish("SSD", 10),)))
    labels = [image.V4ImageCreateFromEcsRequestLabels("course", "灾备")]
    wish = image.V4ImageCreateFromEcsRequest(make.name("whole"), server.id, region, labels=labels)
    [made] = ask(sdk.v4_image_create_from_ecs, wish).images
    make.remove_later(lambda: client.images.delete(region, made.imageID))
    run(client.images.wait(region, made.imageID, timeout=TIMEOUT))
    [seen] = detail(sdk, region, made.imageID)
    assert (seen.imageType, seen.imageSource, [disk.diskSize for disk in seen.sourceDisks]) == (
        "full_ecs_image",
        "full_ecs",
        [40, 10],
    )


def test_what_is_refused(sdk: ImageClient, region: str, make: Any, site: Any) -> None:
    server = make.server(site.wish(make.name("sdk")))
    whole = image.V4ImageCreateFromEcsRequest("whole", server.id, region)
    assert refused(sdk.v4_image_create_from_ecs, whole) == "Image.Instance.DataDiskNotFound"
    strict = image.V4ImageDetailRequest("no-such-image", region, errorFree=False)
    assert refused(sdk.v4_image_detail, strict) == "Image.ImageCheck.NotFound"
    public = image.V4ImageDeleteRequest(site.image_id, region)
    assert refused(sdk.v4_image_delete, public) == "Openapi.Parameter.Error"
