"""The engines on Docker, put together: what controllers get as `interface.engines.Engines`."""

from __future__ import annotations

from pathlib import Path

from localcloud.agent.client import AgentClient
from localcloud.engines.context import Context
from localcloud.engines.disks.disks import Disks
from localcloud.engines.disks.volumes import Volumes
from localcloud.engines.docker.api import Docker
from localcloud.engines.foundation import Foundation
from localcloud.engines.mariadb.databases import MariadbEngine
from localcloud.engines.naming import Naming
from localcloud.engines.network.balancers import Balancers
from localcloud.engines.network.network import Networks
from localcloud.engines.servers.backups import Backups
from localcloud.engines.servers.inside import Inside
from localcloud.engines.servers.layers import Layers
from localcloud.engines.servers.private_images import PrivateImages
from localcloud.engines.servers.records import Records
from localcloud.engines.servers.servers import Servers


class DockerEngines:
    """Engines of one cloud; its parts say what they do.

    `state`: the cloud's state folder. `cloud`: its id, six of [a-z0-9]. `internet_cidr`: the range that EIPs have already been
    taken from, None for any that is free (ask `eip_pool()` after start()).
    """

    def __init__(self, state: Path, cloud: str, internet_cidr: str | None = None) -> None:
        state = state.resolve()
        agent = AgentClient(state / "agent/agent.sock")
        context = Context(state, Naming(cloud), Docker(), agent, Records(state / "servers"))
        self._context, self._foundation = context, Foundation(context, internet_cidr)
        disks, layers = Disks(context), Layers(context)
        self.networks = Networks(context)
        self.servers = Servers(context, self.networks, disks, layers)
        self.inside = Inside(context, self.servers)
        self.images = PrivateImages(context, self.servers, disks, layers)
        self.volumes = Volumes(context, self.servers, disks, self.images)
        self.backups = Backups(context, self.servers, self.images, self.volumes, layers)
        self.balancers = Balancers(context, self.networks)
        self.databases = MariadbEngine(context, self.networks, disks)

    async def start(self) -> None:
        """Make or find agent, `internet` network and guard route. Raises EngineError with what is missing."""
        await self._foundation.start()
        await self.images.release_paused()

    async def stop(self) -> None:
        """Remove routers, guard, network and agent."""
        await self.networks.remove_all()
        await self._foundation.stop()

    async def outage(self) -> None:
        await self._foundation.outage()

    async def close(self) -> None:
        """Let go of connections and threads, leaving everything as it runs. The engines cannot be used afterwards."""
        self._foundation.let_go()
        self.databases.close()
        await self._context.agent.close()
        await self._context.docker.close()

    def interrupted(self) -> bool:
        return self._foundation.interrupted

    def eip_pool(self) -> str:
        return self._foundation.eip_pool

    def internet_cidr(self) -> str:
        """The whole range of the `internet` network."""
        return self._foundation.cidr
