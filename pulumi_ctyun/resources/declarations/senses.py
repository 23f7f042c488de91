"""What different spellings of one value have in common, as functions of a value that the rules have let through."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network


def key(line: str) -> str:
    """A public key without its comment."""
    return " ".join(line.split()[:2])


def words(text: str) -> str:
    """PEM: white space and line ends are nobody's matter."""
    return " ".join(text.split())


def ports(text: str) -> tuple[int, ...]:
    """22 is 22-22."""
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def networks(addresses: Iterable[str]) -> list[str]:
    """10.0.0.7 is 10.0.0.7/32, and twice is once."""
    return sorted({str(IPv4Network(address)) for address in addresses})


def mode(text: str) -> str:
    """644 is 0644."""
    return text.zfill(4)
