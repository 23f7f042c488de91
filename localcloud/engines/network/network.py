"""Routers: one container per VPC that has a NIC or an EIP, converged by the agent in one step."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from localcloud.engines.context import Context
from localcloud.engines.host import Flags
from localcloud.engines.images import reference
from localcloud.engines.interface.engines import EngineError, Nic, VpcNetwork
from localcloud.engines.naming import bridge_mac, port_name
from localcloud.engines.network.firewall import script
from localcloud.engines.waiting import together

_SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv6.conf.all.disable_ipv6": "1",
    "net.ipv4.conf.default.send_redirects": "0",
}


@dataclass(frozen=True)
class Process:
    """A running container as the agent knows it."""

    container: str
    pid: int


@dataclass
class _Slot:
    """One VPC: what is wanted last, and how far it got. A newer wish overtakes those that still wait."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: VpcNetwork | None = None
    asked: int = 0
    done: int = 0


class Networks:
    """The networks of one cloud, and the one queue of each VPC: nobody above keeps another.

    Whoever waits here may hold a job on a server, a MySQL instance or a balancer; in here nothing is waited for but Docker and
    the agent (the whole order of locks: docs/architecture.md).
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._slots: dict[str, _Slot] = {}

    async def apply(self, networks: Collection[VpcNetwork]) -> None:
        """Converge; different VPCs at the same time. Raises the first EngineError after all have been tried."""
        wishes = []
        for network in networks:
            slot = self._slots.setdefault(network.vpc_id, _Slot())
            slot.wanted = network
            slot.asked += 1
            wishes.append((slot, slot.asked))
        await together(self._serve(slot, number) for slot, number in wishes)

    async def router(self, vpc_id: str) -> Process:
        """The running router of a VPC. Raises EngineError when there is none."""
        found = await running(self._context, self._context.naming.router(vpc_id))
        if found is None:
            raise EngineError(f"VPC {vpc_id} has no running router; its network must be applied before a server is plugged in")
        return found

    async def plug(self, vpc_id: str, nic: Nic, server: Process) -> None:
        """Give a running server its NIC."""
        router = await self.router(vpc_id)
        await self._plug(router, nic, server)

    async def remove_all(self) -> None:
        """Remove every router of this cloud; links and rules go with them."""
        context = self._context
        found = await context.docker.containers(context.naming.filters("router"))
        await together(context.docker.remove(item["Id"]) for item in found)

    async def _serve(self, slot: _Slot, number: int) -> None:
        async with slot.lock:
            if slot.done >= number or slot.wanted is None:
                return  # done together with a later wish
            serving, network = slot.asked, slot.wanted
            if network.nics or network.eips:
                await self._converge(network)
            else:
                await self._context.docker.remove(self._context.naming.router(network.vpc_id))
            slot.done = serving

    async def _converge(self, network: VpcNetwork) -> None:
        context = self._context
        router = await running(context, context.naming.router(network.vpc_id))
        fresh = router is None
        if router is None:
            router = await self._make_router(network)
        await context.ask(
            "router.apply",
            pid=router.pid,
            container=router.container,
            mac=bridge_mac(network.vpc_id),
            gateways=[f"{subnet.gateway}/{subnet.cidr.split('/')[1]}" for subnet in network.subnets],
            eips=[eip.address for eip in network.eips],
            script=script(network, network.public_elsewhere),
            ports=[port_name(nic.nic_id) for nic in network.nics],
        )
        if fresh:
            await self._plug_running(router, network)

    async def _make_router(self, network: VpcNetwork) -> Process:
        context, name = self._context, self._context.naming.router(network.vpc_id)
        await context.docker.create(
            name,
            reference("router"),
            Flags(cap_drop=("ALL",), security=()),
            context.naming.labels("router", network.vpc_id, network.region),
            host={
                "network_mode": context.naming.internet,
                "cap_add": ["NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE", "SETUID", "SETGID"],
                "sysctls": _SYSCTLS,
            },
            stop_signal="SIGKILL",
        )
        return await started(context, name, f"router {name} of VPC {network.vpc_id}")

    async def _plug_running(self, router: Process, network: VpcNetwork) -> None:
        """A new router has no ports: servers that run already get their NICs again."""
        context, nics = self._context, {nic.instance_id: nic for nic in network.nics}
        found = await context.docker.containers({**context.naming.filters(), "status": ["running"]})
        owners = [item["Labels"].get("drlab.resource", "") for item in found]
        await together(self._plug_one(router, nics[owner]) for owner in owners if owner in nics)

    async def _plug_one(self, router: Process, nic: Nic) -> None:
        server = await running(self._context, self._context.naming.server(nic.instance_id))
        if server is not None:
            await self._plug(router, nic, server)

    async def _plug(self, router: Process, nic: Nic, server: Process) -> None:
        await self._context.ask(
            "link.plug",
            router_pid=router.pid,
            router=router.container,
            server_pid=server.pid,
            server=server.container,
            port=port_name(nic.nic_id),
            mac=nic.mac,
            address=f"{nic.address}/{nic.prefix}",
            gateway=nic.gateway,
        )


async def running(context: Context, name: str) -> Process | None:
    """A container's init, None unless it runs."""
    found: dict[str, Any] | None = await context.docker.inspect(name)
    if found is None or not found["State"]["Running"]:
        return None
    return Process(found["Id"], int(found["State"]["Pid"]))


async def started(context: Context, name: str, what: str) -> Process:
    """Start a container that was made. Raises EngineError when it does not live."""
    await context.docker.start(name)
    found = await running(context, name)
    if found is None:
        raise EngineError(f"{what} ended right after its start; see docker logs {name}")
    return found
