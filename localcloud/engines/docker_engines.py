"""The engines on Docker: the one class that the services get, behind `interface.engines.Engines`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from localcloud.agent.client import AgentClient
from localcloud.engines.context import Context
from localcloud.engines.disks.disks import Disks
from localcloud.engines.disks.volumes import Volumes
from localcloud.engines.docker.api import Docker
from localcloud.engines.foundation import Foundation
from localcloud.engines.interface.engines import BalancerSpec, Power, ServerSpec, VpcNetwork
from localcloud.engines.mariadb.databases import MariadbEngine
from localcloud.engines.naming import Naming
from localcloud.engines.network.balancers import Balancers
from localcloud.engines.network.network import Networks
from localcloud.engines.servers.backups import Backups
from localcloud.engines.servers.faults import Faults
from localcloud.engines.servers.private_images import PrivateImages
from localcloud.engines.servers.records import Records
from localcloud.engines.servers.servers import Servers


class DockerEngines:
    """Engines of one cloud.

    `state`: the cloud's state folder. `cloud`: its id, six of [a-z0-9]. `internet_cidr`: the range that EIPs have already been
    taken from, None for any that is free (ask `eip_pool()` after start()).
    """

    def __init__(self, state: Path, cloud: str, internet_cidr: str | None = None) -> None:
        state = state.resolve()
        agent = AgentClient(state / "agent/agent.sock")
        context = Context(state, Naming(cloud), Docker(), agent, Records(state / "servers"))
        self._context = context
        self._foundation = Foundation(context, internet_cidr)
        self._networks = Networks(context)
        self._disks = Disks(context)
        self._servers = Servers(context, self._networks, self._disks)
        self._images = PrivateImages(context, self._servers, self._disks)
        self._volumes = Volumes(context, self._servers, self._disks, self._images)
        self._backups = Backups(context, self._servers, self._images, self._volumes)
        self._faults = Faults(context, self._servers)
        self._balancers = Balancers(context, self._networks)
        self.databases = MariadbEngine(context, self._networks, self._disks)

    async def start(self) -> None:
        """Make or find agent, `internet` network and guard route. Raises EngineError with what is missing."""
        await self._foundation.start()
        await self._images.release_paused()

    async def stop(self) -> None:
        """Remove routers, guard, network and agent."""
        await self._networks.remove_all()
        await self._foundation.stop()

    async def outage(self) -> None:
        await self._foundation.outage()

    async def close(self) -> None:
        """Let go of connections and threads, leaving everything as it runs. The engines cannot be used afterwards."""
        self._foundation.let_go()
        self.databases.close()
        await self._context.agent.close()
        await self._context.docker.close()

    @property
    def backups(self) -> Backups:
        return self._backups

    @property
    def volumes(self) -> Volumes:
        return self._volumes

    def interrupted(self) -> bool:
        return self._foundation.interrupted

    def eip_pool(self) -> str:
        return self._foundation.eip_pool

    def internet_cidr(self) -> str:
        """The whole range of the `internet` network."""
        return self._foundation.cidr

    async def apply_networks(self, networks: Collection[VpcNetwork]) -> None:
        await self._networks.apply(networks)

    async def create_server(self, spec: ServerSpec) -> None:
        await self._servers.create(spec)

    async def size_server(self, spec: ServerSpec) -> None:
        await self._servers.size(spec)

    async def boot_servers(self, specs: Sequence[ServerSpec]) -> None:
        await self._servers.boot(specs)

    async def shut_down(self, instance_id: str, timeout: float) -> None:
        await self._servers.shut_down(instance_id, timeout)

    async def power_cut(self, instance_ids: Sequence[str]) -> None:
        await self._servers.power_cut(instance_ids)

    async def remove_server(self, instance_id: str) -> None:
        await self._servers.remove(instance_id)
        await self._images.sweep()

    async def make_image(self, image_id: str, instance_id: str, whole: bool) -> float:
        return await self._images.make(image_id, instance_id, whole)

    async def remove_image(self, image_id: str) -> None:
        await self._images.remove(image_id)

    def image_reference(self, image_id: str) -> str:
        return self._images.reference(image_id)

    async def observe(self) -> Mapping[str, Power]:
        return await self._servers.observe()

    async def rebooting(self) -> Collection[str]:
        return await self._servers.rebooting()

    async def kill_process(self, instance_id: str, process: str) -> int:
        return await self._faults.kill_process(instance_id, process)

    async def fill_disk(self, instance_id: str, path: str) -> None:
        await self._faults.fill_disk(instance_id, path)

    async def free_disk(self, instance_id: str, path: str) -> None:
        await self._faults.free_disk(instance_id, path)

    async def run(self, instance_id: str, command: Sequence[str], stdin: bytes = b"") -> tuple[int, bytes]:
        return await self._faults.run(instance_id, command, stdin)

    async def apply_balancer(self, spec: BalancerSpec) -> None:
        await self._balancers.apply(spec)

    async def balancer_nodes(self) -> frozenset[str]:
        return await self._balancers.nodes()

    async def answering(self, node_ids: Collection[str]) -> frozenset[str]:
        return await self._balancers.answering(node_ids)

    async def move_address(self, address: str, to_node: str, from_nodes: Collection[str]) -> None:
        await self._balancers.move_address(address, to_node, from_nodes)

    async def target_health(self, node_id: str) -> Mapping[str, str]:
        return await self._balancers.target_health(node_id)

    async def remove_nodes(self, node_ids: Collection[str]) -> None:
        await self._balancers.remove(node_ids)
