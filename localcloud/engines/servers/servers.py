"""Servers: containers with systemd. The link is in before systemd starts: the image's init waits for it."""

from __future__ import annotations

import asyncio
import signal
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from localcloud.engines.context import Context
from localcloud.engines.disks.disks import Disks
from localcloud.engines.host import cpu_share, server_flags
from localcloud.engines.interface.engines import EngineError, Power, ServerSpec
from localcloud.engines.network.network import Networks, Process, running
from localcloud.engines.servers.layers import Layers
from localcloud.engines.servers.records import Record
from localcloud.engines.servers.seed import SHADOW, archive, unpacked
from localcloud.engines.waiting import together, within

MIB = 1 << 20
HALT = "SIGRTMIN+3"  # systemd(1): halt the machine
HALT_AGAIN = 2.0  # seconds
REBOOTED = 128 + signal.SIGHUP  # exit status after a reboot; SIGINT stands for a power-off: pid_namespaces(7)


class Servers:
    """The servers of one cloud."""

    def __init__(self, context: Context, networks: Networks, disks: Disks, layers: Layers) -> None:
        self._context, self._networks, self._disks, self._layers = context, networks, disks, layers
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def held(self, instance_id: str) -> asyncio.Lock:
        """Held by whoever switches or removes a server, or copies its disks: one after the other.

        For one operation; jobs that consist of several have a lock of their own above the engines, and take it before this one.
        """
        return self._locks[instance_id]

    async def create(self, spec: ServerSpec) -> None:
        """Container, seed and disks; not booted. A server that has booted once is left as it is."""
        context, name = self._context, self._context.naming.server(spec.instance_id)
        # Written first: whatever happens next, remove() knows what there may be.
        context.records.put(Record(spec.instance_id, "", spec.disks))
        # Where the disks cannot be made, the container must not come into being after it was cleared away.
        container, _ = await together([self._make_container(name, spec), self._disks.make(spec.disks)])
        context.records.put(Record(spec.instance_id, container, spec.disks))
        state = await context.docker.inspect(container)
        if state is None:
            raise EngineError(f"the container of server {spec.instance_id} vanished while it was being made")
        if state["State"]["Status"] == "created":
            shadow = unpacked(await context.docker.read(container, SHADOW)) if spec.password_hash is not None else None
            await context.docker.put(container, archive(spec, shadow))

    async def size(self, spec: ServerSpec) -> None:
        """Its container's limits; held like what switches it."""
        async with self.held(spec.instance_id):
            await self._context.docker.limit(self._context.naming.server(spec.instance_id), *self._limits(spec))

    async def boot(self, specs: Sequence[ServerSpec]) -> None:
        """All at the same time; raises the first EngineError after all have been tried."""
        await together(map(self._boot, specs))

    async def shut_down(self, instance_id: str, seconds: float) -> None:
        """Orderly stop, killed after `seconds`."""
        async with self.held(instance_id):
            await self._shut_down(instance_id, seconds)

    async def _shut_down(self, instance_id: str, seconds: float) -> None:
        name, loop = self._context.naming.server(instance_id), asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (left := deadline - loop.time()) > 0:
            # A systemd that has only just started does not hear the signal yet: it is sent until it has an effect.
            await self._context.docker.signal(name, HALT)
            if await within(lambda: self._still_up(name), min(left, HALT_AGAIN)) is None:
                break
        await self._context.docker.kill(name)
        await self._release(instance_id)

    async def power_cut(self, instance_ids: Sequence[str]) -> None:
        """Disks lose what was not synced, then everything is killed; all servers at the same time."""
        await together(map(self._power_cut, instance_ids))

    async def remove(self, instance_id: str) -> None:
        """Everything of a server, whatever is left of it; and the images that it was the last to use."""
        async with self.held(instance_id):
            await self._remove(instance_id)
        self._locks.pop(instance_id, None)
        await self._layers.sweep()

    async def _remove(self, instance_id: str) -> None:
        context, record = self._context, self._context.records.get(instance_id)
        name = context.naming.server(instance_id)
        found = await context.docker.inspect(name)
        containers = {record.container if record else "", found["Id"] if found else ""} - {""}
        if found is not None:
            await context.docker.remove(name)
        disks = record.disks if record else ()
        await self._disks.detach([disk for disk in disks if disk.separate])
        await self._disks.delete([disk for disk in disks if not disk.separate])
        if containers:
            await context.ask("cgroup.reap", containers=sorted(containers))
        context.records.drop(instance_id)

    async def renew(self, spec: ServerSpec, image: str) -> None:
        """Make the container of a server that is down anew, with an image's file system as it is: it has booted before.

        Held by the caller. Cut off in between, the server is gone until this is repeated.
        """
        context, name = self._context, self._context.naming.server(spec.instance_id)
        record, found = context.records.get(spec.instance_id), await context.docker.inspect(name)
        old = {record.container if record else "", found["Id"] if found else ""} - {""}
        await context.docker.remove(name)
        container = await self._make_container(name, replace(spec, image=image))
        await context.ask("cgroup.reap", containers=sorted(old))
        context.records.put(Record(spec.instance_id, container, record.disks if record else spec.disks))

    async def observe(self) -> Mapping[str, Power]:
        found = await self._context.docker.containers(self._context.naming.filters("server"))
        return {
            item["Labels"]["drlab.resource"]: Power.RUNNING if item["State"] in ("running", "paused") else Power.STOPPED
            for item in found
        }

    async def rebooting(self) -> Collection[str]:
        """Those whose last word was a reboot. Powered off, killed or cut off, they end with another status."""
        filters = {**self._context.naming.filters("server"), "exited": [str(REBOOTED)]}
        return [item["Labels"]["drlab.resource"] for item in await self._context.docker.containers(filters)]

    async def must_run(self, instance_id: str) -> Process:
        """Raises EngineError unless the server runs."""
        found = await running(self._context, self._context.naming.server(instance_id))
        if found is None:
            raise EngineError(f"server {instance_id} is not running")
        return found

    async def is_running(self, instance_id: str) -> bool:
        return await running(self._context, self._context.naming.server(instance_id)) is not None

    async def _still_up(self, name: str) -> str | None:
        return "it runs" if await running(self._context, name) is not None else None

    async def _make_container(self, name: str, spec: ServerSpec) -> str:
        context, flags, (cpus, memory) = self._context, server_flags(self._context.host), self._limits(spec)
        return await context.docker.create(
            name,
            spec.image,
            flags,
            context.naming.labels("server", spec.instance_id, spec.region, spec.zone_label),
            hostname=spec.hostname,
            stop_signal=HALT,
            host={
                "network_mode": "none",
                "nano_cpus": int(cpus * 1e9),
                "mem_limit": memory,
                "dns": list(spec.dns or (spec.nic.gateway,)),
                "extra_hosts": {spec.hostname: spec.nic.address},
            },
        )

    def _limits(self, spec: ServerSpec) -> tuple[float, int]:
        """CPUs, and bytes of memory."""
        return cpu_share(self._context.host, spec.cpus), spec.memory_mib * MIB

    async def _boot(self, spec: ServerSpec) -> None:
        async with self.held(spec.instance_id):
            await self._boot_held(spec)

    async def _boot_held(self, spec: ServerSpec) -> None:
        name = self._context.naming.server(spec.instance_id)
        try:
            loops, _ = await together([self._disks.attach(spec.disks), self._context.docker.start(name)])
            server = await self.must_run(spec.instance_id)
            await self._disks.show(spec.disks, loops, server)
            await self._networks.plug(spec.vpc_id, spec.nic, server)
        except EngineError:
            await self._context.docker.kill(name)  # better off than up without its disks and links
            raise

    async def _power_cut(self, instance_id: str) -> None:
        async with self.held(instance_id):
            await self._power_cut_held(instance_id)

    async def _power_cut_held(self, instance_id: str) -> None:
        record, server = (
            self._context.records.get(instance_id),
            await running(self._context, self._context.naming.server(instance_id)),
        )
        if server is not None:
            await self._disks.cut_power(record.disks if record else (), server.container)
            await self._context.ask("process.end", pid=server.pid, container=server.container)
            await self._context.docker.kill(server.container)  # until Docker has seen it
        await self._release(instance_id)

    async def _release(self, instance_id: str) -> None:
        """What a server that is down must not hold."""
        record = self._context.records.get(instance_id)
        await self._disks.detach(record.disks if record else ())
