"""Images: the public ones of the catalogue, and the private ones that were made from servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localcloud.records.catalogue import IMAGES, REGIONS, Image, Region, image_by_id
from localcloud.records.compute import PRIVATE_IMAGES, PrivateImage
from localcloud.records.identifiers import when
from localcloud.records.store import Store
from localcloud.services.ecs.model import labels_shown

CREATED = 1767225600.0  # 2026-01-01
PRIVATE, PUBLIC = 0, 1
ACTIVE = "active"


@dataclass(frozen=True)
class Choice:
    """What a server can be made from. `depth`: 0 for a public image, else how many images lie on each other."""

    id: str
    name: str
    kind: int  # imageType of the create call
    disk_gib: int
    status: str = ACTIVE
    depth: int = 0
    disks: tuple[dict[str, str | int], ...] = ()


def choose(store: Store, region: Region, image_id: str) -> Choice | None:
    """The image with this id in this region, whatever its state."""
    if public := image_by_id(region, image_id):
        return Choice(image_id, public.name, PUBLIC, public.disk_gib)
    private = store.get(PRIVATE_IMAGES, image_id)
    if private is None or private.region != region.id:
        return None
    return Choice(image_id, private.name, PRIVATE, private.system_gib, private.status, private.depth, private.disks)


def why_not(store: Store, region: Region, image_id: str) -> str:
    """Why an id is no image of this region."""
    private = store.get(PRIVATE_IMAGES, image_id)
    if private is not None:
        there = REGIONS[private.region].name
        return f"{image_id!r} is an image of {there}; it can be neither used in nor copied to another region"
    return f"{image_id!r} is not an image of {region.name}; ids differ per region"


def offered(store: Store, region: Region, visibility: int) -> list[dict[str, Any]]:
    """All images of one visibility; nothing is ever shared here."""
    if visibility == PUBLIC:
        return [shown(image, region) for image in IMAGES]
    return [shown_private(image) for image in store.find(PRIVATE_IMAGES, region=region.id)] if visibility == PRIVATE else []


def shown(image: Image, region: Region) -> dict[str, Any]:
    """A public image as the API shows it."""
    return {
        "imageID": image.id_in(region), "imageName": image.name, "imageStatus": ACTIVE, "status": ACTIVE,
        **_visible("public", PUBLIC), "osVersion": image.version, "diskSize": image.disk_gib,
        "imageType": None, "imageSource": None, "description": image.description, "sourceServerID": "",
        "sourceDisks": [], "taskID": "", **_times(CREATED, CREATED), **_ALIKE,
    }  # fmt: skip


def shown_private(image: PrivateImage) -> dict[str, Any]:
    """An image of a server as the API shows it; `imageType` is null for one of the system disk."""
    return {
        "imageID": image.id, "imageName": image.name, "imageStatus": image.status, "status": image.status,
        **_visible("private", PRIVATE), "osVersion": "12", "diskSize": image.system_gib,
        "imageType": "full_ecs_image" if image.whole else None, "description": image.description,
        "imageSource": "full_ecs" if image.whole else "cloud_server",
        "sourceServerID": image.source, "sourceDisks": _source_disks(image), "taskID": image.job_id,
        **_times(image.created, image.updated), **_ALIKE,
        "labels": labels_shown(image.labels),
    }  # fmt: skip


def _visible(word: str, code: int) -> dict[str, Any]:
    """Who can use it, under all the names of it that clients read."""
    return {"imageVisibility": word, "visibility": word, "imageVisibilityCode": code}


def _times(created: float, updated: float) -> dict[str, Any]:
    """Stamps and texts, as the official SDK declares them; that stamps are in seconds is to verify."""
    stamps = {"createdTime": int(created), "updatedTime": int(updated)}
    return {**stamps, "createdTimeStr": when(created), "updatedTimeStr": when(updated)}


def _source_disks(image: PrivateImage) -> list[dict[str, Any]]:
    system = {"diskID": image.system_disk, "diskSize": image.system_gib, "isSystemVolume": True}
    data = [
        {
            "diskID": disk["id"],
            "diskName": disk["name"],
            "diskType": disk["type"],
            "diskSize": disk["size"],
            "isSystemVolume": False,
        }
        for disk in image.disks
    ]
    return [system, *data]


_ALIKE = {
    "architecture": "x86_64", "osDistro": "debian", "osType": "linux", "projectID": "", "minimumRAM": 0, "maximumRAM": 0,
    "size": 0, "diskFormat": "qcow2", "containerFormat": "bare", "bootMode": "bios", "diskID": "", "sharedListLength": 0,
}  # fmt: skip
