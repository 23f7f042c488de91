"""Security groups hold at the router: whatever a server's root does, and between two servers of one bridge."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.engines.interface.engines import Rule

pytestmark = pytest.mark.contract
Cloud = Any  # conftest.Cloud
ANYWHERE = "0.0.0.0/0"
OUT = Rule("egress", "accept", "ANY", 1, None, ANYWHERE)


def tcp(port: int, peer: str | None = ANYWHERE, group: str | None = None, action: str = "accept", priority: int = 1) -> Rule:
    return Rule("ingress", action, "TCP", priority, (port, port), peer, group)


NAT_CHAIN = "nft add table ip t; nft add chain ip t pre '{ type nat hook prerouting priority -100; }'"
QUESTION = r"""
import socket
asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asked.settimeout(5)
asked.connect(("192.168.1.1", 53))
asked.send(b"\0\7\1\0\0\1\0\0\0\0\0\0\7invalid\0\0\1\0\1")
print(asked.recv(512)[:2].hex())
"""
GROUPS = {
    "client": (OUT, tcp(22)),
    "web": (OUT, tcp(80), tcp(8001, None, "client"), tcp(8002, "192.168.1.77/32")),
    "inside": (tcp(8003, None, "inside"),),
    "mute": (Rule("ingress", "accept", "ANY", 1, None, ANYWHERE),),
    "ordered": (OUT, tcp(80, priority=10), tcp(80, "192.168.1.10/32", None, "drop", 5)),
}


@pytest.fixture(scope="module")
def cloud(make_cloud: Callable[..., Cloud]) -> Cloud:
    """`neighbour` and `web` on one bridge; `web` has an EIP and listens on more ports than its group lets through."""
    cloud = make_cloud()
    cloud.vpc("vpc-1", GROUPS)
    cloud.spec("neighbour", "vpc-1", "192.168.1.10", ("client", "inside"))
    cloud.spec("web", "vpc-1", "192.168.1.11", ("web", "inside"))
    cloud.spec("mute", "vpc-1", "192.168.1.12", ("mute",))
    cloud.eip = next(cloud.eips())
    cloud.bind("vpc-1", (cloud.eip, "192.168.1.11"))
    cloud.up("neighbour", "web", "mute")
    cloud.serve("web", 80, 8001, 8002, 8003, 9000)
    cloud.serve("mute", 80)
    return cloud


def both(cloud: Cloud, port: int, address: str = "192.168.1.11") -> tuple[str | None, str | None]:
    """The answers that the host (over the EIP) and the neighbour (over the bridge) get."""
    return cloud.host_get(cloud.eip, port), cloud.get("neighbour", f"http://{address}:{port}/")


def test_open_ports_answer_and_blocked_ones_are_silent(cloud: Cloud) -> None:
    assert both(cloud, 80) == ("web 80\n", "web 80\n")
    assert both(cloud, 9000) == (None, None)


def test_a_group_as_the_other_side_lets_its_members_in_and_nobody_else(cloud: Cloud) -> None:
    assert both(cloud, 8001) == (None, "web 8001\n")
    assert both(cloud, 8002) == (None, None)


def test_a_group_that_names_itself_lets_its_members_reach_each_other(cloud: Cloud) -> None:
    assert both(cloud, 8003) == (None, "web 8003\n")


def test_blocked_stays_blocked_when_docker_publishes_it_inside_the_server(cloud: Cloud) -> None:
    cloud.run("web", NAT_CHAIN)
    cloud.run("web", "nft add rule ip t pre tcp dport { 9001, 80 } redirect to :9000")
    try:
        assert both(cloud, 80) == ("web 9000\n", "web 9000\n"), "the redirect itself works"
        assert both(cloud, 9001) == (None, None)
    finally:
        cloud.run("web", "nft delete table ip t")


def test_blocked_stays_blocked_as_node_port_and_as_pod_address(cloud: Cloud) -> None:
    cloud.run("web", "ip addr add 10.244.0.5/32 dev lo")
    cloud.serve("web", 8080, address="10.244.0.5")
    cloud.run("web", NAT_CHAIN)
    cloud.run("web", "nft add rule ip t pre tcp dport { 30080, 8001 } dnat to 10.244.0.5:8080")
    cloud.run("neighbour", "ip route replace 10.244.0.0/24 via 192.168.1.11")
    try:
        assert cloud.get("neighbour", "http://192.168.1.11:8001/") == "web 8080\n", "the node port itself works"
        assert both(cloud, 30080) == (None, None)
        assert cloud.get("neighbour", "http://10.244.0.5:8080/") is None
        assert cloud.get("neighbour", "http://10.244.0.5:80/") is None, "a rule for the node's address is none for a pod's"
    finally:
        cloud.run(
            "web", "nft delete table ip t; systemctl disable --now --quiet page-808010-244-0-5; ip addr del 10.244.0.5/32 dev lo"
        )
        cloud.run("neighbour", "ip route del 10.244.0.0/24")


def test_blocked_stays_blocked_after_the_servers_root_flushed_all_rules(cloud: Cloud) -> None:
    cloud.run("web", "nft add table inet own; nft flush ruleset")
    assert "drlab" not in cloud.run("web", "nft list ruleset"), "a server cannot even see the rules that hold for it"
    assert both(cloud, 9000) == (None, None)
    assert both(cloud, 80) == ("web 80\n", "web 80\n")


def test_blocked_stays_blocked_in_the_first_second_after_a_start(cloud: Cloud) -> None:
    cloud.do(cloud.engines.servers.shut_down("web", 20))
    # Attempts on both ports, from before the start until well after the first page.
    cloud.run(
        "neighbour",
        """rm -f /root/over; cat > /root/knock.sh <<'END'
while [ ! -e /root/over ]; do
  curl -s -o /dev/null --connect-timeout 0.1 http://192.168.1.11:$1/ && echo open || echo silent
done > /root/knock.$1
END
systemd-run --quiet --unit knock-9000 sh /root/knock.sh 9000
systemd-run --quiet --unit knock-80 sh /root/knock.sh 80""",
    )
    cloud.wait_for("neighbour", "grep -q silent /root/knock.80 && grep -q silent /root/knock.9000")
    cloud.do(cloud.engines.servers.boot([cloud.specs["web"]]))
    cloud.wait_for("neighbour", "test $(grep -c open /root/knock.80) -gt 50")
    cloud.run("neighbour", "touch /root/over")
    cloud.wait_for("neighbour", "! systemctl is-active --quiet knock-80 && ! systemctl is-active --quiet knock-9000")
    allowed, blocked = (cloud.run("neighbour", f"cat /root/knock.{port}").split() for port in (80, 9000))
    assert "silent" in allowed, "the knocking began before the server was up"
    assert allowed.count("open") > 50, "the knocking went on after the server was up"
    assert set(blocked) == {"silent"}


def test_without_an_egress_rule_nothing_leaves(cloud: Cloud) -> None:
    assert cloud.get("neighbour", "http://192.168.1.12/") == "mute 80\n", "what comes in may be answered"
    assert cloud.get("mute", "http://192.168.1.11/") is None


def test_a_smaller_priority_number_wins(cloud: Cloud) -> None:
    before = cloud.networks["vpc-1"]
    nics = tuple(nic if nic.instance_id != "web" else type(nic)(**{**vars(nic), "groups": ("ordered",)}) for nic in before.nics)
    cloud.change("vpc-1", nics=nics)
    try:
        assert both(cloud, 80) == ("web 80\n", None)
    finally:
        cloud.change("vpc-1", nics=before.nics)
    assert both(cloud, 80) == ("web 80\n", "web 80\n")


def test_a_server_cannot_take_another_address_or_card(cloud: Cloud) -> None:
    # Without an answer to its ARP request the impostor does not even find its neighbour.
    cloud.run("mute", "ip addr add 192.168.1.10/24 dev eth0; ip neigh flush dev eth0")
    try:
        status, output = cloud.try_run("mute", "ping -c 2 -W 1 -I 192.168.1.10 192.168.1.11")
        assert status != 0, output
        assert cloud.get("neighbour", "http://192.168.1.11/") == "web 80\n", "the owner of the address is not disturbed"
    finally:
        cloud.run("mute", "ip addr del 192.168.1.10/24 dev eth0")


def test_names_are_resolved_by_the_gateway_even_without_an_egress_rule(cloud: Cloud) -> None:
    assert cloud.run("mute", "cat /etc/resolv.conf").strip() == "nameserver 192.168.1.1"
    answer = cloud.run("mute", f"python3 - <<'END'\n{QUESTION}END")
    assert answer.strip() == "0007", "the answer has the question's number"


def test_egress_needs_an_eip(cloud: Cloud) -> None:
    gateway = cloud.inspect(f"drlab-{cloud.id}-router-vpc-1")["NetworkSettings"]["Networks"][f"drlab-{cloud.id}-internet"][
        "Gateway"
    ]
    assert cloud.try_run("web", f"ping -c 1 -W 10 {gateway}")[0] == 0
    assert cloud.try_run("neighbour", f"ping -c 1 -W 2 {gateway}")[0] != 0


def test_a_neighbour_is_reached_by_its_eip(cloud: Cloud) -> None:
    own = next(eip for eip in cloud.eips() if eip != cloud.eip)
    cloud.bind("vpc-1", (cloud.eip, "192.168.1.11"), (own, "192.168.1.10"))
    try:
        assert cloud.get("neighbour", f"http://{cloud.eip}/") == "web 80\n"
    finally:
        cloud.bind("vpc-1", (cloud.eip, "192.168.1.11"))


def test_an_unbound_eip_ends_its_open_connections(cloud: Cloud) -> None:
    with socket.create_connection((cloud.eip, 80), timeout=2) as held:
        held.sendall(b"GET / HT")
        cloud.bind("vpc-1")
        held.sendall(b"TP/1.0\r\n\r\n")
        held.settimeout(1.5)
        with pytest.raises(TimeoutError):
            held.recv(1)
    cloud.bind("vpc-1", (cloud.eip, "192.168.1.11"))
    cloud.wait_until(lambda: cloud.host_tries(cloud.eip) is not None, 10, "the page over the EIP that was bound again")
