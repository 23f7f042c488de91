"""The transport to a local cloud, against servers on loopback that are told what to do with each connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from ctyun.loopback import LoopbackTransport

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Trace-Id: t-1\r\n\r\nok"


class Server:
    """What came in: one list of requests for each connection."""

    def __init__(self) -> None:
        self.connections: list[list[bytes]] = []
        self.url = ""

    @asynccontextmanager
    async def running(
        self, *answers: bytes, then_close: bool = False, first_pause: float = 0.0
    ) -> AsyncIterator[httpx.AsyncClient]:
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
        async with httpx.AsyncClient(transport=LoopbackTransport(), timeout=5.0) as client:
            try:
                yield client
            finally:
                server.close()
                for writer in writers:
                    writer.transport.abort()
                await asyncio.sleep(0.01)  # for the loop to let go of their sockets


def test_one_connection_carries_all_and_each_request_leaves_in_one_piece() -> None:
    server = Server()

    async def talk() -> None:
        async with server.running(OK) as client:
            for _ in range(3):
                response = await client.post(f"{server.url}/v4/a%2Fb?q=x%20y", content="灾备".encode())
                assert (response.status_code, response.text, response.headers["x-trace-id"]) == (200, "ok", "t-1")

    asyncio.run(talk())
    [requests] = server.connections
    assert len(requests) == 3
    assert all(request.startswith(b"POST /v4/a%2Fb?q=x%20y HTTP/1.1\r\nHost: 127.0.0.1:") for request in requests)
    assert all(request.endswith("\r\n\r\n灾备".encode()) for request in requests)


def test_an_answer_may_come_in_chunks_and_after_an_interim_one() -> None:
    server = Server()
    chunked = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )

    async def talk() -> str:
        async with server.running(chunked) as client:
            return (await client.get(server.url)).text

    assert asyncio.run(talk()) == "abcde"


def test_requests_at_the_same_time_have_connections_of_their_own() -> None:
    server = Server()

    async def talk() -> None:
        async with server.running(OK) as client:
            answers = await asyncio.gather(*(client.get(server.url) for _ in range(5)))
            assert [answer.text for answer in answers] == ["ok"] * 5

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
        async with server.running(answer, then_close=closes) as client:
            for _ in range(2):
                assert (await client.get(server.url)).text == "ok"
                await asyncio.sleep(0.05)

    asyncio.run(talk())
    assert [len(requests) for requests in server.connections] == [1, 1]


def test_a_close_that_the_event_loop_has_not_heard_of_is_seen() -> None:
    """The server is another process in truth: here its close lands while nothing else runs in this loop."""
    import socket
    import threading

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
        async with httpx.AsyncClient(transport=LoopbackTransport(), timeout=5.0) as client:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            assert (await client.get(url)).text == "ok"
            assert closed.wait(5)  # blocks the loop on purpose
            assert (await client.get(url)).text == "ok"

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        asyncio.run(talk())
        thread.join(5)


def test_an_answer_that_comes_too_late_is_nobody_elses() -> None:
    server = Server()
    late = OK.replace(b"ok", b"NO")

    async def talk() -> None:
        async with server.running(late, OK, first_pause=0.3) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.get(server.url, timeout=0.05)
            assert (await client.get(server.url)).text == "ok"
            await asyncio.sleep(0.4)
            assert (await client.get(server.url)).text == "ok"

    asyncio.run(talk())
    assert len(server.connections[0]) == 1, "the connection that owes an answer was used again"


def test_a_request_that_is_given_up_takes_its_connection_along() -> None:
    server = Server()

    async def talk() -> None:
        async with server.running(OK, first_pause=1.0) as client:
            asked = asyncio.create_task(client.get(server.url))
            await asyncio.sleep(0.05)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            assert (await client.get(server.url)).text == "ok"

    asyncio.run(talk())
    assert [len(requests) for requests in server.connections] == [1, 1]


@pytest.mark.parametrize("answer", [b"", OK[:-1], b"SSH-2.0-OpenSSH_9.2\r\n"], ids=["nothing", "half of it", "no HTTP"])
def test_what_is_no_whole_answer_is_an_error(answer: bytes) -> None:
    server = Server()

    async def talk() -> None:
        async with server.running(answer, then_close=True) as client:
            await client.get(server.url)

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        asyncio.run(talk())


def test_nobody_listens() -> None:
    async def talk() -> None:
        async with httpx.AsyncClient(transport=LoopbackTransport()) as client:
            await client.get("http://127.0.0.1:1")

    with pytest.raises(httpx.ConnectError, match="Connection refused"):
        asyncio.run(talk())
