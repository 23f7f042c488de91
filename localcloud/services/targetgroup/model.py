"""What health checks, target groups and targets are, and the rules they obey."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from localcloud.api.inputs import Fields
from localcloud.records.balancers import LISTENERS, TARGETS, HealthCheck, Target, TargetGroup
from localcloud.records.identifiers import when
from localcloud.records.store import Store

ALGORITHMS = ("wrr", "lc", "sh")
METHODS = ("GET", "HEAD", "OPTIONS")
CODES = ("http_2xx", "http_3xx", "http_4xx", "http_5xx")
MODES = ("CLOSE", "INSERT", "REWRITE", "SOURCE_IP")
LONGEST_SESSION = 86400  # seconds
_COOKIE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PATH = re.compile(r"/[A-Za-z0-9\-._~/?%&=+:@!,;]{0,79}")  # no "#": what follows it is never sent


def read_check(fields: Fields, old: HealthCheck) -> HealthCheck:
    """`old` with what the call changes; what is wrong with it is noted in `fields`."""
    timeout = fields.integer("timeout", low=2, high=60, default=old.timeout)
    interval = fields.integer("interval", low=1, high=20940, default=old.interval)
    retries = fields.integer("maxRetry", low=1, high=10, default=old.retries)
    if interval < timeout:
        fields.problem("interval", f"is {interval}; it must not be shorter than timeout, which is {timeout}")
    method = fields.choice("httpMethod", METHODS, default=old.method)
    path = fields.text("httpUrlPath", longest=80) or old.path
    if not _PATH.fullmatch(path):
        fields.problem("httpUrlPath", f"{path!r} is not a path of at most 80 characters that begins with /")
    codes = tuple(fields.texts("httpExpectedCodes", most=4)) or old.codes
    if wrong := [code for code in codes if code not in CODES]:
        fields.problem("httpExpectedCodes", f"holds {', '.join(wrong)}; there are {', '.join(CODES)}")
    port = fields.integer("protocolPort", low=0, high=65535, default=old.port)
    return replace(old, timeout=timeout, interval=interval, retries=retries, method=method, path=path, codes=codes, port=port)


def check_shown(check: HealthCheck) -> dict[str, Any]:
    """A health check as the API shows it."""
    return {
        "ID": check.id, "regionID": check.region, "azName": "", "projectID": "0", "name": check.name,
        "description": check.description, "protocol": check.protocol, "protocolPort": check.port, "timeout": check.timeout,
        "interval": check.interval, "maxRetry": check.retries, "httpMethod": check.method, "httpUrlPath": check.path,
        "httpExpectedCodes": " ".join(check.codes), "status": 1, "createTime": when(check.created),
        "createdTime": when(check.created), "updatedTime": when(check.updated),
    }  # fmt: skip


def group_shown(group: TargetGroup) -> dict[str, Any]:
    """A target group as the API shows it."""
    return {
        "ID": group.id, "regionID": group.region, "azName": "", "projectID": "0", "name": group.name,
        "description": group.description, "vpcID": group.vpc_id, "healthCheckID": group.health_check_id,
        "algorithm": group.algorithm, "sessionSticky": _sticky_shown(group.sticky), "proxyProtocol": 0, "status": "ACTIVE",
        "createdTime": when(group.created), "updatedTime": when(group.updated),
    }  # fmt: skip


def target_shown(target: Target, health: Mapping[str, str]) -> dict[str, Any]:
    """A target as the API shows it. `health`: what the balancers' own checks say."""
    return {
        "ID": target.id, "regionID": target.region, "azName": "", "projectID": "0", "targetGroupID": target.group_id,
        "description": target.description, "instanceType": "VM", "instanceID": target.instance_id, "instanceIP": target.address,
        "protocolPort": target.port, "weight": target.weight, "healthCheckStatus": health.get(target.id, "unknown"),
        "healthCheckStatusIpv6": "unknown", "status": "ACTIVE", "createdTime": when(target.created),
        "updatedTime": when(target.updated),
    }  # fmt: skip


def balancers_of(store: Store, group_id: str) -> set[str]:
    """The balancers whose listeners send to a group."""
    return {listener.balancer_id for listener in store.find(LISTENERS, group_id=group_id)}


def read_stickiness(fields: Fields, algorithm: str) -> dict[str, Any]:
    """What the record holds of `sessionSticky`, {} where it is off; what is wrong with it is noted in `fields`."""
    reader = fields.object("sessionSticky")
    if reader is None:
        return {}
    mode = reader.choice("sessionStickyMode", MODES, required=True)
    seconds = {name: reader.integer(name, low=1, high=LONGEST_SESSION) for name in ("cookieExpire", "sourceIpTimeout")}
    cookie = reader.text("rewriteCookieName")
    if mode in ("", "CLOSE"):
        return {}
    if algorithm in ("lc", "sh"):
        reader.problem("sessionStickyMode", f"must be CLOSE with algorithm {algorithm}")
    if mode == "REWRITE":
        if not _COOKIE.fullmatch(cookie):
            reader.problem("rewriteCookieName", f"is {cookie!r}; mode REWRITE needs 1-64 letters, digits, '-' or '_'")
        return {"mode": mode, "seconds": 0, "cookie": cookie}
    name = "cookieExpire" if mode == "INSERT" else "sourceIpTimeout"
    if not seconds[name]:
        reader.problem(name, f"is required for mode {mode}")
    return {"mode": mode, "seconds": seconds[name], "cookie": ""}


def keeps_by_cookie(sticky: Mapping[str, Any]) -> bool:
    return sticky.get("mode") in ("INSERT", "REWRITE")


def tcp_listener_of(store: Store, group_id: str) -> str:
    """The id of one that sends to a group, "" when there is none."""
    return next((found.id for found in store.find(LISTENERS, group_id=group_id) if found.protocol == "TCP"), "")


def _sticky_shown(sticky: Mapping[str, Any]) -> dict[str, Any]:
    mode = sticky.get("mode", "CLOSE")
    return {"sessionStickyMode": mode} | {
        "INSERT": {"cookieExpire": sticky.get("seconds")},
        "SOURCE_IP": {"sourceIpTimeout": sticky.get("seconds")},
        "REWRITE": {"rewriteCookieName": sticky.get("cookie")},
    }.get(mode, {})


def users_of_group(store: Store, group_id: str) -> list[str]:
    """What must be gone before the group can be deleted."""
    listeners = [f"listener {listener.id} ({listener.name})" for listener in store.find(LISTENERS, group_id=group_id)]
    return listeners + [f"target {target.id}" for target in store.find(TARGETS, group_id=group_id)]
