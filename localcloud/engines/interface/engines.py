"""The seam: what controllers ask of the engines. Plain values in, and one small interface for each kind of thing.

Controllers know CTyun's API and turn their records into these values; engines know processes, links and disks and nothing of
the API. Every call may be repeated: it converges what exists to what is asked.
"""

from __future__ import annotations

from typing import Protocol

from localcloud.engines.interface.backups import BackupEngine
from localcloud.engines.interface.balancers import BalancerEngine
from localcloud.engines.interface.databases import DatabaseEngine
from localcloud.engines.interface.errors import EngineError, HalfApplied
from localcloud.engines.interface.images import ImageEngine
from localcloud.engines.interface.networks import NetworkEngine
from localcloud.engines.interface.servers import InsideServers, ServerEngine
from localcloud.engines.interface.values import (
    BalancerNode,
    BalancerSpec,
    Certificate,
    Cut,
    Disk,
    EipBinding,
    HealthCheck,
    Listener,
    MovingAddress,
    Nic,
    Pool,
    Power,
    Rule,
    ServerSpec,
    Stickiness,
    Subnet,
    Target,
    VpcNetwork,
)
from localcloud.engines.interface.volumes import VolumeEngine

__all__ = [
    "BalancerNode",
    "BalancerSpec",
    "Certificate",
    "Cut",
    "Disk",
    "EipBinding",
    "EngineError",
    "Engines",
    "HalfApplied",
    "HealthCheck",
    "Listener",
    "MovingAddress",
    "Nic",
    "Pool",
    "Power",
    "Rule",
    "ServerSpec",
    "Stickiness",
    "Subnet",
    "Target",
    "VpcNetwork",
]


class Engines(Protocol):
    """The engines behind the local cloud. All methods are safe to call twice and safe to call in parallel.

    Here is what concerns all of them; what is asked of one kind of thing is asked of its part.
    """

    @property
    def networks(self) -> NetworkEngine:
        """Routers of VPCs."""

    @property
    def servers(self) -> ServerEngine:
        """Servers as machines: made, powered, removed."""

    @property
    def inside(self) -> InsideServers:
        """Faults and commands inside running servers."""

    @property
    def images(self) -> ImageEngine:
        """Images made from servers."""

    @property
    def volumes(self) -> VolumeEngine:
        """Disks that come and go while servers run, and their copies."""

    @property
    def backups(self) -> BackupEngine:
        """All disks of a server at one instant, and their way back."""

    @property
    def balancers(self) -> BalancerEngine:
        """HAProxy nodes of load balancers."""

    @property
    def databases(self) -> DatabaseEngine:
        """MySQL nodes and their backups."""

    async def start(self) -> None:
        """Make what every cloud needs (agent, `internet` network, guard route). Raises EngineError with what is missing."""

    async def stop(self) -> None:
        """Remove agent, `internet` network and guard; servers must be gone or suspended before."""

    async def outage(self) -> None:
        """Wait until what everything runs on (Docker) has ended since start(), which must be repeated then, until it succeeds."""

    def interrupted(self) -> bool:
        """True when start() found that everything had been down (machine or Docker restarted): desired power must be restored."""

    def eip_pool(self) -> str:
        """CIDR from which EIPs are taken (a part of the `internet` network that Docker itself does not hand out)."""
