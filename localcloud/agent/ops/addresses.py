"""Addresses that move from one container to another."""

from __future__ import annotations

from localcloud.agent.arp import announce
from localcloud.agent.errors import OpError
from localcloud.agent.kernel import must_be_in_container, network_namespace
from localcloud.agent.netlink import netlink

CARD = "eth0"


def assign(pid: int, container: str, address: str) -> bool:
    """Give the container's card a further address and announce it by gratuitous ARP; whether it was new there.

    The router must let it through already: what it does not let through, nobody hears.
    """
    must_be_in_container(pid, container)
    with network_namespace(pid), netlink() as here:
        card = here.must_index(CARD)
        new = f"{address}/32" not in here.addresses(card)
        here.add_address(card, f"{address}/32")
        announce(CARD, here.links()[CARD]["mac"], address)
    return new


def withdraw(pid: int, container: str, address: str) -> None:
    """Take it away again; fine if it is not there, or the container has just ended."""
    try:
        must_be_in_container(pid, container)
    except OpError:
        return
    with network_namespace(pid), netlink() as here:
        card = here.index(CARD)
        if card is not None:
            here.remove_address(card, f"{address}/32")
