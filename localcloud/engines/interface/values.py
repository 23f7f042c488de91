"""The values that services and engines speak in: networks, servers, disks, balancers. Plain, and whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


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
    zone_label: str
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
    zone_label: str
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
