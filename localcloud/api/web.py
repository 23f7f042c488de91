"""Requests and answers as the local cloud needs them, straight on ASGI: a framework between would cost a third of a call."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
LONGEST_BODY = 1 << 20

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class BodyTooLong(Exception):
    """More than LONGEST_BODY bytes; the rest was not read."""


class CallerGone(Exception):
    """The caller went away before its request was complete."""


class Request:
    """One HTTP request. Names of headers are in lower case; of those that come twice the first counts."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
        self.named: tuple[str, ...] = ()  # what stands for the variable parts of the path
        self._receive = receive

    async def body(self) -> bytes:
        """Of which no more is kept than will be read. Raises BodyTooLong and CallerGone."""
        body, more = b"", True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise CallerGone
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > LONGEST_BODY:
                raise BodyTooLong
        return body


@dataclass(frozen=True)
class Response:
    """What is sent back; the length is added."""

    content: bytes
    status: int = 200
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, send: Send) -> None:
        """To an ASGI server."""
        headers = [
            (b"content-length", b"%d" % len(self.content)),
            (b"content-type", self.kind.encode("latin-1")),
            *((name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()),
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.content})


def as_json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value as JSON without blanks, in UTF-8."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, status, headers=headers or {})


def plain(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A sentence for whoever asks for what no API has."""
    return Response(text.encode(), status, "text/plain; charset=utf-8", headers or {})
