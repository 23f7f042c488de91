"""Inside a running database node: where things are, commands, processes that are killed, a disk that is filled."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from localcloud.engines.context import Context
from localcloud.engines.interface.engines import EngineError
from localcloud.engines.network.network import Process, running

MYSQL = 3306  # user and group of MariaDB in the image, and its port
FOLDER = "/run/drlab"  # a node's folder of the state folder, inside
DATA = "/data"  # where its disk is mounted, inside
LOGS = f"{DATA}/mysql"  # data directory with binary and relay logs
TO_FREE = "free-disk"  # in a node's folder: what filled its disk goes at the next start


class InsideNodes:
    """What is done inside the nodes of one cloud."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def must_run(self, node_id: str) -> Process:
        """Raises EngineError unless the node runs."""
        found = await running(self._context, self._context.naming.server(node_id))
        if found is None:
            raise EngineError(f"database node {node_id} is not running")
        return found

    async def is_running(self, node_id: str) -> bool:
        return await running(self._context, self._context.naming.server(node_id)) is not None

    async def run(self, node_id: str, command: Sequence[str], stdin: bytes = b"") -> tuple[int, bytes]:
        """A command in the node as root; exit status and output."""
        found = await self.must_run(node_id)
        return await self._context.docker.execute(found.container, command, stdin)

    async def script(self, node_id: str, text: str, what: str) -> str:
        """A bash script in the node as root; its output. Raises EngineError: `what` failed, and the script's last words."""
        status, output = await self.run(node_id, ["bash", "-euo", "pipefail", "-c", text])
        said = output.decode(errors="replace").strip()
        if status != 0:
            raise EngineError(f"{what} failed: {said[-1000:] or f'exit status {status}'}")
        return said

    async def kill_process(self, node_id: str, process: str) -> int:
        found = await self.must_run(node_id)
        return int(await self._context.ask("process.kill", container=found.container, name=process))

    async def fill_disk(self, node_id: str) -> None:
        found = await self.must_run(node_id)
        await self._context.ask("disk.fill", pid=found.pid, container=found.container, path=LOGS)

    async def free_disk(self, node_id: str) -> None:
        """Of a node that is down: at its next start, before MariaDB needs room."""
        found = await running(self._context, self._context.naming.server(node_id))
        if found is not None:
            await self._context.ask("disk.free", pid=found.pid, container=found.container, path=LOGS)
        elif self.folder(node_id).is_dir():
            await asyncio.to_thread((self.folder(node_id) / TO_FREE).touch)

    async def keep_log(self, node: Process, name: str, target: Path, size: int) -> None:
        """Append to `target` what the node's log of that name has gained, up to `size` bytes."""
        await self._context.ask(
            "database.keep_log",
            pid=node.pid,
            container=node.container,
            source=f"{LOGS}/{name}",
            target=str(target),
            size=size,
            viewer=os.getpid(),
        )

    def folder(self, node_id: str) -> Path:
        """What the node sees as FOLDER."""
        return self._context.state / "databases" / node_id
