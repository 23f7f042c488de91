"""Load balancers and what stands behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources.base import CtyunResource


class LoadBalancer(CtyunResource):
    """A load balancer over two zones, paid by use.

    `type`: "internal" (the default), or "external" with `eip_id`, which can change in place. `sla`: elb.s2.small when absent.
    """

    region: Output[str]
    name: Output[str]
    type: Output[str]
    sla: Output[str]
    address: Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        vpc_id: Input[str],
        subnet_id: Input[str],
        type: Input[str] | None = None,
        eip_id: Input[str] | None = None,
        sla: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "region": region,
            "name": name,
            "vpcId": vpc_id,
            "subnetId": subnet_id,
            "type": type,
            "eipId": eip_id,
            "sla": sla,
        }
        super().__init__("ctyun:elb:LoadBalancer", resource_name, inputs, ["loadBalancerId", "address"], opts)

    @property
    def vpc_id(self) -> Output[str]:
        """Its VPC."""
        return self.output("vpcId")

    @property
    def subnet_id(self) -> Output[str]:
        """Its subnet; health checks come from there."""
        return self.output("subnetId")

    @property
    def eip_id(self) -> Output[str | None]:
        """Its public address, when it is external."""
        return self.output("eipId")

    @property
    def load_balancer_id(self) -> Output[str]:
        """Id, like lb-...."""
        return self.output("loadBalancerId")


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
        inputs = {
            "region": region,
            "name": name,
            "protocol": protocol,
            "interval": interval,
            "timeout": timeout,
            "maxRetry": max_retry,
            "method": method,
            "path": path,
            "codes": codes,
            "port": port,
        }
        super().__init__("ctyun:elb:HealthCheck", resource_name, inputs, ["healthCheckId"], opts)

    @property
    def max_retry(self) -> Output[int]:
        """So many answers, or failures, in a row decide."""
        return self.output("maxRetry")

    @property
    def health_check_id(self) -> Output[str]:
        """Id, like hc-...."""
        return self.output("healthCheckId")


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
        inputs = {
            "region": region,
            "name": name,
            "vpcId": vpc_id,
            "algorithm": algorithm,
            "healthCheckId": health_check_id,
            "stickiness": stickiness,
        }
        super().__init__("ctyun:elb:TargetGroup", resource_name, inputs, ["targetGroupId"], opts)

    @property
    def vpc_id(self) -> Output[str]:
        """The VPC of its targets."""
        return self.output("vpcId")

    @property
    def health_check_id(self) -> Output[str | None]:
        """Its health check."""
        return self.output("healthCheckId")

    @property
    def target_group_id(self) -> Output[str]:
        """Id, like tg-...."""
        return self.output("targetGroupId")


class Target(CtyunResource):
    """A port of a server, in a target group. `weight`: 1-256 (100), its share among the others; it can change in place."""

    region: Output[str]
    port: Output[int]
    weight: Output[int]

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
        inputs = {
            "region": region,
            "targetGroupId": target_group_id,
            "instanceId": instance_id,
            "port": port,
            "weight": weight,
        }
        super().__init__("ctyun:elb:Target", resource_name, inputs, ["targetId"], opts)

    @property
    def target_group_id(self) -> Output[str]:
        """The group."""
        return self.output("targetGroupId")

    @property
    def instance_id(self) -> Output[str]:
        """The server."""
        return self.output("instanceId")

    @property
    def target_id(self) -> Output[str]:
        """Id, like target-...."""
        return self.output("targetId")


class Certificate(CtyunResource):
    """A server's certificate (PEM, its own first) with its key, for HTTPS listeners. Another one is a new resource."""

    region: Output[str]
    name: Output[str]
    certificate: Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        certificate: Input[str],
        private_key: Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"region": region, "name": name, "certificate": certificate, "privateKey": private_key}
        super().__init__("ctyun:elb:Certificate", resource_name, inputs, ["certificateId"], opts)

    @property
    def private_key(self) -> Output[str]:
        """Its key; secret."""
        return self.output("privateKey")

    @property
    def certificate_id(self) -> Output[str]:
        """Id, for Listener."""
        return self.output("certificateId")


class Listener(CtyunResource):
    """A port of a load balancer, and the target group that its connections go to; the group can change in place.

    `protocol`: "TCP", "HTTP" or "HTTPS" (with `certificate_id`). `forwarded_for`: targets get X-Forwarded-For (not with TCP).
    """

    region: Output[str]
    name: Output[str]
    protocol: Output[str]
    port: Output[int]

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        load_balancer_id: Input[str],
        name: Input[str],
        protocol: Input[str],
        port: Input[int],
        target_group_id: Input[str],
        certificate_id: Input[str] | None = None,
        forwarded_for: Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "region": region,
            "loadBalancerId": load_balancer_id,
            "name": name,
            "protocol": protocol,
            "port": port,
            "targetGroupId": target_group_id,
            "certificateId": certificate_id,
            "forwardedFor": forwarded_for,
        }
        super().__init__("ctyun:elb:Listener", resource_name, inputs, ["listenerId"], opts)

    @property
    def load_balancer_id(self) -> Output[str]:
        """The load balancer."""
        return self.output("loadBalancerId")

    @property
    def target_group_id(self) -> Output[str]:
        """Where connections go."""
        return self.output("targetGroupId")

    @property
    def certificate_id(self) -> Output[str | None]:
        """What it shows, with HTTPS."""
        return self.output("certificateId")

    @property
    def forwarded_for(self) -> Output[bool]:
        """Whether targets get X-Forwarded-For."""
        return self.output("forwardedFor")

    @property
    def listener_id(self) -> Output[str]:
        """Id, like listener-...."""
        return self.output("listenerId")
