"""Repeats, restarts, things removed behind the engines' back, several VPCs and clouds at once, and the scan for leftovers."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localcloud.engines.images import reference
from localcloud.engines.interface.engines import Disk, EngineError, Power, Rule, VpcNetwork
from localcloud.engines.scan import Leftover, scan
from localcloud.engines.servers.records import Record, Records

pytestmark = pytest.mark.contract
Cloud = Any  # conftest.Cloud
ANY = (Rule("ingress", "accept", "ANY", 1, None, "0.0.0.0/0"), Rule("egress", "accept", "ANY", 1, None, "0.0.0.0/0"))


@pytest.fixture(scope="module")
def cloud(make_cloud: Callable[..., Cloud]) -> Cloud:
    """Two VPCs with one CIDR and one server address, an EIP each."""
    cloud = make_cloud()
    eips = cloud.eips()
    cloud.addresses = {}
    for number in ("1", "2"):
        cloud.vpc(f"vpc-{number}", {"all": ANY})
        cloud.spec(f"web-{number}", f"vpc-{number}", "192.168.1.10", ("all",))
        cloud.addresses[number] = next(eips)
        cloud.bind(f"vpc-{number}", (cloud.addresses[number], "192.168.1.10"))
    cloud.up("web-1", "web-2")
    cloud.serve("web-1", 80)
    cloud.serve("web-2", 80)
    return cloud


def container(cloud: Cloud, name: str) -> str:
    return f"drlab-{cloud.id}-{name}"


def docker(*command: str) -> None:
    subprocess.run(["docker", *command], check=True, capture_output=True)


def test_two_vpcs_with_one_cidr_meet_over_eips_only(cloud: Cloud) -> None:
    assert [cloud.host_get(cloud.addresses[number]) for number in ("1", "2")] == ["web-1 80\n", "web-2 80\n"]
    assert cloud.get("web-1", f"http://{cloud.addresses['2']}/") == "web-2 80\n"
    assert cloud.get("web-1", "http://192.168.1.10/") == "web-1 80\n"


def test_everything_may_be_asked_for_twice(cloud: Cloud) -> None:
    before = cloud.inspect(container(cloud, "web-1"))
    cloud.up("web-1", "web-2")
    after = cloud.inspect(container(cloud, "web-1"))
    assert (before["Id"], before["State"]["StartedAt"]) == (after["Id"], after["State"]["StartedAt"])
    assert cloud.host_get(cloud.addresses["1"]) == "web-1 80\n"


def test_a_restarted_daemon_finds_a_cloud_that_was_not_interrupted(cloud: Cloud, make_cloud: Callable[..., Cloud]) -> None:
    again = make_cloud(cloud.state, cloud.id)
    assert not again.engines.interrupted()
    assert again.engines.eip_pool() == cloud.engines.eip_pool()
    assert again.do(again.engines.servers.observe()) == {"web-1": Power.RUNNING, "web-2": Power.RUNNING}
    again.specs, again.networks = {}, {}
    # Not again.remove_all(): both clouds are the same one.
    again.engines.stop = lambda: asyncio.sleep(0)


def test_a_lost_agent_means_that_everything_was_down(cloud: Cloud, make_cloud: Callable[..., Cloud]) -> None:
    docker("kill", container(cloud, "agent"))
    again = make_cloud(cloud.state, cloud.id)
    again.engines.stop = lambda: asyncio.sleep(0)
    assert again.engines.interrupted()
    cloud.bind("vpc-1", (cloud.addresses["1"], "192.168.1.10"))
    assert cloud.host_get(cloud.addresses["1"]) == "web-1 80\n", "servers and links do not depend on the agent"


def test_an_agent_that_dies_meanwhile_is_started_again(cloud: Cloud) -> None:
    docker("kill", container(cloud, "agent"))
    cloud.bind("vpc-1", (cloud.addresses["1"], "192.168.1.10"))
    assert cloud.inspect(container(cloud, "agent"))["State"]["Running"]


def test_an_agent_of_another_version_is_replaced_without_harm(
    cloud: Cloud, make_cloud: Callable[..., Cloud], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, other = cloud.inspect(container(cloud, "agent")), f"drlab/agent:{cloud.id}"
    docker("tag", before["Config"]["Image"], other)
    try:
        monkeypatch.setattr("localcloud.engines.foundation.reference", lambda name: other if name == "agent" else reference(name))
        again = make_cloud(cloud.state, cloud.id)
        again.engines.stop = lambda: asyncio.sleep(0)
        assert cloud.inspect(container(cloud, "agent"))["Config"]["Image"] == other
        assert not again.engines.interrupted()
        monkeypatch.undo()
        make_cloud(cloud.state, cloud.id).engines.stop = lambda: asyncio.sleep(0)
        assert cloud.inspect(container(cloud, "agent"))["Config"]["Image"] == before["Config"]["Image"]
    finally:
        docker("rmi", other)
    cloud.bind("vpc-1", (cloud.addresses["1"], "192.168.1.10"))
    assert cloud.host_get(cloud.addresses["1"]) == "web-1 80\n"


def test_a_new_server_at_a_former_ones_address_is_found_at_once(cloud: Cloud) -> None:
    for name in ("former", "latter"):
        cloud.spec(name, "vpc-1", "192.168.1.60", ("all",))
        cloud.up(name)
        # Both the neighbour and the router have to learn the new hardware address; 3 s is far below a neighbour entry's life.
        pinging = "for i in $(seq 30); do ping -c 1 -W 0.1 192.168.1.60 >/dev/null && exit 0; done; exit 1"
        assert cloud.try_run("web-1", pinging)[0] == 0, f"{name} does not answer"
        cloud.do(cloud.engines.servers.remove(name))
        cloud.change("vpc-1", nics=tuple(nic for nic in cloud.networks["vpc-1"].nics if nic.instance_id != name))
        del cloud.specs[name]


def test_a_router_removed_behind_the_back_is_made_again_with_its_links(cloud: Cloud) -> None:
    docker("rm", "-f", container(cloud, "router-vpc-1"))
    assert cloud.host_tries(cloud.addresses["1"]) is None
    cloud.do(cloud.engines.networks.apply([cloud.networks["vpc-1"]]))
    cloud.wait_until(lambda: cloud.host_tries(cloud.addresses["1"]) == "web-1 80\n", 10, "the page behind a new router")


def test_an_eip_moves_to_another_vpc_at_once(cloud: Cloud) -> None:
    first, second = cloud.addresses["1"], cloud.addresses["2"]
    cloud.bind("vpc-2")
    cloud.bind("vpc-1", (first, "192.168.1.10"), (second, "192.168.1.10"))
    # Far below a neighbour entry's life.
    cloud.wait_until(lambda: cloud.host_tries(second) == "web-1 80\n", 10, "the moved address")
    cloud.bind("vpc-1", (first, "192.168.1.10"))
    cloud.bind("vpc-2", (second, "192.168.1.10"))
    cloud.wait_until(lambda: cloud.host_tries(second) == "web-2 80\n", 10, "the address that moved back")


def test_a_server_removed_behind_the_back_is_gone_and_clears_up(cloud: Cloud) -> None:
    cloud.spec("brief", "vpc-1", "192.168.1.20", ("all",), (Disk("disk-brief", 1, "/dev/vdb"),))
    cloud.up("brief")
    cloud.run("brief", "mkfs.ext4 -q /dev/vdb; mount /dev/vdb /mnt")
    docker("rm", "-f", container(cloud, "brief"))
    assert "brief" not in cloud.do(cloud.engines.servers.observe())
    found = {item.kind for item in cloud.do(scan(cloud.state, cloud.id, running=True)) if "brief" in f"{item.name} {item.detail}"}
    assert {"disk", "loop", "record"} <= found
    cloud.do(cloud.engines.servers.remove("brief"))
    cloud.do(cloud.engines.servers.remove("brief"))
    left = [item for item in cloud.do(scan(cloud.state, cloud.id, running=True)) if "brief" in f"{item.name} {item.detail}"]
    assert left == []
    del cloud.specs["brief"]


def test_many_servers_are_made_at_once(cloud: Cloud) -> None:
    names = [f"many-{number}" for number in range(4)]
    for number, name in enumerate(names):
        cloud.spec(name, "vpc-1", f"192.168.1.{30 + number}", ("all",))
    cloud.up(*names)
    for name in names:
        assert cloud.get(name, "http://192.168.1.10/") == "web-1 80\n"
    cloud.do(cloud.engines.servers.power_cut(names))
    assert {cloud.do(cloud.engines.servers.observe())[name] for name in names} == {Power.STOPPED}


def test_wishes_for_one_vpc_in_parallel_end_with_the_last_one(cloud: Cloud) -> None:
    first, second = VpcNetwork("vpc-9", "region"), cloud.networks["vpc-1"]

    async def wish() -> None:
        await asyncio.gather(*(cloud.engines.networks.apply([network]) for network in (second, first) * 5))

    cloud.do(wish())
    assert cloud.host_get(cloud.addresses["1"]) == "web-1 80\n"


def test_user_data_key_and_password_arrive_and_nothing_shows_outside(cloud: Cloud) -> None:
    secret, hashed = b"#!/bin/sh\necho very-secret > /root/done\n", "$6$salt$" + "x" * 86
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7cWrmvmEeGIVrqYwD1yVPYTEdKSAJoKKnkLLBkMEwJ"
    cloud.spec("first", "vpc-1", "192.168.1.50", ("all",), user_data=secret, public_key=key, password_hash=hashed)
    cloud.up("first")
    cloud.wait_for("first", "test -s /root/done")
    assert key in cloud.run("first", "cat /root/.ssh/authorized_keys")
    assert hashed in cloud.run("first", "getent shadow root")
    assert "passwordauthentication yes" in cloud.run("first", "sshd -T")
    assert cloud.run("first", "stat -c '%a %U' /var/lib/cloud/seed/nocloud/user-data /etc/shadow").split("\n")[:2] == [
        "600 root",
        "640 root",
    ]
    assert cloud.run("first", "hostname; hostname -i").split() == ["first", "192.168.1.50"]
    shown = str(cloud.inspect(container(cloud, "first")))
    assert "very-secret" not in shown
    assert hashed not in shown


def test_two_clouds_live_side_by_side(cloud: Cloud, make_cloud: Callable[..., Cloud]) -> None:
    other = make_cloud()
    assert other.engines.eip_pool() != cloud.engines.eip_pool()
    other.vpc("vpc-1", {"all": ANY})
    other.spec("web-1", "vpc-1", "192.168.1.10", ("all",))
    other.up("web-1")
    assert set(other.do(other.engines.servers.observe())) == {"web-1"}
    other.remove_all()
    assert other.do(scan(other.state, other.id)) == []
    assert cloud.host_get(cloud.addresses["1"]) == "web-1 80\n"


def test_an_address_of_the_cloud_never_leaves_the_machine(make_cloud: Callable[..., Cloud]) -> None:
    """Where its bridge is gone it must not follow the default route."""
    bare = make_cloud()
    eip = next(bare.eips())
    ask = ["ip", "route", "get", eip]
    assert f"dev drlab-{bare.id} " in subprocess.run(ask, capture_output=True, text=True, check=True).stdout
    docker("network", "rm", f"drlab-{bare.id}-internet")
    gone = subprocess.run(ask, capture_output=True, text=True, check=False)
    assert gone.returncode != 0 and "No route to host" in gone.stderr, gone  # what the kernel calls an unreachable route


def test_what_nobody_labelled_is_found(cloud: Cloud, make_cloud: Callable[..., Cloud]) -> None:
    lost = make_cloud(start=False)
    name, server, cidr = f"drlab-{lost.id}", "f" * 56 + lost.id, "198.19.240.0/20"
    disk, pids = lost.state / "disks/planted.img", Path("/sys/fs/cgroup/pids")
    group = (pids if pids.is_dir() else pids.parent) / server
    mounted = lost.state / "mounted"
    disk.parent.mkdir()
    mounted.mkdir()
    subprocess.run(["truncate", "-s", "64M", str(disk)], check=True)
    Records(lost.state / "servers").put(Record("planted", server))
    route = ("unreachable", cidr, "metric", "4000")
    nap = f"sleep 600 & echo $! > {group}/cgroup.procs"
    planted = [
        (["docker", "create", "--name", f"{name}-planted", reference("agent")], ["docker", "rm", f"{name}-planted"]),
        (["ip", "route", "add", *route], ["ip", "route", "del", *route]),
        (["mount", "-t", "tmpfs", "none", str(mounted)], ["umount", str(mounted)]),
        (["mkdir", str(group)], ["sh", "-c", f"until rmdir {group}; do sleep 0.1; done"]),
        (["sh", "-c", nap], ["sh", "-c", f"xargs kill -9 < {group}/cgroup.procs"]),
        (["docker", "volume", "create", f"{name}-planted"], ["docker", "volume", "rm", f"{name}-planted"]),
        (["docker", "network", "create", f"{name}-planted"], ["docker", "network", "rm", f"{name}-planted"]),
        (["ip", "link", "add", f"{name}x", "type", "bridge"], ["ip", "link", "del", f"{name}x"]),
        (["ip", "netns", "add", f"{name}-planted"], ["ip", "netns", "del", f"{name}-planted"]),
        (["nft", "add", "table", "inet", f"drlab_{lost.id}"], ["nft", "delete", "table", "inet", f"drlab_{lost.id}"]),
        (["losetup", "-f", str(disk)], ["sh", "-c", f"losetup -j {disk} | cut -d: -f1 | xargs losetup -d"]),
    ]

    def found() -> list[Leftover]:
        return lost.do(scan(lost.state, lost.id, internet_cidr=cidr))  # type: ignore[no-any-return]

    try:
        for command, _ in planted:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)
        seen = found()
    finally:
        for _, command in reversed(planted):
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)
        disk.unlink()
        Records(lost.state / "servers").drop("planted")
    on_the_host = {"link", "route", "namespace", "nft", "loop", "mount", "cgroup", "process"}
    assert {item.kind for item in seen} == {"container", "volume", "network", "disk", "record", *on_the_host}
    assert Leftover("link", f"{name}x", "network link on the host") in seen
    # The kernel lets go of a loop device when the last who looks at it has closed it.
    cloud.wait_until(lambda: found() == [], 30, "everything planted to be gone")


def test_the_engines_say_that_they_were_not_started(make_cloud: Callable[..., Cloud]) -> None:
    unstarted = make_cloud(start=False)
    with pytest.raises(EngineError, match="have not been started"):
        unstarted.engines.eip_pool()
