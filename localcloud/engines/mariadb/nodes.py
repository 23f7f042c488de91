"""Database nodes: MariaDB in a container, its data on a disk of its own, a network card like a server's."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections import defaultdict
from collections.abc import Collection, Mapping

from localcloud.engines.context import Context
from localcloud.engines.disks.disks import Disks
from localcloud.engines.host import Flags, cpu_share
from localcloud.engines.images import reference
from localcloud.engines.interface.databases import DatabaseNode
from localcloud.engines.interface.engines import Disk, EngineError
from localcloud.engines.mariadb.inside import DATA, FOLDER, MYSQL, TO_FREE, InsideNodes
from localcloud.engines.mariadb.replay import replay_relay_log
from localcloud.engines.mariadb.sql import OPERATOR, Sql
from localcloud.engines.mariadb.state import SOURCE
from localcloud.engines.network.network import Networks, Process, running
from localcloud.engines.servers.seed import packed
from localcloud.engines.waiting import together, wait_until, within

log = logging.getLogger("localcloud")
_MIB = 1 << 20
_ANSWERS = 120.0  # seconds for MariaDB to recover and answer; one is usual
_SMALLEST = 256  # MiB
# MariaDB itself has none of these: they are for commands that are run in the node as root, who would have none under
# no-new-privileges.
_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")


class DatabaseNodes:
    """The nodes of one cloud as machines: power, disk, link; not what they replicate.

    What `held` has in its name is called by whoever holds the node.
    """

    def __init__(self, context: Context, networks: Networks, disks: Disks, inside: InsideNodes, sql: Sql) -> None:
        self._context, self._networks, self._disks = context, networks, disks
        self._inside, self._sql = inside, sql
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def held(self, node_id: str) -> asyncio.Lock:
        """Held by whoever starts, stops or removes a node, or replaces its data."""
        return self._locks[node_id]

    async def create(self, node: DatabaseNode) -> None:
        """Container, folder and disk; nothing is started."""
        await asyncio.to_thread(self._make_folder, node.node_id)
        await together([self._disks.make((_disk(node),)), self._make_container(node)])

    async def size(self, node: DatabaseNode) -> None:
        """Its container's limits, and the file of its disk; the caller need not hold it."""
        await self._context.docker.limit(self._name(node.node_id), *self._limits(node))
        if self._disks.file(_disk(node)).exists():
            await self._disks.make((_disk(node),))

    async def boot(self, node: DatabaseNode) -> None:
        """Read-only; what it had received and not applied when it went down is applied: it may be the only one that has it."""
        async with self.held(node.node_id):
            if not await self.boot_held(node) or not await self._sql.rows(node.node_id, SOURCE):
                return
            remarkable = await replay_relay_log(self._inside, node.node_id)
            if remarkable:
                log.warning("database node %s: %s", node.node_id, remarkable)

    async def boot_held(self, node: DatabaseNode) -> bool:
        """Start it, plug it in, wait until it answers; False when it ran already."""
        name = self._name(node.node_id)
        found = await running(self._context, name)
        fresh = found is None
        if found is None:
            await self._context.docker.start(name)
            found = await self._inside.must_run(node.node_id)
        try:
            await self._mount(node, found)
            await self._networks.plug(node.vpc_id, node.nic, found)
            await wait_until(lambda: self._silent(node.node_id), _ANSWERS, f"MariaDB of node {node.node_id} to answer")
        except EngineError as exc:
            if fresh and await running(self._context, name) is None:
                raise EngineError(f"database node {node.node_id} ended during its start; docker logs {name} says why") from exc
            if fresh:
                await self._context.docker.kill(name)  # better off than up without its disk and link
            raise
        return fresh

    async def shut_down(self, node_id: str, seconds: float) -> None:
        async with self.held(node_id):
            await self.shut_down_held(node_id, seconds)

    async def shut_down_held(self, node_id: str, seconds: float) -> None:
        """Orderly stop; killed after `seconds`."""
        name = self._name(node_id)
        await self._context.docker.signal(name, "SIGTERM")
        await within(lambda: self._still_up(name), seconds)
        await self._context.docker.kill(name)
        await self._release(node_id)

    async def cut_power(self, node_ids: Collection[str]) -> None:
        """All at the same time. Does not wait for anybody who holds a node: it ends what they do."""
        await together(map(self._cut_power, node_ids))

    async def remove(self, node_ids: Collection[str]) -> None:
        await together(map(self._remove, node_ids))

    async def all(self) -> Mapping[str, bool]:
        """Every node that there is, and whether it runs."""
        found = await self._context.docker.containers(self._context.naming.filters("database"))
        return {item["Labels"]["drlab.resource"]: item["State"] == "running" for item in found}

    async def room(self, node_id: str) -> tuple[int, int]:
        statement = "SELECT Used * 1024, Available * 1024 FROM information_schema.DISKS WHERE Path = '/data' LIMIT 1"
        used, free = (await self._sql.run(node_id, statement))[0]
        return int(used), int(free)

    async def new_disk_held(self, node: DatabaseNode) -> None:
        """Throw the node's data away: at its next start the disk is blank. It must not run."""
        await self._disks.delete((_disk(node),))
        await self._disks.make((_disk(node),))

    async def _mount(self, node: DatabaseNode, found: Process) -> None:
        file = self._disks.file(_disk(node))
        seen_from = {"file": str(file), "viewer": os.getpid(), "owner": MYSQL}
        await self._context.ask("database.mount", pid=found.pid, container=found.container, **seen_from)
        wanted = self._inside.folder(node.node_id) / TO_FREE
        if wanted.exists():
            await self._context.ask("disk.free", pid=found.pid, container=found.container, path=DATA)
            await asyncio.to_thread(wanted.unlink, missing_ok=True)

    async def _make_container(self, node: DatabaseNode) -> None:
        context, name, (cpus, memory) = self._context, self._name(node.node_id), self._limits(node)
        container = await context.docker.create(
            name,
            reference("database"),
            Flags(cap_drop=("ALL",), security=()),
            context.naming.labels("database", node.node_id, node.region, node.zone_label),
            command=[f"--server-id={node.server_id}", f"--report-host={node.nic.address}"],
            host={
                "network_mode": "none",
                "cap_add": list(_CAPABILITIES),
                "binds": [f"{self._inside.folder(node.node_id)}:{FOLDER}"],
                "nano_cpus": int(cpus * 1e9),
                "mem_limit": memory,
            },
            hostname=node.name,
        )
        if os.getuid() != 0:
            await context.docker.put(container, _accounts())

    def _limits(self, node: DatabaseNode) -> tuple[float, int]:
        """CPUs, and bytes of memory."""
        return cpu_share(self._context.host, node.cpus), max(node.memory_mib, _SMALLEST) * _MIB

    def _make_folder(self, node_id: str) -> None:
        folder = self._inside.folder(node_id)
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)  # MariaDB's socket goes there, and it is another user; the folder above lets nobody else in

    async def _silent(self, node_id: str) -> str | None:
        """Raises EngineError when it has ended."""
        try:
            await self._sql.run(node_id, "SELECT 1", seconds=5)
        except EngineError as exc:
            if await running(self._context, self._name(node_id)) is None:
                raise
            return str(exc)
        return None

    async def _still_up(self, name: str) -> str | None:
        return "it runs" if await running(self._context, name) is not None else None

    async def _cut_power(self, node_id: str) -> None:
        found = await running(self._context, self._name(node_id))
        if found is not None:
            await self._disks.cut_power((Disk(node_id, 0, ""),), found.container)
            await self._end(found)
        async with self.held(node_id):
            await self._context.docker.kill(self._name(node_id))  # until Docker has seen it
            await self._release(node_id)

    async def _end(self, found: Process) -> None:
        """Docker takes its time; the kernel does not."""
        await self._context.ask("process.end", pid=found.pid, container=found.container)

    async def _remove(self, node_id: str) -> None:
        found = await running(self._context, self._name(node_id))
        if found is not None:
            await self._end(found)
        async with self.held(node_id):
            await self._context.docker.remove(self._name(node_id))
            await self._disks.delete((Disk(node_id, 0, ""),))
            await asyncio.to_thread(shutil.rmtree, self._inside.folder(node_id), ignore_errors=True)
        self._sql.forget(node_id)
        self._locks.pop(node_id, None)

    async def _release(self, node_id: str) -> None:
        await self._disks.detach((Disk(node_id, 0, ""),))

    def _name(self, node_id: str) -> str:
        return self._context.naming.server(node_id)


def _disk(node: DatabaseNode) -> Disk:
    return Disk(node.node_id, node.disk_gib, "/dev/drlab-data")


def _accounts() -> bytes:
    """The system's users of a node in whose cloud an ordinary user is the operator; MariaDB tells who it is by the name."""
    lines = ["root:x:0:0::/root:/bin/bash", f"mysql:x:{MYSQL}:{MYSQL}::/:/usr/sbin/nologin"]
    content = "\n".join([*lines, f"{OPERATOR}:x:{os.getuid()}:{os.getgid()}::/:/usr/sbin/nologin", ""])
    return packed([("etc/passwd", content.encode(), 0o644)], {})
