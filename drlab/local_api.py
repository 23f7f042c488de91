"""What only the local cloud can do (`/_local/`): health, servers with their power, faults, shutdown."""

from __future__ import annotations

from typing import Any

import httpx

from drlab.cloud_record import CloudRecord
from drlab.errors import UserError

HEALTH_TIMEOUT = 2.0
TIMEOUT = 60.0  # a zone's power-off proves itself before it answers


class LocalApi:
    """A small synchronous client; answers are plain JSON values. Raises UserError with the cloud's own sentence."""

    def __init__(self, record: CloudRecord, transport: httpx.BaseTransport | None = None) -> None:
        self._url = record.url
        # trust_env off: no proxy of the environment may stand between this process and its own loopback.
        self._client = httpx.Client(
            base_url=record.url,
            headers={"X-Drlab-Key": record.local_key},
            timeout=TIMEOUT,
            trust_env=False,
            transport=transport,
        )

    def health(self) -> dict[str, Any] | None:
        """None when nothing answers."""
        try:
            return dict(self._client.get("/_local/health", timeout=HEALTH_TIMEOUT).raise_for_status().json())
        except (httpx.HTTPError, ValueError):
            return None

    def servers(self) -> list[dict[str, Any]]:
        return list(self._call("GET", "/_local/servers"))

    def faults(self, *, every: bool = False) -> list[dict[str, Any]]:
        """Open faults, newest last; with `every` also those undone."""
        return list(self._call("GET", "/_local/faults?all=1" if every else "/_local/faults"))

    def make_fault(self, wish: dict[str, Any]) -> dict[str, Any]:
        return dict(self._call("POST", "/_local/faults", wish))

    def undo_fault(self, fault_id: str) -> dict[str, Any]:
        return dict(self._call("DELETE", f"/_local/faults/{fault_id}") or {})

    def power_on(self, target: str, name_prefix: str | None) -> dict[str, Any]:
        return dict(self._call("POST", "/_local/power-on", {"target": target, "namePrefix": name_prefix}) or {})

    def shutdown(self, *, force: bool) -> None:
        self._call("POST", "/_local/shutdown", {"force": force})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        try:
            response = self._client.request(method, path, json=body)
        except httpx.TimeoutException as error:
            raise UserError(f"The local cloud at {self._url} did not answer {method} {path} in {TIMEOUT:.0f} s.") from error
        except httpx.HTTPError as error:
            raise UserError(f"The local cloud at {self._url} does not answer: {error}.", "./lab cloud start") from error
        if response.is_success:
            return response.json() if response.content else None
        raise UserError(refusal(response))


def refusal(response: httpx.Response) -> str:
    """The cloud's own sentence, else the status."""
    try:
        return str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return (
            f"The local cloud answered {response.request.method} {response.request.url.path} with status {response.status_code}."
        )
