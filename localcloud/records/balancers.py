"""What the cloud remembers of load balancers and of what stands behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from localcloud.records.errors.certificate import CertificateNotFound
from localcloud.records.errors.elb import BalancerNotFound
from localcloud.records.errors.listener import ListenerNotFound
from localcloud.records.errors.targetgroup import HealthCheckNotFound, TargetGroupNotFound, TargetNotFound
from localcloud.records.store import Kind


@dataclass(frozen=True)
class Balancer:
    """A load balancer. `nodes`: its two HAProxy processes; `active` is the id of the one that has the address."""

    id: str
    region: str
    name: str
    description: str
    vpc_id: str
    subnet_id: str
    address: str
    sla: str
    guaranteed: bool  # 保障型, else 经典型
    resource_type: str  # "internal" | "external"
    protected: bool
    status: str  # "DOWN" until it is built, "ACTIVE" while one of its nodes answers
    nodes: tuple[dict[str, str], ...]  # id, zone, nic_id, mac, address
    active: str
    cycle: str
    project: str
    created: float
    updated: float


@dataclass(frozen=True)
class HealthCheck:
    """How targets are asked; times in seconds."""

    id: str
    region: str
    name: str
    description: str
    protocol: str  # "TCP" | "HTTP"
    interval: int
    timeout: int
    retries: int
    method: str
    path: str
    codes: tuple[str, ...]  # "http_2xx", ...
    port: int  # 0: the target's own
    created: float
    updated: float


@dataclass(frozen=True)
class TargetGroup:
    id: str
    region: str
    vpc_id: str
    name: str
    description: str
    algorithm: str  # "wrr" | "lc" | "sh"
    health_check_id: str
    created: float
    updated: float
    sticky: dict[str, Any] = field(default_factory=dict)  # mode "INSERT" | "REWRITE" | "SOURCE_IP", seconds, cookie; {}: off


@dataclass(frozen=True)
class Target:
    """A port of a server in a group."""

    id: str
    region: str
    group_id: str
    instance_id: str
    address: str
    port: int
    weight: int
    description: str
    created: float
    updated: float


@dataclass(frozen=True)
class Listener:
    """A port of a balancer, and the group that its connections go to."""

    id: str
    region: str
    balancer_id: str
    name: str
    description: str
    protocol: str  # "TCP" | "HTTP" | "HTTPS"
    port: int
    group_id: str
    forwarded_for: bool
    status: str  # "ACTIVE" | "DOWN" (stopped)
    created: float
    updated: float
    certificate_id: str = ""  # HTTPS


@dataclass(frozen=True)
class Certificate:
    """A server's certificate, those above it behind it, and its private key; both PEM."""

    id: str
    region: str
    name: str
    description: str
    certificate: str
    private_key: str = field(repr=False)
    created: float = 0.0
    updated: float = 0.0


BALANCERS = Kind("balancers", Balancer, ("region", "vpc_id", "subnet_id", "name"), BalancerNotFound)
HEALTH_CHECKS = Kind("health_checks", HealthCheck, ("region", "name"), HealthCheckNotFound)
TARGET_GROUPS = Kind("target_groups", TargetGroup, ("region", "vpc_id", "name", "health_check_id"), TargetGroupNotFound)
TARGETS = Kind("targets", Target, ("region", "group_id", "instance_id"), TargetNotFound)
LISTENERS = Kind("listeners", Listener, ("region", "balancer_id", "group_id"), ListenerNotFound)
CERTIFICATES = Kind("certificates", Certificate, ("region", "name"), CertificateNotFound)

ELB_KINDS = (BALANCERS, HEALTH_CHECKS, TARGET_GROUPS, TARGETS, LISTENERS, CERTIFICATES)
