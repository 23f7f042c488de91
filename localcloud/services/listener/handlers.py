"""Listeners: read the call, obey the rules, shape the answer."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

from localcloud.api.calls import Call
from localcloud.records.balancers import BALANCERS, CERTIFICATES, LISTENERS, TARGET_GROUPS, Balancer, Listener, TargetGroup
from localcloud.records.catalogue import QUOTAS
from localcloud.records.errors import NotModelled, ParameterError
from localcloud.records.errors.targetgroup import CookiesNeedHttp, GroupOutside
from localcloud.records.identifiers import short_id
from localcloud.services.listener import model
from localcloud.services.targetgroup.model import keeps_by_cookie


def create_listener(call: Call) -> list[dict[str, Any]]:
    fields, region = call.fields, call.region()
    balancer_id, name = fields.text("loadBalancerID", required=True), fields.name("name", required=True)
    protocol = fields.choice("protocol", model.PROTOCOLS, required=True)
    if protocol == "UDP":
        raise NotModelled("UDP listeners are not modelled by the local cloud; there are TCP, HTTP and HTTPS.")
    port, forwarded = fields.integer("protocolPort", low=1, high=65535, required=True), fields.boolean("forwardedForEnabled")
    description, group_id = fields.description(), model.read_target_group(fields, required=True)
    certificate_id = fields.text("certificateID")
    if certificate_id and protocol in ("TCP", "HTTP"):
        fields.problem("certificateID", f"is for HTTPS listeners, not for {protocol}")
    if protocol == "HTTPS" and not certificate_id:
        fields.problem("certificateID", "is required for HTTPS listeners")
    fields.only("accessControlType", "Close", "")
    for option in ("accessControlID", "clientCertificateID"):
        fields.only(option, "")
    fields.only("caEnabled", False, "false")
    fields.check()
    balancer = call.store.require(BALANCERS, balancer_id, region.id)
    group = _group(call, balancer, protocol, group_id)
    if certificate_id:
        call.store.require(CERTIFICATES, certificate_id, region.id)
    model.check_listener(call.store, balancer_id, name, port)
    call.has_room(LISTENERS, QUOTAS.listeners_per_balancer, f"listeners of load balancer {balancer_id}", balancer_id=balancer_id)
    now = time()
    listener = Listener(
        short_id("listener"), region.id, balancer_id, name, description, protocol, port, group.id,
        forwarded and protocol != "TCP", "ACTIVE", now, now, certificate_id,
    )  # fmt: skip
    call.rebalances(balancer_id)
    return [{"ID": call.store.put(LISTENERS, listener).id}]


def _group(call: Call, balancer: Balancer, protocol: str, group_id: str) -> TargetGroup:
    """The target group, which must be one that this listener can use."""
    group = call.store.require(TARGET_GROUPS, group_id, balancer.region)
    if group.vpc_id != balancer.vpc_id:
        raise GroupOutside(group.id, group.vpc_id, balancer.id, balancer.vpc_id)
    if protocol == "TCP" and keeps_by_cookie(group.sticky):
        raise CookiesNeedHttp(group.id)
    return group


def show_listener(call: Call) -> list[dict[str, Any]]:
    return [model.listener_shown(call.one(LISTENERS, "listenerID", "ID"))]


def list_listeners(call: Call) -> list[dict[str, Any]]:
    fields, region = call.fields, call.region()
    balancer_id, name, ids = fields.text("loadBalancerID"), fields.text("name"), fields.listed("IDs")
    fields.only("accessControlID", "")
    fields.check()
    return [
        model.listener_shown(found)
        for found in call.store.find(LISTENERS, region=region.id)
        if balancer_id in ("", found.balancer_id) and name in ("", found.name) and (not ids or found.id in ids)
    ]


def update_listener(call: Call) -> list[dict[str, Any]]:
    fields = call.fields
    name, described, description = fields.name("name"), fields.has("description"), fields.description()
    group_id, certificate_id = model.read_target_group(fields), fields.text("certificateID")
    fields.only("accessControlType", "Close", "")
    for option in ("accessControlID", "clientCertificateID"):
        fields.only(option, "")
    fields.only("caEnabled", False, "false")
    marked, forwarded = fields.has("forwardedForEnabled"), fields.boolean("forwardedForEnabled")
    listener = call.one(LISTENERS, "listenerID", "ID")
    model.check_listener(call.store, listener.balancer_id, name, own_id=listener.id)
    if group_id:
        _group(call, call.store.require(BALANCERS, listener.balancer_id), listener.protocol, group_id)
    if certificate_id and listener.protocol != "HTTPS":
        raise ParameterError([f"certificateID is for HTTPS listeners, not for {listener.protocol}"])
    if certificate_id:
        call.store.require(CERTIFICATES, certificate_id, listener.region)
    call.store.put(LISTENERS, replace(
        listener, name=name or listener.name, description=description if described else listener.description,
        group_id=group_id or listener.group_id,
        forwarded_for=forwarded and listener.protocol != "TCP" if marked else listener.forwarded_for, updated=time(),
        certificate_id=certificate_id or listener.certificate_id,
    ))  # fmt: skip
    call.rebalances(listener.balancer_id)
    return [{"ID": listener.id}]


def start_listener(call: Call) -> list[dict[str, Any]]:
    return _switch(call, "ACTIVE")


def stop_listener(call: Call) -> list[dict[str, Any]]:
    return _switch(call, "DOWN")


def _switch(call: Call, status: str) -> list[dict[str, Any]]:
    listener = call.one(LISTENERS, "listenerID", "ID")
    call.store.put(LISTENERS, replace(listener, status=status, updated=time()))
    call.rebalances(listener.balancer_id)
    return [{"ID": listener.id}]


def delete_listener(call: Call) -> list[dict[str, Any]]:
    listener = call.one(LISTENERS, "listenerID", "ID")
    call.store.delete(LISTENERS, listener.id)
    call.rebalances(listener.balancer_id)
    return [{"ID": listener.id}]
