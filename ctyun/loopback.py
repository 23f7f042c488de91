"""HTTP/1.1 without TLS to a local cloud, behind httpx: each request leaves in one piece, and only its answer wakes anybody.

httpx's own transport sends head and body apart and turns the event loop seven times for one answer. Between two processes of
one machine these turns are most of a call's time. No HEAD, no answers that end with the connection alone: the local cloud
has neither.
"""

from __future__ import annotations

import asyncio
import os
import select
from typing import Any, Self

import httptools
import httpx

CONNECTIONS = 32  # at a time; further requests wait
Headers = list[tuple[bytes, bytes]]


class LoopbackTransport(httpx.AsyncBaseTransport):
    """Connections that are kept while the other side keeps them. Belongs to one event loop."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(CONNECTIONS)
        self._idle: list[_Connection] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx's ConnectTimeout, ConnectError, ReadTimeout, ReadError and RemoteProtocolError."""
        limits = request.extensions.get("timeout", {})
        async with self._room:
            connection = await self._connection(request, limits.get("connect"))
            try:
                async with asyncio.timeout(limits.get("read")):
                    answer = await connection.exchange(_head(request) + await request.aread())
            except TimeoutError as error:
                raise httpx.ReadTimeout("no answer in time", request=request) from error
            except httpx.TransportError as error:
                error.request = request
                raise
            finally:
                if connection.reusable:
                    self._idle.append(connection)
                else:
                    connection.close()
        return answer

    async def aclose(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _connection(self, request: httpx.Request, timeout: float | None) -> _Connection:
        while self._idle:
            kept = self._idle.pop()
            if kept.alive():
                return kept
            kept.close()
        try:
            async with asyncio.timeout(timeout):
                return await _Connection.to(request.url.host, request.url.port or 80)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time", request=request) from error
        except OSError as error:
            raise httpx.ConnectError(os.strerror(error.errno) if error.errno else str(error), request=request) from error


def _head(request: httpx.Request) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%s: %s" % header for header in request.headers.raw]
    return b"\r\n".join(lines) + b"\r\n\r\n"


class _Connection(asyncio.Protocol):
    """One request at a time; the callbacks are those of asyncio and of httptools' parser."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._waiter: asyncio.Future[httpx.Response] | None = None
        self._headers: Headers = []
        self._body: list[bytes] = []
        self.reusable = False

    @classmethod
    async def to(cls, host: str, port: int) -> Self:
        """Raises OSError."""
        _transport, connection = await asyncio.get_running_loop().create_connection(cls, host, port)
        return connection

    async def exchange(self, request: bytes) -> httpx.Response:
        """Send and wait; a connection that was given up while it waited is never used again."""
        assert self._transport is not None
        self.reusable = False
        self._parser, self._headers, self._body = httptools.HttpResponseParser(self), [], []
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
        self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._waiter is None or self._waiter.done():
            return
        status = self._parser.get_status_code()
        if status < 200:  # 100 Continue and its like: the answer is still to come
            self._headers, self._body = [], []
            return
        self.reusable = self._parser.should_keep_alive()
        self._waiter.set_result(httpx.Response(status, headers=self._headers, content=b"".join(self._body)))
