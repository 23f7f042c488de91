"""What the services ask of the engines: plain values in, one small interface.

Services know CTyun's API and turn their records into these values; engines know processes, links and disks and nothing of
the API. Every call may be repeated: it converges what exists to what is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from localcloud.engines.backups_api import BackupEngine
    from localcloud.engines.database_api import DatabaseEngine
    from localcloud.engines.volume_api import VolumeEngine


class EngineError(Exception):
    """An engine could not do what was asked; the text says what, on which thing, and why."""


class HalfApplied(EngineError):
    """One of a balancer's processes could not be brought to what is wanted, another one is."""


class Power(StrEnum):
    """What a server's container is seen to do (not what somebody wants it to do)."""

    RUNNING = "running"
    STOPPED = "stopped"
    GONE = "gone"


@dataclass(frozen=True)
class Subnet:
    """A subnet of a VPC; its gateway address lives on the router's bridge."""

    subnet_id: str
    cidr: str
    gateway: str


@dataclass(frozen=True)
class Rule:
    """One security-group rule. `ports` is (first, last), None for all; `peer_cidr` or `peer_group` names the other side."""

    direction: str  # "ingress" | "egress"
    action: str  # "accept" | "drop"
    protocol: str  # "ANY" | "TCP" | "UDP" | "ICMP"
    priority: int  # 1-100, smaller wins
    ports: tuple[int, int] | None = None
    peer_cidr: str | None = None
    peer_group: str | None = None


@dataclass(frozen=True)
class Nic:
    """A network card of a server. With no group nothing is allowed in and everything out."""

    nic_id: str
    instance_id: str
    mac: str
    address: str
    prefix: int
    gateway: str
    groups: tuple[str, ...] = ()
    only_from: tuple[str, ...] | None = None  # CIDRs; to `only_port` nobody else gets through, whatever the groups say
    only_port: int = 0


@dataclass(frozen=True)
class EipBinding:
    """An EIP as 1:1 NAT to a private address of the VPC."""

    address: str
    private_address: str


@dataclass(frozen=True)
class MovingAddress:
    """An address that one NIC at a time has besides its own."""

    address: str
    nic_id: str


@dataclass(frozen=True)
class Cut:
    """A one-directional network cut at the router: frames from any of `sources` to any of `targets` are dropped.

    None stands for "everything else"; a cut in both directions is two of these.
    """

    sources: frozenset[str] | None  # nic ids
    targets: frozenset[str] | None


@dataclass(frozen=True)
class VpcNetwork:
    """The whole wanted state of one VPC's network. No NICs and no EIPs: the router goes away."""

    vpc_id: str
    region: str
    subnets: tuple[Subnet, ...] = ()
    nics: tuple[Nic, ...] = ()
    groups: Mapping[str, tuple[Rule, ...]] | None = None
    eips: tuple[EipBinding, ...] = ()
    dead_nics: frozenset[str] = frozenset()  # powered-off servers: no frame in or out
    cuts: tuple[Cut, ...] = ()
    public_elsewhere: Mapping[str, str] = field(default_factory=dict)  # EIP by NIC id, of other VPCs: cuts may name them
    moving: tuple[MovingAddress, ...] = ()

    def addresses(self) -> list[tuple[Nic, str]]:
        """Every address with the NIC that has it: its own, and those that are with it at present."""
        cards = {nic.nic_id: nic for nic in self.nics}
        moved = [(cards[moving.nic_id], moving.address) for moving in self.moving if moving.nic_id in cards]
        return [*((nic, nic.address) for nic in self.nics), *moved]


@dataclass(frozen=True)
class HealthCheck:
    """How a balancer asks its targets whether they live; times in seconds."""

    protocol: str  # "TCP" | "HTTP"
    interval: int
    timeout: int
    retries: int
    method: str = "GET"
    path: str = "/"
    codes: str = "2"  # first digits of the status codes that count as alive
    port: int = 0  # 0: the target's own


@dataclass(frozen=True)
class Target:
    """Where a balancer sends to."""

    target_id: str
    address: str
    port: int
    weight: int


@dataclass(frozen=True)
class Stickiness:
    """How who came once comes to the same target again. Cookies need pools of mode "http"."""

    mode: str  # "insert": a cookie of the balancer's own | "rewrite": in the target's cookie | "source": by address
    seconds: int = 0  # insert, source: forgotten after so long without a request
    cookie: str = ""  # rewrite: its name


@dataclass(frozen=True)
class Pool:
    """Targets that share a balancing algorithm and a health check."""

    pool_id: str
    mode: str  # "tcp" | "http"
    algorithm: str  # "wrr" | "lc" | "sh"
    targets: tuple[Target, ...] = ()
    check: HealthCheck | None = None
    sticky: Stickiness | None = None


@dataclass(frozen=True)
class Listener:
    """A port of a balancer and the pool behind it."""

    listener_id: str
    port: int
    mode: str  # "tcp" | "http"
    pool_id: str
    forwarded_for: bool = False
    certificate_id: str = ""  # with one it speaks TLS, the pool does not


@dataclass(frozen=True)
class Certificate:
    """What a listener shows; its content never changes. `pem`: the server's own, those above it, and the private key."""

    certificate_id: str
    pem: str = field(repr=False)


@dataclass(frozen=True)
class BalancerNode:
    """One of a balancer's HAProxy processes."""

    node_id: str
    zone: str
    nic: Nic


@dataclass(frozen=True)
class BalancerSpec:
    """The whole wanted state of a balancer; `nodes` are those that have power, `peers` the ids of all."""

    balancer_id: str
    region: str
    vpc_id: str
    nodes: tuple[BalancerNode, ...]
    listeners: tuple[Listener, ...] = ()
    pools: tuple[Pool, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    peers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Disk:
    """A data disk: a sparse file on a loop device; the server sees a raw block device and formats it itself."""

    disk_id: str
    size_gib: int
    device: str  # as the server sees it, e.g. "/dev/vdb"
    image_id: str = ""  # a new disk begins as the copy that this image holds
    image_disk: str = ""  # of this disk
    separate: bool = False  # a volume: it outlives the server that has it


@dataclass(frozen=True)
class ServerSpec:
    """All that is needed to make a server."""

    instance_id: str
    hostname: str
    region: str
    zone: str
    image: str  # Docker image reference
    cpus: float
    memory_mib: int
    vpc_id: str
    nic: Nic
    disks: tuple[Disk, ...] = ()
    user_data: bytes = b""  # as the API got it, decoded
    public_key: str | None = None  # login key of root
    password_hash: str | None = None  # crypt(3) hash for root; None locks password login
    dns: tuple[str, ...] = ()


class Engines(Protocol):
    """The engines behind the local cloud. All methods are safe to call twice and safe to call in parallel.

    Those of MySQL nodes and of volumes are parts of their own: `database_api.py`, `volume_api.py`.
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

    def interrupted(self) -> bool:
        """True when start() found that everything had been down (machine or Docker restarted): desired power must be restored."""

    def eip_pool(self) -> str:
        """CIDR from which EIPs are taken (a part of the `internet` network that Docker itself does not hand out)."""

    async def apply_networks(self, networks: Collection[VpcNetwork]) -> None:
        """Converge the routers; all rules of one VPC change in one transaction."""

    async def create_server(self, spec: ServerSpec) -> None:
        """Make the server's container, seed and disks; do not boot it."""

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
