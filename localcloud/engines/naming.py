"""Names, labels and hardware addresses of what a cloud makes: all follow from ids, so that everything is found again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Naming:
    """Names of one cloud's things."""

    cloud: str

    @property
    def agent(self) -> str:
        return f"drlab-{self.cloud}-agent"

    @property
    def internet(self) -> str:
        return f"drlab-{self.cloud}-internet"

    @property
    def internet_bridge(self) -> str:
        """The host's end of the internet; 15 characters at most."""
        return f"drlab-{self.cloud}"

    def router(self, vpc_id: str) -> str:
        return f"drlab-{self.cloud}-router-{vpc_id}"

    def server(self, instance_id: str) -> str:
        return f"drlab-{self.cloud}-{instance_id}"

    def image(self, image_id: str) -> str:
        """Docker's reference of an image that was made from a server."""
        return f"drlab-{self.cloud}-image:{image_id}"

    def labels(self, kind: str, resource: str = "", region: str = "", zone_label: str = "") -> dict[str, str]:
        found = {
            "drlab.cloud": self.cloud,
            "drlab.kind": kind,
            "drlab.resource": resource,
            "drlab.region": region,
            "drlab.zone": zone_label,
        }
        return {key: value for key, value in found.items() if value}

    def filters(self, kind: str | None = None) -> dict[str, list[str]]:
        """Docker's list filter for this cloud's things (of a kind)."""
        return {"label": [f"drlab.cloud={self.cloud}", *([f"drlab.kind={kind}"] if kind else [])]}


def port_name(nic_id: str) -> str:
    """The router's end of a server's NIC; 15 characters at most."""
    return f"p{_digest(nic_id)[:12]}"


def bridge_mac(vpc_id: str) -> str:
    """Fixed per VPC: a router that is made anew keeps its servers' neighbour tables right."""
    return "02:" + ":".join(_digest(vpc_id)[i : i + 2] for i in range(0, 10, 2))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
