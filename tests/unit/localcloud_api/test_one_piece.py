"""Answers leave in one piece: what is written within one turn of the event loop is one write of the transport."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import uvicorn

from localcloud.one_piece import OnePieceProtocol

HELLO = b"hello, and a little more"


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(HELLO)).encode())]})
    if scope["path"] == "/slow":
        await asyncio.sleep(0.05)
    await send({"type": "http.response.body", "body": HELLO})


class Watched(asyncio.Transport):
    """A transport that remembers what was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


def answered(*requests: bytes) -> Watched:
    async def serve() -> Watched:
        config = uvicorn.Config(app, http=OnePieceProtocol, lifespan="off", log_config=None, access_log=False)
        config.load()
        server, transport = uvicorn.Server(config), Watched()
        protocol = OnePieceProtocol(config=config, server_state=server.server_state, app_state={})
        protocol.connection_made(transport)
        for request in requests:
            protocol.data_received(request)
            await asyncio.sleep(0.1)
        protocol.connection_lost(None)
        for task in server.server_state.tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        return transport

    return asyncio.run(serve())


def test_head_and_body_are_one_write() -> None:
    [first, second] = answered(*[b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"] * 2).writes
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert first.endswith(b"\r\n\r\n" + HELLO)
    assert second.endswith(HELLO)


def test_what_comes_later_is_not_waited_for() -> None:
    [head, body] = answered(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").writes
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == HELLO


def test_a_connection_that_is_closed_after_its_answer_has_sent_it() -> None:
    transport = answered(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert transport.writes[0].endswith(HELLO)
    assert transport.closed
