"""Servers and the key pairs that open them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_ctyun.resources.declarations import rules, senses
from pulumi_ctyun.resources.declarations.model import Field, Kind, ListOf, MapOf, Resource, Shape, Whole, region_field

MARK_LABEL = "drlab-mark"
DISK_TYPES = ("SATA", "SAS", "SSD", "SSD-genric", "FAST-SSD", "XSSD-0", "XSSD-1", "XSSD-2")

KEY_PAIR = Resource(
    "ctyun:ecs:KeyPair",
    "A login key. Without publicKey the cloud makes the pair and hands out the private half once.",
    inputs=(
        region_field(),
        Field("name", Kind.TEXT, "Name in the cloud.", required=True, replaces=True, rules=(rules.key_pair_name,)),
        Field(
            "publicKey",
            Kind.TEXT,
            "An RSA key of your own, one line; the cloud makes one when absent.",
            replaces=True,
            computed=True,
            sense=senses.key,
            rules=(rules.rsa_public_key,),
        ),
    ),
    outputs=(
        Field("keyPairId", Kind.TEXT, "Id."),
        Field("privateKey", Kind.TEXT, "The private half, when the cloud made the pair.", secret=True),
    ),
)


def smallest_disk(sizes: Mapping[str, int], size: str) -> Whole:
    """For kinds of storage that begin at more GiB than others; `size` is the name of the field."""

    def rule(disk: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        kind, given = disk.get("type"), disk.get(size)
        least = sizes.get(kind, 0) if isinstance(kind, str) else 0
        if isinstance(given, int) and given < least:
            yield size, f"is {given} GiB; CTyun's disks of type {kind} have {least} or more"

    return rule


def _disk(token: str, smallest: int, largest: int, sizes: Mapping[str, int]) -> Shape:
    return Shape(
        token,
        "A disk of a server.",
        fields=(
            Field("type", Kind.TEXT, "Kind of storage.", default="SATA", rules=(rules.one_of(*DISK_TYPES),)),
            Field("size", Kind.WHOLE, "GiB.", required=True, rules=(rules.within(smallest, largest, " GiB"),)),
        ),
        rules=(smallest_disk(sizes, "size"),),
    )


SYSTEM_DISK = _disk("ctyun:ecs:SystemDisk", 10, 2048, {"XSSD-2": 512})
DATA_DISK = _disk("ctyun:ecs:DataDisk", 10, 32768, {"XSSD-0": 20, "XSSD-1": 20, "XSSD-2": 512})


def _only_sizes_differ(old: Any, new: Any) -> bool:
    """Of the same disks, one by one."""
    return [disk["type"] for disk in old or ()] == [disk["type"] for disk in new or ()]


def _disks_grow(old: Any, new: Any) -> str | None:
    pairs = enumerate(zip(old, new, strict=True))
    smaller = [f"[{n}].size {reason}" for n, (had, disk) in pairs if (reason := rules.grows(" GiB")(had["size"], disk["size"]))]
    return "; ".join(smaller) or None


def _mark_is_ours(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    labels = inputs.get("labels")
    if isinstance(labels, Mapping) and MARK_LABEL in labels:
        yield "labels", f"may not hold {MARK_LABEL!r}: the provider uses it"


INSTANCE = Resource(
    "ctyun:ecs:Instance",
    "A server. It counts as made when it runs; whether its user data has finished is asked over SSH (ctyun:ssh:Host).",
    inputs=(
        region_field(),
        Field("zone", Kind.TEXT, "Zone of the region: AZ1, AZ2, ....", required=True, replaces=True, rules=(rules.zone,)),
        Field("name", Kind.TEXT, "Name and host name.", required=True, rules=(rules.server_name,)),
        Field(
            "flavor",
            Kind.TEXT,
            "Size (1C1G) or flavour name. For another one the server is stopped and started again; it keeps its disks.",
            required=True,
            rules=(rules.flavor,),
        ),
        Field("image", Kind.TEXT, "Image, by name or id.", required=True, replaces=True, rules=(rules.not_empty,)),
        Field("vpcId", Kind.TEXT, "Its VPC.", required=True, replaces=True),
        Field("subnetId", Kind.TEXT, "Its subnet.", required=True, replaces=True),
        Field(
            "securityGroupIds",
            ListOf(Kind.TEXT),
            "Its security groups.",
            required=True,
            unordered=True,
            rules=(rules.at_least_one,),
        ),
        Field("keyPairId", Kind.TEXT, "Key that opens it.", replaces=True),
        Field("password", Kind.TEXT, "Password of root.", secret=True, replaces=True, unseen=True, rules=(rules.password,)),
        Field("userData", Kind.TEXT, "Text for cloud-init.", secret=True, replaces=True, unseen=True, rules=(rules.user_data,)),
        Field(
            "systemDisk", SYSTEM_DISK, "System disk; 40 GiB SATA when absent.", replaces=True, unseen=True,
            absent={"type": "SATA", "size": 40},
        ),
        Field(
            "dataDisks",
            ListOf(DATA_DISK),
            "Further disks, empty and unformatted. Each can grow in place; the file system on it grows when its server makes it.",
            replaces=True,
            in_place=_only_sizes_differ,
            unseen=True,
            rules=(rules.at_most(8),),
            ways=(_disks_grow,),
        ),
        Field(
            "fixedAddress", Kind.TEXT, "A private address of your choice; left out later, it stays.", replaces=True, unseen=True,
            chosen="privateAddress", rules=(rules.ipv4,),
        ),
        Field("labels", MapOf(Kind.TEXT), "Labels.", rules=(rules.labels,)),
    ),
    outputs=(
        Field("instanceId", Kind.TEXT, "Id."),
        Field("privateAddress", Kind.TEXT, "Address inside the VPC."),
        Field("zoneName", Kind.TEXT, "The zone's name in the API."),
    ),
    rules=(_mark_is_ours,),
    data="everything on its disks (a database, uploads)",
)  # fmt: skip
