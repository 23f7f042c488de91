"""What stands behind load balancers: health checks, target groups, targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources.base import CtyunResource


class HealthCheck(CtyunResource):
    """How a balancer asks its targets: every `interval` (5) seconds, `timeout` (2) seconds long, `max_retry` (2) in a row decide.

    `protocol`: "TCP" or "HTTP"; `method` (GET), `path` (/) and `codes` (http_2xx) are for HTTP. `port`: the target's when absent.
    """

    region: Output[str]
    name: Output[str]
    protocol: Output[str]
    interval: Output[int]
    timeout: Output[int]
    method: Output[str | None]
    path: Output[str | None]
    codes: Output[Sequence[str] | None]
    port: Output[int | None]
    max_retry: Output[int]
    """So many answers, or failures, in a row decide."""
    health_check_id: Output[str]
    """Id, like hc-...."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        protocol: Input[str],
        interval: Input[int] | None = None,
        timeout: Input[int] | None = None,
        max_retry: Input[int] | None = None,
        method: Input[str] | None = None,
        path: Input[str] | None = None,
        codes: Input[Sequence[Input[str]]] | None = None,
        port: Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "ctyun:elb:HealthCheck", resource_name, opts, region=region, name=name, protocol=protocol, interval=interval,
            timeout=timeout, max_retry=max_retry, method=method, path=path, codes=codes, port=port,
        )  # fmt: skip


class StickinessArgs(TypedDict):
    """`mode`: INSERT (a cookie of the balancer's, for `seconds`), REWRITE (the target's own `cookie`), SOURCE_IP (`seconds`)."""

    mode: Input[str]
    seconds: NotRequired[Input[int]]
    cookie: NotRequired[Input[str]]


class TargetGroup(CtyunResource):
    """Targets that share an algorithm and a health check.

    `algorithm`: "wrr" (the default), "lc" or "sh". Without `health_check_id` all targets count as healthy.
    """

    region: Output[str]
    name: Output[str]
    algorithm: Output[str]
    stickiness: Output[Mapping[str, Any] | None]
    vpc_id: Output[str]
    """The VPC of its targets."""
    health_check_id: Output[str | None]
    """Its health check."""
    target_group_id: Output[str]
    """Id, like tg-...."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        vpc_id: Input[str],
        algorithm: Input[str] | None = None,
        health_check_id: Input[str] | None = None,
        stickiness: Input[StickinessArgs] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "ctyun:elb:TargetGroup", resource_name, opts, region=region, name=name, vpc_id=vpc_id, algorithm=algorithm,
            health_check_id=health_check_id, stickiness=stickiness,
        )  # fmt: skip


class Target(CtyunResource):
    """A port of a server, in a target group. `weight`: 1-256 (100), its share among the others; it can change in place."""

    region: Output[str]
    port: Output[int]
    weight: Output[int]
    target_group_id: Output[str]
    """The group."""
    instance_id: Output[str]
    """The server."""
    target_id: Output[str]
    """Id, like target-...."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        target_group_id: Input[str],
        instance_id: Input[str],
        port: Input[int],
        weight: Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "ctyun:elb:Target", resource_name, opts, region=region, target_group_id=target_group_id, instance_id=instance_id,
            port=port, weight=weight,
        )  # fmt: skip
