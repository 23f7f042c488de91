"""The transport and the whole prober against a loopback site that fails on cue."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support.ports import free_port

from drlab.probe.figures import outages
from drlab.probe.journal import READ, WRITE, Answer
from drlab.probe.ledger import Ledger, read_ledger
from drlab.probe.schedule import Plan
from drlab.probe.sender import Prober
from drlab.probe.transport import HttpTransport
from drlab.probe.verify import verify


@dataclass
class LoopbackSite:
    """api.php as docker/site/README.md describes it. `mood` decides what happens to a request."""

    mood: str = "well"
    rows: set[str] = field(default_factory=set)
    connections: int = 0
    url: str = ""
    open: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.append(writer)
        try:
            while await self.one_request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # cancelled: the test is over
        finally:
            writer.close()

    async def one_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split("\r\n")[0].split(" ")
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
        mood = self.mood
        if mood == "hangs up":
            return False
        if mood == "silent":
            await asyncio.sleep(30)
        status, answer = self.answer(method, parse_qs(urlsplit(target).query), parse_qs(body))
        writer.write(self.message(mood, status, json.dumps(answer).encode()))
        await writer.drain()
        return headers["connection"] == "keep-alive" and mood == "well"

    def answer(self, method: str, query: dict[str, list[str]], form: dict[str, list[str]]) -> tuple[int, dict[str, str]]:
        place = {"server": "web-01", "zone": "AZ1", "databaseHost": "192.0.2.10"}
        if self.mood == "without database":
            return 503, {"error": "the database is away", **place}
        if method == "POST":
            (row,) = form["id"]
            taken = row in self.rows
            self.rows.add(row)
            return (409, {"error": "taken"}) if taken else (201, {"id": row, **place})
        if "id" not in query:
            return 200, place
        return (200, {"id": query["id"][0]}) if query["id"][0] in self.rows else (404, {"error": "there is no entry"})

    def message(self, mood: str, status: int, body: bytes) -> bytes:
        if mood == "page":
            body = b"<h1>It works</h1>"
        if mood == "redirect":
            return b"HTTP/1.1 302 x\r\nLocation: https://elsewhere/\r\nContent-Length: 0\r\n\r\n"
        if mood == "switches":
            return b"HTTP/1.1 101 x\r\nUpgrade: h2\r\nConnection: Upgrade\r\n\r\n"
        if mood == "chunked":
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:], b""))
            return b"HTTP/1.1 %d x\r\nTransfer-Encoding: chunked\r\n\r\n%s" % (status, chunks)
        length = len(body) + 10 if mood == "ends early" else len(body)
        head = f"HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nX-HR-Database-Server: db-01\r\n\r\n"
        return (b"no HTTP at all\r\n\r\n" if mood == "babble" else head.encode()) + body


@asynccontextmanager
async def site() -> AsyncIterator[LoopbackSite]:
    loopback = LoopbackSite()
    server = await asyncio.start_server(loopback.serve, "127.0.0.1", 0)
    loopback.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield loopback


def with_site(test: Callable[[LoopbackSite, HttpTransport], Awaitable[None]], *, keep_alive: bool = False) -> None:
    async def run() -> None:
        async with site() as loopback:
            transport = HttpTransport(loopback.url, direct=True, keep_alive=keep_alive)
            try:
                await test(loopback, transport)
            finally:
                transport.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    asyncio.run(run())


GOOD = Answer(200, "web-01", "AZ1", "192.0.2.10", "db-01", from_site=True)
MOODS = {
    "well": GOOD,
    "chunked": Answer(200, "web-01", "AZ1", "192.0.2.10", from_site=True),
    "without database": Answer(503, "web-01", "AZ1", "192.0.2.10", "db-01", "the database is away", from_site=True),
    "page": Answer(200, error="200, and not in the site's own form"),
    "redirect": Answer(302, error="302, a redirect to https://elsewhere/, and not in the site's own form"),
    "hangs up": Answer.nothing("the connection ended before the answer did"),
    "ends early": Answer.nothing("the connection ended before the answer did"),
}


@pytest.mark.parametrize("mood", MOODS)
def test_what_a_read_brings_back(mood: str) -> None:
    async def test(loopback: LoopbackSite, transport: HttpTransport) -> None:
        loopback.mood = mood
        assert await transport((READ, "")) == MOODS[mood]

    with_site(test)


@pytest.mark.parametrize("mood", ["babble", "switches"])
def test_what_is_no_http_is_no_answer(mood: str) -> None:
    async def test(loopback: LoopbackSite, transport: HttpTransport) -> None:
        loopback.mood = mood
        assert (await transport((READ, ""))).error.startswith("no HTTP")

    with_site(test)


def test_a_refused_connection_is_no_answer() -> None:
    transport = HttpTransport(f"http://127.0.0.1:{free_port()}", direct=True)
    assert asyncio.run(transport((READ, ""))) == Answer.nothing("connection refused")


def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(loopback: LoopbackSite, transport: HttpTransport) -> None:
        port = urlsplit(loopback.url).port

        async def addresses(*_: object, **__: object) -> list[tuple[object, ...]]:
            kind = socket.SOCK_STREAM
            closed, site = ("127.0.0.1", free_port()), ("127.0.0.1", port)
            return [(socket.AF_INET, kind, 6, "", closed), (socket.AF_INET, kind, 6, "", site)]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", addresses)
        assert await HttpTransport(f"http://site.example:{port}", direct=True)((READ, "")) == GOOD

    with_site(test)


def test_a_number_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up waits for a thread, and all of them may be waiting for the ledger's disk."""

    async def test(loopback: LoopbackSite, transport: HttpTransport) -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "run_in_executor", lambda *_: pytest.fail("a thread was asked"))
        assert await transport((READ, "")) == GOOD

    with_site(test)


def test_a_site_with_tls_is_asked_when_its_ca_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = self_signed(tmp_path)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate, key)

    async def run() -> tuple[Answer, Answer]:
        async with await asyncio.start_server(LoopbackSite().serve, "127.0.0.1", 0, ssl=server_side) as server:
            url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            stranger = await HttpTransport(url, direct=True)((READ, ""))
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            return stranger, await HttpTransport(url, direct=True)((READ, ""))

    stranger, known = asyncio.run(run())
    assert stranger.status is None and "certificate verify failed" in stranger.error
    assert known == GOOD


def self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begin = datetime.now(UTC) - timedelta(days=1)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, begin + timedelta(days=9))
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = built.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    (folder / "site.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "site.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "site.pem", folder / "site.key"


def test_a_direct_transport_never_uses_a_gateway() -> None:
    """203.0.113.0/24 is nobody's network: without the guard the request would follow the default route and be silent."""
    begin = time.monotonic()
    answer = asyncio.run(HttpTransport("http://203.0.113.9", direct=True)((READ, "")))
    assert answer == Answer.nothing("network is unreachable") and time.monotonic() - begin < 1


@pytest.mark.parametrize(("keep_alive", "connections"), [(False, 3), (True, 1)])
def test_connections_are_new_unless_they_are_to_be_kept(keep_alive: bool, connections: int) -> None:
    async def test(loopback: LoopbackSite, transport: HttpTransport) -> None:
        assert [await transport((READ, "")) for _ in range(3)] == [GOOD] * 3
        assert loopback.connections == connections

    with_site(test, keep_alive=keep_alive)


def test_a_kept_connection_that_the_site_has_ended_is_no_failure() -> None:
    async def test(loopback: LoopbackSite, transport: HttpTransport) -> None:
        assert await transport((READ, "")) == GOOD
        loopback.open[-1].close()
        await asyncio.sleep(0.05)
        assert await transport((READ, "")) == GOOD and loopback.connections == 2

    with_site(test, keep_alive=True)


def test_a_write_is_there_and_a_second_one_says_so() -> None:
    async def test(loopback: LoopbackSite, transport: HttpTransport) -> None:
        statuses = [
            (await transport(request)).status for request in ((WRITE, "r:1"), (WRITE, "r:1"), (READ, "r:1"), (READ, "r:2"))
        ]
        assert statuses == [201, 409, 200, 404] and loopback.rows == {"r:1"}

    with_site(test)


@pytest.mark.timing
def test_an_outage_in_real_time_with_a_ledger_on_disk(tmp_path: Path) -> None:
    async def test(loopback: LoopbackSite, transport: HttpTransport) -> None:
        async def fail_on_cue() -> None:
            await asyncio.sleep(0.5)
            loopback.mood = "silent"
            await asyncio.sleep(0.6)
            loopback.mood = "well"

        plan = Plan(rate=20, writes=True, seconds=1.8, deadline=0.3)
        with Ledger(tmp_path / "ledger") as ledger:
            prober = Prober(plan, transport, ledger)
            _, journal = await asyncio.gather(fail_on_cue(), prober.run(asyncio.Event()))
        entries = read_ledger(tmp_path / "ledger")
        checked = await verify(entries.sent, transport, plan.deadline, asyncio.Event())
        found = outages(journal.sends)
        assert sorted(outage.kind for outage in found) == ["read", "write"]
        for outage in found:
            assert outage.seconds is not None and 0.45 < outage.seconds < 0.85, found
            assert outage.after is not None and outage.after.zone == "AZ1"
        assert (
            set(entries.acknowledged) <= loopback.rows
            and len(entries.unknown) == len(entries.sent) - len(entries.acknowledged) > 0
        )
        assert {checked[row] for row in entries.acknowledged} == {"there"}

    with_site(test)
