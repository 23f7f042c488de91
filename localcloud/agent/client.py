"""The engines' side of the agent's socket. Needs the standard library only."""

from __future__ import annotations

import asyncio
import itertools
import os
from pathlib import Path
from typing import Any

from localcloud.agent.protocol import LINE_LIMIT, close_quietly, decode, encode

DEADLINE = 60.0  # seconds an operation may take before the agent is taken for stuck


class AgentError(Exception):
    """The agent refused or failed; the text is its sentence."""


class AgentGone(AgentError):
    """Nobody answers on the socket."""


class AgentClient:
    """One connection, opened when needed, that carries many operations at once. Belongs to one event loop."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()

    async def call(self, op: str, *, deadline: float = DEADLINE, **args: Any) -> Any:
        """Run one operation. Raises AgentGone (nobody there) or AgentError (refused, failed, too late)."""
        writer = await self._connected()
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            writer.write(encode({"id": number, "op": op, "args": args}))
            await writer.drain()
            async with asyncio.timeout(deadline):
                return await answer
        except ConnectionError as exc:
            raise AgentGone(f"the connection to the agent broke during {op}") from exc
        except TimeoutError as exc:
            raise AgentError(f"the agent did not finish {op} within {deadline:.0f} s") from exc
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        """Close the connection; safe to call twice."""
        reading, self._reading = self._reading, None
        writer, self._writer = self._writer, None
        if writer is not None:
            await close_quietly(writer)
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None:
                reader, self._writer = await self._open()
                self._reading = asyncio.create_task(self._read(reader, self._writer))
            return self._writer

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # A socket's path may have 107 bytes; going through the folder's descriptor, state folders may be of any depth.
        try:
            folder = os.open(self._socket.parent, os.O_PATH | os.O_DIRECTORY)
        except OSError as exc:
            raise AgentGone(f"the agent's folder {self._socket.parent} cannot be opened: {exc.strerror}") from exc
        try:
            return await asyncio.open_unix_connection(f"/proc/self/fd/{folder}/{self._socket.name}", limit=LINE_LIMIT)
        except OSError as exc:
            raise AgentGone(f"the agent does not answer on {self._socket}: {exc.strerror or exc}") from exc
        finally:
            os.close(folder)

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reason = "the agent closed the connection"
        try:
            while line := await reader.readline():
                self._deliver(decode(line))
        except (OSError, ValueError) as exc:
            reason = f"the connection to the agent broke: {exc}"
        finally:
            if self._writer is writer:
                self._writer = None
            writer.close()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(AgentGone(reason))

    def _deliver(self, message: dict[str, Any]) -> None:
        answer = self._waiting.get(message.get("id") or 0)
        if answer is None or answer.done():
            return  # the caller gave up waiting
        if "error" in message:
            answer.set_exception(AgentError(message["error"]))
        else:
            answer.set_result(message.get("result"))
