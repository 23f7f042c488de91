"""What servers are, and the rules they obey."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.api.inputs import Fields
from localcloud.records.catalogue import FLAVORS, QUOTAS, REGIONS, Flavor, Region, flavor_by_id, image_by_id
from localcloud.records.compute import DISKS, EIPS, GROUPS, INSTANCES, KEY_PAIRS, SUBNETS, VPCS, Instance
from localcloud.records.errors import EngineFailed
from localcloud.records.identifiers import when
from localcloud.records.store import Store

NAME = re.compile(r"(?=.{2,64}$)(?!\d+$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?:\.[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)*")
NAME_RULE = "2-64 letters, digits or '-', in parts separated by '.'; no '-' or '.' at an end or twice in a row, not only digits"
DISPLAY_NAME = re.compile(r".{2,63}")
DISPLAY_NAME_RULE = "2-63 characters"
SMALLEST_DISKS = {"XSSD-0": 20, "XSSD-1": 20, "XSSD-2": 512}  # GiB, of data disks that are ordered with a server; others: 10
DISK_TYPES = ("SATA", "SAS", "SSD", "SSD-genric", "FAST-SSD", "XSSD-0", "XSSD-1", "XSSD-2")
PASSWORD_RULE = "8-30 characters, three of: upper case, lower case, digits, special characters; not beginning with '/'"  # noqa: S105
STATES = {"active": "running", "shutoff": "stopped", "unsubscribed": "unsubscribed"}
OTHER_STATES = ("expired", "freezing", "shelve")  # states that no server of the local cloud ever has
LINUX = 1


def shown(store: Store, server: Instance) -> dict[str, Any]:
    """A server as details and lists show it."""
    region = REGIONS[server.region]
    subnet, vpc = store.require(SUBNETS, server.subnet_id), store.require(VPCS, server.vpc_id)
    eip = next(iter(store.find(EIPS, instance_id=server.id)), None)
    flavor, image = flavor_by_id(region, server.zone, server.flavor_id), image_by_id(region, server.image_id)
    pair = store.get(KEY_PAIRS, server.key_pair_id) if server.key_pair_id else None
    addresses = [{"addr": server.address, "version": 4, "type": "fixed", "isMaster": True, "macAddress": server.mac}]
    if eip:
        addresses.append({"addr": eip.address, "version": 4, "type": "floating", "isMaster": False, "macAddress": server.mac})
    groups = [group for id_ in server.groups if (group := store.get(GROUPS, id_))]
    return {
        "projectID": server.project, "azName": server.zone, "azDisplayName": region.zone_label(server.zone),
        "attachedVolume": [disk.id for disk in store.find(DISKS, instance_id=server.id)],
        "addresses": [{"vpcName": vpc.name, "addressList": addresses}],
        "resourceID": server.resource_id, "instanceID": server.id, "displayName": server.display_name,
        "instanceName": server.name, "instanceDescription": server.description, "osType": LINUX,
        "instanceStatus": server.status, "expiredTime": when(server.expires), "createdTime": when(server.created),
        "updatedTime": when(server.updated), "zabbixName": server.id,
        "secGroupList": [{"securityGroupID": group.id, "securityGroupName": group.name} for group in groups],
        "privateIP": server.address, "privateIPv6": "",
        "networkCardList": [{
            "IPv4Address": server.address, "IPv6Address": [], "subnetID": subnet.id, "subnetCidr": subnet.cidr, "isMaster": True,
            "gateway": subnet.gateway, "networkCardID": server.nic_id, "securityGroup": list(server.groups),
        }],
        "vipInfoList": [], "vipCount": 0, "affinityGroup": {"policy": "", "affinityGroupName": "", "affinityGroupID": ""},
        "image": {"imageID": server.image_id, "imageName": image.name if image else server.image_name},
        "flavor": flavor_of_server(server.flavor_id, flavor), "onDemand": server.on_demand, "vpcID": vpc.id, "vpcName": vpc.name,
        "fixedIPList": [server.address], "fixedIP": [server.address], "floatingIP": eip.address if eip else "",
        "subnetIDList": [subnet.id], "keypairName": pair.name if pair else "", "deletionProtection": False, "delegateName": "",
        "labelList": labels_shown(server.labels), "metadata": {},
        "trustInstance": False,
    }  # fmt: skip


def flavor_of_server(flavor_id: str, flavor: Flavor | None) -> dict[str, Any]:
    """The flavour inside a server's details; RAM in GiB."""
    return {
        "flavorID": flavor_id, "flavorName": flavor.name if flavor else "", "flavorCPU": flavor.cpus if flavor else 0,
        "flavorRAM": flavor.memory_gib if flavor else 0, "gpuType": "", "gpuCount": 0, "gpuVendor": "", "videoMemSize": 0,
    }  # fmt: skip


def flavors_shown(region: Region, zone: str) -> list[dict[str, Any]]:
    """All flavours of a zone, or of every zone in turn: the same name has another id in each."""
    zones = (zone,) if zone else region.zones
    return [_flavor_shown(region, name, flavor) for name in zones for flavor in FLAVORS]


def _flavor_shown(region: Region, zone: str, flavor: Flavor) -> dict[str, Any]:
    return {
        "flavorID": flavor.id_in(region, zone), "flavorName": flavor.name, "flavorType": flavor.type,
        "flavorSeries": flavor.series, "flavorSeriesName": "通用型" if flavor.series == "s" else "计算增强型",
        "flavorCPU": flavor.cpus, "flavorRAM": flavor.memory_gib, "available": True, "azList": [zone], "cpuInfo": "",
        "baseBandwidth": 1.0, "bandwidth": 1.0, "pps": 0, "nicMultiQueue": 1, "nicCount": 1, "diskCount": 8, "gpuType": "",
        "gpuCount": 0, "gpuVendor": "", "videoMemSize": 0, "flavorArch": "x86",
    }  # fmt: skip


def labels_of(
    fields: Fields, name: str, *, key: str = "labelKey", value: str = "labelValue", required: bool = False, longest: int = 32
) -> dict[str, str]:
    """A list of labels as a dict; a key given twice is noted as a problem."""
    labels: dict[str, str] = {}
    for item in fields.items(name, required=required, most=QUOTAS.labels_per_server):
        found = item.text(key, required=True, longest=longest)
        if found in labels:
            item.problem(key, f"{found!r} is given twice")
        labels[found] = item.text(value, longest=longest)
    return labels


def labels_shown(labels: Mapping[str, str]) -> list[dict[str, str]]:
    """As all services but backup vaults show them."""
    return [{"labelKey": key, "labelValue": value} for key, value in labels.items()]


def check_password(fields: Fields, name: str, password: str) -> None:
    """Note a password that breaks the API's rules, without repeating it."""
    classes = sum(bool(re.search(part, password)) for part in ("[A-Z]", "[a-z]", "[0-9]", "[^A-Za-z0-9]"))
    if not 8 <= len(password) <= 30 or classes < 3 or password.startswith("/") or not password.isprintable():
        fields.problem(name, f"is too weak: {PASSWORD_RULE}")


def password_hash(password: str) -> str:
    """crypt(3) hash ("$6$…") by OpenSSL; the password goes through a pipe, never through an argument."""
    try:
        done = subprocess.run(
            ["openssl", "passwd", "-6", "-stdin"], input=password.encode(), capture_output=True, check=True, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineFailed(f"Hashing the password with `openssl passwd -6` failed: {type(error).__name__}.") from error
    return done.stdout.decode().strip()


def matches(server: Instance, wanted: dict[str, str]) -> bool:
    """The server meets the exact filters of a list call; absent ones ("") match all."""
    facts = {
        "azName": server.zone, "instanceName": server.name, "vpcID": server.vpc_id, "resourceID": server.resource_id,
        "state": server.status,
    }  # fmt: skip
    return all(not value or facts[name] == value for name, value in wanted.items())


@dataclass(frozen=True)
class Statistics:
    """How many servers there are, and what they were ordered with."""

    total: int
    running: int
    stopped: int
    cpus: int
    memory_gib: int


def statistics(servers: Sequence[Instance]) -> Statistics:
    """Of these servers."""
    statuses = [server.status for server in servers]
    sizes = [flavor_by_id(REGIONS[server.region], server.zone, server.flavor_id) for server in servers]
    return Statistics(
        len(servers), statuses.count("running"), statuses.count("stopped"),
        sum(size.cpus for size in sizes if size), sum(size.memory_gib for size in sizes if size),
    )  # fmt: skip


def servers_in(store: Store, region: str) -> list[Instance]:
    """All servers of a region, oldest first."""
    return store.find(INSTANCES, region=region)
