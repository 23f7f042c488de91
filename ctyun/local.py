"""`/_local/`: what only a local cloud can do. Its key is in the cloud's record; no signature is involved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from ctyun.credentials import CloudRecord
from ctyun.errors import BadAnswer, LocalCloudError, NoAnswer
from ctyun.fields import Body, need, present, text
from ctyun.local_databases import LocalDatabase

KEY_HEADER = "X-Drlab-Key"
TIMEOUT = httpx.Timeout(60.0, connect=2.0)  # seconds; a fault proves that it landed before it is answered
PROMOTE_TIMEOUT = httpx.Timeout(180.0, connect=2.0)  # a standby first applies all that it has received


@dataclass(frozen=True)
class Health:
    """How far the local cloud has come. `ready`: it takes calls; `phase` is "ready" once its engines run, too."""

    id: str
    version: str
    ready: bool
    phase: str


@dataclass(frozen=True)
class LocalServer:
    """A server with what is wanted of its power and what is seen of it."""

    id: str
    name: str
    region: str
    zone: str
    power: str  # "running" | "stopped" | "gone"
    desired: str  # "on" | "off"
    private_address: str
    eip: str | None
    vpc_id: str
    image: str
    flavor: str
    region_id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, body: Body) -> Self:
        return cls(
            id=need(body, "instanceId"),
            name=need(body, "name"),
            region=need(body, "region"),
            zone=need(body, "zone"),
            power=need(body, "power"),
            desired=need(body, "desired"),
            private_address=text(body, "privateAddress"),
            eip=text(body, "eip") or None,
            vpc_id=text(body, "vpcId"),
            image=text(body, "image"),
            flavor=text(body, "flavor"),
            region_id=text(body, "regionId"),
            labels=dict(body.get("labels") or {}),
        )


@dataclass(frozen=True)
class Fault:
    """A fault that was put on; `at` is its instant, `proof` says how it is known to have landed, `raw` is the whole answer."""

    id: str
    kind: str
    target: str
    at: str
    landed: bool
    proof: str
    hit: tuple[str, ...]
    undone: str | None
    raw: Mapping[str, Any] = field(repr=False, default_factory=dict)

    @classmethod
    def from_json(cls, body: Body) -> Self:
        return cls(
            id=need(body, "id"),
            kind=need(body, "kind"),
            target=text(body, "target"),
            at=text(body, "at"),
            landed=bool(body.get("landed")),
            proof=text(body, "proof"),
            hit=tuple(body.get("hit") or ()),
            undone=text(body, "undone") or None,
            raw=dict(body),
        )


class LocalCloud:
    """The local-only calls. Use it as `async with LocalCloud(record) as cloud`; tests replace `http`."""

    def __init__(self, record: CloudRecord, *, http: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = record.url
        self._client = httpx.AsyncClient(
            base_url=record.url,
            transport=http,
            timeout=TIMEOUT,
            trust_env=False,
            verify=not record.url.startswith("http://"),  # without TLS no list of authorities is loaded, at 0.05 s a call
            headers={KEY_HEADER: record.local_key},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.aclose()

    async def health(self) -> Health:
        """Raises NoAnswer while nothing listens."""
        body = await self._object("GET", "/_local/health")
        return Health(need(body, "id"), text(body, "version"), bool(body.get("ready")), text(body, "phase"))

    async def servers(self) -> list[LocalServer]:
        """All servers of the local cloud, of every region."""
        return [LocalServer.from_json(body) for body in await self._list("GET", "/_local/servers")]

    async def databases(self) -> list[LocalDatabase]:
        """All MySQL instances of the local cloud, of every region."""
        return [LocalDatabase.from_json(body) for body in await self._list("GET", "/_local/databases")]

    async def promote(self, database_id: str, *, accept_loss: bool) -> Mapping[str, Any]:
        """Have the controller promote a standby now; `accept_loss`: even one that may lack acknowledged writes."""
        path = f"/_local/databases/{database_id}/promote"
        return await self._object("POST", path, {"acceptLoss": accept_loss}, PROMOTE_TIMEOUT)

    async def faults(self, *, include_undone: bool = False) -> list[Fault]:
        """Faults that are in force, or all there ever were."""
        path = "/_local/faults?all=1" if include_undone else "/_local/faults"
        return [Fault.from_json(body) for body in await self._list("GET", path)]

    async def put_fault(
        self,
        kind: str,
        target: str,
        *,
        to: str | None = None,
        one_way: bool = False,
        process: str | None = None,
        path: str | None = None,
        name_prefix: str | None = None,
    ) -> Fault:
        """Put a fault on: kind "power-off", "cut" (`to`, `one_way`), "kill" (`process`) or "disk-full" (`path`).

        Targets: "server:NAME", "zone:REGION/AZ1", "zone:AZ1", "region:NAME"; `name_prefix` limits it to such servers.
        """
        body = present(
            kind=kind,
            target=target,
            to=to,
            oneWay=one_way if kind == "cut" else None,
            process=process,
            path=path,
            namePrefix=name_prefix,
        )
        return Fault.from_json(await self._object("POST", "/_local/faults", body))

    async def undo_fault(self, fault_id: str) -> Mapping[str, Any]:
        """Take a fault off and have it proved. Returns the fault as it stands."""
        return await self._object("DELETE", f"/_local/faults/{fault_id}")

    async def power_on(self, target: str, *, name_prefix: str | None = None) -> Mapping[str, Any]:
        """Undo power faults that cover the target, or start what is stopped there."""
        return await self._object("POST", "/_local/power-on", present(target=target, namePrefix=name_prefix))

    async def clock(self) -> Mapping[str, Any]:
        """The cloud's clock: `now`, and its `offset` from the machine's in seconds."""
        return await self._object("GET", "/_local/clock")

    async def advance_clock(self, seconds: int) -> Mapping[str, Any]:
        """Move it forward; what schedules make due by then begins at once. It never goes back."""
        return await self._object("POST", "/_local/clock", {"advanceSeconds": seconds})

    async def shutdown(self, *, force: bool = False) -> Mapping[str, Any]:
        """Suspend the servers, remove what nothing needs any more, then end the local cloud's process."""
        return await self._object("POST", "/_local/shutdown", {"force": force})

    async def _object(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, timeout: httpx.Timeout = TIMEOUT
    ) -> Mapping[str, Any]:
        answer = await self._ask(method, path, body, timeout)
        if not isinstance(answer, dict):
            raise BadAnswer(f"{method} {path} of the local cloud at {self._url} did not answer with an object.")
        return answer

    async def _list(self, method: str, path: str) -> list[Mapping[str, Any]]:
        answer = await self._ask(method, path, None)
        if not isinstance(answer, list):
            raise BadAnswer(f"{method} {path} of the local cloud at {self._url} did not answer with a list.")
        return answer

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None, timeout: httpx.Timeout = TIMEOUT) -> Any:
        try:
            response = await self._client.request(method, path, json=body, timeout=timeout)
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise NoAnswer(f"The local cloud at {self._url} gave no answer to {method} {path} ({reason}).") from error
        answer = _json(response)
        if response.status_code >= 400:
            sentence = answer.get("error") if isinstance(answer, dict) else None
            raise LocalCloudError(response.status_code, sentence or f"{method} {path} was refused: HTTP {response.status_code}.")
        return answer


def _json(response: httpx.Response) -> Any:
    """The answer's JSON; {} when it has none (an empty 204, or an error page)."""
    try:
        return response.json()
    except ValueError:
        return {}
