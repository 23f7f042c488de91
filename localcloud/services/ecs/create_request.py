"""Orders for servers: everything is read and checked, and all problems are reported at once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from localcloud.api.calls import NOWHERE, Call
from localcloud.api.inputs import Fields
from localcloud.controllers.servers import user_data
from localcloud.records import eips
from localcloud.records.catalogue import QUOTAS, Flavor, Region, flavor_by_id, flavor_by_name
from localcloud.records.compute import KEY_PAIRS, VPCS, Eip, KeyPair, Subnet
from localcloud.services.ecs import model
from localcloud.services.ecs.create_network import external_address, network_card, security_groups
from localcloud.services.ecs.reading import Reader
from localcloud.services.image import model as images
from localcloud.services.image.model import Choice

LONGEST_USER_DATA = 16384  # characters of base64
_KINDS = {images.PRIVATE: "private", images.PUBLIC: "public"}
_PATTERN = re.compile(r"\{R:([0-9]{1,4})\}")


@dataclass(frozen=True)
class DiskRequest:
    """A disk that was asked for."""

    name: str
    type: str
    size: int
    image_disk: str = ""  # it begins as the image's copy of this disk


@dataclass(frozen=True)
class CreateServerRequest:
    """A checked order: what each of its servers will be."""

    region: Region
    zone: str
    name: str
    display_name: str
    description: str
    flavor: Flavor
    image: Choice
    boot_disk: DiskRequest
    disks: tuple[DiskRequest, ...]
    subnet: Subnet
    address: str  # "" = any
    groups: tuple[str, ...]
    ext_ip: str
    eip: Eip | None
    bandwidth: int
    pair: KeyPair | None
    password: str
    user_data: str
    labels: dict[str, str]
    on_demand: bool
    expires: float | None
    count: int


def numbered(name: str, number: int, count: int) -> str:
    """The name of the `number`-th server: "web-{R:7}" -> "web-7", "web-8"; without a pattern "web" -> "web-0001", …"""
    if match := _PATTERN.search(name):
        return name.replace(match.group(0), str(int(match.group(1)) + number), 1)
    return name if count == 1 else f"{name}-{number + 1:04d}"


@dataclass(frozen=True)
class BackupSource:
    """What a server comes from where the call does not name an image: a backup, with the disks and the zone that it had."""

    image: Choice
    boot_type: str
    zone: str


def read(call: Call, most: int, origin: BackupSource | None = None) -> CreateServerRequest:
    """Read and check an order for up to `most` servers; raises everything that is wrong with it at once."""
    reader = Reader(call)
    fields, region = reader.fields, reader.region
    zone = call.zone(region, required=origin is None) or (origin.zone if origin else "")
    count = fields.integer("orderCount", low=1, high=most, required=most > 1, default=1)
    name, display = _names(fields, count)
    flavor, image = _flavor(reader, zone), origin.image if origin else _image(reader)
    boot, disks = _disks_of(origin) if origin else _disks(fields, image)
    vpc = reader.look_up(VPCS, fields.text("vpcID", required=True))
    subnet, address = network_card(reader, vpc.id if vpc else "", count)
    groups = security_groups(reader, vpc.id if vpc else "")
    ext_ip, eip, bandwidth = external_address(reader, count)
    pair = reader.look_up(KEY_PAIRS, fields.text("keyPairID"))
    password = _password(fields)
    on_demand, expires = _billing(fields)
    description, labels = fields.description("instanceDescription", 255), model.labels_of(fields, "labelList")
    script = _user_data(fields)
    _options(fields)
    reader.check()
    if flavor is None or image is None or subnet is None:
        raise AssertionError("check() passes only when these were found")
    return CreateServerRequest(
        region, zone, name, display, description, flavor, image, boot, disks, subnet, address, groups, ext_ip, eip, bandwidth,
        pair, password, script, labels, on_demand, expires, count,
    )  # fmt: skip


def _names(fields: Fields, count: int) -> tuple[str, str]:
    name, display = fields.text("instanceName", required=True), fields.text("displayName", required=True)
    for field, value, rule, says in (
        ("instanceName", name, model.NAME, model.NAME_RULE), ("displayName", display, model.DISPLAY_NAME, model.DISPLAY_NAME_RULE)
    ):  # fmt: skip
        last = numbered(value, count - 1, count)
        if value and not rule.fullmatch(last):
            fields.problem(field, f"{value!r} is not allowed: {says}")
    return name, display


def _flavor(reader: Reader, zone: str) -> Flavor | None:
    fields = reader.fields
    flavor_id, flavor_name = fields.text("flavorID"), fields.text("flavorName")
    if not flavor_id and not flavor_name:
        fields.problem("flavorID", "or flavorName is required")
        return None
    if zone not in reader.region.zones:
        return None
    flavor = flavor_by_id(reader.region, zone, flavor_id) if flavor_id else flavor_by_name(flavor_name)
    if flavor is None:
        given = ("flavorID", flavor_id) if flavor_id else ("flavorName", flavor_name)
        fields.problem(given[0], f"{given[1]!r} is not a flavour of zone {zone}; ids differ per region and zone")
    return flavor


def _image(reader: Reader) -> Choice | None:
    fields = reader.fields
    image_id, kind = fields.text("imageID", required=True), fields.integer("imageType", low=0, high=4, required=True)
    if not image_id or reader.region is NOWHERE:
        return None
    image = images.choose(reader.call.store, reader.region, image_id)
    if image is None:
        fields.problem("imageID", images.why_not(reader.call.store, reader.region, image_id))
        return None
    if kind != image.kind:
        fields.problem("imageType", f"is {kind}, but {image.name} is a {_KINDS[image.kind]} image ({image.kind})")
    if image.status != images.ACTIVE:
        fields.problem("imageID", f"{image_id!r} is {image.status}; only an image that is {images.ACTIVE} can be used")
    return image


def _disks(fields: Fields, image: Choice | None) -> tuple[DiskRequest, tuple[DiskRequest, ...]]:
    """The data disks of a whole-machine image come first, then those that were asked for besides."""
    least, copied = (image.disk_gib, image.disks) if image else (1, ())
    kind = fields.choice("bootDiskType", model.DISK_TYPES, required=True)
    least = max(least, 512) if kind == "XSSD-2" else least
    boot = DiskRequest("system", kind, fields.integer("bootDiskSize", low=least, high=2048, required=True))
    restored = [DiskRequest("", str(disk["type"]), int(disk["size"]), str(disk["id"])) for disk in copied]
    fresh = [_data_disk(item) for item in fields.items("dataDiskList", most=QUOTAS.data_disks_per_server)]
    if restored and len(restored) + len(fresh) > QUOTAS.data_disks_per_server:
        problem = f"has {len(fresh)} items, and the image brings {len(restored)} disks; at most {QUOTAS.data_disks_per_server}"
        fields.problem("dataDiskList", f"{problem} are allowed in all")
    return boot, (*restored, *fresh)


def _disks_of(origin: BackupSource) -> tuple[DiskRequest, tuple[DiskRequest, ...]]:
    boot = DiskRequest("system", origin.boot_type, origin.image.disk_gib)
    return boot, tuple(DiskRequest("", str(disk["type"]), int(disk["size"]), str(disk["id"])) for disk in origin.image.disks)


def _data_disk(item: Fields) -> DiskRequest:
    kind = item.choice("diskType", model.DISK_TYPES, required=True)
    size = item.integer("diskSize", low=model.SMALLEST_DISKS.get(kind, 10), high=32768, required=True)
    item.only("diskMode", "VBD")
    item.only("isEncrypt", False)
    item.only("cmkID", "")
    item.only("provisionedIops", 0, "0")
    return DiskRequest(item.text("diskName", longest=63), kind, size)


def _password(fields: Fields) -> str:
    password = fields.text("userPassword")
    fields.only("userName", "root", "")
    if password:
        model.check_password(fields, "userPassword", password)
    return password


def _billing(fields: Fields) -> tuple[bool, float | None]:
    on_demand = fields.boolean("onDemand", required=True)
    cycle, count = fields.choice("cycleType", ("MONTH", "YEAR")), fields.integer("cycleCount", low=0, high=60)
    if on_demand:
        return True, None
    if not cycle or count < 1:
        fields.problem("cycleType", "and cycleCount are required when onDemand is false")
    return False, eips.expiry(cycle, count)


def _user_data(fields: Fields) -> str:
    text = fields.text("userData", longest=LONGEST_USER_DATA)
    for problem in user_data.read(text).problems:
        fields.problem("userData", problem)
    return text


def _options(fields: Fields) -> None:
    """Those of which only the default is modelled."""
    fields.only("bootDiskIsEncrypt", False)
    fields.only("trustInstance", False)
    fields.only("securityProduct", "false", "")
    for option in ("affinityGroupID", "templateID", "bootDiskCmkID", "ipv6AddressID", "gpuDriverKits", "segmentID"):
        fields.only(option, "")
    fields.only("bootDiskProvisionedIops", 0, "0")
    fields.only("threadsPerCore", 2, "2")
