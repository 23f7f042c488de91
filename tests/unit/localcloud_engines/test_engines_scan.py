"""What of a scan is decided by plain values."""

from __future__ import annotations

from localcloud.engines.naming import Naming
from localcloud.engines.scan import ranges_of_others


def test_ranges_of_other_clouds_are_told_from_ones_own() -> None:
    def network(cidr: str, cloud: str | None) -> dict[str, object]:
        labels = {"drlab.cloud": cloud} if cloud else None
        return {"Labels": labels, "IPAM": {"Config": [{"Subnet": cidr}]}}

    networks = [
        network("198.18.0.0/20", "abc123"),
        network("198.18.16.0/20", "other1"),
        network("172.17.0.0/16", None),
        {"Labels": {"drlab.cloud": "other2"}, "IPAM": {"Config": None}},
    ]
    assert ranges_of_others(networks, Naming("abc123")) == {"198.18.16.0/20"}
