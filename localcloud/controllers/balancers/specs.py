"""What a balancer shall be, from its records. Pure functions of the store."""

from __future__ import annotations

from localcloud.controllers.faults.power import fault_over, power_faults
from localcloud.controllers.networks.nodes import nic, nodes_of
from localcloud.engines.interface import engines as api
from localcloud.records.balancers import (
    CERTIFICATES,
    HEALTH_CHECKS,
    LISTENERS,
    TARGET_GROUPS,
    TARGETS,
    Balancer,
    Listener,
    TargetGroup,
)
from localcloud.records.catalogue import REGIONS
from localcloud.records.compute import SUBNETS
from localcloud.records.store import Store

_STICKY = {"INSERT": "insert", "REWRITE": "rewrite", "SOURCE_IP": "source"}


def wanted(store: Store, balancer: Balancer) -> api.BalancerSpec:
    """The whole wanted state of a balancer; processes that a fault keeps off are not wanted."""
    region, subnet = REGIONS[balancer.region], store.require(SUBNETS, balancer.subnet_id)
    faults, nodes = power_faults(store), nodes_of(balancer)
    listeners = [found for found in store.find(LISTENERS, balancer_id=balancer.id) if found.status == "ACTIVE"]
    return api.BalancerSpec(
        balancer_id=balancer.id,
        region=region.name,
        vpc_id=balancer.vpc_id,
        nodes=tuple(
            api.BalancerNode(node.id, region.zone_label(node.zone), nic(node, subnet))
            for node in nodes
            if not fault_over(faults, node)
        ),
        listeners=tuple(
            api.Listener(found.id, found.port, _mode(found), found.group_id, found.forwarded_for, found.certificate_id)
            for found in listeners
        ),
        pools=tuple(_pool(store, *key) for key in sorted({(found.group_id, _mode(found)) for found in listeners})),
        certificates=tuple(_certificate(store, found) for found in sorted({found.certificate_id for found in listeners} - {""})),
        peers=tuple(node.id for node in nodes),
    )


def _mode(listener: Listener) -> str:
    """Behind HTTPS is HTTP: the balancer ends TLS."""
    return "tcp" if listener.protocol == "TCP" else "http"


def _pool(store: Store, group_id: str, mode: str) -> api.Pool:
    group = store.require(TARGET_GROUPS, group_id)
    check = store.get(HEALTH_CHECKS, group.health_check_id) if group.health_check_id else None
    return api.Pool(
        pool_id=group.id,
        mode=mode,
        algorithm=group.algorithm,
        targets=tuple(
            api.Target(target.id, target.address, target.port, target.weight) for target in store.find(TARGETS, group_id=group.id)
        ),
        check=api.HealthCheck(
            check.protocol, check.interval, check.timeout, check.retries, check.method, check.path,
            "".join(sorted(code[5] for code in check.codes)), check.port,
        ) if check else None,
        sticky=_sticky(group),
    )  # fmt: skip


def _sticky(group: TargetGroup) -> api.Stickiness | None:
    kept = group.sticky
    return api.Stickiness(_STICKY[kept["mode"]], kept["seconds"], kept["cookie"]) if kept else None


def _certificate(store: Store, certificate_id: str) -> api.Certificate:
    found = store.require(CERTIFICATES, certificate_id)
    return api.Certificate(found.id, f"{found.certificate.rstrip()}\n{found.private_key.rstrip()}\n")
