"""The cloud's internet: a /20 out of the benchmark range, its lower half for routers, its upper half for EIPs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

BENCHMARK = IPv4Network("198.18.0.0/15")  # RFC 2544: never a real destination
PREFIX = 20


def free_ranges(taken: Iterable[str]) -> Iterator[IPv4Network]:
    """The /20s that overlap with nothing in `taken` (prefixes; wider ones than the benchmark range are no hindrance)."""
    networks = [network for network in map(_parsed, taken) if network is not None and network.prefixlen > BENCHMARK.prefixlen]
    for candidate in BENCHMARK.subnets(new_prefix=PREFIX):
        if not any(candidate.overlaps(network) for network in networks):
            yield candidate


def router_range(cidr: str) -> str:
    """The half that Docker hands out."""
    return str(next(IPv4Network(cidr).subnets(prefixlen_diff=1)))


def eip_range(cidr: str) -> str:
    """The half from which EIPs are taken (its last address is the broadcast address)."""
    return str(list(IPv4Network(cidr).subnets(prefixlen_diff=1))[1])


def _parsed(cidr: str) -> IPv4Network | None:
    """None for what is not IPv4."""
    return None if ":" in cidr else IPv4Network(cidr, strict=False)
