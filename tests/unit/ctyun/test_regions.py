"""Regions and zones: by name, by id, by number; and what a wrong name answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ctyun import KNOWN_REGIONS, UnknownName, Zone, resolve_region, zone_index

Run = Callable[..., Any]
ZONES = "/v4/region/get-zones"
REGIONS = "/v4/region/list-regions"


@pytest.mark.parametrize("text", ["华东1", "bb9fdb42056f11eda1610242ac110002", " 华东1 "])
def test_a_known_region_by_name_or_id(text: str) -> None:
    region = resolve_region(text)
    assert (region.name, region.id) == ("华东1", "bb9fdb42056f11eda1610242ac110002")
    assert region.zone_names[0] == "cn-huadong1-jsnj1A-public-ctcloud"


def test_an_unknown_region_names_near_ones_and_all() -> None:
    with pytest.raises(UnknownName, match=r"No region is called '华东11'\. Did you mean 华东1\b.*There are: 华东1, 华北2, "):
        resolve_region("华东11")


def test_ids_and_names_are_unique() -> None:
    assert len({region.id for region in KNOWN_REGIONS}) == len({region.name for region in KNOWN_REGIONS}) == len(KNOWN_REGIONS)


@pytest.mark.parametrize(("label", "index"), [("AZ1", 1), ("az12", 12), ("AZ0", None), ("AZ", None), ("1", None), ("AZ1x", None)])
def test_zone_labels(label: str, index: int | None) -> None:
    assert zone_index(label) == index


def zone_list(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "azDisplayName": name.upper()} for name in names]


def test_zones_are_asked_for_once_and_numbered_from_one(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({ZONES: [ok(zoneList=zone_list("a", "b", "c"))]})
    client = cloud.client()

    async def look() -> list[Zone]:
        return [await client.regions.zone(region, text) for text in ("AZ2", "az3", "a")]

    found = run(look())
    assert [(zone.label, zone.name) for zone in found] == [("AZ2", "b"), ("AZ3", "c"), ("AZ1", "a")]
    assert len(cloud.requests) == 1


def test_an_unknown_zone_lists_those_there_are(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({ZONES: [ok(zoneList=zone_list("a", "b"))]})
    with pytest.raises(UnknownName, match=r"No zone of region 华东1 is called 'AZ9'\. .*There are: AZ1, AZ2\."):
        run(cloud.client().regions.zone(region, "AZ9"))


def test_a_region_without_zones_has_one_called_default(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({ZONES: [ok(zoneList=[])]})
    assert run(cloud.client().regions.zone(region, "AZ1")).name == "default"


def test_a_region_that_is_not_in_the_table_is_asked_for(scripted: Any, ok: Any, run: Run) -> None:
    item = {"regionID": "100054c0416811e9a6690242ac110002", "regionName": "保定", "zoneList": None}
    cloud = scripted({REGIONS: [ok(regionList=[item])]})
    client = cloud.client()
    assert run(client.regions.resolve("保定")).id == "100054c0416811e9a6690242ac110002"
    assert run(client.regions.resolve("华北2")).id == "200000001852"
    assert len(cloud.requests) == 1
