"""Health checks, target groups and targets: read the call, obey the rules, shape the answer."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

from localcloud.api.calls import Call
from localcloud.api.inputs import Fields
from localcloud.records.balancers import HEALTH_CHECKS, TARGET_GROUPS, TARGETS, HealthCheck, Target, TargetGroup
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import INSTANCES, VPCS
from localcloud.records.errors import NotModelled, ParameterError, QuotaExceeded
from localcloud.records.errors.targetgroup import (
    CookiesNeedHttp,
    HealthCheckInUse,
    HealthCheckNameDuplicated,
    TargetDuplicated,
    TargetGroupInUse,
    TargetGroupNameDuplicated,
    TargetOutside,
)
from localcloud.records.identifiers import short_id
from localcloud.services.targetgroup import model


# -- health checks -----------------------------------------------------------------------------------------------------
def create_check(call: Call) -> dict[str, Any]:
    fields, region, now = call.fields, call.region(), time()
    name, description = fields.name("name", required=True), fields.description()
    protocol = fields.choice("protocol", ("TCP", "UDP", "HTTP"), required=True)
    if protocol == "UDP":
        raise NotModelled("UDP health checks are not modelled by the local cloud; there are TCP and HTTP.")
    fresh = HealthCheck(short_id("hc"), region.id, name, description, protocol, 5, 2, 2, "GET", "/", ("http_2xx",), 0, now, now)
    check = model.read_check(fields, fresh)
    fields.check()
    call.is_free(HEALTH_CHECKS, HealthCheckNameDuplicated, name, region=region.id)
    call.has_room(HEALTH_CHECKS, QUOTAS.health_checks, "health checks in this region", region=region.id)
    return {"ID": call.store.put(HEALTH_CHECKS, check).id}


def show_check(call: Call) -> dict[str, Any]:
    return model.check_shown(call.one(HEALTH_CHECKS, "healthCheckID", "ID"))


def list_checks(call: Call) -> list[dict[str, Any]]:
    fields, region = call.fields, call.region()
    name, ids = fields.text("name"), fields.listed("IDs")
    fields.check()
    found = call.store.find(HEALTH_CHECKS, region=region.id)
    return [model.check_shown(item) for item in found if name in ("", item.name) and (not ids or item.id in ids)]


def update_check(call: Call) -> dict[str, Any]:
    fields = call.fields
    old = call.store.get(HEALTH_CHECKS, fields.text("healthCheckID") or fields.text("ID"))
    name, described, description = fields.name("name"), fields.has("description"), fields.description()
    changed = model.read_check(fields, old) if old else None
    if old is None:
        fields.ignore(*("timeout", "interval", "maxRetry", "httpMethod", "httpUrlPath", "httpExpectedCodes", "protocolPort"))
    check = call.one(HEALTH_CHECKS, "healthCheckID", "ID")
    call.is_free(HEALTH_CHECKS, HealthCheckNameDuplicated, name, check.id, region=check.region)
    call.store.put(HEALTH_CHECKS, replace(
        changed or check, name=name or check.name, description=description if described else check.description, updated=time()
    ))  # fmt: skip
    for group in call.store.find(TARGET_GROUPS, health_check_id=check.id):
        _changed(call, group.id)
    return {"ID": check.id}


def delete_check(call: Call) -> dict[str, Any]:
    check = call.one(HEALTH_CHECKS, "healthCheckID", "ID")
    if users := call.store.find(TARGET_GROUPS, health_check_id=check.id):
        raise HealthCheckInUse(check.id, [f"target group {group.id} ({group.name})" for group in users])
    call.store.delete(HEALTH_CHECKS, check.id)
    return {"ID": check.id}


# -- target groups -----------------------------------------------------------------------------------------------------
def create_group(call: Call) -> list[dict[str, Any]]:
    fields, region, now = call.fields, call.region(), time()
    name, description, vpc_id = fields.name("name", required=True), fields.description(), fields.text("vpcID", required=True)
    algorithm = _algorithm(call, required=True)
    check_id = fields.text("healthCheckID")
    _options(fields)
    sticky = model.read_stickiness(fields, algorithm)
    fields.check()
    call.store.require(VPCS, vpc_id, region.id)
    if check_id:
        call.store.require(HEALTH_CHECKS, check_id, region.id)
    call.is_free(TARGET_GROUPS, TargetGroupNameDuplicated, name, region=region.id)
    call.has_room(TARGET_GROUPS, QUOTAS.target_groups, "target groups in this region", region=region.id)
    group = TargetGroup(short_id("tg"), region.id, vpc_id, name, description, algorithm, check_id, now, now, sticky)
    return [{"ID": call.store.put(TARGET_GROUPS, group).id}]


def show_group(call: Call) -> list[dict[str, Any]]:
    return [model.group_shown(call.one(TARGET_GROUPS, "targetGroupID", "ID"))]


def list_groups(call: Call) -> list[dict[str, Any]]:
    fields, region = call.fields, call.region()
    name, vpc_id, check_id = fields.text("name"), fields.text("vpcID"), fields.text("healthCheckID")
    ids = fields.listed("IDs")
    fields.check()
    return [
        model.group_shown(item)
        for item in call.store.find(TARGET_GROUPS, region=region.id)
        if name in ("", item.name) and vpc_id in ("", item.vpc_id) and check_id in ("", item.health_check_id)
        and (not ids or item.id in ids)
    ]  # fmt: skip


def update_group(call: Call) -> list[dict[str, Any]]:
    fields = call.fields
    name, algorithm, check_id = fields.name("name"), _algorithm(call), fields.text("healthCheckID")
    _options(fields)
    old = call.store.get(TARGET_GROUPS, fields.text("targetGroupID") or fields.text("ID"))
    sticks = fields.has("sessionSticky")
    sticky = model.read_stickiness(fields, algorithm or (old.algorithm if old else ""))
    group = call.one(TARGET_GROUPS, "targetGroupID", "ID")
    if algorithm in ("lc", "sh") and group.sticky and not sticks:
        raise ParameterError([f"algorithm is {algorithm}, but the group keeps sessions; send sessionSticky with CLOSE too"])
    if model.keeps_by_cookie(sticky) and (listener := model.tcp_listener_of(call.store, group.id)):
        raise CookiesNeedHttp(group.id, listener)
    if check_id:
        call.store.require(HEALTH_CHECKS, check_id, group.region)
    call.is_free(TARGET_GROUPS, TargetGroupNameDuplicated, name, group.id, region=group.region)
    call.store.put(TARGET_GROUPS, replace(
        group, name=name or group.name, algorithm=algorithm or group.algorithm,
        health_check_id=check_id or group.health_check_id, sticky=sticky if sticks else group.sticky, updated=time(),
    ))  # fmt: skip
    _changed(call, group.id)
    return [{"ID": group.id}]


def delete_group(call: Call) -> list[dict[str, Any]]:
    group = call.one(TARGET_GROUPS, "targetGroupID", "ID")
    if users := model.users_of_group(call.store, group.id):
        raise TargetGroupInUse(group.id, users)
    call.store.delete(TARGET_GROUPS, group.id)
    return [{"ID": group.id}]


def _options(fields: Fields) -> None:
    """Its listeners' protocol counts, whatever the group says."""
    fields.choice("protocol", ("TCP", "HTTP"))
    fields.only("proxyProtocol", 0, "0")


def _algorithm(call: Call, required: bool = False) -> str:
    algorithm = call.fields.choice("algorithm", ("rr", *model.ALGORITHMS), required=required)
    if algorithm == "rr":
        raise NotModelled("algorithm=rr is not modelled by the local cloud; wrr with equal weights does the same.")
    return algorithm


# -- targets -----------------------------------------------------------------------------------------------------------
def create_target(call: Call) -> list[dict[str, Any]]:
    fields, region, now = call.fields, call.region(), time()
    group_id, instance_id = fields.text("targetGroupID", required=True), fields.text("instanceID", required=True)
    kind = fields.choice("instanceType", ("VM", "BM", "ECI", "IP", "IDC"), required=True)
    if kind not in ("", "VM"):
        raise NotModelled(f"instanceType={kind} is not modelled by the local cloud; only VM is.")
    port = fields.integer("protocolPort", low=1, high=65535, required=True)
    weight, description = fields.integer("weight", low=1, high=256, default=100), fields.description()
    wanted = fields.text("instanceIP")
    fields.check()
    group = call.store.require(TARGET_GROUPS, group_id, region.id)
    server = call.store.require(INSTANCES, instance_id, region.id)
    if server.vpc_id != group.vpc_id:
        raise TargetOutside(server.id, server.vpc_id, group.id, group.vpc_id)
    if wanted not in ("", server.address):
        raise NotModelled(f"instanceIP={wanted} is not the address of instance {server.id}, which is {server.address}.")
    _check_port(call, group_id, instance_id, port)
    if call.store.count(TARGETS, group_id=group_id) >= QUOTAS.targets_per_group:
        raise QuotaExceeded(f"targets in target group {group_id}", QUOTAS.targets_per_group)
    target = Target(short_id("target"), region.id, group_id, instance_id, server.address, port, weight, description, now, now)
    call.store.put(TARGETS, target)
    _changed(call, group_id)
    return [{"ID": target.id}]


def _check_port(call: Call, group_id: str, instance_id: str, port: int, own_id: str = "") -> None:
    """A port of a server is in a group once."""
    for other in call.store.find(TARGETS, group_id=group_id, instance_id=instance_id):
        if other.port == port and other.id != own_id:
            raise TargetDuplicated(instance_id, port, other.id)


def show_target(call: Call) -> dict[str, Any]:
    target = call.one(TARGETS, "targetID", "ID")
    return model.target_shown(target, call.cloud.balancers.seen)


def list_targets(call: Call) -> list[dict[str, Any]]:
    fields, region = call.fields, call.region()
    group_id, ids = fields.text("targetGroupID"), fields.listed("IDs")
    fields.check()
    if group_id:
        call.store.require(TARGET_GROUPS, group_id, region.id)
    found = call.store.find(TARGETS, region=region.id, **({"group_id": group_id} if group_id else {}))
    return [model.target_shown(item, call.cloud.balancers.seen) for item in found if not ids or item.id in ids]


def update_target(call: Call) -> list[dict[str, Any]]:
    fields = call.fields
    weight, described, description = fields.integer("weight", low=1, high=256), fields.has("description"), fields.description()
    port = fields.integer("protocolPort", low=1, high=65535)
    target = call.one(TARGETS, "targetID", "ID")
    if port:
        _check_port(call, target.group_id, target.instance_id, port, target.id)
    call.store.put(TARGETS, replace(
        target, weight=weight or target.weight, description=description if described else target.description, updated=time(),
        port=port or target.port,
    ))  # fmt: skip
    _changed(call, target.group_id)
    return [{"ID": target.id}]


def delete_target(call: Call) -> list[dict[str, Any]]:
    target = call.one(TARGETS, "targetID", "ID")
    call.store.delete(TARGETS, target.id)
    _changed(call, target.group_id)
    return [{"ID": target.id}]


def _changed(call: Call, group_id: str) -> None:
    for balancer_id in model.balancers_of(call.store, group_id):
        call.rebalances(balancer_id)
