"""`/_local/`: what the real API cannot do. Needs the local key, a loopback Host, and no browser of another site behind it."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from localcloud import health, local_databases
from localcloud.api.web import LONGEST_BODY, BodyTooLong, Request, Response, as_json, plain
from localcloud.controllers import lifetime
from localcloud.controllers.cloud import Cloud
from localcloud.controllers.faults.wishes import Wish
from localcloud.engines.interface.engines import EngineError, Power
from localcloud.records.catalogue import REGIONS, flavor_by_id, image_by_id
from localcloud.records.compute import EIPS, FAULTS, INSTANCES, Fault, Instance
from localcloud.records.databases import MYSQLS
from localcloud.records.errors import ApiError, LocalError

Endpoint = Callable[[Request], Awaitable[Response]]
_WISH_FIELDS = {"kind": str, "target": str, "to": str, "oneWay": bool, "process": str, "path": str, "namePrefix": str}


class LocalApi:
    """The endpoints by method and path, each behind the same guard."""

    def __init__(self, cloud: Cloud) -> None:
        self._endpoints = [
            (method, re.compile(path.replace("{}", "([^/]+)")), _guarded(cloud, endpoint))
            for method, path, endpoint in _table(Local(cloud))
        ]

    async def answer(self, request: Request) -> Response:
        """Serve one call."""
        methods = []
        for method, path, endpoint in self._endpoints:
            if found := path.fullmatch(request.path.removeprefix("/_local")):
                if method == request.method:
                    request.named = found.groups()
                    return await endpoint(request)
                methods.append(method)
        return plain("Method Not Allowed", 405, {"allow": ", ".join(methods)}) if methods else plain("Not Found", 404)


def _table(local: Local) -> list[tuple[str, str, Endpoint]]:
    """Method, path, endpoint."""
    return [
        ("GET", "/servers", local.servers),
        ("GET", "/faults", local.list_faults),
        ("POST", "/faults", local.inject),
        ("DELETE", "/faults/{}", local.undo),
        ("POST", "/power-on", local.power_on),
        ("POST", "/shutdown", local.shutdown),
        ("GET", "/databases", local.databases),
        ("POST", "/databases/{}/promote", local.promote),
        ("GET", "/clock", local.clock),
        ("POST", "/clock", local.advance),
    ]


class Local:
    """The endpoints."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def servers(self, request: Request) -> Response:
        await self._cloud.servers.look()
        seen = await self._cloud.engines.servers.observe()
        servers = self._cloud.store.find(INSTANCES)
        return as_json([self._server(server, seen.get(server.id, Power.GONE)) for server in servers])

    def _server(self, server: Instance, power: Power) -> dict[str, Any]:
        region = REGIONS[server.region]
        eip = next(iter(self._cloud.store.find(EIPS, instance_id=server.id)), None)
        image, flavor = image_by_id(region, server.image_id), flavor_by_id(region, server.zone, server.flavor_id)
        return {
            "instanceId": server.id, "name": server.name, "region": region.name, "regionId": region.id,
            "zone": region.zone_label(server.zone), "status": server.status, "power": str(power), "desired": server.desired,
            "privateAddress": server.address, "eip": eip.address if eip else None, "vpcId": server.vpc_id,
            "image": image.name if image else server.image_name, "flavor": flavor.name if flavor else "", "labels": server.labels,
        }  # fmt: skip

    async def databases(self, request: Request) -> Response:
        return as_json(local_databases.shown(self._cloud))

    async def promote(self, request: Request) -> Response:
        """Promote the standby of a dead primary; with acceptLoss also one that may lack acknowledged writes."""
        given = await _fields(request, {"acceptLoss": bool}, ())
        [mysql_id] = request.named
        mysql = self._cloud.store.get(MYSQLS, mysql_id)
        if mysql is None:
            raise LocalError(404, f"there is no MySQL instance {mysql_id}")
        return as_json({"detail": await self._cloud.databases.roles.promote(mysql.id, bool(given["acceptLoss"]))})

    async def list_faults(self, request: Request) -> Response:
        everything = parse_qs(request.query).get("all", [""])[-1] in ("1", "true")
        faults = sorted(self._cloud.store.find(FAULTS), key=lambda fault: fault.created)
        return as_json([_shown(fault) for fault in faults if everything or fault.undone is None])

    async def inject(self, request: Request) -> Response:
        given = await _fields(request, _WISH_FIELDS, ("kind", "target"))
        wish = Wish(
            given["kind"], given["target"], given["to"], bool(given["oneWay"]), given["process"], given["path"],
            given["namePrefix"],
        )  # fmt: skip
        return as_json(_shown(await self._cloud.faults.inject(wish)), status=201)

    async def undo(self, request: Request) -> Response:
        [fault_id] = request.named
        return as_json(_shown(await self._cloud.faults.undo(fault_id)))

    async def power_on(self, request: Request) -> Response:
        given = await _fields(request, {"target": str, "namePrefix": str}, ("target",))
        return as_json(await self._cloud.faults.power_on(given["target"], given["namePrefix"]))

    async def clock(self, request: Request) -> Response:
        return as_json(self._clock())

    async def advance(self, request: Request) -> Response:
        """Move the cloud's clock forward; what is due by then begins at once."""
        given = await _fields(request, {"advanceSeconds": int}, ("advanceSeconds",))
        try:
            self._cloud.clock.advance(given["advanceSeconds"])
        except ValueError as error:
            raise LocalError(400, str(error)) from error
        return as_json(self._clock())

    def _clock(self) -> dict[str, Any]:
        return {"now": _instant(self._cloud.clock.now()), "offset": self._cloud.clock.offset}

    async def shutdown(self, request: Request) -> Response:
        """End the whole cloud. Servers are suspended: the next start brings back those that are on.

        While orders or jobs are under way it refuses, unless forced: then they are cut short and the next start carries them on.
        """
        given = await _fields(request, {"force": bool}, ())
        if not given["force"] and (busy := lifetime.under_way(self._cloud)):
            raise LocalError(409, f"still under way: {', '.join(busy)}; try again when that is done, or use force")
        suspended = await lifetime.shut_down(self._cloud)
        asyncio.get_running_loop().call_later(0.1, self._cloud.stopping.set)  # after this answer has left
        return as_json({"suspended": suspended})


def _guarded(cloud: Cloud, endpoint: Endpoint) -> Endpoint:
    async def serve(request: Request) -> Response:
        try:
            await _check_caller(cloud, request)
            return await endpoint(request)
        except LocalError as error:
            return as_json({"error": str(error)}, status=error.status)
        except ApiError as error:  # a fault that landed meanwhile, and the like
            return as_json({"error": str(error)}, status=409)
        except EngineError as error:
            return as_json({"error": f"the engines failed: {error}"}, status=502)

    return serve


async def _check_caller(cloud: Cloud, request: Request) -> None:
    health.check_caller(request)
    if not hmac.compare_digest(request.headers.get("x-drlab-key", "").encode(), cloud.identity.local_key.encode()):
        raise LocalError(401, "header X-Drlab-Key must hold the localKey of cloud.json")
    if not cloud.opened.is_set():
        raise LocalError(503, f"the local cloud is not ready yet (phase: {cloud.phase})")
    await health.engines_run(cloud)


async def _fields(request: Request, allowed: dict[str, type], required: tuple[str, ...]) -> dict[str, Any]:
    """The JSON body's fields, None where absent; all problems at once."""
    try:
        body = await request.body()
    except BodyTooLong as error:
        raise LocalError(413, f"the body is longer than {LONGEST_BODY} bytes") from error
    try:
        given = json.loads(body.decode() or "{}")
        json.dumps(given, ensure_ascii=False).encode()  # half of a surrogate pair is a character that nothing can store
    except (ValueError, RecursionError) as error:
        raise LocalError(400, f"the body is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise LocalError(400, "the body must be a JSON object")
    given = {name: value for name, value in given.items() if value is not None}
    problems = [f"{name} is not known; there are {', '.join(allowed)}" for name in given if name not in allowed]
    problems += [
        f"{name} must be a {kind.__name__}" for name, kind in allowed.items() if not isinstance(given.get(name, kind()), kind)
    ]
    problems += [f"{name} is required" for name in required if not given.get(name)]
    if problems:
        raise LocalError(400, "; ".join(problems))
    return {name: given.get(name) for name in allowed}


def _shown(fault: Fault) -> dict[str, Any]:
    return {
        "id": fault.id, "kind": fault.kind, "target": fault.target, "to": fault.to, "oneWay": fault.one_way,
        "process": fault.process, "path": fault.path, "namePrefix": fault.name_prefix, "at": _instant(fault.at),
        "landed": fault.landed, "proof": fault.proof, "hit": list(fault.hit_names), "undone": _instant(fault.undone),
    }  # fmt: skip


def _instant(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
