"""Orders for servers: everything is read and checked, and all problems are reported at once."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from ipaddress import IPv4Address

from localcloud.core.calls import NOWHERE, Call
from localcloud.core.catalogue import QUOTAS, Flavor, Region, flavor_by_id, flavor_by_name
from localcloud.core.errors import ApiError, NotModelled
from localcloud.core.inputs import Fields
from localcloud.core.records import (
    EIPS,
    GROUPS,
    KEY_PAIRS,
    SUBNETS,
    VPCS,
    Eip,
    KeyPair,
    Subnet,
)
from localcloud.core.store import Kind, R
from localcloud.services.ecs import model
from localcloud.services.eip import model as eips
from localcloud.services.image import model as images
from localcloud.services.image.model import Choice
from localcloud.services.vpc.model import taken_addresses, usable_addresses

LONGEST_USER_DATA = 16384  # characters of base64
NO_EIP, NEW_EIP, OWN_EIP = "0", "1", "2"  # extIP
_KINDS = {images.PRIVATE: "private", images.PUBLIC: "public"}
_PATTERN = re.compile(r"\{R:(\d{1,4})\}")


@dataclass(frozen=True)
class DiskWish:
    """A disk that was asked for."""

    name: str
    type: str
    size: int
    image_disk: str = ""  # it begins as the image's copy of this disk


@dataclass(frozen=True)
class Wanted:
    """A checked order: what each of its servers will be."""

    region: Region
    zone: str
    name: str
    display_name: str
    description: str
    flavor: Flavor
    image: Choice
    boot_disk: DiskWish
    disks: tuple[DiskWish, ...]
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


class _Reader:
    """Reads one order; what does not exist is kept apart from what is malformed."""

    def __init__(self, call: Call) -> None:
        self.call, self.fields, self.region = call, call.fields, call.region()
        self.absent: list[ApiError] = []

    def look_up(self, kind: Kind[R], record_id: str) -> R | None:
        """The record, or None and a note that it is missing."""
        if not record_id or self.region is NOWHERE:
            return None
        try:
            return self.call.store.require(kind, record_id, self.region.id)
        except ApiError as error:
            self.absent.append(error)
            return None

    def check(self) -> None:
        """Raise all problems; a single missing thing keeps its own error code."""
        if len(self.absent) == 1 and not self.fields.problems:
            self.fields.check()
            raise self.absent[0]
        self.fields.problems += [str(error) for error in self.absent]
        self.fields.check()


@dataclass(frozen=True)
class Origin:
    """What a server comes from where the call does not name an image: a backup, with the disks and the zone that it had."""

    image: Choice
    boot_type: str
    zone: str


def read(call: Call, most: int, origin: Origin | None = None) -> Wanted:
    """Read and check an order for up to `most` servers; raises everything that is wrong with it at once."""
    reader = _Reader(call)
    fields, region = reader.fields, reader.region
    zone = call.zone(region, required=origin is None) or (origin.zone if origin else "")
    count = fields.integer("orderCount", low=1, high=most, required=most > 1, default=1)
    name, display = _names(fields, count)
    flavor, image = _flavor(reader, zone), origin.image if origin else _image(reader)
    boot, disks = _disks_of(origin) if origin else _disks(fields, image)
    vpc = reader.look_up(VPCS, fields.text("vpcID", required=True))
    subnet, address = _network_card(reader, vpc.id if vpc else "", count)
    groups = _groups(reader, vpc.id if vpc else "")
    ext_ip, eip, bandwidth = _external_address(reader, count)
    pair = reader.look_up(KEY_PAIRS, fields.text("keyPairID"))
    password = _password(fields)
    on_demand, expires = _billing(fields)
    description, labels = fields.description("instanceDescription", 255), model.read_labels(fields, QUOTAS.labels_per_server)
    user_data = _user_data(fields)
    _options(fields)
    reader.check()
    if flavor is None or image is None or subnet is None:
        raise AssertionError("check() passes only when these were found")
    return Wanted(
        region, zone, name, display, description, flavor, image, boot, disks, subnet, address, groups, ext_ip, eip, bandwidth,
        pair, password, user_data, labels, on_demand, expires, count,
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


def _flavor(reader: _Reader, zone: str) -> Flavor | None:
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


def _image(reader: _Reader) -> Choice | None:
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


def _disks(fields: Fields, image: Choice | None) -> tuple[DiskWish, tuple[DiskWish, ...]]:
    """The data disks of a whole-machine image come first, then those that were asked for besides."""
    least, copied = (image.disk_gib, image.disks) if image else (1, ())
    kind = fields.choice("bootDiskType", model.DISK_TYPES, required=True)
    boot = DiskWish("system", kind, fields.integer("bootDiskSize", low=least, high=2048, required=True))
    restored = [DiskWish("", str(disk["type"]), int(disk["size"]), str(disk["id"])) for disk in copied]
    fresh = [_data_disk(item) for item in fields.items("dataDiskList", most=QUOTAS.data_disks_per_server)]
    if restored and len(restored) + len(fresh) > QUOTAS.data_disks_per_server:
        problem = f"has {len(fresh)} items, and the image brings {len(restored)} disks; at most {QUOTAS.data_disks_per_server}"
        fields.problem("dataDiskList", f"{problem} are allowed in all")
    return boot, (*restored, *fresh)


def _disks_of(origin: Origin) -> tuple[DiskWish, tuple[DiskWish, ...]]:
    boot = DiskWish("system", origin.boot_type, origin.image.disk_gib)
    return boot, tuple(DiskWish("", str(disk["type"]), int(disk["size"]), str(disk["id"])) for disk in origin.image.disks)


def _data_disk(item: Fields) -> DiskWish:
    kind = item.choice("diskType", model.DISK_TYPES, required=True)
    size = item.integer("diskSize", low=20 if kind.startswith("XSSD") else 10, high=32768, required=True)
    item.only("diskMode", "VBD")
    item.only("isEncrypt", False)
    return DiskWish(item.text("diskName", longest=63), kind, size)


def _network_card(reader: _Reader, vpc_id: str, count: int) -> tuple[Subnet | None, str]:
    cards = reader.fields.items("networkCardList", required=True, most=1)
    if not cards:
        return None, ""
    card = cards[0]
    if not card.boolean("isMaster", required=True):
        card.problem("isMaster", "must be true: the one network card is the main one")
    card.ignore("nicName")
    address = card.address("fixedIP")
    subnet = reader.look_up(SUBNETS, card.text("subnetID", required=True))
    if subnet is None:
        return None, ""
    if vpc_id and subnet.vpc_id != vpc_id:
        card.problem("subnetID", f"{subnet.id} belongs to VPC {subnet.vpc_id}, not to {vpc_id}")
    _check_address(reader.call, card, subnet, address, count)
    return subnet, str(address) if address else ""


def _check_address(call: Call, card: Fields, subnet: Subnet, address: IPv4Address | None, count: int) -> None:
    taken = taken_addresses(call.store, subnet.id)
    if address is None:
        if sum(str(free) not in taken for free in usable_addresses(subnet)) < count:
            card.problem("subnetID", f"{subnet.id} has no free address left")
        return
    if count > 1:
        card.problem("fixedIP", "cannot be given for several servers")
    if address not in set(usable_addresses(subnet)):
        card.problem("fixedIP", f"{address} is not an address that a server in {subnet.cidr} may have")
    elif str(address) in taken:
        card.problem("fixedIP", f"{address} is taken by instance {taken[str(address)]}")


def _groups(reader: _Reader, vpc_id: str) -> tuple[str, ...]:
    ids = list(dict.fromkeys(reader.fields.texts("secGroupList", most=QUOTAS.groups_per_nic)))
    for group_id in ids:
        group = reader.look_up(GROUPS, group_id)
        if group and vpc_id and group.vpc_id != vpc_id:
            reader.fields.problem("secGroupList", f"{group_id} belongs to VPC {group.vpc_id}, not to {vpc_id}")
    return tuple(ids)


def _external_address(reader: _Reader, count: int) -> tuple[str, Eip | None, int]:
    fields = reader.fields
    kind = fields.choice("extIP", (NO_EIP, NEW_EIP, OWN_EIP), required=True)
    bandwidth = fields.integer("bandwidth", low=1, high=2000, required=kind == NEW_EIP, default=1)
    eip_id = fields.text("eipID", required=kind == OWN_EIP)
    if eip_id and kind in (NO_EIP, NEW_EIP):
        fields.problem("eipID", f"is for extIP {OWN_EIP}, not for {kind}")
    fields.only("ipVersion", "ipv4", "")
    fields.ignore("lineType", "demandBillingType")
    eip = reader.look_up(EIPS, eip_id) if kind == OWN_EIP else None
    if eip and eip.instance_id:
        fields.problem("eipID", f"{eip.id} is already bound to instance {eip.instance_id}")
    if eip and count > 1:
        fields.problem("eipID", "cannot be given for several servers")
    return kind, eip, bandwidth


def _password(fields: Fields) -> str:
    password = fields.text("userPassword")
    fields.only("userName", "root", "")
    if password:
        model.check_password(fields, "userPassword", password)
    return password


def _billing(fields: Fields) -> tuple[bool, float | None]:
    on_demand = fields.boolean("onDemand", required=True)
    cycle, count = fields.choice("cycleType", ("MONTH", "YEAR")), fields.integer("cycleCount", low=0, high=60)
    fields.ignore("autoRenewStatus", "payVoucherPrice")
    if on_demand:
        return True, None
    if not cycle or count < 1:
        fields.problem("cycleType", "and cycleCount are required when onDemand is false")
    return False, eips.expiry(cycle, count)


def _user_data(fields: Fields) -> str:
    text = fields.text("userData", longest=LONGEST_USER_DATA)
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        fields.problem("userData", "is not base64")
    return text


def _options(fields: Fields) -> None:
    """Options that change nothing here, and those of which only the default is modelled."""
    fields.project()
    fields.ignore("monitorService")
    fields.only("bootDiskIsEncrypt", False)
    fields.only("trustInstance", False)
    fields.only("securityProduct", "false", "")
    if fields.has("affinityGroupID") or fields.has("templateID"):
        raise NotModelled("affinityGroupID and templateID are not modelled by the local cloud.")
