"""One HTTP request, one answer. A small client of our own, because the socket must be ours before it connects.

Where the target is local, sockets use no gateway (SO_DONTROUTE): an address of the local cloud is on a directly connected
network or nowhere, so nothing can follow the machine's default route after the cloud has gone.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httptools

from drlab.probe.journal import READ, Answer

PATH = "/api.php"
MAX_ANSWER = 65536
CHUNK = 16384

Request = tuple[str, str]  # kind and row id; a read with an id asks for that row
Transport = Callable[[Request], Awaitable[Answer]]


@dataclass
class Parsed:
    """An HTTP response as httptools hands it over."""

    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    complete: bool = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


@dataclass
class Connection:
    """One TCP (or TLS) connection to the site."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, message: bytes) -> tuple[int, Parsed, bool]:
        """Status, response, and whether the connection may be used again."""
        self.writer.write(message)
        await self.writer.drain()
        parsed = Parsed()
        parser = httptools.HttpResponseParser(parsed)
        while not parsed.complete:
            data = await self.reader.read(CHUNK)
            if not data:
                break
            parser.feed_data(data)
            if len(parsed.body) > MAX_ANSWER:
                raise ConnectionError(f"the answer is longer than {MAX_ANSWER} bytes")
        if not parsed.complete and ("content-length" in parsed.headers or not parsed.headers):
            raise ConnectionError("the connection ended before the answer did")
        kept = parsed.complete and parsed.headers.get("connection", "").lower() != "close"
        return parser.get_status_code(), parsed, kept

    def close(self) -> None:
        """At once: an orderly end would wait for a peer that may be silent."""
        self.writer.transport.abort()


class HttpTransport:
    """Asks a site's api.php. A new connection for each request by default, so that a failover is seen at once."""

    def __init__(self, url: str, *, direct: bool, keep_alive: bool = False) -> None:
        parts = urlsplit(url)
        self._host, self._tls = parts.hostname or "", parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._name, self._path = parts.netloc, parts.path.rstrip("/") + PATH
        self._direct, self._keep_alive = direct, keep_alive
        self._context = ssl.create_default_context() if self._tls else None  # SSL_CERT_FILE names a CA of one's own
        self._idle: list[Connection] = []

    async def __call__(self, request: Request) -> Answer:
        """Never raises for what the network or the site does; the caller sets the deadline."""
        try:
            connection = self._kept() or await self._connect()
            reusable = False
            try:
                status, parsed, reusable = await connection.ask(self._message(request))
            finally:
                if reusable and self._keep_alive:
                    self._idle.append(connection)
                else:
                    connection.close()
        except OSError as error:
            return Answer.nothing(reason(error))
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            return Answer.nothing(f"no HTTP: {error}")
        return answer_of(status, parsed)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _kept(self) -> Connection | None:
        """One that the site has not ended meanwhile: that it ends idle ones is no failure."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.reader.at_eof():
                return connection
            connection.close()
        return None

    async def _connect(self) -> Connection:
        """To the first of the site's addresses that takes it; one that is silent uses up the caller's deadline."""
        problem = OSError(f"{self._host} has no address")
        for family, address in await self._addresses():
            try:
                return await self._connect_to(family, address)
            except OSError as error:
                problem = error
        raise problem

    async def _addresses(self) -> list[tuple[int, Any]]:
        """A number is no name: looking it up would wait in the line of threads in which the ledger waits for its disk."""
        family = literal_family(self._host)
        if family is not None:
            return [(family, (self._host, self._port))]
        found = await asyncio.get_running_loop().getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        return [(family, address) for family, _, _, _, address in found]

    async def _connect_to(self, family: int, address: Any) -> Connection:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            if self._direct:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
            await asyncio.get_running_loop().sock_connect(sock, address)
            name = self._host if self._tls else None
            return Connection(*await asyncio.open_connection(sock=sock, ssl=self._context, server_hostname=name))
        except BaseException:  # a deadline too: the socket is nobody's yet
            sock.close()
            raise

    def _message(self, request: Request) -> bytes:
        kind, row = request
        fields = [f"Host: {self._name}", "Accept: application/json", "User-Agent: drlab-probe"]
        fields.append(f"Connection: {'keep-alive' if self._keep_alive else 'close'}")
        if kind == READ:
            path = f"{self._path}?id={quote(row)}" if row else self._path
            return "\r\n".join([f"GET {path} HTTP/1.1", *fields, "", ""]).encode()
        body = urlencode({"id": row, "text": "written by ./lab watch"})
        fields += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        return "\r\n".join([f"POST {self._path} HTTP/1.1", *fields, "", body]).encode()


def literal_family(host: str) -> int | None:
    """Of an address in numbers; None for a name."""
    try:
        return socket.AF_INET if ip_address(host).version == 4 else socket.AF_INET6
    except ValueError:
        return None


def answer_of(status: int, parsed: Parsed) -> Answer:
    """The site's JSON as a small value; anything else is somebody else's answer."""
    try:
        body: Any = json.loads(parsed.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        where = f", a redirect to {parsed.headers['location']}" if "location" in parsed.headers else ""
        return Answer(status, error=f"{status}{where}, and not in the site's own form")
    return Answer(
        status,
        server=text(body, "server"),
        zone=text(body, "zone"),
        database_host=text(body, "databaseHost"),
        database_server=parsed.headers.get("x-hr-database-server", ""),
        error=text(body, "error"),
        from_site=True,
    )


def text(body: dict[str, Any], key: str) -> str:
    return str(body.get(key) or "")


def reason(error: OSError) -> str:
    """The same words for the same failure: `connection refused`."""
    if error.errno is not None and error.errno > 0 and not isinstance(error, ssl.SSLError):
        return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__
