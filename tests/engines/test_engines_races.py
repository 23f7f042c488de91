"""The agent against the kernel and against itself: what comes and goes while it works, and what is asked for twice at once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.engines.interface.engines import Rule
from localcloud.engines.naming import port_name

pytestmark = pytest.mark.contract
Cloud = Any  # conftest.Cloud
ANY = (Rule("ingress", "accept", "ANY", 1, None, "0.0.0.0/0"), Rule("egress", "accept", "ANY", 1, None, "0.0.0.0/0"))
AT_ONCE = """
import json, os, sys, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from localcloud.agent.waiting import wait_until
given = json.loads(sys.argv[1])
pool = ThreadPoolExecutor(8)
def at_once(works):
    starting = threading.Barrier(len(works))
    def one(work):
        starting.wait()
        return work()
    return [done.result() for done in [pool.submit(one, work) for work in works]]
"""


@pytest.fixture(scope="module")
def cloud(make_cloud: Callable[..., Cloud]) -> Cloud:
    """One server."""
    cloud = make_cloud()
    cloud.vpc("vpc-1", {"all": ANY})
    cloud.spec("one", "vpc-1", "192.168.1.10", ("all",))
    cloud.up("one")
    return cloud


def in_agent(cloud: Cloud, script: str, *before: str, **given: Any) -> None:
    """A script in the agent's container, which must end well and silently; it sees what is given as `given`."""
    command = [*before, "python3", "-c", AT_ONCE + script, json.dumps(given)]
    done = subprocess.run(
        ["docker", "exec", f"drlab-{cloud.id}-agent", *command], capture_output=True, text=True, timeout=200, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_loop_device_that_goes_disturbs_nobody_who_looks_at_it(cloud: Cloud) -> None:
    """The kernel may take it away between the moment its entry is opened and the moment it is read (ENODEV)."""
    script = """
from localcloud.agent import loops
file, over = "/root/passing.img", threading.Event()
with open(file, "wb") as image:
    image.truncate(1 << 20)
def go():
    for _ in range(100):
        loops.clear(loops.attach(file, os.getpid()), file)
    over.set()
threading.Thread(target=go).start()
while not over.is_set():
    loops.in_use()
os.unlink(file)
"""
    in_agent(cloud, script)


def test_loop_devices_that_many_want_at_once_are_one_for_each_file(cloud: Cloud) -> None:
    """Also while they are resized and let go by others, who may come too late: the device may be another file's by then."""
    script = """
from localcloud.agent import loops
files = [f"/root/wanted-{given['id']}-{number}.img" for number in range(4)]
def found():
    return [loops.find(file) for file in files]
for file in files:
    with open(file, "wb") as image:
        image.truncate(1 << 20)
try:
    for _ in range(40):
        numbers = at_once([lambda file=file: loops.attach(file, os.getpid()) for file in files + files])
        assert numbers[:4] == numbers[4:] and len(set(numbers)) == 4, numbers
        there = [[number] for number in numbers[:4]]
        assert found() == there, (found(), there)
        for number in numbers[:4]:
            loops.clear(number, "/root/another.img")
        assert found() == there, (found(), there)
        clearing = [lambda number=number, file=file: loops.clear(number, file) for number, file in zip(numbers, files + files)]
        at_once(clearing[:6] + [lambda: loops.resize(numbers[0]), lambda: loops.is_claimed(numbers[1])])
        wait_until(lambda: found() == [[]] * 4, 10, "the devices to be let go")
finally:
    for file in files:
        for number in loops.find(file):
            loops.clear(number, file)
        os.unlink(file)
"""
    in_agent(cloud, script, id=cloud.id)


def test_links_that_come_and_go_hide_none_of_the_others(cloud: Cloud) -> None:
    """The kernel gives a long list out in pieces, and says when it has changed in between."""
    script = """
from localcloud.agent.netlink import netlink
over = threading.Event()
with netlink() as here:
    for number in range(40):
        here.add_bridge(f"stay{number}", f"02:00:00:00:00:{number:02x}")
    stay = {f"stay{number}" for number in range(40)}
def come_and_go():
    with netlink() as other:
        while not over.is_set():
            other.delete(other.add_bridge("passing", "02:00:00:00:01:00"))
threading.Thread(target=come_and_go).start()
try:
    with netlink() as here:
        for _ in range(30):
            assert stay <= set(here.links())
            here.routes()
            here.addresses(1)
finally:
    over.set()
"""
    in_agent(cloud, script, "unshare", "--net")


def test_one_card_that_is_plugged_in_by_several_at_once_is_one(cloud: Cloud) -> None:
    """As by a new router, which plugs in who runs, and by a balancer's watch."""
    script = """
from localcloud.agent.kernel import network_namespace
from localcloud.agent.netlink import netlink
from localcloud.agent.ops import links
for _ in range(20):
    with network_namespace(given["server_pid"]), netlink() as here:
        here.delete(here.index("eth0"))
    done = at_once([lambda: links.plug(**given)["plugged"]] * 4)
    assert sorted(done) == [False, False, False, True], done
"""
    router, server = (cloud.inspect(f"drlab-{cloud.id}-{name}") for name in ("router-vpc-1", "one"))
    nic = cloud.specs["one"].nic
    in_agent(
        cloud,
        script,
        router_pid=router["State"]["Pid"],
        router=router["Id"],
        server_pid=server["State"]["Pid"],
        server=server["Id"],
        port=port_name(nic.nic_id),
        mac=nic.mac,
        address=f"{nic.address}/{nic.prefix}",
        gateway=nic.gateway,
    )
    assert cloud.try_run("one", f"ping -c 1 -W 10 {nic.gateway}")[0] == 0


def test_a_blank_disk_that_is_asked_for_by_several_at_once_is_formatted_once(cloud: Cloud) -> None:
    """As by a daemon that was killed and by its successor: the second of them must not format what the first has mounted."""
    script = """
from localcloud.agent import loops
from localcloud.agent.ops import databases
file = "/root/blank.img"
with open(file, "wb") as image:
    image.truncate(1 << 30)
done = at_once([lambda: databases.mount(file=file, viewer=os.getpid(), owner=0, **given)["new"]] * 4)
assert sorted(done) == [False, False, False, True], done
"""
    server = cloud.inspect(f"drlab-{cloud.id}-one")
    cloud.run("one", "mkdir /data")
    try:
        in_agent(cloud, script, pid=server["State"]["Pid"], container=server["Id"])
        assert cloud.run("one", "findmnt -n -o FSTYPE /data").split() == ["ext4"]
    finally:
        cloud.try_run("one", "umount -A /data")
        in_agent(cloud, "from localcloud.agent.ops import disks\ndisks.detach('/root/blank.img')\nos.unlink('/root/blank.img')")
