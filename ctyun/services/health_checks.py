"""Health checks of load balancers (host `ctelb`)."""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ctyun.fields import Body, need, number, text
from ctyun.services.elb_base import ElbService
from ctyun.transport import Call

CREATE = Call("ctelb", "POST", "/v4/elb/create-health-check", "create health check")
GET = Call("ctelb", "GET", "/v4/elb/show-health-check", "look up health check")
LIST = Call("ctelb", "GET", "/v4/elb/list-health-check", "list health checks")
UPDATE = Call("ctelb", "POST", "/v4/elb/update-health-check", "update health check")
DELETE = Call("ctelb", "POST", "/v4/elb/delete-health-check", "delete health check")

_WIRE = {
    "name": "name", "interval": "interval", "timeout": "timeout", "max_retry": "maxRetry", "http_method": "httpMethod",
    "http_path": "httpUrlPath", "http_codes": "httpExpectedCodes", "port": "protocolPort",
}  # fmt: skip


@dataclass(frozen=True)
class HealthCheck:
    """How a balancer asks its targets; times in seconds. `port` is 0 where the target's own is asked."""

    id: str
    name: str
    protocol: str  # "TCP" | "HTTP"
    interval: int
    timeout: int
    max_retry: int
    http_path: str = ""
    http_method: str = ""
    http_codes: tuple[str, ...] = ()
    port: int = 0
    description: str = ""

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "ID"),
            name=text(body, "name"),
            protocol=text(body, "protocol"),
            interval=number(body, "interval"),
            timeout=number(body, "timeout"),
            max_retry=number(body, "maxRetry"),
            http_path=text(body, "httpUrlPath"),
            http_method=text(body, "httpMethod"),
            http_codes=tuple(filter(None, re.split("[ ,]+", text(body, "httpExpectedCodes")))),
            port=number(body, "protocolPort"),
            description=text(body, "description"),
        )


class HealthChecks(ElbService):
    """Create, look up, change and delete health checks."""

    async def create(
        self,
        region_id: str,
        *,
        name: str,
        protocol: str = "TCP",
        interval: int = 5,
        timeout: int = 2,
        max_retry: int = 2,
        http_path: str | None = None,
        http_method: str | None = None,
        http_codes: Sequence[str] | None = None,
        port: int | None = None,
        description: str | None = None,
        client_token: str,
    ) -> str:
        """Returns the id. The API refuses an interval that is shorter than the time-out."""
        return await self._created(
            CREATE, name, clientToken=client_token, regionID=region_id, name=name, protocol=protocol, interval=interval,
            timeout=timeout, maxRetry=max_retry, httpUrlPath=http_path, httpMethod=http_method, protocolPort=port,
            httpExpectedCodes=list(http_codes) if http_codes else None, description=description,
        )  # fmt: skip

    async def get(self, region_id: str, check_id: str) -> HealthCheck:
        """Raises NotFound."""
        return HealthCheck.from_api(await self._shown(GET, region_id, healthCheckID=check_id))

    async def list(self, region_id: str, *, name: str | None = None) -> builtins.list[HealthCheck]:
        """All of the region, or those with exactly this name."""
        return [HealthCheck.from_api(body) for body in await self._listed(LIST, region_id, name=name)]

    async def update(self, region_id: str, check_id: str, **changes: str | int | Sequence[str]) -> None:
        """name, interval, timeout, max_retry, http_method, http_path, http_codes, port (0: the target's own)."""
        await self._do(UPDATE, region_id, healthCheckID=check_id, **{_WIRE[name]: value for name, value in changes.items()})

    async def delete(self, region_id: str, check_id: str) -> None:
        """Raises InUse while a target group has it, NotFound when it is gone."""
        await self._do(DELETE, region_id, healthCheckID=check_id)
