"""A VPC's router: bridge, gateway addresses, public addresses, rules; all in the router container's namespace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localcloud.agent.arp import announce
from localcloud.agent.kernel import must_be_in_container, network_namespace, write_sysctl
from localcloud.agent.netlink import Netlink, netlink
from localcloud.agent.ops.links import BRIDGE
from localcloud.agent.ops.nft import load
from localcloud.agent.waiting import turn

UPLINK = "eth0"
_SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    "net/bridge/bridge-nf-call-iptables": "1",  # frames between two ports of the bridge pass the forward hook
    "net/ipv4/conf/all/send_redirects": "0",  # two subnets share the bridge: "go there directly" would be wrong
    f"net/ipv4/conf/{BRIDGE}/send_redirects": "0",
}


def apply(
    pid: int, container: str, mac: str, gateways: Sequence[str], eips: Sequence[str], script: str, ports: Sequence[str]
) -> dict[str, Any]:
    """Converge a router to gateways ("192.168.1.1/24"), EIPs (addresses) and rules; unplug ports that are not in `ports`.

    Rules are loaded before any address is added, and public addresses that are new are announced. {"announced": addresses}.
    """
    must_be_in_container(pid, container)
    with turn(container), network_namespace(pid), netlink() as router:
        bridge = router.index(BRIDGE) or router.add_bridge(BRIDGE, mac)
        load(script)
        for name, value in _SYSCTLS.items():
            write_sysctl(name, value)
        uplink = router.must_index(UPLINK)
        _converge(router, bridge, set(gateways))
        own = {address for address in router.addresses(uplink) if not address.endswith("/32")}
        new = _converge(router, uplink, {f"{eip}/32" for eip in eips} | own)
        router.up(bridge)
        _unplug_others(router, bridge, set(ports))
        announced = [address.removesuffix("/32") for address in sorted(new)]
        for address in announced:
            announce(UPLINK, router.links()[UPLINK]["mac"], address)
    return {"announced": announced}


def _converge(router: Netlink, index: int, wanted: set[str]) -> set[str]:
    """Make the link's IPv4 addresses exactly `wanted`; what was new."""
    present = router.addresses(index)
    for address in present - wanted:
        router.remove_address(index, address)
    for address in wanted - present:
        router.add_address(index, address)
    return wanted - present


def _unplug_others(router: Netlink, bridge: int, wanted: set[str]) -> None:
    for name, link in router.links().items():
        if link["master"] == bridge and name not in wanted:
            router.delete(link["index"])
