"""Private images: made from real servers, outliving them, and new servers that are not their sources' twins."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from contract.factories import Factory, Site
from contract.running_cloud import ROOT, RunningCloud, leftovers, localcloud_says
from support.ports import free_port

from ctyun import ApiError, Client, CloudRecord, DiskWish, NotFound, ParameterError
from ctyun.services.images import PRIVATE, WHOLE_MACHINE

MOUNT = "/srv/data"
IDENTITY = "cat /etc/ssh/ssh_host_ed25519_key.pub /etc/machine-id; hostname"
PREPARE = f"mkfs.ext4 -q /dev/vdb && mkdir -p {MOUNT} && mount /dev/vdb {MOUNT}"


def shell(record: CloudRecord, instance_id: str, script: str) -> str:
    """What a script says inside a server; it must succeed."""
    command = ["docker", "exec", f"drlab-{record.id}-{instance_id}", "sh", "-ec", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def booted(record: CloudRecord, instance_id: str) -> list[str]:
    """Host key, machine id and host name of a server whose cloud-init has finished."""
    shell(record, instance_id, "cloud-init status --wait >/dev/null || test $? = 2")
    return shell(record, instance_id, IDENTITY).splitlines()


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


@dataclass
class OwnCloud:
    """A cloud that a test may kill: its state folder, and how to start it (again)."""

    state: Path
    run: Any
    process: subprocess.Popen[bytes] | None = None
    port: int = field(default_factory=free_port)  # the same after a restart, so that clients find it again

    def start(self) -> CloudRecord:
        log = self.state / "stdout.log"
        command = [sys.executable, "-m", "localcloud", "serve", "--state", str(self.state), "--port", str(self.port)]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, "DRLAB_STATE": str(self.state)}, stdout=output, stderr=subprocess.STDOUT
            )
        self.cloud = RunningCloud(self.state, self.process, log)
        return self.cloud.wait_until_ready(self.run)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def own_cloud(run: Any) -> Iterator[OwnCloud]:
    state = Path(tempfile.mkdtemp(prefix="drlab-image-", dir="/tmp"))
    own = OwnCloud(state, run)
    record = own.start()
    try:
        yield own
    finally:
        if own.process is not None and own.process.poll() is not None:
            record = own.start()
        own.cloud.stop(run, record)
    assert localcloud_says("scan", "--state", str(state)) == []
    assert leftovers(record.id) == []
    shutil.rmtree(state)


def own_site(client: Client, run: Any, region: str, make: Factory) -> Site:
    vpc_id = make.vpc()
    zone = run(client.regions.zone(region, "AZ1"))
    flavor = run(client.flavors.find(region, zone.name, "1C1G"))
    image = run(client.images.find(region, "debian-12"))
    return Site(vpc_id, make.subnet(vpc_id), make.group(vpc_id), zone.name, flavor.id, image.id)


def is_paused(container: str) -> bool:
    asked = ["docker", "inspect", "--format", "{{.State.Paused}}", container]
    return subprocess.run(asked, capture_output=True, text=True, timeout=10).stdout.strip() == "true"


def wait_for(done: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.01)


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
        wait_for(lambda: is_paused(container), 20, "the server to be paused")
        own_cloud.kill()
        assert is_paused(container)
        own_cloud.start()
        assert run(client.images.wait(region, image.id, timeout=60)).status == "active"
        assert not is_paused(container)
        assert shell(record, source.id, f"echo on > {MOUNT}/more && sync {MOUNT}/more && cat {MOUNT}/file") == "data\n"
