"""The transport to a local cloud, against servers on loopback that are told what to do with each connection."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from ctyun.loopback import Loopback, Reply

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Trace-Id: t-1\r\n\r\nok"
ANSWER = Reply(200, {"content-length": "2", "x-trace-id": "t-1"}, b"ok")


def to(url: str, seconds: float = 10.0) -> Loopback:
    return Loopback(url, httpx.Timeout(seconds), {"User-Agent": "test"})


async def get(cloud: Loopback) -> bytes:
    return (await cloud.exchange("GET", "/", {}, b"")).content


class Server:
    """What came in: one list of requests for each connection."""

    def __init__(self) -> None:
        self.connections: list[list[bytes]] = []
        self.url = ""

    @asynccontextmanager
    async def running(self, *answers: bytes, then_close: bool = False, first_pause: float = 0.0) -> AsyncIterator[Loopback]:
        """Answer each request with the next of `answers`, the last one again and again; b"" is to close without one."""
        left, pauses = list(answers), [first_pause]
        writers: list[asyncio.StreamWriter] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            requests: list[bytes] = []
            self.connections.append(requests)
            writers.append(writer)
            while request := await reader.read(65536):
                requests.append(request)
                answer = left.pop(0) if len(left) > 1 else left[0]
                await asyncio.sleep(pauses.pop() if pauses else 0)
                writer.write(answer)
                if then_close or not answer:
                    break
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        cloud = to(self.url)
        try:
            yield cloud
        finally:
            await cloud.aclose()
            server.close()
            for writer in writers:
                writer.transport.abort()
            await asyncio.sleep(0.01)  # for the loop to let go of their sockets


def test_one_connection_carries_all_and_each_request_leaves_in_one_piece() -> None:
    server = Server()

    async def talk() -> None:
        async with server.running(OK) as cloud:
            for _ in range(3):
                assert await cloud.exchange("POST", "/v4/a%2Fb?q=x%20y", {"X-A": "b"}, "灾备".encode()) == ANSWER

    asyncio.run(talk())
    [requests] = server.connections
    assert len(requests) == 3
    host = server.url.removeprefix("http://")
    head = f"POST /v4/a%2Fb?q=x%20y HTTP/1.1\r\nHost: {host}\r\nUser-Agent: test\r\nContent-Length: 6\r\nX-A: b\r\n\r\n"
    assert requests == [head.encode() + "灾备".encode()] * 3


def test_an_answer_may_come_in_chunks_and_after_an_interim_one() -> None:
    chunked = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )

    async def talk() -> bytes:
        async with Server().running(chunked) as cloud:
            return await get(cloud)

    assert asyncio.run(talk()) == b"abcde"


def test_requests_at_the_same_time_have_connections_of_their_own() -> None:
    server = Server()

    async def talk() -> None:
        async with server.running(OK) as cloud:
            assert await asyncio.gather(*(get(cloud) for _ in range(5))) == [b"ok"] * 5

    asyncio.run(talk())
    assert [len(requests) for requests in server.connections] == [1] * 5


@pytest.mark.parametrize(
    ("answer", "closes"),
    [(OK, True), (OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), False)],
    ids=["closed while idle", "announced"],
)
def test_a_connection_that_the_cloud_closes_is_not_used_again(answer: bytes, closes: bool) -> None:
    server = Server()

    async def talk() -> None:
        async with server.running(answer, then_close=closes) as cloud:
            for _ in range(2):
                assert await get(cloud) == b"ok"
                await asyncio.sleep(0.05)

    asyncio.run(talk())
    assert [len(requests) for requests in server.connections] == [1, 1]


def test_a_close_that_the_event_loop_has_not_heard_of_is_seen() -> None:
    """The server is another process in truth: here its close lands while nothing else runs in this loop."""
    listener = socket.create_server(("127.0.0.1", 0))
    closed = threading.Event()

    def serve() -> None:
        for _ in range(2):
            connection, _peer = listener.accept()
            connection.recv(65536)
            connection.sendall(OK)
            connection.close()
            closed.set()

    async def talk() -> None:
        cloud = to(f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert await get(cloud) == b"ok"
        assert closed.wait(10)  # blocks the loop on purpose
        assert await get(cloud) == b"ok"
        await cloud.aclose()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        asyncio.run(talk())
        thread.join(10)


def test_a_request_that_is_given_up_takes_its_connection_along() -> None:
    """The answer that it is owed is nobody else's."""
    server = Server()

    async def talk() -> None:
        async with server.running(OK.replace(b"ok", b"NO"), OK, first_pause=0.5) as cloud:
            asked = asyncio.create_task(get(cloud))
            await asyncio.sleep(0.1)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            assert await get(cloud) == b"ok"
            await asyncio.sleep(0.6)
            assert await get(cloud) == b"ok"

    asyncio.run(talk())
    assert [len(requests) for requests in server.connections] == [1, 2]


def test_silence_is_a_time_out() -> None:
    async def talk() -> None:
        server = Server()
        async with server.running(OK, first_pause=5.0):
            await get(to(server.url, 0.1))

    with pytest.raises(httpx.ReadTimeout):
        asyncio.run(talk())


@pytest.mark.parametrize("answer", [b"", OK[:-1], b"SSH-2.0-OpenSSH_9.2\r\n"], ids=["nothing", "half of it", "no HTTP"])
def test_what_is_no_whole_answer_is_an_error(answer: bytes) -> None:
    async def talk() -> None:
        async with Server().running(answer, then_close=True) as cloud:
            await get(cloud)

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        asyncio.run(talk())


def test_a_header_is_one_line() -> None:
    with pytest.raises(httpx.LocalProtocolError, match="X-A"):
        asyncio.run(to("http://127.0.0.1:1").exchange("GET", "/", {"X-A": "b\r\nX-C: d"}, b""))


def test_nobody_listens() -> None:
    with pytest.raises(httpx.ConnectError, match="Connection refused"):
        asyncio.run(get(to("http://127.0.0.1:1")))
