"""Flavours and images by the names that people use, and `verify`, which collects everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from ctyun import BadSignature, FlavorWish, UnknownName, verify
from ctyun.services.flavors import Flavor, pick_flavor
from ctyun.services.mysql_values import PAIR, PRODUCTS

Run = Callable[..., Any]
SIZES = "/teledb-acceptor/v2/openapi/accept-order-info/template"
FLAVORS, IMAGES, ZONES, REGIONS = (
    "/v4/ecs/flavor/list",
    "/v4/image/list",
    "/v4/region/get-zones",
    "/v4/region/list-regions",
)


def flavor(name: str, cpus: int, memory: int, **more: Any) -> Flavor:
    return Flavor(id=f"id-{name}", name=name, cpus=cpus, memory=memory, **more)


OFFER = [
    flavor("m7.large.8", 2, 16),
    flavor("c7.large.2", 2, 4),
    flavor("s7.large.2", 2, 4),
    flavor("s6.large.2", 2, 4, available=False),
    flavor("s8.large.2", 2, 4, zone_names=("b",)),
    flavor("s7.small.1", 1, 1, zone_names=("a", "b")),
]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("2C4G", "s7.large.2"),  # the general series before the others; sold out and other zones' left out
        ("2c4g", "s7.large.2"),
        ("c7.large.2", "c7.large.2"),
        ("id-m7.large.8", "m7.large.8"),
        ("1C1G", "s7.small.1"),
    ],
)
def test_a_flavor_by_size_name_or_id(wanted: str, name: str) -> None:
    assert pick_flavor(OFFER, "a", wanted).name == name
    assert pick_flavor(reversed(OFFER), "a", wanted).name == name


def test_an_unknown_flavor_lists_the_offer_smallest_first() -> None:
    with pytest.raises(UnknownName) as caught:
        pick_flavor(OFFER, "a", "64C1G")
    assert str(caught.value) == (
        "No flavor of zone a is called '64C1G'. There are: 1C1G (s7.small.1), 2C4G (s7.large.2), 2C4G (c7.large.2), "
        "2C16G (m7.large.8)."
    )


def image(name: str, image_id: str, created: str = "2026-01-01") -> dict[str, Any]:
    return {"imageID": image_id, "imageName": name, "createdTime": created, "imageVisibilityCode": None}


def test_an_image_by_name_public_before_private(scripted: Any, ok: Any, run: Run, region: str) -> None:
    public = ok(images=[image("debian-12", "i-1"), image("debian-12", "i-2", "2026-02-01")], totalCount=2)
    cloud = scripted({IMAGES: [public]})
    assert run(cloud.client().images.find(region, "debian-12")).id == "i-2"
    assert len(cloud.requests) == 1
    assert cloud.requests[0].url.params["imageVisibilityCode"] == "1"


def test_a_private_image_is_found_second(scripted: Any, ok: Any, run: Run, region: str) -> None:
    mine = {**image("mine", "i-9"), "imageVisibilityCode": 0}
    cloud = scripted({IMAGES: [ok(images=[image("debian-12", "i-1")], totalCount=1), ok(images=[mine], totalCount=1)]})
    found = run(cloud.client().images.find(region, "i-9"))
    assert (found.name, found.visibility) == ("mine", 0)


def test_an_unknown_image_lists_public_and_private_names(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted(
        {IMAGES: [ok(images=[image("debian-12", "i-1")], totalCount=1), ok(images=[image("mine", "i-2")], totalCount=1)]}
    )
    with pytest.raises(UnknownName, match=r"No image is called 'debian-13'\. Did you mean debian-12\? There are: debian-12, mi"):
        run(cloud.client().images.find(region, "debian-13"))


def test_verify_lists_every_problem_at_once(scripted: Any, ok: Any, run: Run, region: str) -> None:
    offer = [{"flavorID": "f-1", "flavorName": "s7.small.1", "flavorCPU": 1, "flavorRAM": 1, "azList": ["a"]}]
    size = {"prodPerformanceSpec": "2C4G", "azList": ["a"]}
    pairs = {"prodId": PRODUCTS["8.0", PAIR], "instSpecInfoList": [size]}
    cloud = scripted(
        {
            REGIONS: [ok(regionList=[{"regionID": region, "regionName": "华东1"}])],
            ZONES: [ok(zoneList=[{"name": "a"}, {"name": "b"}])],
            FLAVORS: [ok(flavorList=offer)],
            IMAGES: [ok(images=[image("debian-12", "i-1")], totalCount=1)],
            SIZES: [httpx.Response(200, json={"statusCode": 200, "returnObj": {"data": [pairs]}})],
        }
    )
    problems = run(
        verify(
            cloud.client(),
            region="华东1",
            zones=["AZ1", "AZ7"],
            flavors=[FlavorWish("AZ1", "1C1G"), FlavorWish("AZ1", "99C1G"), FlavorWish("AZ8", "1C1G")],
            images=["debian-12", "windows-95"],
            mysql_pairs=[FlavorWish("AZ1", "2C4G"), FlavorWish("AZ1", "64C1G"), FlavorWish("AZ2", "2C4G")],
        )
    )
    named = ["'AZ7'", "'AZ8'", "'99C1G'", "'windows-95'", "'64C1G'", "'2C4G'"]
    assert [next(name for name in named if name in problem) for problem in problems] == named


def test_verify_finds_nothing_wrong(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({REGIONS: [ok(regionList=[{"regionID": region, "regionName": "华东1"}])]})
    assert run(verify(cloud.client(), region=region)) == []


def test_verify_knows_what_this_cloud_has_and_not_what_exists_elsewhere(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({REGIONS: [ok(regionList=[{"regionID": region, "regionName": "华东1"}])]})
    [problem] = run(verify(cloud.client(), region="西南1", zones=["AZ1"]))
    assert problem == "No region is called '西南1'. There are: 华东1."


def test_verify_does_not_hide_wrong_keys(scripted: Any, failure: Any, run: Run) -> None:
    cloud = scripted({REGIONS: [failure("CTAPI_10009", "signature", 401)]})
    with pytest.raises(BadSignature):
        run(verify(cloud.client(), region="华东1"))
