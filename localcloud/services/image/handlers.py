"""Images: list and detail, making them from servers, deleting them. `localcloud.controllers.servers.images` does the work."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

from localcloud.api.calls import Call, page, paged
from localcloud.controllers.faults.power import must_have_power
from localcloud.controllers.servers.idle import require_idle, servers_being_created
from localcloud.records import jobs
from localcloud.records.catalogue import QUOTAS, image_by_id
from localcloud.records.compute import DISKS, INSTANCES, PRIVATE_IMAGES, Instance, Job, PrivateImage
from localcloud.records.errors.image import ChainTooLong, ImageBusy, ImageInUse, ImageNotFound, NoDataDisk
from localcloud.records.identifiers import long_id
from localcloud.services.ecs.model import labels_of
from localcloud.services.image import model


def list_images(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    older = fields.integer("visibility", low=0, high=5, default=model.PUBLIC)
    visibility = fields.integer("imageVisibilityCode", low=0, high=5, default=older)
    status, kind = fields.text("status"), fields.choice("imageType", ("data_disk_image", "others"))
    system = fields.integer("osTypeCode", low=1, high=2, default=1)
    content, name, flavor = fields.text("queryContent"), fields.text("imageName"), fields.text("flavorName")
    call.zone(region)
    number, size = page(call, most=200)
    fields.check()
    del flavor  # every image runs on every flavour
    images = model.offered(call.store, region, visibility) if system == 1 and kind != "data_disk_image" else []
    found = [
        image
        for image in images
        if content in image["imageName"] and name in image["imageName"] and status in ("", image["status"])
    ]
    return paged("images", found, number, size)


def image_detail(call: Call) -> dict[str, Any]:
    """With `errorFree` (the default) an unknown image is an empty list, not an error."""
    fields, region = call.fields, call.region()
    image_id, error_free = fields.text("imageID", required=True), fields.boolean("errorFree", default=True)
    fields.check()
    if public := image_by_id(region, image_id):
        return {"images": [model.shown(public, region)]}
    private = call.store.get(PRIVATE_IMAGES, image_id)
    if private is not None and private.region == region.id:
        return {"images": [model.shown_private(private)]}
    if not error_free:
        raise ImageNotFound(image_id, region.id)
    return {"images": []}


def create_of_system_disk(call: Call) -> dict[str, Any]:
    return _create(call, whole=False)


def create_of_whole_machine(call: Call) -> dict[str, Any]:
    if call.fields.text("repositoryID"):
        call.fields.problem("repositoryID", "must not be sent in a region of several zones: the image needs no vault there")
    return _create(call, whole=True)


def delete_image(call: Call) -> dict[str, Any]:
    """Refused while a server is being made from it; servers that run on it keep what they have."""
    region, image_id = call.region(), call.fields.text("imageID", required=True)
    if region.id and image_by_id(region, image_id):
        call.fields.problem("imageID", f"{image_id!r} is a public image, which nobody can delete")
    call.fields.check()
    image = call.store.require(PRIVATE_IMAGES, image_id, region.id)
    if image.status in ("queued", "saving", "deleting"):
        raise ImageBusy(image.id, image.status)
    if users := servers_being_created(call.store, image.id):
        raise ImageInUse(image.id, [f"the creation of instance {id_}" for id_ in users])
    job = jobs.begin(call.store, region.id, "delete-image", image.id)
    _start(call, replace(image, status="deleting", job_id=job.id, updated=time()), job)
    return {}


def _create(call: Call, whole: bool) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    name, instance_id = fields.name("imageName", required=True), fields.text("instanceID", required=True)
    description, labels = fields.description(), labels_of(fields, "labels")
    fields.only("enableImageIntegrityCheck", False)
    for limit in ("minimumRAM", "maximumRAM"):
        fields.only(limit, 0)
    fields.check()
    server = call.store.require(INSTANCES, instance_id, region.id)
    _check(call, server, whole)
    image = _record(call, server, whole, name, description, labels)
    job = jobs.begin(call.store, region.id, "create-image", image.id)
    return {"images": [model.shown_private(_start(call, replace(image, job_id=job.id), job))]}


def _check(call: Call, server: Instance, whole: bool) -> None:
    require_idle(server)
    must_have_power(call.store, server)
    if whole and all(disk.system for disk in call.store.find(DISKS, instance_id=server.id)):
        raise NoDataDisk(server.id)
    if server.image_depth >= QUOTAS.images_on_images:
        raise ChainTooLong(server.id, server.image_depth)
    call.has_room(PRIVATE_IMAGES, QUOTAS.images, "private images in this region", region=server.region)


def _record(call: Call, server: Instance, whole: bool, name: str, description: str, labels: dict[str, str]) -> PrivateImage:
    now, disks = time(), call.store.find(DISKS, instance_id=server.id)
    system = next(disk for disk in disks if disk.system)
    data: list[dict[str, str | int]] = [
        {"id": disk.id, "name": disk.name, "type": disk.type, "size": disk.size} for disk in disks if whole and not disk.system
    ]
    return PrivateImage(
        id=long_id(), region=server.region, name=name, description=description, status="queued", whole=whole,
        source=server.id, system_disk=system.id, system_gib=system.size, disks=tuple(data),
        depth=server.image_depth + 1, job_id="", labels=labels, problem="", created=now, updated=now,
    )  # fmt: skip


def _start(call: Call, image: PrivateImage, job: Job) -> PrivateImage:
    call.carries_out(job)
    return call.store.put(PRIVATE_IMAGES, image)
