"""The HTTP application: every product call takes the same way, from the gateway's checks to the rendered answer."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from localcloud import health
from localcloud.api import envelope, gateway
from localcloud.api.calls import Call, Route, Token
from localcloud.api.inputs import Fields
from localcloud.api.web import LONGEST_BODY, BodyTooLong, CallerGone, Receive, Request, Response, Scope, Send, plain
from localcloud.controllers.cloud import Cloud, Identity
from localcloud.engines.interface.errors import EngineError
from localcloud.records.errors import ApiError, BodyUnreadable, EngineFailed, HostRefused, PathNotModelled, StillRestoring
from localcloud.records.store import Store
from localcloud.routes import Routes

if TYPE_CHECKING:
    from localcloud.engines.interface.engines import Engines
    from localcloud.local import LocalApi

log = logging.getLogger("localcloud")

DEEPEST_BODY = 32  # no call has more than six levels
METHODS = ("GET", "POST", "PUT", "DELETE")


class App:
    """The whole local cloud as an ASGI application."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._products = Products(cloud)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except CallerGone:
            return
        except Exception:
            await plain("Internal Server Error", 500).send(send)
            raise  # the server writes it to the log
        await response.send(send)

    @cached_property
    def _local(self) -> LocalApi:
        from localcloud.local import LocalApi  # with all that it works on

        return LocalApi(self.cloud)

    async def _answer(self, request: Request) -> Response:
        if request.path == health.PATH and request.method == "GET":
            return health.answer(self.cloud, request)
        if request.path.startswith("/_local/"):
            return await self._local.answer(request)
        if request.method not in (*METHODS, "HEAD"):  # a HEAD is told which calls there are
            return plain("Method Not Allowed", 405, {"allow": ", ".join(METHODS)})
        return await self._products.answer(request)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Start the engines and restore what was interrupted; the end leaves servers running."""
        from localcloud.controllers import lifetime

        await lifetime.start(self.cloud)
        yield
        await self.cloud.tasks.cancel()


def create_app(store: Store, engines: Engines, identity: Identity, image_refs: Mapping[str, str]) -> App:
    """The application on its `cloud`. `image_refs` maps engine image names ("debian") to Docker references."""
    return App(Cloud(identity, store, engines, image_refs))


class Products:
    """All products' APIs on one port, told apart by path."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._routes = Routes()
        self._keys = {cloud.identity.access_key: cloud.identity.secret_key}

    async def answer(self, request: Request) -> Response:
        """Serve one call and log it, without anything that it carried."""
        began, family = perf_counter(), envelope.family(request.path)
        try:
            call, result = await self._serve(request)
            response = envelope.success(result, call.message, family)
            if call.still_open:
                response = envelope.in_progress(result, call.still_open)
            outcome = call.still_open or "ok"
        except ApiError as error:
            response, outcome = envelope.failure(error, family), error.code or type(error).__name__
        level = logging.DEBUG if outcome == "ok" and request.method == "GET" else logging.INFO  # polls would drown the rest
        log.log(level, "%s %s %s %.1f ms", request.method, request.path, outcome, (perf_counter() - began) * 1000)
        return response

    async def _serve(self, request: Request) -> tuple[Call, Any]:
        product = gateway.host_product(request.headers.get("host", ""))
        body = await _body(request)
        query = gateway.check_signature(request.headers, request.query, body, self._keys, datetime.now(UTC))
        route = self._route(request.method, request.path, product)
        values = _values(query, body)
        await self._look(route)
        try:
            call, result = self._run(route, values, request.headers)
            for task in call.tasks:
                self._cloud.tasks.spawn(task(), route.path)
            if call.networks:
                await self._cloud.networks.apply(call.networks)
            for balancer_id in sorted(call.balancers):
                await self._cloud.balancers.apply(balancer_id)
            if call.last:
                result = await call.last()
        except EngineError as error:
            raise EngineFailed(str(error)) from error
        return call, result

    async def _look(self, route: Route) -> None:
        """See what the call is about to ask of. Raises StillRestoring, also when Docker ended meanwhile, whatever was seen."""
        self._check_open()
        if not route.records_alone:
            await health.engines_run(self._cloud)
        problem: EngineError | None = None
        try:
            if route.observes:
                await self._cloud.servers.look()
            if route.reads_health:
                await self._cloud.balancers.look()
        except EngineError as error:
            problem = error
        self._check_open()
        if problem:
            raise EngineFailed(str(problem)) from problem

    def _check_open(self) -> None:
        if not self._cloud.opened.is_set():
            raise StillRestoring(self._cloud.phase)

    def _route(self, method: str, path: str, product: str | None) -> Route:
        route = self._routes.find(method, path)
        if route is None:
            others = [other for other in METHODS if self._routes.find(other, path)]
            raise PathNotModelled(method, path, f"; there is {' and '.join(others)} {path}" if others else "")
        if product is not None and product != route.product:
            raise HostRefused(f"{product}-global.ctapi.ctyun.cn", f"{route.product}-global.ctapi.ctyun.cn")
        return route

    def _run(self, route: Route, values: dict[str, Any], headers: Mapping[str, str]) -> tuple[Call, Any]:
        """Run the handler in one transaction; an equal call with the same clientToken gets the stored answer."""
        call = Call(self._cloud, Fields(values), headers=headers)
        call.fields.ignore(*route.ignores)
        if route.method == "GET" and not route.changes:
            call.fields.ignore("clientToken")
            return call, route.handler(call)
        with self._cloud.store.transaction():
            token = _token(call, route)
            digest = _digest(values) if token else ""
            if token and (stored := self._cloud.store.token_answer(route.path, token, digest)) is not None:
                if route.repeat:
                    return call, route.repeat(call, stored["answer"])
                call.networks.update(self._cloud.store.dirty())  # perhaps it is repeated because these could not be applied
                return call, stored["answer"]
            result = route.handler(call)
            if token:
                self._cloud.store.keep_token(route.path, token, digest, {"answer": result})
        return call, result


async def _body(request: Request) -> bytes:
    try:
        return await request.body()
    except BodyTooLong as error:
        raise BodyUnreadable(f"is longer than {LONGEST_BODY} bytes") from error


def _token(call: Call, route: Route) -> str:
    if route.token in (Token.NONE, Token.IGNORED):
        call.fields.ignore("clientToken")
        return ""
    token = call.fields.text("clientToken", required=route.token is Token.REQUIRED, longest=64)
    return "" if len(token) > 64 else token


def _values(query: str, body: bytes) -> dict[str, Any]:
    """The call's fields: those of the query, overlaid with those of the JSON body."""
    values: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
    if not body:
        return values
    try:
        content = json.loads(body.decode())
        if b"\\u" in body:
            json.dumps(content, ensure_ascii=False).encode()  # half of a surrogate pair is a character that nothing can store
        if body.count(b"[") + body.count(b"{") > DEEPEST_BODY and _deeper(content, DEEPEST_BODY):
            raise ValueError(f"it has more than {DEEPEST_BODY} levels")
    except (ValueError, RecursionError) as error:
        raise BodyUnreadable(f"is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise BodyUnreadable("must be a JSON object")
    return values | content


def _deeper(content: Any, levels: int) -> bool:
    """Lists and objects lie in each other on more levels than that; looked at level by level, not by recursion."""
    level = [content]
    for _ in range(levels):
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return any(isinstance(item, dict | list) for item in level)


def _digest(values: dict[str, Any]) -> str:
    """What must be equal for two calls to be the same: all fields that are not null."""
    given = {name: value for name, value in values.items() if value is not None}
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()
