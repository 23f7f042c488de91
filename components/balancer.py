"""A load balancer before web servers, with a public address and a health check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Output

from pulumi_ctyun.resources import Eip, HealthCheck, Listener, LoadBalancer, Target, TargetGroup
from pulumi_ctyun.resources.declarations import elb_rules, rules

from .checks import Problem, one, refuse
from .network import Network
from .web_server import WebServer

PORT = 80


@dataclass(frozen=True)
class BalancerArgs:
    """The servers behind it, and how often they are checked.

    A silent one is out after `interval` x `max_retry` + `timeout` seconds at the latest.
    """

    network: Network
    servers: Sequence[WebServer]
    health: str | None = None  # a page that answers 2xx while its server may have visitors; without, that the port is open counts
    interval: int = 2  # CTyun's default is 5, which leaves a dead server in for 12 s
    timeout: int = 2  # the shortest that there is
    max_retry: int = 2
    bandwidth: int = 5  # Mbit/s of its public address

    def problems(self) -> Iterator[Problem]:
        if not self.servers:
            yield Problem("servers", "is empty; a balancer needs somebody to send visitors to")
        if self.health is not None:
            yield from one("health", self.health, elb_rules.check_path)
        if self.timeout < 2:
            yield Problem("timeout", f"is {self.timeout} s; 2 is the shortest")
        if self.max_retry < 1:
            yield Problem("max_retry", f"is {self.max_retry}; at least one check must decide")
        if self.interval < self.timeout:
            yield Problem(
                "interval", f"is {self.interval} s, less than the timeout of {self.timeout} s; a check must end before the next"
            )


class Balancer(pulumi.ComponentResource):
    """TCP port 80 of one public address, shared out over the servers that answer there.

    Its checks come from its own subnet: the servers' security groups must let that in.
    """

    def __init__(self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(f"balancer {name}", [*one("name", f"{args.network.prefix}-{name}-check", rules.network_name), *args.problems()])
        super().__init__("drlab:balancer:Balancer", name, None, opts)
        self._args, self._name, self._child = args, name, pulumi.ResourceOptions(parent=self)
        self._region, self._full_name = args.network.region, f"{args.network.prefix}-{name}"
        self.eip = Eip(
            f"{name}-eip", region=self._region, name=f"{self._full_name}-eip", bandwidth=args.bandwidth, opts=self._child
        )
        self.balancer = LoadBalancer(
            name,
            region=self._region,
            name=self._full_name,
            vpc_id=args.network.vpc_id,
            subnet_id=args.network.subnet_id,
            type="external",
            eip_id=self.eip.eip_id,
            opts=self._child,
        )
        self.group = self._group()
        for server in args.servers:
            self._target(server)
        self._listener()
        self.register_outputs({"url": self.url})

    @property
    def url(self) -> Output[str]:
        """The site from outside."""
        return Output.concat("http://", self.eip.address)

    def _group(self) -> TargetGroup:
        check = HealthCheck(
            f"{self._name}-check",
            region=self._region,
            name=f"{self._full_name}-check",
            protocol="TCP" if self._args.health is None else "HTTP",
            path=self._args.health,
            interval=self._args.interval,
            timeout=self._args.timeout,
            max_retry=self._args.max_retry,
            # A check that asks for a page which is still to be sent would take all servers out.
            opts=self._after([server.ready for server in self._args.servers]),
        )
        return TargetGroup(
            f"{self._name}-group",
            region=self._region,
            name=f"{self._full_name}-group",
            vpc_id=self._args.network.vpc_id,
            algorithm="wrr",
            health_check_id=check.health_check_id,
            opts=self._child,
        )

    def _after(self, others: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=others))

    def _target(self, server: WebServer) -> Target:
        return Target(
            f"{self._name}-{server.server.name}",
            region=self._region,
            target_group_id=self.group.target_group_id,
            instance_id=server.server.instance.instance_id,
            port=PORT,
            opts=self._after([server.ready]),
        )

    def _listener(self) -> Listener:
        return Listener(
            f"{self._name}-http",
            region=self._region,
            load_balancer_id=self.balancer.load_balancer_id,
            name=f"{self._full_name}-http",
            protocol="TCP",
            port=PORT,
            target_group_id=self.group.target_group_id,
            opts=self._child,
        )
