"""Private images: made from real servers, outliving them, and new servers that are not their sources' twins."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from typing import Any

import pytest
from contract.factories import Factory
from contract.own_cloud import MOUNT, PREPARE, OwnCloud, booted, is_paused, own_site, shell
from support.waiting import until

from ctyun import ApiError, Client, CloudRecord, DiskWish, InUse, NotFound, ParameterError
from ctyun.services.images import PRIVATE, WHOLE_MACHINE


def test_a_server_from_a_whole_machine_image_is_a_copy_and_no_twin(
    client: Client, record: CloudRecord, run: Any, make: Any, region: str, site: Any
) -> None:
    source = make.server(site.wish(make.name("source"), data_disks=(DiskWish("SSD", 10),), user_data=b"#!/bin/sh\ntrue\n"))
    before = booted(record, source.id)
    shell(record, source.id, f"{PREPARE} && echo system > /srv/file && echo data > {MOUNT}/file")  # not synced
    image = make.image(source.id)
    assert (image.status, image.kind, image.visibility, image.source_server_id) == ("active", WHOLE_MACHINE, PRIVATE, source.id)
    assert shell(record, source.id, f"echo on > {MOUNT}/more && sync {MOUNT}/more && cat {MOUNT}/file") == "data\n"
    assert [found.id for found in run(client.images.list(region, PRIVATE))] == [image.id]
    run(client.servers.delete(region, source.id))

    zone = run(client.regions.zone(region, "AZ2"))
    flavor = run(client.flavors.find(region, zone.name, "1C1G"))
    wish = site.wish(
        make.name("copy"), zone_name=zone.name, flavor_id=flavor.id, image_id=image.id, image_visibility=PRIVATE,
        data_disks=(DiskWish("SAS", 20),), user_data=b"#!/bin/sh\ntouch /root/ran-again\n",
    )  # fmt: skip
    copy = make.server(wish)
    after = booted(record, copy.id)
    assert after[2] == copy.name.lower() and not set(before) & set(after)
    files = shell(record, copy.id, f"ls /root/ran-again; mount /dev/vdb {MOUNT}; cat /srv/file {MOUNT}/file; ls {MOUNT}")
    assert files.split() == ["/root/ran-again", "system", "data", "file", "lost+found"]
    sizes = [disk.size for disk in run(client.servers.disks(region, copy.id)) if not disk.is_system]
    assert (sizes, copy.image_id, copy.image_name) == ([10, 20], image.id, image.name)

    run(client.images.delete(region, image.id))
    with pytest.raises(NotFound):
        run(client.images.get(region, image.id))
    assert run(client.servers.reboot(region, copy.id)).image_name == image.name  # a server outlives its image too


def test_an_image_of_a_stopped_servers_system_disk(
    client: Client, record: CloudRecord, run: Any, make: Any, region: str, site: Any
) -> None:
    source = make.server(site.wish(make.name("source")))
    shell(record, source.id, "echo kept > /srv/file")
    run(client.servers.stop(region, source.id))
    image = make.image(source.id, whole=False)
    assert (image.kind, image.status) == ("", "active")
    copy = make.server(site.wish(make.name("copy"), image_id=image.id, image_visibility=PRIVATE))
    assert shell(record, copy.id, "cat /srv/file") == "kept\n"
    second = make.image(copy.id, whole=False)  # an image on an image
    run(client.images.delete(region, image.id))
    again = make.server(site.wish(make.name("again"), image_id=second.id, image_visibility=PRIVATE))
    assert shell(record, again.id, "cat /srv/file") == "kept\n"


def test_what_cannot_be_is_refused(client: Client, run: Any, make: Any, region: str, other_region: str, site: Any) -> None:
    source = make.server(site.wish(make.name("source")))
    with pytest.raises(ApiError, match="no data disk"):
        run(client.images.create_from_server(region, source.id, name="whole"))
    with pytest.raises(ParameterError, match="imageName"):
        run(client.images.create_system(region, source.id, name="x" * 33))
    with pytest.raises(NotFound):
        run(client.images.create_system(other_region, source.id, name="elsewhere"))
    with pytest.raises(NotFound):
        run(client.images.delete(region, "no-such-image"))
    with pytest.raises(ParameterError, match="public"):
        run(client.images.delete(region, site.image_id))
    image = make.image(source.id, whole=False)
    with pytest.raises(ParameterError, match="private"):
        make.server(site.wish(make.name("copy"), image_id=image.id))
    wish = site.wish(make.name("copy"), image_id=image.id, image_visibility=PRIVATE)
    order = run(client.servers.create(region, wish, client_token=str(uuid.uuid4())))
    with pytest.raises(InUse, match="the creation of instance"):
        run(client.images.delete(region, image.id))
    make.remove_server_later(run(client.servers.created(region, order, what=wish.name, timeout=60)).id)
    run(client.images.delete(region, image.id))


def test_a_daemon_killed_during_the_pause_is_no_harm(own_cloud: OwnCloud, run: Any, region: str) -> None:
    record = own_cloud.cloud.wait_until_ready(run)
    with ExitStack() as cleanup:
        client = Client.local(record)
        cleanup.callback(lambda: run(client.aclose()))
        make = Factory(client, run, region, cleanup)
        source = make.server(own_site(client, run, region, make).wish(make.name("web"), data_disks=(DiskWish("SSD", 10),)))
        container = f"drlab-{record.id}-{source.id}"
        fill = f"head -c 400000000 /dev/urandom > {MOUNT}/big && echo data > {MOUNT}/file"
        shell(record, source.id, f"{PREPARE} && {fill}")
        image = run(client.images.create_from_server(region, source.id, name="half-made"))
        make.remove_later(lambda: client.images.delete(region, image.id))
        until(lambda: is_paused(container), 20, "the server to be paused")
        own_cloud.kill()
        assert is_paused(container)
        own_cloud.start()
        assert run(client.images.wait(region, image.id, timeout=60)).status == "active"
        assert not is_paused(container)
        assert shell(record, source.id, f"echo on > {MOUNT}/more && sync {MOUNT}/more && cat {MOUNT}/file") == "data\n"
