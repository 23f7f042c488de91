"""The engines' small pure parts: the internet range, names, records, seeds, image tags."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import tarfile
from pathlib import Path

import pytest

from localcloud.engines import images
from localcloud.engines.disks.disks import Disks
from localcloud.engines.images import catalogue, reference
from localcloud.engines.interface.engines import Disk, EngineError, Nic, ServerSpec
from localcloud.engines.naming import Naming, bridge_mac, port_name
from localcloud.engines.network.internet import eip_range, free_ranges, routed_prefixes, router_range
from localcloud.engines.servers.records import Record, Records
from localcloud.engines.servers.seed import archive, packed, unpacked, with_password

NIC = Nic("nic-1", "ecs-1", "02:00:00:00:00:01", "192.168.1.10", 24, "192.168.1.1")
SPEC = ServerSpec("ecs-1", "web-1", "region", "AZ1", "image", 1.0, 512, "vpc-1", NIC)


@pytest.mark.parametrize(
    ("taken", "first"),
    [
        ([], "198.18.0.0/20"),
        (["198.18.0.0/20", "172.17.0.0/16"], "198.18.16.0/20"),
        (["198.18.3.0/24"], "198.18.16.0/20"),
        (["198.18.0.0/16"], "198.19.0.0/20"),
        (["0.0.0.0/1", "fd00::/8", "198.0.0.0/8"], "198.18.0.0/20"),
    ],
)
def test_the_first_free_range_is_taken(taken: list[str], first: str) -> None:
    assert str(next(free_ranges(taken))) == first


def test_no_range_is_left_when_all_are_taken() -> None:
    assert list(free_ranges(["198.18.0.0/16", "198.19.0.0/16"])) == []


def test_the_kernels_routes_are_read() -> None:
    """A default route, a cloud's bridge, and the guard route of a cloud whose bridge is gone."""
    table = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
drlab-a\t000012C6\t00000000\t0001\t0\t0\t0\t00F0FFFF\t0\t0\t0
*\t001012C6\t00000000\t0200\t0\t0\t2097152000\t00F0FFFF\t0\t0\t0
"""
    prefixes = routed_prefixes(table)
    assert prefixes == ["0.0.0.0/0.0.0.0", "198.18.0.0/255.255.240.0", "198.18.16.0/255.255.240.0"]
    assert str(next(free_ranges(prefixes))) == "198.18.32.0/20"
    assert len(list(free_ranges([]))) == 32


def test_routers_and_eips_share_the_range_without_overlap() -> None:
    assert (router_range("198.18.16.0/20"), eip_range("198.18.16.0/20")) == ("198.18.16.0/21", "198.18.24.0/21")


def test_link_names_fit_and_differ() -> None:
    names = {port_name(f"port-{number}") for number in range(1000)}
    assert len(names) == 1000
    assert max(map(len, names)) <= 15
    assert len(Naming("k3f9a2").internet_bridge) <= 15


def test_a_bridges_hardware_address_is_local_unicast_and_stays() -> None:
    assert bridge_mac("vpc-1") == bridge_mac("vpc-1") != bridge_mac("vpc-2")
    assert int(bridge_mac("vpc-1").split(":")[0], 16) & 0b11 == 0b10


def test_labels_say_whose_and_what() -> None:
    assert Naming("k3f9a2").labels("server", "ecs-1", "r", "AZ1") == {
        "drlab.cloud": "k3f9a2",
        "drlab.kind": "server",
        "drlab.resource": "ecs-1",
        "drlab.region": "r",
        "drlab.zone": "AZ1",
    }
    assert Naming("k3f9a2").labels("agent") == {"drlab.cloud": "k3f9a2", "drlab.kind": "agent"}


def test_a_record_is_what_was_put_until_it_is_dropped(tmp_path: Path) -> None:
    records, record = Records(tmp_path / "servers"), Record("ecs-1", "c" * 64, (Disk("disk-1", 10, "/dev/vdb"),))
    assert records.get("ecs-1") is None
    assert list(records.all()) == []
    records.put(Record("ecs-1"))
    records.put(record)
    assert records.get("ecs-1") == record
    assert list(records.all()) == [record]
    records.drop("ecs-1")
    records.drop("ecs-1")
    assert list(records.all()) == []


def entries(archived: bytes) -> dict[str, tuple[int, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archived)) as tar:
        return {item.name: (item.mode, tar.extractfile(item).read()) for item in tar}  # type: ignore[union-attr]


def test_a_seed_is_for_root_only_and_holds_the_key() -> None:
    spec = ServerSpec(**{**vars(SPEC), "user_data": b"#!/bin/sh\n", "public_key": "ssh-ed25519 AAAA me\n"})
    found = entries(archive(spec))
    seed = {"var/lib/cloud/seed/nocloud/meta-data", "var/lib/cloud/seed/nocloud/user-data"}
    assert set(found) == {"etc/machine-id", *seed}
    assert found.pop("etc/machine-id") == (0o444, b"")
    assert {mode for mode, _ in found.values()} == {0o600}
    assert json.loads(found["var/lib/cloud/seed/nocloud/meta-data"][1]) == {
        "instance-id": "ecs-1",
        "local-hostname": "web-1",
        "public-keys": ["ssh-ed25519 AAAA me"],
    }
    assert found["var/lib/cloud/seed/nocloud/user-data"][1] == b"#!/bin/sh\n"


def test_a_password_goes_into_shadow_and_opens_password_login() -> None:
    spec = ServerSpec(**{**vars(SPEC), "password_hash": "$6$salt$hash"})
    found = entries(archive(spec, b"root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n"))
    assert found["etc/shadow"] == (0o640, b"root:$6$salt$hash:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n")
    assert found["etc/ssh/sshd_config.d/60-password.conf"][1] == b"PasswordAuthentication yes\n"


def test_shadow_keeps_everybody_else() -> None:
    assert with_password(b"a:1::\nroot:!::\n", "x") == b"a:1::\nroot:x::\n"


def test_what_was_packed_is_unpacked() -> None:
    assert unpacked(packed([("a/b", b"content", 0o600)], {})) == b"content"


def test_images_are_listed_in_build_order() -> None:
    found = catalogue()
    assert [image.name for image in found] == ["agent", "router", "balancer", "database", "debian", "debian-lamp"]
    refs = [image.ref for image in found]
    for earlier, later in itertools.combinations(found, 2):
        assert earlier.base not in {later.ref}, "a base is built before what stands on it"
    assert len(set(refs)) == 6
    assert reference("debian") == found[5].base


def test_an_unknown_image_is_named_with_those_that_there_are() -> None:
    with pytest.raises(
        EngineError, match="no image is called 'windows'; there are agent, router, balancer, database, debian, debian-lamp"
    ):
        reference("windows")


def test_a_tag_changes_with_everything_that_goes_in(tmp_path: Path) -> None:
    dockerfile, file = tmp_path / "Dockerfile", tmp_path / "rootfs/init"
    file.parent.mkdir()
    dockerfile.write_text("FROM x")
    file.write_text("one")
    seen = {images._image("i", tmp_path, dockerfile, "base").ref}
    file.write_text("two")
    seen.add(images._image("i", tmp_path, dockerfile, "base").ref)
    file.chmod(0o755)
    seen.add(images._image("i", tmp_path, dockerfile, "base").ref)
    seen.add(images._image("i", tmp_path, dockerfile, "other").ref)
    dockerfile.write_text("FROM y")
    last = images._image("i", tmp_path, dockerfile, "other").ref
    assert len(seen | {last}) == 5
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/x.pyc").write_bytes(b"")
    assert images._image("i", tmp_path, dockerfile, "other").ref == last


def test_a_missing_build_context_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"the build of image i needs .*Dockerfile"):
        images._image("i", tmp_path, tmp_path / "Dockerfile", "base")


def test_a_disk_that_the_file_system_cannot_hold_is_told_as_an_engine_error(tmp_path: Path) -> None:
    class LoopDevices:
        state = tmp_path

        async def ask(self, op: str, **args: object) -> dict[str, bool]:
            return {"loopDevices": True}

    with pytest.raises(EngineError, match="a disk of 4294967296 GiB cannot be made"):
        asyncio.run(Disks(LoopDevices()).make([Disk("d-1", 1 << 32, "/dev/vdb")]))  # type: ignore[arg-type]
