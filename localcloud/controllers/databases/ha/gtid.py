"""MariaDB's GTID positions: "domain-server-sequence", one for each domain, joined by commas."""

from __future__ import annotations


def covers(position: str, wanted: str) -> bool:
    """All of `wanted` is in `position`. Sequences count up within a domain, whichever server writes (gtid_strict_mode)."""
    reached = _sequences(position)
    return all(reached.get(domain, 0) >= sequence for domain, sequence in _sequences(wanted).items())


def missing(position: str, wanted: str) -> int:
    """How many transactions of `wanted` are not in `position`."""
    reached = _sequences(position)
    return sum(max(0, sequence - reached.get(domain, 0)) for domain, sequence in _sequences(wanted).items())


def _sequences(position: str) -> dict[str, int]:
    """The last sequence number by domain; the greatest, where several servers stand for one domain."""
    found: dict[str, int] = {}
    for part in position.split(","):
        if part.strip():
            domain, _, sequence = part.strip().split("-")
            found[domain] = max(found.get(domain, 0), int(sequence))
    return found
