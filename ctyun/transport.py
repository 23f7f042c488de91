"""The one place that sends requests: signs them, limits their time, repeats what is safe to repeat, and hides secrets.

A GET, a query sent as POST and a POST with a clientToken are repeated when no answer came or the cloud was in trouble (5xx);
anything else is sent once, because it may have been carried out.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import ssl
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Self

import httpx

from ctyun.credentials import Credentials
from ctyun.endpoints import Endpoints
from ctyun.envelopes import SUCCESS, Answer, read_envelope
from ctyun.errors import ApiError, BadAnswer, CtyunError, NoAnswer, ServiceFault
from ctyun.loopback import Loopback, Reply
from ctyun.redaction import hide, redacted, secrets_in
from ctyun.signing import QueryValue, canonical_query, eop_date, sign

log = logging.getLogger("ctyun")

USER_AGENT = "drlab-ctyun/0.1"  # requests without one may be blocked by the real gateway
DEFAULT_TIMEOUT = httpx.Timeout(30.0, connect=5.0)  # seconds


@dataclass(frozen=True)
class Call:
    """One operation of the API. `operation` is what it does, for messages: "create VPC"."""

    service: str
    method: str
    path: str
    operation: str
    read_only: bool = False  # a POST that only asks
    once: bool = False  # a GET that changes something
    success: str = SUCCESS  # statusCode of this family's answers

    def repeatable(self, body: Mapping[str, Any] | None) -> bool:
        return (self.method == "GET" and not self.once) or self.read_only or bool(body and body.get("clientToken"))


@dataclass(frozen=True)
class Request:
    """One signed request: `base` names the cloud, `target` is path and query as they are sent."""

    base: str
    target: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def host(self) -> str:
        return httpx.URL(self.base).host


@dataclass(frozen=True)
class Retry:
    """How often and after how long a repeatable request is sent again; pauses double and are spread by up to half."""

    attempts: int = 4
    pause: float = 0.25

    def delay(self, attempt: int) -> float:
        return self.pause * 2.0**attempt * random.uniform(0.5, 1.0)  # noqa: S311 (spreading load, not secrecy)


class Transport:
    """A signed HTTP connection to one cloud. Belongs to one event loop; close it with `aclose`."""

    def __init__(
        self,
        endpoints: Endpoints,
        credentials: Credentials,
        *,
        zone: tzinfo = UTC,
        http: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = DEFAULT_TIMEOUT,
        retry: Retry | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._endpoints, self._credentials, self._zone, self._clock = endpoints, credentials, zone, clock
        self._retry = retry or Retry()
        headers = {"User-Agent": USER_AGENT}
        self._loopback = self._client = None
        if http is None and endpoints.local and endpoints.pattern.startswith("http://"):
            self._loopback = Loopback(endpoints.pattern, timeout, headers)
        else:
            self._client = httpx.AsyncClient(
                transport=http,
                timeout=timeout,
                trust_env=not endpoints.local,  # no proxy between us and loopback
                verify=_trust(endpoints),
                headers=headers,
                limits=httpx.Limits(max_connections=32, max_keepalive_connections=16),
            )

    async def aclose(self) -> None:
        if self._loopback:
            await self._loopback.aclose()
        if self._client:
            await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def send(
        self,
        call: Call,
        thing: str,
        *,
        query: Mapping[str, QueryValue] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Carry out one call about `thing`; `headers` are the product's own. Raises ApiError, NoAnswer or BadAnswer."""
        repeats = self._retry.attempts - 1 if call.repeatable(body) else 0
        for attempt in range(repeats):
            try:
                return await self._send_once(call, thing, query or {}, body, headers or {})
            except (NoAnswer, ServiceFault) as error:
                log.info("%s Trying again.", error)
                await asyncio.sleep(self._retry.delay(attempt))
        return await self._send_once(call, thing, query or {}, body, headers or {})

    async def _send_once(
        self,
        call: Call,
        thing: str,
        query: Mapping[str, QueryValue],
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> Answer:
        request = self._request(call, query, body, headers)
        request_id = request.headers["ctyun-eop-request-id"]
        secrets = secrets_in(body) | {self._credentials.secret_key}
        log.debug("%s %s %s %s %s", request_id, call.method, call.path, redacted(dict(query)), redacted(body))
        reply = await self._exchange(request, call, thing)
        envelope = _json_of(reply, request, call, thing)
        log.debug("%s %d %s", request_id, reply.status, redacted(envelope, secrets))
        try:
            return read_envelope(
                envelope,
                http_status=reply.status,
                operation=call.operation,
                thing=hide(thing, secrets),
                request_id=reply.headers.get("x-trace-id", request_id),
                secrets=secrets,
                success=call.success,
            )
        except ApiError as error:
            log.debug("%s %s: %s", request_id, type(error).__name__, error)
            raise

    async def _exchange(self, request: Request, call: Call, thing: str) -> Reply:
        try:
            if self._loopback:
                return await self._loopback.exchange(call.method, request.target, request.headers, request.content)
            assert self._client is not None
            url, content = request.base + request.target, request.content or None
            response = await self._client.send(
                self._client.build_request(call.method, url, content=content, headers=request.headers)
            )
            return Reply(response.status_code, response.headers, response.content)
        except httpx.TimeoutException as error:
            raise NoAnswer(f"{_attempt(call, thing)}: {request.host} gave no answer in time ({_name(error)}).") from error
        except httpx.HTTPError as error:
            raise NoAnswer(self._no_connection(request, call, thing, error)) from error

    def _no_connection(self, request: Request, call: Call, thing: str, error: httpx.HTTPError) -> str:
        advice = "Is the local cloud running? See ./lab cloud status." if self._endpoints.local else "Check the network."
        return f"{_attempt(call, thing)}: no answer from {request.base} ({error or _name(error)}). {advice}"

    def _request(
        self, call: Call, query: Mapping[str, QueryValue], body: Mapping[str, Any] | None, own: Mapping[str, str]
    ) -> Request:
        """A signed request; the query in its URL and the bytes of its body are the very ones that were signed."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        text = canonical_query(query)
        signature = sign(self._credentials, str(uuid.uuid4()), eop_date(self._clock(), self._zone), text, content)
        headers = {"Content-Type": "application/json;charset=UTF-8", **own, **signature.headers()}
        return Request(self._endpoints.url(call.service), f"{call.path}{f'?{text}' if text else ''}", headers, content)


def _json_of(reply: Reply, request: Request, call: Call, thing: str) -> Mapping[str, Any]:
    """The envelope. A 5xx page of some proxy is the cloud's trouble; anything else that is no JSON object is BadAnswer."""
    try:
        envelope = json.loads(reply.content)
    except ValueError as error:
        raise _not_an_envelope(reply, request, call, thing) from error
    if not isinstance(envelope, dict):
        raise _not_an_envelope(reply, request, call, thing)
    return envelope


def _not_an_envelope(reply: Reply, request: Request, call: Call, thing: str) -> CtyunError:
    if reply.status >= 500:
        return ServiceFault(call.operation, thing, "", f"HTTP {reply.status} without an envelope")
    return BadAnswer(
        f"{_attempt(call, thing)}: {request.host} answered HTTP {reply.status} with something that is not "
        "an answer of CTyun's API. Check the endpoint."
    )


def _trust(endpoints: Endpoints) -> ssl.SSLContext | bool:
    """Whom to trust: the endpoint's own authority alone, or the public ones; without TLS their list (0.1 s) is not loaded."""
    if endpoints.ca_file:
        return ssl.create_default_context(cafile=endpoints.ca_file)
    return not endpoints.pattern.startswith("http://")


def _attempt(call: Call, thing: str) -> str:
    return f"Could not {call.operation} {thing}".rstrip()


def _name(error: Exception) -> str:
    return type(error).__name__
