"""`./lab up` counts before it starts: what is to come, what is left, and all that does not fit in one answer."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from drlab import bring_up
from drlab.cloud import CloudState
from drlab.errors import UserError
from drlab.findings import Status
from drlab.folders import Folders
from drlab.limits import counting, readings, table
from drlab.limits.counting import parts_to_come, shortages
from drlab.limits.findings import limit_findings
from drlab.limits.needs import FOUNDATION, needs
from drlab.limits.readings import Room, inotify_used, read_rooms
from drlab.limits.table import DISK, INSTANCES, LIMITS, LOOPS, MEMORY, TASKS, Limit
from drlab.previews import Planned, Preview
from drlab.setup.docker_host import DockerHost, Reach
from drlab.stack_state import Resource, StackState

WIDE = {limit: Room(limit, 10_000_000, 0, 10_000_000) for limit in LIMITS}
TWO_SERVERS = {"server": 2, "router": 1}


def machine(*rooms: Room) -> dict[Limit, Room]:
    """One with room for everything but what is said."""
    return {**WIDE, **{room.limit: room for room in rooms}}


def resource(kind: str, **inputs: Any) -> Resource:
    return Resource(f"urn:pulumi:s::p::{kind}::x", kind, "id", inputs, {}, True)


def stack(name: str, *resources: Resource) -> StackState:
    provider = resource("pulumi:providers:ctyun", target="local")
    return StackState(name, (provider, *resources) if resources else ())


SERVER = resource("ctyun:ecs:Instance", dataDisks=[{"size": 10}])
DATABASE = resource("ctyun:rds:MysqlInstance", standbyZone="AZ2")


# What is to come


def test_a_first_up_makes_the_whole_stage() -> None:
    found = parts_to_come(stack("dual-active"), [], None, {"drlab:webServers": 3}, CloudState.RUNNING)
    assert found == {"server": 4, "data disk": 3, "database node": 2, "balancer process": 2, "router": 1}


def test_a_second_up_of_the_same_needs_nothing() -> None:
    assert not parts_to_come(stack("dual-active", SERVER, DATABASE), [], None, {}, CloudState.RUNNING)
    assert needs({}) == {}


def test_an_update_needs_what_its_preview_creates() -> None:
    steps = [
        Planned("create", "Instance", "web-03", type="ctyun:ecs:Instance"),
        Planned("create-replacement", "Instance", "web-01", type="ctyun:ecs:Instance"),  # in the place of the one before
        Planned("create", "Eip", "web-03-eip", type="ctyun:eip:Eip"),
        Planned("delete", "MysqlInstance", "db", type="ctyun:rds:MysqlInstance"),
    ]
    found = parts_to_come(stack("dual-active", SERVER), [], Preview("dual-active", steps), {}, CloudState.RUNNING)
    assert +found == {"server": 1}


@pytest.mark.parametrize(
    ("state", "booted"),
    [(CloudState.STOPPED, {"server": 2, "data disk": 2, "database node": 2}), (CloudState.DEAD, {})],
)
def test_a_cloud_that_was_stopped_boots_the_servers_of_all_stacks(state: CloudState, booted: dict[str, int]) -> None:
    others = [stack("single-host", SERVER), stack("never-up")]
    assert +parts_to_come(stack("dual-active", SERVER, DATABASE), others, None, {}, state) == booted


def test_servers_on_ctyun_take_no_room_here() -> None:
    there = StackState("x", (resource("pulumi:providers:ctyun", target="ctyun"), SERVER))
    assert not parts_to_come(there, [], None, {}, CloudState.STOPPED)


# What is left


def test_a_machine_with_room_says_nothing() -> None:
    assert shortages(needs(TWO_SERVERS), WIDE, before_start=True) == []


def test_all_that_does_not_fit_is_told_at_once_in_the_order_in_which_it_ends() -> None:
    small = machine(Room(INSTANCES, 128, 120), Room(MEMORY, 300, 0), Room(LOOPS, 0, 0), Room(DISK, 20, 0))
    told = shortages(needs({"server": 1, "database node": 1}), small, before_start=True)
    assert [line.partition(":")[0] for line in told] == ["inotify instances", "MB of memory", "MB of disk", "loop devices"]
    need = FOUNDATION[INSTANCES] + 2 * 2 + 7
    assert told[0] == (
        f"inotify instances: needs {need}, 8 of 128 are left (as root: sysctl -w fs.inotify.max_user_instances=4096)"
    )
    assert "load the kernel's module loop" in told[3]


def test_just_enough_is_enough() -> None:
    need = needs(TWO_SERVERS)[INSTANCES]
    assert shortages({INSTANCES: need}, machine(Room(INSTANCES, need + 5, 5)), before_start=True) == []
    assert len(shortages({INSTANCES: need}, machine(Room(INSTANCES, need + 4, 5)), before_start=True)) == 1


def test_what_the_cloud_raises_is_counted_on_and_looked_at_again() -> None:
    low = machine(Room(INSTANCES, 128, 120, raised=4096), Room(MEMORY, 1, 0))
    wanted = {INSTANCES: 50}
    assert shortages(wanted, low, before_start=True) == []
    assert "8 of 128 are left" in shortages(wanted, low, before_start=False)[0]
    raised = machine(Room(INSTANCES, 4096, 120, raised=4096))
    assert shortages(wanted, raised, before_start=False) == []
    assert shortages({MEMORY: 50}, low, before_start=False) == [], "counted before; the cloud has taken its part by now"


def test_doctor_names_what_is_too_low_as_it_stands() -> None:
    rooms = machine(Room(INSTANCES, 128, 100, 4096), Room(TASKS, 32768, 400, 131_072))
    found = {finding.name: finding for finding in limit_findings(rooms)}
    assert (found[INSTANCES.name].status, found[INSTANCES.name].value) == (Status.LIMITED, "100 of 128 in use")
    assert "dual-active needs" in found[INSTANCES.name].note and "max_user_instances=4096" in found[INSTANCES.name].note
    assert found[TASKS.name].status is Status.OK and "131072 where it may" in found[TASKS.name].note
    assert not {MEMORY.name, DISK.name, LOOPS.name} & found.keys(), "they have lines of their own"


# The whole of it


@dataclass
class FakeCloud:
    """A local cloud that only remembers that it was started."""

    is_up: bool = False

    def state(self) -> CloudState:
        return CloudState.RUNNING if self.is_up else CloudState.STOPPED


@dataclass
class FakeLab:
    folders: Folders
    cloud: FakeCloud = field(default_factory=FakeCloud)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = FakeLab(Folders(tmp_path, tmp_path / "state", tmp_path))
    monkeypatch.setattr(bring_up, "start_cloud", lambda lab: setattr(lab.cloud, "is_up", True))
    monkeypatch.setattr(counting, "look_at_docker", lambda: DockerHost(Reach.SILENT, "", "", {}, {}))
    return made


def set_rooms(monkeypatch: pytest.MonkeyPatch, rooms: Callable[[], dict[Limit, Room]]) -> None:
    monkeypatch.setattr(counting, "read_rooms", lambda folders: rooms())


def test_without_room_nothing_is_started(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    set_rooms(monkeypatch, lambda: machine(Room(MEMORY, 100, 0), Room(INSTANCES, 128, 128)))
    with pytest.raises(UserError, match="no room for single-host") as refused:
        bring_up.start_cloud_with_room(lab, "single-host", {}, None)
    assert "inotify instances" in refused.value.message and "MB of memory" in refused.value.message
    assert not lab.cloud.is_up


@pytest.mark.parametrize("may_raise", [True, False])
def test_a_limit_that_could_not_be_raised_ends_up_before_the_stage(
    lab: Any, may_raise: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = Room(INSTANCES, 128, 128, raised=4096)
    set_rooms(monkeypatch, lambda: machine(replace(low, most=4096) if may_raise and lab.cloud.is_up else low))
    if may_raise:
        bring_up.start_cloud_with_room(lab, "single-host", {}, None)
    else:
        with pytest.raises(UserError, match="0 of 128 are left"):
            bring_up.start_cloud_with_room(lab, "single-host", {}, None)
    assert lab.cloud.is_up


# Reading


def test_this_machine_is_read(tmp_path: Path) -> None:
    rooms = read_rooms([tmp_path])
    assert {INSTANCES, TASKS, MEMORY, DISK} <= rooms.keys()
    assert rooms[MEMORY].most > 100 and 0 < rooms[TASKS].used < rooms[TASKS].most


def test_a_folder_that_may_not_be_looked_at_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def free(folder: Path) -> int:
        if folder.name == "docker":
            raise PermissionError(errno.EACCES, "Permission denied")
        return 5_000_000_000

    monkeypatch.setattr(readings, "free_bytes", free)
    assert read_rooms([tmp_path / "docker", tmp_path])[DISK].most == 5000
    assert DISK not in read_rooms([tmp_path / "docker"])


def test_the_kernels_files(tmp_path: Path) -> None:
    files = {
        "proc/sys/fs/inotify/max_user_instances": "128\n",
        "proc/sys/kernel/pid_max": "32768\n",
        "proc/sys/kernel/threads-max": "20000\n",
        "proc/sys/fs/file-max": "9000\n",
        "proc/sys/fs/file-nr": "1565\t0\t9000\n",
        "proc/sys/net/ipv4/neigh/default/gc_thresh3": "1024\n",
        "proc/net/stat/arp_cache": "entries  allocs\n0000001f 00000001\n0000001f 00000000\n",
        "proc/loadavg": "0.09 0.30 0.28 2/431 31337\n",
        "proc/meminfo": "MemTotal: 4000000 kB\nMemAvailable:    1000000 kB\nSwapFree:  500000 kB\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    rooms = read_rooms([tmp_path], tmp_path)
    assert rooms[INSTANCES] == Room(INSTANCES, 128, 0, 4096)
    assert rooms[TASKS] == Room(TASKS, 20000, 431, 20000), "the lower of two; the second cannot be raised"
    assert rooms[table.FILES] == Room(table.FILES, 9000, 1565, 9000)
    assert rooms[table.NEIGHBOURS].used == 31
    assert rooms[MEMORY].most == 1536
    assert rooms[LOOPS].most == 0, "no /dev/loop-control"
    assert table.REQUESTS not in rooms


def test_inotify_instances_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for pid, comm in (("10", "systemd"), ("11", "kubelet"), ("12", "bash"), ("self", "lab")):
        (tmp_path / "proc" / pid / "fd").mkdir(parents=True)
        (tmp_path / "proc" / pid / "comm").write_text(f"{comm}\n", encoding="utf-8")
    for number in (3, 4):
        (tmp_path / f"proc/10/fd/{number}").symlink_to("anon_inode:inotify")
    (tmp_path / "proc/10/fd/5").symlink_to("/dev/null")
    (tmp_path / "proc/10/fdinfo").mkdir()
    (tmp_path / "proc/10/fdinfo/3").write_text("pos:\t0\ninotify wd:2 ino:1\ninotify wd:1 ino:2\n", encoding="utf-8")
    assert inotify_used(tmp_path) == (2, 2)
    looked = os.scandir

    def closed(path: Any) -> Any:
        if "11/fd" in str(path):  # somebody else's process, as an ordinary user sees it
            raise PermissionError(errno.EACCES, "Permission denied")
        return looked(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert inotify_used(tmp_path) == (52, 2), "a kubelet has fifty"
