"""Inside a running server: processes that are killed, disks that are filled, commands that prove what has landed."""

from __future__ import annotations

from collections.abc import Sequence

from localcloud.engines.context import Context
from localcloud.engines.servers.servers import Servers


class Inside:
    """What is done inside the servers of one cloud; their power and links belong to servers and networks."""

    def __init__(self, context: Context, servers: Servers) -> None:
        self._context = context
        self._servers = servers

    async def kill_process(self, instance_id: str, process: str) -> int:
        """SIGKILL all of that name; how many were hit."""
        server = await self._servers.must_run(instance_id)
        return int(await self._context.ask("process.kill", container=server.container, name=process))

    async def fill_disk(self, instance_id: str, path: str) -> None:
        """Until nothing more fits; data disks only."""
        server = await self._servers.must_run(instance_id)
        await self._context.ask("disk.fill", pid=server.pid, container=server.container, path=path)

    async def free_disk(self, instance_id: str, path: str) -> None:
        """Undo fill_disk()."""
        server = await self._servers.must_run(instance_id)
        await self._context.ask("disk.free", pid=server.pid, container=server.container, path=path)

    async def run(self, instance_id: str, command: Sequence[str], stdin: bytes = b"") -> tuple[int, bytes]:
        """A command inside the server as root; exit status and output."""
        server = await self._servers.must_run(instance_id)
        return await self._context.docker.execute(server.container, command, stdin)
