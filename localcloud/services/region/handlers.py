"""Regions and zones."""

from __future__ import annotations

from typing import Any

from localcloud.api.calls import Call
from localcloud.records.catalogue import REGIONS, Region
from localcloud.services.region import model, usage


def list_regions(call: Call) -> dict[str, Any]:
    name = call.fields.text("regionName")
    call.fields.check()
    return {"regionList": [model.listed(region) for region in REGIONS.values() if name in ("", region.name)]}


def get_zones(call: Call) -> dict[str, Any]:
    region = _region(call)
    return {"zoneList": [{"name": zone, "azDisplayName": f"可用区{number}"} for number, zone in enumerate(region.zones, 1)]}


def get_summary(call: Call) -> dict[str, Any]:
    return model.summary(_region(call))


def availability_zones(call: Call) -> dict[str, Any]:
    region = _region(call)
    return {"azList": [{"azID": model.zone_id(region, zone), "azName": zone} for zone in region.zones]}


def customer_quotas(call: Call) -> dict[str, Any]:
    _region(call)
    return model.quotas()


def customer_resources(call: Call) -> dict[str, Any]:
    return usage.resources(call.store, _region(call))


def get_products(call: Call) -> dict[str, Any]:
    return usage.products(_region(call))


def _region(call: Call) -> Region:
    region = call.region()
    call.fields.check()
    return region
