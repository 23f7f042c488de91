"""The cloud's internet: a /20 out of the benchmark range, its lower half for routers, its upper half for EIPs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network

BENCHMARK = IPv4Network("198.18.0.0/15")  # RFC 2544: never a real destination
PREFIX = 20


def free_ranges(taken: Iterable[str]) -> Iterator[IPv4Network]:
    """The /20s that overlap with nothing in `taken` (prefixes; wider ones than the benchmark range are no hindrance)."""
    networks = [network for network in map(_parsed, taken) if network is not None and network.prefixlen > BENCHMARK.prefixlen]
    for candidate in BENCHMARK.subnets(new_prefix=PREFIX):
        if not any(candidate.overlaps(network) for network in networks):
            yield candidate


def routed_prefixes(table: str) -> list[str]:
    """Prefixes to which this host has routes, unreachable ones included; `table` is the text of /proc/net/route."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return [f"{_dotted(row[1])}/{_dotted(row[7])}" for row in rows if len(row) > 7]


def router_range(cidr: str) -> str:
    """The half that Docker hands out."""
    return str(next(IPv4Network(cidr).subnets(prefixlen_diff=1)))


def eip_range(cidr: str) -> str:
    """The half from which EIPs are taken (its last address is the broadcast address)."""
    return str(list(IPv4Network(cidr).subnets(prefixlen_diff=1))[1])


def _dotted(hexadecimal: str) -> str:
    """The kernel prints addresses as numbers in the machine's byte order."""
    return str(IPv4Address(int(hexadecimal, 16).to_bytes(4, sys.byteorder)))


def _parsed(cidr: str) -> IPv4Network | None:
    """None for what is not IPv4."""
    return None if ":" in cidr else IPv4Network(cidr, strict=False)
