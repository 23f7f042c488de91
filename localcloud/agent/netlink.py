"""The one place that imports pyroute2 (Debian's, in the agent's image only); everything it gives out is plain."""

from __future__ import annotations

import errno
import ipaddress
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pyroute2 import IPRoute  # type: ignore[import-not-found, unused-ignore]
from pyroute2.netlink.exceptions import NetlinkDumpInterrupted, NetlinkError  # type: ignore[import-not-found, unused-ignore]

UNREACHABLE_METRIC = 0x7D000000  # behind every ordinary route to the same prefix
_UNREACHABLE = 7  # RTN_UNREACHABLE, linux/rtnetlink.h
_FORWARDING = 3  # BR_STATE_FORWARDING, linux/if_bridge.h
_LOOKS = 100  # at a list that changes while the kernel gives it out


class Netlink:
    """Links, addresses and routes of the network namespace in which it was opened."""

    def __init__(self) -> None:
        self._ip = IPRoute()

    def close(self) -> None:
        self._ip.close()

    def index(self, name: str) -> int | None:
        """Interface index, None when there is no such link."""
        found = self._ip.link_lookup(ifname=name)
        return int(found[0]) if found else None

    def links(self) -> dict[str, dict[str, Any]]:
        """By name: {"index", "mac", "master", "up", "carries"}; "up" is what was asked for, "carries" that frames get through."""
        return {
            message.get_attr("IFLA_IFNAME"): {
                "index": message["index"],
                "mac": message.get_attr("IFLA_ADDRESS"),
                "master": message.get_attr("IFLA_MASTER"),
                "up": bool(message["flags"] & 1),
                "carries": message.get_attr("IFLA_OPERSTATE") == "UP" and _port_state(message) in (None, _FORWARDING),
            }
            for message in _whole(self._ip.get_links)
        }

    def add_bridge(self, name: str, mac: str) -> int:
        """A bridge without spanning tree: ports forward from the first frame on."""
        self._ip.link("add", ifname=name, kind="bridge", address=mac, br_stp_state=0, br_forward_delay=0, br_mcast_snooping=0)
        return self.must_index(name)

    def add_veth(self, name: str, peer: str, peer_mac: str, peer_namespace: int) -> int:
        """A pair: `name` here, `peer` in the namespace behind the descriptor. Nothing of it ever shows up on the host."""
        self._ip.link("add", ifname=name, kind="veth", peer={"ifname": peer, "address": peer_mac, "net_ns_fd": peer_namespace})
        return self.must_index(name)

    def must_index(self, name: str) -> int:
        index = self.index(name)
        if index is None:
            raise LookupError(f"link {name} was made and is not there")
        return index

    def enslave(self, index: int, master: int) -> None:
        self._ip.link("set", index=index, master=master)

    def up(self, index: int) -> None:
        self._ip.link("set", index=index, state="up")

    def rename(self, index: int, name: str) -> None:
        self._ip.link("set", index=index, ifname=name)

    def delete(self, index: int) -> None:
        """Fine if it is gone."""
        with _except_for(errno.ENODEV):
            self._ip.link("del", index=index)

    def addresses(self, index: int) -> set[str]:
        """IPv4 addresses with prefix, e.g. "192.168.1.1/24"."""
        found = _whole(lambda: self._ip.get_addr(family=2, index=index))
        return {f"{message.get_attr('IFA_ADDRESS')}/{message['prefixlen']}" for message in found}

    def add_address(self, index: int, address: str) -> None:
        """Fine if it is there."""
        interface = ipaddress.IPv4Interface(address)
        with _except_for(errno.EEXIST):
            self._ip.addr("add", index=index, address=str(interface.ip), prefixlen=interface.network.prefixlen)

    def remove_address(self, index: int, address: str) -> None:
        """Fine if it is gone."""
        interface = ipaddress.IPv4Interface(address)
        with _except_for(errno.EADDRNOTAVAIL):
            self._ip.addr("del", index=index, address=str(interface.ip), prefixlen=interface.network.prefixlen)

    def default_route(self, gateway: str) -> None:
        self._ip.route("replace", dst="default", gateway=gateway)

    def guard(self, cidr: str) -> None:
        """Whatever has no better route to `cidr` is unreachable, instead of leaving by the default route."""
        self._ip.route("replace", dst=cidr, type="unreachable", priority=UNREACHABLE_METRIC)

    def unguard(self, cidr: str) -> None:
        """Fine if it is gone."""
        with _except_for(errno.ESRCH):
            self._ip.route("del", dst=cidr, type="unreachable", priority=UNREACHABLE_METRIC)

    def routes(self) -> list[dict[str, Any]]:
        """IPv4 routes except the default one: {"cidr", "guard"}."""
        return [
            {"cidr": f"{m.get_attr('RTA_DST')}/{m['dst_len']}", "guard": m["type"] == _UNREACHABLE}
            for m in _whole(lambda: self._ip.get_routes(family=2))
            if m.get_attr("RTA_DST") is not None
        ]


def _whole(ask: Callable[[], Iterable[Any]]) -> list[Any]:
    """All of a list that the kernel gives out in pieces: asked for again whenever it has changed in between."""
    for _look in range(_LOOKS):
        with suppress(NetlinkDumpInterrupted):
            return list(ask())
    return list(ask())


def _port_state(message: Any) -> int | None:
    """State of a bridge's port, None for a link that is none."""
    kind = message.get_attr("IFLA_LINKINFO")
    port = kind.get_attr("IFLA_INFO_SLAVE_DATA") if kind else None
    state = port.get_attr("IFLA_BRPORT_STATE") if port and not isinstance(port, str) else None
    return None if state is None else int(state)


@contextmanager
def netlink() -> Iterator[Netlink]:
    """A Netlink of this thread's present namespace."""
    opened = Netlink()
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def _except_for(code: int) -> Iterator[None]:
    try:
        yield
    except NetlinkError as exc:
        if exc.code != code:
            raise
