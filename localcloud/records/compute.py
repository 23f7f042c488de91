"""What the cloud remembers: one frozen dataclass per kind of resource, and the table it is kept in.

Wire names and wire shapes are the handlers' business; these are the cloud's own. Times are Unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from localcloud.records.backups import BACKUP_KINDS
from localcloud.records.balancers import ELB_KINDS
from localcloud.records.databases import RDS_KINDS
from localcloud.records.errors import FaultNotFound
from localcloud.records.errors.ebs import DiskNotFound
from localcloud.records.errors.ecs import InstanceNotFound
from localcloud.records.errors.eip import EipNotFound
from localcloud.records.errors.image import ImageNotFound
from localcloud.records.errors.jobs import JobNotFound
from localcloud.records.errors.keypair import KeyPairNotFound
from localcloud.records.errors.orders import OrderNotFound
from localcloud.records.errors.securitygroup import RuleNotFound, SecurityGroupNotFound
from localcloud.records.errors.vpc import SubnetNotFound, VpcNotFound
from localcloud.records.store import Kind
from localcloud.records.volumes import VOLUME_KINDS


@dataclass(frozen=True)
class Vpc:
    id: str
    region: str
    name: str
    cidr: str
    description: str
    project: str
    created: float


@dataclass(frozen=True)
class Subnet:
    id: str
    region: str
    vpc_id: str
    name: str
    cidr: str
    gateway: str
    description: str
    dns: tuple[str, ...]  # empty: the VPC's own resolver, its gateway
    created: float
    updated: float


@dataclass(frozen=True)
class SecurityGroup:
    id: str
    region: str
    vpc_id: str
    name: str
    description: str
    project: str
    created: float
    default: bool = False  # the VPC's own, for servers that are ordered without any


@dataclass(frozen=True)
class Rule:
    id: str
    region: str
    group_id: str
    direction: str  # "ingress" | "egress"
    action: str  # "accept" | "drop"
    protocol: str  # "ANY" | "TCP" | "UDP" | "ICMP"
    priority: int
    ports: tuple[int, int] | None
    peer_cidr: str | None
    peer_group: str | None
    description: str
    created: float
    range: str = ""  # the ports as the call spelled them


@dataclass(frozen=True)
class Eip:
    id: str
    region: str
    name: str
    address: str
    bandwidth: int
    billing: str  # "bandwidth" | "upflowc"
    line: str
    cycle: str  # "on_demand" | "month" | "year"
    expires: float | None
    project: str
    resource_id: str
    instance_id: str  # "" while unbound
    packaged: bool  # bought together with a server, and released with it
    created: float
    updated: float


@dataclass(frozen=True)
class KeyPair:
    """The private half is answered once and never kept."""

    id: str
    region: str
    name: str
    public_key: str
    fingerprint: str
    description: str
    project: str
    created: float
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Disk:
    """A disk of a server, or a volume, which may be in none (`instance_id` and `device` are "" then).

    `packaged`: ordered with its server, and released with it. `status` is the API's.
    """

    id: str
    region: str
    zone: str
    instance_id: str
    name: str
    type: str
    mode: str
    size: int  # GiB
    device: str
    system: bool
    created: float
    image_disk: str = ""  # the disk whose copy, in the server's private image, this one began as
    status: str = "in-use"
    packaged: bool = True
    on_demand: bool = True
    expires: float | None = None
    description: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    source: str = ""  # "snapshot" | "backup": what a volume was made from,
    source_id: str = ""  # and its id
    drops_snapshots: bool = False  # they go with it
    policy_id: str = ""  # which takes snapshots of it
    grows_to: int = 0  # GiB, while it is "resizing"
    updated: float = 0.0
    cycle: str = ""  # of a subscription: "month" | "year"
    cycles: int = 0


@dataclass(frozen=True)
class Instance:
    """A server. `status` is the API's; `desired` is what its owner wants of its power, whatever faults do to it."""

    id: str
    region: str
    zone: str  # the API's azName
    name: str
    display_name: str
    description: str
    flavor_id: str
    image_id: str
    vpc_id: str
    subnet_id: str
    nic_id: str
    mac: str
    address: str
    groups: tuple[str, ...]
    key_pair_id: str
    public_key: str | None
    password_hash: str | None
    user_data: str  # base64, as the API got it
    status: str
    desired: str  # "on" | "off"
    on_demand: bool
    expires: float | None
    project: str
    resource_id: str
    order_id: str
    created: float
    updated: float
    labels: dict[str, str] = field(default_factory=dict)
    image_name: str = ""  # of a private image, which the server may outlive
    image_depth: int = 0  # 0: a public image; 1: a private one of a server from a public one, and so on


@dataclass(frozen=True)
class PrivateImage:
    """An image made from a server. `disks`: its data disks as they were, [] for an image of the system disk alone."""

    id: str
    region: str
    name: str
    description: str
    status: str  # "queued" | "saving" | "active" | "error" | "deleting"
    whole: bool
    source: str  # the server's id
    system_disk: str
    system_gib: int
    disks: tuple[dict[str, str | int], ...]  # id, name, type, size of each
    depth: int
    job_id: str
    labels: dict[str, str]
    problem: str
    created: float
    updated: float


@dataclass(frozen=True)
class Order:
    """A master order. `status`: the API's digits (14 opening, 3 finished, 5 failed). `wanted`: what one for a change leads to."""

    id: str
    region: str
    number: str
    kind: str  # "ecs-create" | "ecs-release" | "eip-create" | "eip-release"
    status: str
    resource_type: str
    resource_ids: tuple[str, ...]
    master_resource_id: str
    problem: str
    created: float
    wanted: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """An asynchronous task on one server, or on the image whose id stands in its place. `status`: 0 running, 1 done, 2 failed."""

    id: str
    region: str
    task: str  # what carries it out, e.g. "start"
    instance_id: str
    status: int
    problem: str
    created: float


@dataclass(frozen=True)
class Fault:
    """A fault that was done to the cloud. `phase`: "landing" until its effect was checked, then "active", then "undone"."""

    id: str
    kind: str  # "power-off" | "cut" | "kill" | "disk-full"
    target: str  # as it is shown
    scope: dict[str, str]  # what it covers: instance, region, zone (see power.py)
    phase: str
    to: str | None
    to_scope: dict[str, str] | None
    one_way: bool
    process: str | None
    path: str | None
    name_prefix: str | None
    hit: tuple[str, ...]  # instance ids that this fault hit
    hit_names: tuple[str, ...]
    at: float | None
    landed: bool
    proof: str
    undone: float | None
    created: float


VPCS = Kind("vpcs", Vpc, ("region", "name"), VpcNotFound)
SUBNETS = Kind("subnets", Subnet, ("region", "vpc_id"), SubnetNotFound)
GROUPS = Kind("security_groups", SecurityGroup, ("region", "vpc_id", "name"), SecurityGroupNotFound)
RULES = Kind("rules", Rule, ("group_id",), RuleNotFound)
EIPS = Kind("eips", Eip, ("region", "instance_id", "address"), EipNotFound)
KEY_PAIRS = Kind("key_pairs", KeyPair, ("region", "name"), KeyPairNotFound)
DISKS = Kind("disks", Disk, ("region", "instance_id"), DiskNotFound)
INSTANCES = Kind("instances", Instance, ("region", "vpc_id", "subnet_id", "status", "order_id"), InstanceNotFound)
ORDERS = Kind("orders", Order, ("status",), OrderNotFound)
JOBS = Kind("jobs", Job, ("status",), JobNotFound)
PRIVATE_IMAGES = Kind("private_images", PrivateImage, ("region", "source", "status"), ImageNotFound)
FAULTS = Kind("faults", Fault, ("phase", "kind"), FaultNotFound)

ALL_KINDS = (
    VPCS, SUBNETS, GROUPS, RULES, EIPS, KEY_PAIRS, DISKS, INSTANCES, ORDERS, JOBS, FAULTS, PRIVATE_IMAGES,
    *BACKUP_KINDS, *ELB_KINDS, *RDS_KINDS, *VOLUME_KINDS,
)  # fmt: skip
