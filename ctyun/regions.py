"""Regions and zones known without asking: for naming and for checks that must not call the cloud.

Identifiers as the official Terraform provider documents them. Zones are numbered from 1 in programs ("AZ1"); only this
package knows the API's own names, and it takes them from the cloud (`Client.regions.zones`): the table is for display.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ctyun.errors import UnknownName

ZONE_LABEL = re.compile(r"AZ([1-9]\d*)", re.IGNORECASE)
SINGLE_ZONE = "default"  # azName in regions that have no zones


@dataclass(frozen=True)
class Region:
    """A region (资源池)."""

    id: str
    name: str
    zone_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Zone:
    """A zone (可用区): `index` from 1, `name` as the API wants it in azName."""

    index: int
    name: str

    @property
    def label(self) -> str:
        return f"AZ{self.index}"


def _region(name: str, region_id: str, *zones: str) -> Region:
    return Region(region_id, name, tuple(f"{zone}-public-ctcloud" for zone in zones))


KNOWN_REGIONS: tuple[Region, ...] = (
    _region("华东1", "bb9fdb42056f11eda1610242ac110002", "cn-huadong1-jsnj1A", "cn-huadong1-jsnj2A", "cn-huadong1-jsnj3A"),
    _region("华北2", "200000001852", "cn-huabei2-tj1A", "cn-huabei2-tj-2a", "cn-huabei2-tj-3a"),
    _region("西南1", "200000002368", "cn-xinan1-xn1A", "cn-xinan1-xn2A"),
    _region("香港2", "200000002374", "hk-hk3-1A", "cn-hk2-hk2A"),
    _region("新加坡4", "200000002670", "sg-SINP4-1A", "sg-SINP4-2A"),
    _region("华南2", "200000002530", "cn-huanan2-1A"),
    _region("上海36", "200000001790", "cn-sh36-sh1A"),
    _region("上海32", "200000001625", "cn-sh32-sh1A"),
    _region("杭州7", "200000003329", "cn-zj-hgh7-1a"),
    _region("西南2-贵州", "200000002927", "cn-xinan2-gz-1a"),
    _region("长沙42", "200000002401", "cn-hn-cs42-hncs1A"),
    _region("武汉41", "200000001781", "cn-hb-wh41-hbwh1A"),
    _region("南昌5", "200000002527", "cn-jx-nc5-jxnc1A"),
    _region("青岛20", "200000001703", "cn-sd-qd20-sdqd1A"),
    _region("南宁23", "200000001704", "cn-gx-nn23-gxnn1A"),
    _region("太原4", "200000002689", "cn-sx-tyn4-1A"),
    _region("郑州5", "200000002586", "cn-ha-cgo5-1a"),
    _region("芜湖4", "200000003327", "cn-ah-whi4-1a"),
    _region("庆阳2", "200000003664", "cn-gs-qyi2-1a"),
    _region("呼和浩特3", "200000003573", "cn-nm-het3-1a"),
    _region("乌鲁木齐7", "200000004098", "cn-xj-urc7-1a"),
    _region("澳门1", "200000002533", "mo-mo1-1a"),
    _region("印度尼西亚1", "200000003424", "id-jkt1-1a"),
    _region("菲律宾1", "200000002769", "ph-bdy1-1a"),
)


def resolve_region(name_or_id: str, regions: tuple[Region, ...] = KNOWN_REGIONS) -> Region:
    """The region of a name or an id. Raises UnknownName with near matches; asks nobody."""
    wanted = name_or_id.strip()
    for region in regions:
        if wanted in (region.id, region.name):
            return region
    raise UnknownName("region", name_or_id, (region.name for region in regions))


def zone_index(label: str) -> int | None:
    """zone_index("AZ2") -> 2; None when the text is no 1-based label."""
    match = ZONE_LABEL.fullmatch(label.strip())
    return int(match.group(1)) if match else None


def pick_zone(zones: tuple[Zone, ...], wanted: str, region_name: str) -> Zone:
    """The zone of a label ("AZ1") or of an API name. Raises UnknownName with all labels."""
    index = zone_index(wanted)
    for zone in zones:
        if zone.index == index or zone.name == wanted:
            return zone
    raise UnknownName("zone", wanted, (zone.label for zone in zones), where=f"of region {region_name}")
