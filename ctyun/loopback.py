"""HTTP/1.1 without TLS to a local cloud: each request leaves in one piece, and only its answer wakes anybody.

httpx sends head and body apart, turns the event loop seven times for one answer, and makes forty objects on the way. Between
two processes of one machine that is most of a call's time. No HEAD, no answers that end with the connection alone: the local
cloud has neither.
"""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import httptools
import httpx

CONNECTIONS = 32  # at a time; further requests wait


@dataclass(frozen=True)
class Reply:
    """What was answered. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Loopback:
    """Connections to one server, kept while it keeps them. Belongs to one event loop."""

    def __init__(self, url: str, timeout: httpx.Timeout, headers: Mapping[str, str]) -> None:
        """`headers` go with every request."""
        address = httpx.URL(url)
        self._host, self._port = address.host, address.port or 80
        self._prefix = address.path.rstrip("/")
        self._always = f"Host: {address.netloc.decode()}\r\n" + _lines(headers)
        self._connect, self._read = timeout.connect, timeout.read
        self._room = asyncio.Semaphore(CONNECTIONS)
        self._idle: list[_Connection] = []

    async def exchange(self, method: str, target: str, headers: Mapping[str, str], content: bytes) -> Reply:
        """`target`: path and query as they are sent. Raises httpx's errors, as its own transport does."""
        length = f"Content-Length: {len(content)}\r\n" if content or method != "GET" else ""
        head = f"{method} {self._prefix}{target} HTTP/1.1\r\n{self._always}{length}{_lines(headers)}\r\n"
        async with self._room:
            connection = await self._connection()
            try:
                async with asyncio.timeout(self._read):
                    return await connection.exchange(head.encode("latin-1") + content)
            except TimeoutError as error:
                raise httpx.ReadTimeout("no answer in time") from error
            finally:
                if connection.reusable:
                    self._idle.append(connection)
                else:
                    connection.close()

    async def aclose(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    async def _connection(self) -> _Connection:
        while self._idle:
            kept = self._idle.pop()
            if kept.alive():
                return kept
            kept.close()
        try:
            async with asyncio.timeout(self._connect):
                return await _Connection.to(self._host, self._port)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        except OSError as error:
            raise httpx.ConnectError(os.strerror(error.errno) if error.errno else str(error)) from error


def _lines(headers: Mapping[str, str]) -> str:
    for name, value in headers.items():
        if "\r" in value or "\n" in value:
            raise httpx.LocalProtocolError(f"header {name} has more than one line")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


class _Connection(asyncio.Protocol):
    """One request at a time; the callbacks are those of asyncio and of httptools' parser."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._waiter: asyncio.Future[Reply] | None = None
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self.reusable = False

    @classmethod
    async def to(cls, host: str, port: int) -> Self:
        """Raises OSError."""
        _transport, connection = await asyncio.get_running_loop().create_connection(cls, host, port)
        return connection

    async def exchange(self, request: bytes) -> Reply:
        """Send and wait; a connection that was given up while it waited is never used again."""
        assert self._transport is not None
        self.reusable = False
        self._parser, self._headers, self._body = httptools.HttpResponseParser(self), {}, []
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiter

    def alive(self) -> bool:
        """The other side has not closed it; asked of the socket, since a busy event loop hears of it late."""
        if not self.reusable or self._transport is None:
            return False
        asked = select.poll()
        asked.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not asked.poll(0)

    def close(self) -> None:
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio ---------------------------------------------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self.reusable = transport, True

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self.close()  # nobody asked for it
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(str(error)))

    def eof_received(self) -> None:
        self._fail(httpx.RemoteProtocolError("the connection was closed before the answer was complete"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(httpx.ReadError(str(exc)) if exc else httpx.RemoteProtocolError("the connection was closed without an answer"))

    def _fail(self, error: httpx.TransportError) -> None:
        self.reusable = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    # -- httptools -------------------------------------------------------------------------------------------------------
    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._waiter is None or self._waiter.done():
            return
        status = self._parser.get_status_code()
        if status < 200:  # 100 Continue and its like: the answer is still to come
            self._headers, self._body = {}, []
            return
        self.reusable = self._parser.should_keep_alive()
        self._waiter.set_result(Reply(status, self._headers, b"".join(self._body)))
