"""The agent's server: takes operations off a Unix socket, runs them in threads, answers when they are done."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from localcloud.agent.errors import OpError
from localcloud.agent.protocol import LINE_LIMIT, close_quietly, decode, encode

Operation = Callable[..., Any]
WORKERS = 16  # operations mostly wait for the kernel; more would only queue there


class AgentServer:
    """Serves a table of operations. Operations are plain functions: keyword arguments in, a JSON value out."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self._operations = operations
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="op")

    async def serve(self, socket: Path) -> None:
        """Listen until cancelled. The socket belongs to the owner of its folder and to nobody else."""
        previous = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._accept, path=str(socket), limit=LINE_LIMIT)
        finally:
            os.umask(previous)
        _give_to_owner(socket)
        try:
            async with server:
                await server.serve_forever()
        finally:
            await self._hang_up()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._connection(reader, writer))
        self._connections[task] = writer
        task.add_done_callback(self._connections.pop)

    async def _hang_up(self) -> None:
        """End all connections, those included that were accepted and not yet served."""
        connections = dict(self._connections)
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await asyncio.gather(*map(close_quietly, connections.values()))

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the client has gone: what it asked for last is still done."""
        running: set[asyncio.Task[None]] = set()
        try:
            while line := await reader.readline():
                task = asyncio.create_task(self._answer(line, writer))
                running.add(task)
                task.add_done_callback(running.discard)
        except (ConnectionError, ValueError) as exc:
            print(f"connection dropped: {exc}", file=sys.stderr)
        finally:
            await asyncio.gather(*running, return_exceptions=True)
            writer.close()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        answer = await self.handle(line)
        try:
            writer.write(encode(answer))
            await writer.drain()
        except ConnectionError as exc:
            print(f"answer not delivered: {exc}", file=sys.stderr)

    async def handle(self, line: bytes) -> dict[str, Any]:
        """One request line to one answer."""
        try:
            request = decode(line)
        except ValueError as exc:
            return {"id": None, "error": f"not a request: {exc}"}
        name, args = request.get("op"), request.get("args") or {}
        operation = self._operations.get(str(name))
        if operation is None:
            return {"id": request.get("id"), "error": f"the agent has no operation {name!r}"}
        loop = asyncio.get_running_loop()
        try:
            return {"id": request.get("id"), "result": await loop.run_in_executor(self._pool, lambda: operation(**args))}
        except OpError as exc:
            return {"id": request.get("id"), "error": str(exc)}
        except Exception as exc:
            # The border of the process: whatever went wrong is told to the client, and kept in the container's log.
            traceback.print_exc()
            return {"id": request.get("id"), "error": f"{name}: {type(exc).__name__}: {exc}"}


def _give_to_owner(socket: Path) -> None:
    owner = socket.parent.stat()
    os.chown(socket, owner.st_uid, owner.st_gid)
