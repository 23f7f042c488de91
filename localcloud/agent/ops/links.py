"""Network cards of servers: a veth pair between the router's bridge and the server's eth0."""

from __future__ import annotations

import os
from typing import Any

from localcloud.agent.arp import announce
from localcloud.agent.errors import OpError
from localcloud.agent.kernel import must_be_in_container, network_namespace
from localcloud.agent.netlink import Netlink, netlink
from localcloud.agent.waiting import turn, wait_until

BRIDGE = "br0"
_UNFINISHED = "drlab0"  # the card's name until it is complete: who waits for eth0 finds it with its address
_CARRIES = 10.0  # seconds for a new link; one at most is usual


def plug(
    router_pid: int, router: str, server_pid: int, server: str, port: str, mac: str, address: str, gateway: str
) -> dict[str, Any]:
    """Give the server its eth0 on the router's bridge; {"plugged": False} when it had it already.

    `port` is the pair's end at the router; `address` has its prefix. The rules for the port must stand before.
    """
    must_be_in_container(router_pid, router)
    must_be_in_container(server_pid, server)
    with turn(server):
        if _is_plugged(router_pid, server_pid, port, mac):
            return {"plugged": False}
        _make_pair(router_pid, server_pid, port, mac)
        _finish_card(server_pid, address, gateway)
    _wait_until_it_carries(router_pid, port)
    _wait_until_it_carries(server_pid, "eth0")
    with network_namespace(server_pid):
        announce("eth0", mac, address.partition("/")[0])  # the address may have been another server's a moment ago
    return {"plugged": True}


def _is_plugged(router_pid: int, server_pid: int, port: str, mac: str) -> bool:
    with network_namespace(server_pid), netlink() as server:
        card = server.links().get("eth0")
    with network_namespace(router_pid), netlink() as router:
        end = router.links().get(port)
    return card is not None and card["mac"] == mac and card["up"] and end is not None and end["up"] and bool(end["master"])


def _make_pair(router_pid: int, server_pid: int, port: str, mac: str) -> None:
    with network_namespace(server_pid), netlink() as server:
        _delete(server, _UNFINISHED)
        _delete(server, "eth0")
    namespace = os.open(f"/proc/{server_pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        with network_namespace(router_pid), netlink() as router:
            _delete(router, port)
            bridge = router.index(BRIDGE)
            if bridge is None:
                raise OpError(f"the router has no bridge {BRIDGE} yet: its network must be applied before a server is plugged in")
            index = router.add_veth(port, _UNFINISHED, mac, namespace)
            router.enslave(index, bridge)
            router.up(index)
    finally:
        os.close(namespace)


def _finish_card(server_pid: int, address: str, gateway: str) -> None:
    with network_namespace(server_pid), netlink() as server:
        server.up(server.must_index("lo"))
        card = server.must_index(_UNFINISHED)
        server.add_address(card, address)
        server.rename(card, "eth0")
        server.up(card)
        server.default_route(gateway)


def _wait_until_it_carries(pid: int, link: str) -> None:
    """The kernel lets frames through a moment after both ends are up, now and then a second: what is sent before is lost."""
    with network_namespace(pid), netlink() as here:
        wait_until(lambda: here.links().get(link, {}).get("carries", False), _CARRIES, f"link {link} to carry frames")


def _delete(here: Netlink, name: str) -> None:
    index = here.index(name)
    if index is not None:
        here.delete(index)
