"""Private images: made, shown, used, deleted, refused; and what a restarted daemon does with half of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.waiting import until

from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import INSTANCES, JOBS, PRIVATE_IMAGES

REGION, OTHER_REGION = "bb9fdb42056f11eda1610242ac110002", "200000001852"
DISK = {"diskType": "SSD", "diskSize": 20, "diskMode": "VBD"}
Json = dict[str, Any]
World = tuple[Any, str, str, str]


@pytest.fixture
def world(api: Any) -> World:
    """A cloud, a network, and a running server with a data disk."""
    vpc = api.vpc()
    subnet = api.subnet(vpc)
    return api, vpc, subnet, api.server(vpc, subnet, dataDiskList=[DISK])


def create(api: Any, server: str, name: str = "copy", call: str = "create-from-ecs", **more: Any) -> Json:
    answer: Json = api.post(f"/v4/image/{call}", regionID=REGION, instanceID=server, imageName=name, **more)
    return answer


def detail(api: Any, image: str) -> Json | None:
    images = api.ok(api.get("/v4/image/detail", regionID=REGION, imageID=image))["images"]
    return images[0] if images else None


def made(api: Any, server: str, **more: Any) -> Json:
    """An image that is ready."""
    image = api.ok(create(api, server, **more))["images"][0]
    assert image["imageStatus"] == "queued"
    assert api.job_done(image["taskID"])["resourceId"] == image["imageID"]
    found = detail(api, image["imageID"])
    assert found is not None
    return found


def delete(api: Any, image: str) -> Json:
    answer: Json = api.post("/v4/image/delete", regionID=REGION, imageID=image)
    return answer


def refused(answer: Json, code: str, text: str) -> None:
    assert (answer["statusCode"], answer["errorCode"]) == (900, code), answer
    assert text in answer["message"]


def test_a_whole_machine_image_is_listed_with_its_source(world: World) -> None:
    api, _, _, server = world
    image = made(api, server, description="of web-01", labels=[{"labelKey": "role", "labelValue": "web"}])
    wanted = {"imageStatus": "active", "imageVisibilityCode": 0, "imageType": "full_ecs_image", "sourceServerID": server}
    assert wanted.items() <= image.items() and image["diskSize"] == 40
    assert image["description"] == "of web-01" and len(image["sourceDisks"]) == 2
    listed = api.ok(api.get("/v4/image/list", regionID=REGION, imageVisibilityCode=0))
    assert ([item["imageID"] for item in listed["images"]], listed["totalCount"]) == ([image["imageID"]], 1)
    assert api.ok(api.get("/v4/image/list", regionID=OTHER_REGION, imageVisibilityCode=0))["images"] == []
    assert api.engines.calls("make_image") == [("make_image", image["imageID"], server, True)]


def test_an_image_of_the_system_disk_has_no_type(world: World) -> None:
    api, _, _, server = world
    image = made(api, server, call="create")
    assert (image["imageType"], len(image["sourceDisks"])) == (None, 1)


def test_a_server_from_it_gets_copies_of_the_data_disks(world: World) -> None:
    api, vpc, subnet, server = world
    image = made(api, server)["imageID"]
    copy = api.server(vpc, subnet, "copy", imageType=0, imageID=image, dataDiskList=[DISK | {"diskSize": 30}])
    spec, source = api.engines.specs[copy], api.engines.specs[server]
    assert spec.image == f"drlab-t-image:{image}"
    assert [(disk.size_gib, disk.device) for disk in spec.disks] == [(20, "/dev/vdb"), (30, "/dev/vdc")]
    assert [(disk.image_id, disk.image_disk) for disk in spec.disks] == [(image, source.disks[0].disk_id), ("", "")]
    assert api.ok(api.details(copy))["image"] == {"imageID": image, "imageName": "copy"}


def test_an_image_outlives_its_source_and_a_server_its_image(world: World) -> None:
    api, vpc, subnet, server = world
    image = made(api, server)["imageID"]
    api.finished(api.ok(api.post("/v4/ecs/unsubscribe-instance", regionID=REGION, instanceID=server))["masterOrderID"])
    copy = api.server(vpc, subnet, "copy", imageType=0, imageID=image)
    api.ok(delete(api, image))
    until(lambda: detail(api, image) is None, 5, "the image to go")
    job = api.ok(api.post("/v4/ecs/reboot-instance", regionID=REGION, instanceID=copy))["jobID"]
    assert api.job_done(job)["status"] == 1
    refused(delete(api, image), "Image.ImageCheck.NotFound", image)


def test_what_is_refused(world: World) -> None:
    api, vpc, subnet, server = world
    bare = api.server(vpc, subnet, "bare")
    refused(create(api, bare), "Image.Instance.DataDiskNotFound", "/v4/image/create")
    refused(create(api, server, name="x"), "Openapi.Parameter.Error", "imageName")
    refused(create(api, server, repositoryID="r"), "Openapi.Parameter.Error", "repositoryID")
    refused(create(api, "none"), "Ecs.Instance.NotFound", "none")
    refused(delete(api, api.image()), "Openapi.Parameter.Error", "public image")
    for call in ("import", "export", "create-from-data-disk", "create-from-shared", "update"):
        assert "not modelled" in api.post(f"/v4/image/{call}", regionID=REGION)["message"]
    image = made(api, server)["imageID"]
    order = "/v4/ecs/create-instance"
    wish = api.wish(vpc, subnet, "copy", imageID=image)
    refused(api.post(order, **wish), "Openapi.Parameter.Error", "is a private image (0)")
    refused(api.post(order, **(wish | {"imageType": 0, "bootDiskSize": 39})), "Openapi.Parameter.Error", "bootDiskSize")
    disks = {"imageType": 0, "dataDiskList": [DISK] * 8}
    refused(api.post(order, **(wish | disks)), "Openapi.Parameter.Error", "brings 1 disks")
    refused(api.post(order, **(wish | {"regionID": OTHER_REGION})), "Openapi.Parameter.Error", "another region")


def test_states_in_which_nothing_goes(world: World) -> None:
    api, vpc, subnet, server = world
    store, image = api.cloud.store, made(api, server)["imageID"]
    copy = api.server(vpc, subnet, "copy", imageType=0, imageID=image)
    record = store.require(PRIVATE_IMAGES, image)
    store.put(INSTANCES, replace(store.require(INSTANCES, copy), status="creating"))
    refused(delete(api, image), "Image.Image.InUse", copy)
    refused(create(api, copy), "Ecs.Instance.Busy", "creating")
    store.put(INSTANCES, replace(store.require(INSTANCES, copy), status="running", image_depth=QUOTAS.images_on_images))
    refused(create(api, copy), "Image.Image.ChainTooLong", "50th")
    store.put(PRIVATE_IMAGES, replace(record, status="saving"))
    refused(delete(api, image), "Image.Image.StatusBusy", "saving")
    wish = api.wish(vpc, subnet, "more", imageType=0, imageID=image)
    refused(api.post("/v4/ecs/create-instance", **wish), "Openapi.Parameter.Error", "is saving")
    for number in range(QUOTAS.images - 1):
        store.put(PRIVATE_IMAGES, replace(record, id=f"image-{number}"))
    refused(create(api, server), "Openapi.Quota.Exceeded", str(QUOTAS.images))


def test_a_job_that_meets_an_inner_fault_ends_all_the_same(world: World) -> None:
    api, _, _, server = world

    def fault() -> None:
        raise RuntimeError("nobody thought of this")

    api.engines.on_call["make_image"] = fault
    image = api.ok(create(api, server))["images"][0]
    assert api.job_done(image["taskID"])["status"] == 2
    assert api.cloud.store.require(PRIVATE_IMAGES, image["imageID"]).status == "error"


def test_one_that_cannot_be_made_says_so_and_can_be_deleted(world: World) -> None:
    api, _, _, server = world
    api.engines.fail["make_image"] = "the disk of this machine is full"
    image = api.ok(create(api, server))["images"][0]
    assert api.job_done(image["taskID"])["status"] == 2
    assert "full" in api.get("/v4/job/info", regionID=REGION, jobID=image["taskID"])["message"]
    found = detail(api, image["imageID"])
    assert found is not None and found["imageStatus"] == "error"
    assert api.engines.calls("remove_image") == [("remove_image", image["imageID"])]
    api.ok(delete(api, image["imageID"]))
    until(lambda: detail(api, image["imageID"]) is None, 5, "the image to go")


@pytest.mark.parametrize(("status", "task", "after"), [("saving", "create-image", "active"), ("deleting", "delete-image", None)])
def test_a_restarted_daemon_carries_on(world: World, start: Any, status: str, task: str, after: str | None) -> None:
    api, _, _, server = world
    image, store = made(api, server), api.cloud.store
    store.put(PRIVATE_IMAGES, replace(store.require(PRIVATE_IMAGES, image["imageID"]), status=status))
    job = store.put(JOBS, replace(store.require(JOBS, image["taskID"]), task=task, status=0))
    again = start()
    assert again.job_done(job.id)["status"] == 1
    found = detail(again, image["imageID"])
    assert (found["imageStatus"] if found else None) == after
