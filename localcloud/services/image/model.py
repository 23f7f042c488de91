"""Images: the public ones of the catalogue."""

from __future__ import annotations

from typing import Any

from localcloud.core.catalogue import Image, Region

CREATED = "2026-01-01T00:00:00Z"
PRIVATE, PUBLIC = 0, 1


def shown(image: Image, region: Region) -> dict[str, Any]:
    """An image as the API shows it."""
    return {
        "imageID": image.id_in(region), "imageName": image.name, "imageStatus": "active", "status": "active",
        "imageVisibility": "public", "imageVisibilityCode": PUBLIC, "architecture": "x86_64", "osDistro": "debian",
        "osType": "linux", "osVersion": image.version, "diskSize": image.disk_gib, "imageType": "", "imageSource": "image_import",
        "description": image.description, "sourceServerID": "", "sourceDisks": [], "taskID": "", "projectID": "",
        "createdTime": CREATED, "updatedTime": CREATED, "minimumRAM": 0, "maximumRAM": 0, "size": 0, "diskFormat": "qcow2",
        "containerFormat": "bare", "bootMode": "bios", "diskID": "", "sharedListLength": 0,
    }  # fmt: skip
