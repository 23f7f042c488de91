"""What a server is and what a new one is wished to be."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ctyun.fields import Body, items, need, number, part, present, text, texts
from ctyun.services.images import PUBLIC

NO_ADDRESS = "0"  # extIP: no public address at creation


@dataclass(frozen=True)
class DiskWish:
    """A disk of a new server. `kind`: SATA, SAS, SSD, SSD-genric (spelt so), FAST-SSD, XSSD-0 to -2; `size` in GiB."""

    kind: str = "SATA"
    size: int = 40

    def to_api(self) -> dict[str, Any]:
        return {"diskType": self.kind, "diskSize": self.size, "diskMode": "VBD"}


@dataclass(frozen=True)
class NewServer:
    """All that a new server on demand needs. Ids come from the look-ups; user data is plain and is encoded on its way."""

    name: str
    zone_name: str  # the API's name, `Zone.name`
    flavor_id: str
    image_id: str
    vpc_id: str
    subnet_id: str
    security_group_ids: tuple[str, ...] = ()
    image_visibility: int = PUBLIC
    key_pair_id: str | None = None
    password: str | None = field(default=None, repr=False)
    user_data: bytes | None = field(default=None, repr=False)  # at most 16 KB
    system_disk: DiskWish = DiskWish()
    data_disks: tuple[DiskWish, ...] = ()
    fixed_address: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def to_api(self) -> dict[str, Any]:
        return present(
            azName=self.zone_name,
            instanceName=self.name,
            displayName=self.name,
            flavorID=self.flavor_id,
            imageType=self.image_visibility,
            imageID=self.image_id,
            bootDiskType=self.system_disk.kind,
            bootDiskSize=self.system_disk.size,
            vpcID=self.vpc_id,
            onDemand=True,
            networkCardList=[present(isMaster=True, subnetID=self.subnet_id, fixedIP=self.fixed_address)],
            extIP=NO_ADDRESS,
            secGroupList=list(self.security_group_ids) or None,
            dataDiskList=[disk.to_api() for disk in self.data_disks] or None,
            keyPairID=self.key_pair_id,
            userPassword=self.password,
            userData=base64.b64encode(self.user_data).decode() if self.user_data else None,
            labelList=label_list(self.labels) or None,
        )


@dataclass(frozen=True)
class Server:
    """A server as the cloud sees it; `status` is the API's word ("creating", "running", "stopped", ...)."""

    id: str
    name: str
    status: str
    zone_name: str
    vpc_id: str
    private_address: str
    eip_address: str | None = None
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    flavor_id: str = ""
    flavor_name: str = ""
    image_id: str = ""
    image_name: str = ""
    key_pair_name: str = ""
    volume_ids: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    description: str = ""

    @classmethod
    def from_api(cls, body: Body) -> Self:
        flavor, image = part(body, "flavor"), part(body, "image")
        return cls(
            id=need(body, "instanceID"),
            name=text(body, "instanceName") or text(body, "displayName"),
            status=need(body, "instanceStatus"),
            zone_name=text(body, "azName"),
            vpc_id=text(body, "vpcID"),
            private_address=text(body, "privateIP"),
            eip_address=text(body, "floatingIP") or None,
            subnet_ids=texts(body, "subnetIDList"),
            security_group_ids=tuple(need(group, "securityGroupID") for group in items(body, "secGroupList")),
            flavor_id=text(flavor, "flavorID"),
            flavor_name=text(flavor, "flavorName"),
            image_id=text(image, "imageID"),
            image_name=text(image, "imageName"),
            key_pair_name=text(body, "keypairName"),
            volume_ids=texts(body, "attachedVolume"),
            labels={need(label, "labelKey"): text(label, "labelValue") for label in items(body, "labelList")},
            created=text(body, "createdTime"),
            description=text(body, "instanceDescription"),
        )


@dataclass(frozen=True)
class AttachedDisk:
    """A disk of a server; `size` in GiB."""

    id: str
    name: str
    kind: str
    size: int
    is_system: bool

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "diskID"),
            name=text(body, "diskName"),
            kind=text(body, "diskDataType"),
            size=number(body, "diskSize"),
            is_system=bool(body.get("isSystemVolume")),
        )


def label_list(labels: Mapping[str, str]) -> list[dict[str, str]]:
    """{"a": "b"} -> [{"labelKey": "a", "labelValue": "b"}]."""
    return [{"labelKey": key, "labelValue": value} for key, value in labels.items()]
