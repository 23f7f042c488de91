"""A load balancer before servers: its ports, the servers behind them, and a check of their health."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources import Certificate, Eip, HealthCheck, Listener, LoadBalancer, Target, TargetGroup
from pulumi_ctyun.resources.declarations import elb_rules, rules

from .balancer_parts import ListenerArgs, TargetArgs, site_url
from .base import Component
from .checks import Problem, not_less, one, twice
from .inputs import is_known, joined
from .network import Network, NetworkIds
from .server import Server
from .web_server import WebServer


@dataclass(frozen=True)
class BalancerArgs:
    """What it listens to, the servers behind it, and how often they are checked.

    A silent one is out after `interval` x `max_retry` + `timeout` seconds at the latest.
    """

    network: Network | NetworkIds
    servers: Sequence[WebServer | Server | TargetArgs]
    health: Input[str] | None = None  # a page that answers 2xx while its server may have visitors; without: the port is open
    interval: Input[int] = 2  # CTyun's default is 5, which leaves a dead server in for 12 s
    timeout: Input[int] = 2  # the shortest that there is
    max_retry: Input[int] = 2
    bandwidth: Input[int] = 5  # Mbit/s of its public address
    port: Input[int] = 80  # at which servers answer that are given as such
    listeners: Sequence[ListenerArgs] = (ListenerArgs("http"),)
    algorithm: Input[str] = "wrr"  # in turn, by weight; lc: the one with fewest connections; sh: by the caller's address
    public: bool = True  # False: it has an address inside the VPC only

    def targets(self) -> list[TargetArgs]:
        return [one if isinstance(one, TargetArgs) else _target(one, self.port) for one in self.servers]

    def problems(self) -> Iterator[Problem]:
        if not self.servers:
            yield Problem("servers", "is empty; a balancer needs somebody to send visitors to")
        targets = self.targets()
        yield from twice("servers", [target.name for target in targets])
        for target in targets:
            yield from target.problems(f"servers[{target.name}]")
        yield from one("health", self.health, elb_rules.check_path)
        yield from one("timeout", self.timeout, not_less(2, "2 is the shortest", " s"))
        yield from one("max_retry", self.max_retry, not_less(1, "at least one check must decide"))
        if is_known([self.interval, self.timeout]) and int(self.interval) < int(self.timeout):  # type: ignore[arg-type]
            yield Problem(
                "interval", f"is {self.interval} s, less than the timeout of {self.timeout} s; a check must end before the next"
            )
        if not self.listeners:
            yield Problem("listeners", "is empty; a balancer needs a port to listen to")
        yield from twice("listeners", [listener.name for listener in self.listeners])
        yield from twice("listeners", [f"port {listener.port}" for listener in self.listeners if is_known(listener.port)])
        for listener in self.listeners:
            yield from listener.problems(f"listeners[{listener.name}]")

    def name_problems(self, name: str) -> Iterator[Problem]:
        """Of a balancer with this name: what its parts are called in the cloud may be too long."""
        for part in ("check", *(listener.name for listener in self.listeners)):
            yield from one("name", joined(self.network.prefix, f"-{name}-{part}"), rules.network_name)


class Balancer(Component):
    """Ports of one address, shared out over the servers that answer.

    Its checks and visitors come to the servers from its own subnet: their security groups must let that in.
    """

    url: Output[str]
    """The site: of the first HTTPS listener if there is one, else of the first."""
    address: Output[str]
    """Its public address, or the one inside the VPC when it has no other."""
    load_balancer_id: Output[str]
    target_group_id: Output[str]
    listener_ids: Output[Mapping[str, str]]
    """By their names."""

    def __init__(self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("balancer:Balancer", name, "balancer", [*args.name_problems(name), *args.problems()], opts)
        self._args, targets = args, args.targets()
        self.eip = self._eip() if args.public else None
        self.balancer = self._balancer()
        self.group = self._group([resource for target in targets for resource in target.ready])
        for target in targets:
            self._target(target)
        listeners = {listener.name: self._listener(listener) for listener in args.listeners}
        self.address = self.eip.address if self.eip else self.balancer.address
        self.url = site_url(self.address, args.listeners)
        self.load_balancer_id, self.target_group_id = self.balancer.load_balancer_id, self.group.target_group_id
        self.listener_ids = Output.all(**{key: listener.listener_id for key, listener in listeners.items()})
        self.register()

    def _full(self, part: str = "") -> Input[str]:
        """What a part is called in the cloud."""
        return joined(self._args.network.prefix, f"-{self.pulumi_resource_name}{part}")

    def _eip(self) -> Eip:
        args = self._args
        return Eip(
            f"{self.pulumi_resource_name}-eip",
            region=args.network.region,
            name=self._full("-eip"),
            bandwidth=args.bandwidth,
            opts=self.child,
        )

    def _balancer(self) -> LoadBalancer:
        network = self._args.network
        return LoadBalancer(
            self.pulumi_resource_name,
            region=network.region,
            name=self._full(),
            vpc_id=network.vpc_id,
            subnet_id=network.subnet_id,
            type="external" if self.eip else "internal",
            eip_id=self.eip.eip_id if self.eip else None,
            opts=self.child,
        )

    def _group(self, ready: Sequence[pulumi.Resource]) -> TargetGroup:
        name, args = self.pulumi_resource_name, self._args
        check = HealthCheck(
            f"{name}-check",
            region=args.network.region,
            name=self._full("-check"),
            protocol="TCP" if args.health is None else "HTTP",
            path=args.health,
            interval=args.interval,
            timeout=args.timeout,
            max_retry=args.max_retry,
            opts=self._after(ready),  # a check that asks for a page which is still to be sent would take all servers out
        )
        return TargetGroup(
            f"{name}-group",
            region=args.network.region,
            name=self._full("-group"),
            vpc_id=args.network.vpc_id,
            algorithm=args.algorithm,
            health_check_id=check.health_check_id,
            opts=self.child,
        )

    def _after(self, others: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self.child, pulumi.ResourceOptions(depends_on=others))

    def _target(self, target: TargetArgs) -> Target:
        return Target(
            f"{self.pulumi_resource_name}-{target.name}",
            region=self._args.network.region,
            target_group_id=self.group.target_group_id,
            instance_id=target.instance_id,
            port=target.port,
            weight=target.weight,
            opts=self._after(target.ready),
        )

    def _listener(self, listener: ListenerArgs) -> Listener:
        region, part = self._args.network.region, f"-{listener.name}"
        name = f"{self.pulumi_resource_name}{part}"
        certificate_id = listener.certificate_id
        if listener.certificate is not None:
            made = Certificate(
                name,
                region=region,
                name=self._full(part),
                certificate=listener.certificate,
                private_key=listener.private_key or "",  # one that is missing has been refused
                opts=self.child,
            )
            certificate_id = made.certificate_id
        return Listener(
            name,
            region=region,
            load_balancer_id=self.balancer.load_balancer_id,
            name=self._full(part),
            protocol=listener.protocol,
            port=listener.port,
            target_group_id=self.group.target_group_id,
            certificate_id=certificate_id,
            forwarded_for=listener.forwarded_for,
            opts=self.child,
        )


def _target(server: WebServer | Server, port: Input[int]) -> TargetArgs:
    if isinstance(server, WebServer):
        return TargetArgs(server.server.name, server.instance_id, port, ready=[server.ready])
    return TargetArgs(server.name, server.instance_id, port, ready=[server.host])
