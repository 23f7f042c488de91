"""Volumes in real servers: attached and detached while they run, kept when they go, copied at one instant, restored."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localcloud.engines.interface.backups import DiskCopy
from localcloud.engines.interface.engines import Disk, EngineError, Rule

pytestmark = pytest.mark.contract
Cloud = Any  # conftest.Cloud
ANY = (Rule("ingress", "accept", "ANY", 1, None, "0.0.0.0/0"), Rule("egress", "accept", "ANY", 1, None, "0.0.0.0/0"))
SHARED = Disk("volume-1", 1, "/dev/vdc")


@pytest.fixture(scope="module")
def cloud(make_cloud: Callable[..., Cloud]) -> Iterator[Cloud]:
    """Two servers; `one` has a data disk of its own besides."""
    cloud = make_cloud()
    cloud.vpc("vpc-1", {"all": ANY})
    cloud.spec("one", "vpc-1", "192.168.1.10", ("all",), (Disk("disk-one", 1, "/dev/vdb"),))
    cloud.spec("two", "vpc-1", "192.168.1.11", ("all",))
    cloud.up("one", "two")
    yield cloud
    for name in ("one", "two"):
        cloud.do(cloud.engines.servers.remove(name))
    for disk_id in ("volume-1", "volume-2"):
        cloud.do(cloud.engines.volumes.delete_volume(disk_id))


def mounted(cloud: Cloud, name: str, device: str) -> None:
    cloud.run(name, f"mkdir -p /data; mount {device} /data")


def test_a_volume_moves_from_one_running_server_to_another(cloud: Cloud) -> None:
    volumes = cloud.engines.volumes
    cloud.do(volumes.attach_volume("one", SHARED))
    cloud.do(volumes.attach_volume("one", SHARED))  # as after a kill
    cloud.run("one", "mkfs.ext4 -q /dev/vdc")
    mounted(cloud, "one", "/dev/vdc")
    cloud.run("one", "echo kept > /data/note; sync")
    with pytest.raises(EngineError, match="mounted at /data"):
        cloud.do(volumes.detach_volume("one", "volume-1"))
    with pytest.raises(EngineError, match="still in server one"):
        cloud.do(volumes.attach_volume("two", SHARED))
    cloud.run("one", "umount /data")
    cloud.do(volumes.detach_volume("one", "volume-1"))
    assert cloud.try_run("one", "test -e /dev/vdc")[0] == 1
    cloud.do(volumes.attach_volume("two", Disk("volume-1", 1, "/dev/vdb")))
    mounted(cloud, "two", "/dev/vdb")
    assert cloud.run("two", "cat /data/note").strip() == "kept"


def test_a_process_that_has_it_open_keeps_it(cloud: Cloud) -> None:
    cloud.run("two", "umount /data; systemd-run --quiet --unit reader tail -f /dev/vdb")
    cloud.wait_for("two", "ls -l /proc/$(pgrep -x tail)/fd | grep -q /dev/vdb")
    with pytest.raises(EngineError, match="has it open"):
        cloud.do(cloud.engines.volumes.detach_volume("two", "volume-1"))
    cloud.run("two", "systemctl stop reader")
    mounted(cloud, "two", "/dev/vdb")


def test_it_grows_while_its_server_runs(cloud: Cloud) -> None:
    cloud.do(cloud.engines.volumes.make_volume(Disk("volume-1", 2, "/dev/vdb")))
    assert int(cloud.run("two", "blockdev --getsize64 /dev/vdb")) == 2 << 30
    cloud.run("two", "umount /data; e2fsck -f -p /dev/vdb; resize2fs /dev/vdb")
    mounted(cloud, "two", "/dev/vdb")
    assert int(cloud.run("two", "df -m --output=size /data | tail -1")) > 1500


def test_a_copy_of_a_disk_and_a_backup_of_its_server_do_not_wait_for_each_other_for_ever(cloud: Cloud) -> None:
    engines, disk = cloud.engines, Disk("volume-1", 2, "/dev/vdb")

    async def both() -> None:
        async with asyncio.timeout(200):
            await asyncio.gather(
                *(engines.volumes.copy_volume(f"alone-{number}", disk, "two", "") for number in range(3)),
                *(engines.backups.back_up(f"whole-{number}", "two", [DiskCopy(disk, f"part-{number}")]) for number in range(2)),
            )

    cloud.do(both())
    for number in range(3):
        cloud.do(engines.volumes.remove_copy(f"alone-{number}"))
    for number in range(2):
        cloud.do(engines.backups.remove(f"whole-{number}", [f"part-{number}"]))


def test_copies_show_one_instant_and_hold_what_differs(cloud: Cloud) -> None:
    volumes, disk = cloud.engines.volumes, Disk("volume-1", 2, "/dev/vdb")
    cloud.run("two", "head -c 8000000 /dev/urandom > /data/large; sync")
    full = cloud.do(volumes.copy_volume("full", disk, "two", ""))
    cloud.run("two", "echo not synced yet > /data/note")
    kept = cloud.do(volumes.copy_volume("inc", disk, "two", "full"))
    assert full > 8_000_000 > 2_000_000 > kept > 0
    with pytest.raises(EngineError, match="server two runs"):
        cloud.do(volumes.restore_volume(disk, ["full"]))
    cloud.run("two", "rm /data/note /data/large; umount /data")
    cloud.do(volumes.detach_volume("two", "volume-1"))
    for chain, note in ((["full", "inc"], "not synced yet"), (["full"], "kept")):
        cloud.do(volumes.restore_volume(disk, chain))
        cloud.do(volumes.attach_volume("two", disk))
        mounted(cloud, "two", "/dev/vdb")
        assert cloud.run("two", "cat /data/note; stat -c %s /data/large").split("\n")[:2] == [note, "8000000"]
        cloud.run("two", "umount /data")
        cloud.do(volumes.detach_volume("two", "volume-1"))
    cloud.do(volumes.merge_copies("inc", "full"))
    cloud.do(volumes.remove_copy("full"))
    other = Disk("volume-2", 2, "/dev/vdc")
    cloud.do(volumes.make_volume(other))
    cloud.do(volumes.restore_volume(other, ["inc"]))
    cloud.do(volumes.attach_volume("two", other))
    mounted(cloud, "two", "/dev/vdc")
    assert cloud.run("two", "cat /data/note").strip() == "not synced yet"
    cloud.do(volumes.remove_copy("inc"))


def test_a_volume_outlives_its_server_and_a_power_cut_takes_what_was_not_synced(cloud: Cloud) -> None:
    cloud.run("two", "mount -o remount,commit=600 /data")  # else the journal is written out after five seconds
    cloud.run("two", "echo synced > /data/synced; sync; echo lost > /data/lost")
    cloud.power_cut("vpc-1", "two")
    cloud.do(cloud.engines.servers.remove("two"))
    assert not subprocess.run(["losetup", "-j", str(cloud.state / "disks/volume-2.img")], capture_output=True, check=True).stdout
    cloud.do(cloud.engines.volumes.attach_volume("one", Disk("volume-2", 2, "/dev/vdd")))
    mounted(cloud, "one", "/dev/vdd")
    assert cloud.run("one", "ls /data").split() == ["large", "lost+found", "note", "synced"]
    cloud.run("one", "umount /data")


def test_a_stopped_server_boots_with_the_disks_it_was_given(cloud: Cloud) -> None:
    volumes = cloud.engines.volumes
    cloud.do(cloud.engines.servers.shut_down("one", 20))
    cloud.do(volumes.detach_volume("one", "volume-2"))
    cloud.do(volumes.attach_volume("one", Disk("volume-2", 2, "/dev/vdc")))
    spec = cloud.specs["one"]
    object.__setattr__(spec, "disks", (*spec.disks, Disk("volume-2", 2, "/dev/vdc")))
    cloud.do(cloud.engines.servers.boot([spec]))
    cloud.wait_for("one", "systemctl is-active --quiet multi-user.target")
    mounted(cloud, "one", "/dev/vdc")
    assert cloud.run("one", "cat /data/synced").strip() == "synced"
    cloud.run("one", "umount /data")
    assert (cloud.state / "disks/disk-one.img").exists()
