"""Faults as they hurt in life: silent power cuts that lose what was not synced, cuts, killed processes, full disks."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localcloud.engines.interface.engines import Cut, Disk, EngineError, Power, Rule
from localcloud.engines.naming import port_name

pytestmark = pytest.mark.contract
Cloud = Any  # conftest.Cloud
ANY = (Rule("ingress", "accept", "ANY", 1, None, "0.0.0.0/0"), Rule("egress", "accept", "ANY", 1, None, "0.0.0.0/0"))
# Says something every 50 ms on each connection that it gets.
TALKER = """
import socket, socketserver, time
class Talk(socketserver.BaseRequestHandler):
    def handle(self):
        while True:
            self.request.sendall(b"x"); time.sleep(0.05)
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
Server(("", 7000), Talk).serve_forever()
"""
# Holds a connection to the talker and notes each arrival, and how the connection ends, if it does.
LISTENER = """
import json, socket, sys, time
held = socket.create_connection(("192.168.1.11", 7000), timeout=20)
note = open("/root/heard", "w", buffering=1)
while True:
    try:
        data = held.recv(4096)
    except OSError as exc:
        note.write(json.dumps([time.time(), type(exc).__name__]) + "\\n"); break
    note.write(json.dumps([time.time(), "data" if data else "FIN"]) + "\\n")
    if not data: break
"""


@pytest.fixture(scope="module")
def cloud(make_cloud: Callable[..., Cloud]) -> Cloud:
    """`peer` and `victim`, which has a data disk, on one bridge, and `third`."""
    cloud = make_cloud()
    cloud.vpc("vpc-1", {"all": ANY})
    cloud.spec("peer", "vpc-1", "192.168.1.10", ("all",))
    cloud.spec("victim", "vpc-1", "192.168.1.11", ("all",), (Disk("disk-1", 1, "/dev/vdb"),))
    cloud.spec("third", "vpc-1", "192.168.1.12", ("all",))
    cloud.up("peer", "victim", "third")
    for name, script in (("victim", TALKER), ("peer", LISTENER)):
        cloud.run(name, f"cat > /root/script.py <<'END'\n{script}END")
    # The journal is written out every five seconds by default: what a test has not synced must still be unsynced when it goes on.
    cloud.run("victim", "mkfs.ext4 -q /dev/vdb; mkdir -p /data; mount -o commit=600 /dev/vdb /data")
    return cloud


@pytest.fixture(autouse=True)
def whole(cloud: Cloud) -> Iterator[None]:
    """What a failed test has broken does not break the next one."""
    yield
    cloud.change("vpc-1", cuts=(), dead_nics=frozenset())
    off = [name for name, power in cloud.do(cloud.engines.servers.observe()).items() if power is Power.STOPPED]
    cloud.do(cloud.engines.servers.boot([cloud.specs[name] for name in off]))


def heard(cloud: Cloud) -> list[tuple[float, str]]:
    return [tuple(json.loads(line)) for line in cloud.run("peer", "cat /root/heard 2>/dev/null || true").splitlines()]


def listening(cloud: Cloud) -> None:
    """The peer hears the victim talk."""
    cloud.run("victim", "systemctl is-active --quiet talker || systemd-run --quiet --unit talker python3 /root/script.py")
    cloud.wait_for("victim", "nft list tables && python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 7000), 1)'")
    cloud.run("peer", "systemctl stop --quiet listener 2>/dev/null || true; rm -f /root/heard")
    cloud.run("peer", "systemd-run --quiet --collect --unit listener python3 /root/script.py")
    cloud.wait_until(lambda: len(heard(cloud)) > 5, cloud.patience, "the peer to hear the victim")


def test_a_power_cut_is_silent_and_loses_what_was_not_synced(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    listening(cloud)
    cloud.run("victim", "echo kept > /data/synced; sync /data/synced /data; echo lost > /data/unsynced")

    start = time.time()
    cloud.power_cut("vpc-1", "victim")
    took = time.time() - start
    assert cloud.do(cloud.engines.servers.observe())["victim"] is Power.STOPPED
    cloud.wait_until(lambda: time.time() - start > took + 5, 10, "five seconds of silence")
    late = [entry for entry in heard(cloud) if entry[0] > start + took]
    assert late == [], "after the cut the peer must hear nothing: no data, no FIN, no RST"
    assert {what for _, what in heard(cloud)} == {"data"}
    # The kernel goes on sending the FINs of killed processes, for minutes: not even when the rules let the card speak again.
    router = str(cloud.inspect(f"drlab-{cloud.id}-router-vpc-1")["State"]["Pid"])
    links = subprocess.run(["nsenter", "-t", router, "-n", "ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    ports = {name: port_name(cloud.specs[name].nic.nic_id) for name in ("peer", "victim")}
    assert [name for name, port in ports.items() if port in links] == ["peer"], links

    cloud.power_on("vpc-1", "victim")
    cloud.wait_for("victim", "mount /dev/vdb /data")
    assert cloud.run("victim", "cat /data/synced; ls /data").split() == ["kept", "lost+found", "synced"]
    with capsys.disabled():
        print(f"\n  power cut {took:.2f} s, last frame {max(at for at, _ in heard(cloud)) - start:.3f} s after it was asked for")


def test_a_cut_in_one_direction_cuts_that_direction_only(cloud: Cloud) -> None:
    peer, victim = (cloud.specs[name].nic for name in ("peer", "victim"))
    # Address resolution needs both directions, so the peer is told the victim's card.
    cloud.run("peer", f"ip neigh replace 192.168.1.11 lladdr {victim.mac} nud permanent dev eth0")
    cloud.run("victim", "nft add table ip ear; nft add chain ip ear in '{ type filter hook input priority 0; }'")
    cloud.run("victim", "nft add rule ip ear in ip saddr 192.168.1.10 counter")
    cloud.cut("vpc-1", Cut(frozenset({victim.nic_id}), frozenset({peer.nic_id})))
    try:
        assert cloud.try_run("peer", "ping -c 3 -W 1 -i 0.2 192.168.1.11")[0] != 0
        assert "packets 3 " in cloud.run("victim", "nft list table ip ear"), "the other direction is open: requests arrive"
        assert cloud.try_run("third", "ping -c 1 -W 10 192.168.1.11")[0] == 0, "others are not touched"
    finally:
        cloud.cut("vpc-1")
        cloud.run("victim", "nft delete table ip ear")
        cloud.run("peer", "ip neigh del 192.168.1.11 dev eth0")
    assert cloud.try_run("peer", "ping -c 1 -W 10 192.168.1.11")[0] == 0


def test_a_server_cut_from_the_rest_hears_and_reaches_nobody(cloud: Cloud) -> None:
    victim = frozenset({cloud.specs["victim"].nic.nic_id})
    cloud.cut("vpc-1", Cut(victim, None), Cut(None, victim))
    try:
        assert cloud.try_run("peer", "ping -c 1 -W 1 192.168.1.11")[0] != 0
        assert cloud.try_run("victim", "ping -c 1 -W 1 192.168.1.12")[0] != 0
        assert cloud.try_run("victim", "ping -c 1 -W 1 192.168.1.1")[0] != 0, "not even its gateway"
        assert cloud.try_run("peer", "ping -c 1 -W 10 192.168.1.12")[0] == 0
    finally:
        cloud.cut("vpc-1")
    assert cloud.try_run("victim", "ping -c 1 -W 10 192.168.1.12")[0] == 0


def test_a_killed_process_is_dead_and_the_server_lives(cloud: Cloud) -> None:
    cloud.run(
        "third", "cp /usr/bin/sleep /usr/local/bin/a-rather-long-name; systemd-run --quiet --unit nap a-rather-long-name 600"
    )
    cloud.wait_for("third", "pgrep -f 'a-rather-long-name 600'")  # for systemd it is active before it bears its name
    assert cloud.do(cloud.engines.inside.kill_process("third", "a-rather-long-name")) == 1
    cloud.wait_for("third", "systemctl show -P Result nap | grep -q signal")
    assert cloud.do(cloud.engines.inside.kill_process("third", "a-rather-long-name")) == 0
    assert cloud.do(cloud.engines.inside.kill_process("third", "systemd")) == 0, "the init of a server is no process to kill"
    assert cloud.do(cloud.engines.servers.observe())["third"] is Power.RUNNING


def test_a_full_disk_takes_nothing_more_until_it_is_freed(cloud: Cloud) -> None:
    cloud.run("victim", "mountpoint -q /data || mount /dev/vdb /data; mkdir -p /data/deep")
    cloud.do(cloud.engines.inside.fill_disk("victim", "/data/deep"))
    status, output = cloud.try_run("victim", "dd if=/dev/zero of=/data/more bs=64k count=4 conv=fsync 2>&1")
    assert status != 0
    assert "No space left on device" in output
    cloud.do(cloud.engines.inside.free_disk("victim", "/data/deep"))
    cloud.do(cloud.engines.inside.free_disk("victim", "/data/deep"))
    cloud.run("victim", "dd if=/dev/zero of=/data/more bs=64k count=4 conv=fsync 2>&1; rm /data/more")


def test_the_system_disk_is_not_filled(cloud: Cloud) -> None:
    with pytest.raises(EngineError, match="/var/log is not on a data disk"):
        cloud.do(cloud.engines.inside.fill_disk("victim", "/var/log"))
    with pytest.raises(EngineError, match="/nowhere cannot be looked at inside the server: No such file"):
        cloud.do(cloud.engines.inside.fill_disk("victim", "/nowhere"))


def test_an_orderly_shut_down_keeps_everything(cloud: Cloud) -> None:
    cloud.run("victim", "mountpoint -q /data || mount /dev/vdb /data; echo late > /data/late")
    cloud.do(cloud.engines.servers.shut_down("victim", 20))
    assert cloud.do(cloud.engines.servers.observe())["victim"] is Power.STOPPED
    cloud.do(cloud.engines.servers.boot([cloud.specs["victim"]]))
    assert cloud.run("victim", "mount /dev/vdb /data; cat /data/late") == "late\n"


def test_a_fault_on_a_server_that_is_down_says_so(cloud: Cloud) -> None:
    with pytest.raises(EngineError, match="server nobody is not running"):
        cloud.do(cloud.engines.inside.kill_process("nobody", "sleep"))
    cloud.do(cloud.engines.servers.power_cut(["nobody"]))  # already as it shall be
