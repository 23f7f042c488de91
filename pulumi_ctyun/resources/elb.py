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
