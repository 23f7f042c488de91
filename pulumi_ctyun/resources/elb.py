"""Load balancers, their listeners and certificates."""

from __future__ import annotations

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
    vpc_id: Output[str]
    """Its VPC."""
    subnet_id: Output[str]
    """Its subnet; health checks come from there."""
    eip_id: Output[str | None]
    """Its public address, when it is external."""
    load_balancer_id: Output[str]
    """Id, like lb-...."""

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
        super().__init__(
            "ctyun:elb:LoadBalancer", resource_name, opts, region=region, name=name, vpc_id=vpc_id, subnet_id=subnet_id,
            type=type, eip_id=eip_id, sla=sla,
        )  # fmt: skip


class Certificate(CtyunResource):
    """A server's certificate (PEM, its own first) with its key, for HTTPS listeners. Another one is a new resource."""

    region: Output[str]
    name: Output[str]
    certificate: Output[str]
    private_key: Output[str]
    """Its key; secret."""
    certificate_id: Output[str]
    """Id, for Listener."""

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
        super().__init__(
            "ctyun:elb:Certificate", resource_name, opts, region=region, name=name, certificate=certificate,
            private_key=private_key,
        )  # fmt: skip


class Listener(CtyunResource):
    """A port of a load balancer, and the target group that its connections go to; the group can change in place.

    `protocol`: "TCP", "HTTP" or "HTTPS" (with `certificate_id`). `forwarded_for`: targets get X-Forwarded-For (not with TCP).
    """

    region: Output[str]
    name: Output[str]
    protocol: Output[str]
    port: Output[int]
    load_balancer_id: Output[str]
    """The load balancer."""
    target_group_id: Output[str]
    """Where connections go."""
    certificate_id: Output[str | None]
    """What it shows, with HTTPS."""
    forwarded_for: Output[bool]
    """Whether targets get X-Forwarded-For."""
    listener_id: Output[str]
    """Id, like listener-...."""

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
        super().__init__(
            "ctyun:elb:Listener", resource_name, opts, region=region, load_balancer_id=load_balancer_id, name=name,
            protocol=protocol, port=port, target_group_id=target_group_id, certificate_id=certificate_id,
            forwarded_for=forwarded_for,
        )  # fmt: skip
