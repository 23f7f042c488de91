"""What the services ask of the engines: plain values in, one small interface.

Services know CTyun's API and turn their records into these values; engines know processes, links and disks and nothing of
the API. Every call may be repeated: it converges what exists to what is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from localcloud.engines.interface.backups import BackupEngine
from localcloud.engines.interface.databases import DatabaseEngine
from localcloud.engines.interface.values import (
    BalancerNode,
    BalancerSpec,
    Certificate,
    Cut,
    Disk,
    EipBinding,
    EngineError,
    HalfApplied,
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

    Those of MySQL nodes and of volumes are parts of their own: `databases.py`, `volumes.py`.
    """

    @property
    def databases(self) -> DatabaseEngine:
        """MySQL nodes and their backups."""

    @property
    def volumes(self) -> VolumeEngine:
        """Disks that come and go while servers run, and their copies."""

    @property
    def backups(self) -> BackupEngine:
        """All disks of a server at one instant, and their way back."""

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

    async def apply_networks(self, networks: Collection[VpcNetwork]) -> None:
        """Converge the routers; all rules of one VPC change in one transaction."""

    async def create_server(self, spec: ServerSpec) -> None:
        """Make the server's container, seed and disks; do not boot it."""

    async def size_server(self, spec: ServerSpec) -> None:
        """The CPUs and the memory that it says, from now on. Fine if it is gone."""

    async def boot_servers(self, specs: Sequence[ServerSpec]) -> None:
        """Power on: rules and link first, then the process. The network must have been applied."""

    async def shut_down(self, instance_id: str, timeout: float) -> None:
        """Orderly stop of the operating system; killed after `timeout` seconds."""

    async def power_cut(self, instance_ids: Sequence[str]) -> None:
        """Steps (2) and (3) of a power-off: data disks lose what was not synced, then kill. apply_networks cuts links before."""

    async def remove_server(self, instance_id: str) -> None:
        """Remove container, anonymous volumes, disks, links and cgroups of a server; fine if some are gone."""

    async def make_image(self, image_id: str, instance_id: str, whole: bool) -> float:
        """Make an image of a server's system disk (`whole`: and of its data disks); the seconds that the server stood still.

        A half-made image of this id is made anew, a complete one is left as it is.
        """

    async def remove_image(self, image_id: str) -> None:
        """Remove an image; servers made from it stay as they are. Fine if it is gone."""

    def image_reference(self, image_id: str) -> str:
        """What `ServerSpec.image` is for a server from this image."""

    async def observe(self) -> Mapping[str, Power]:
        """Power of every server container of this cloud, by instance id; absent = gone."""

    async def rebooting(self) -> Collection[str]:
        """Servers that have ended by their own reboot and wait to be booted, by instance id."""

    async def kill_process(self, instance_id: str, process: str) -> int:
        """SIGKILL all processes of that name inside the server; returns how many were hit."""

    async def fill_disk(self, instance_id: str, path: str) -> None:
        """Fill the file system that holds `path` inside the server until nothing more fits."""

    async def free_disk(self, instance_id: str, path: str) -> None:
        """Undo fill_disk."""

    async def run(self, instance_id: str, command: Sequence[str], stdin: bytes = b"") -> tuple[int, bytes]:
        """Run a command inside the server as root (proofs that a fault has landed); exit status and output."""

    async def apply_balancer(self, spec: BalancerSpec) -> None:
        """Start and plug in what does not run of its nodes, and bring all of them to the wanted configuration.

        Targets and weights change without a reload. The network must have been applied.
        """

    async def balancer_nodes(self) -> frozenset[str]:
        """All balancer nodes that there are, running or not."""

    async def answering(self, node_ids: Collection[str]) -> frozenset[str]:
        """Those of these balancer nodes whose HAProxy answers now."""

    async def move_address(self, address: str, to_node: str, from_nodes: Collection[str]) -> None:
        """Take the address from the others and announce it at one node. The network must have been applied before."""

    async def target_health(self, node_id: str) -> Mapping[str, str]:
        """What a node's health checks say, by target id: "online", "offline" or "unknown"."""

    async def remove_nodes(self, node_ids: Collection[str]) -> None:
        """Kill and remove balancer nodes; fine if some are gone."""
