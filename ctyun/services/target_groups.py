"""Health checks, target groups and targets of load balancers (host `ctelb`)."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from ctyun.errors import BadAnswer
from ctyun.fields import Body, items, need, number, present, text
from ctyun.services.base import Service, token_or_new
from ctyun.transport import Call

CREATE_CHECK = Call("ctelb", "POST", "/v4/elb/create-health-check", "create health check")
GET_CHECK = Call("ctelb", "GET", "/v4/elb/show-health-check", "look up health check")
UPDATE_CHECK = Call("ctelb", "POST", "/v4/elb/update-health-check", "update health check")
DELETE_CHECK = Call("ctelb", "POST", "/v4/elb/delete-health-check", "delete health check")
LIST_CHECKS = Call("ctelb", "GET", "/v4/elb/list-health-check", "list health checks")
CREATE = Call("ctelb", "POST", "/v4/elb/create-target-group", "create target group")
GET = Call("ctelb", "GET", "/v4/elb/show-target-group", "look up target group")
LIST = Call("ctelb", "GET", "/v4/elb/list-target-group", "list target groups")
UPDATE = Call("ctelb", "POST", "/v4/elb/update-target-group", "update target group")
DELETE = Call("ctelb", "POST", "/v4/elb/delete-target-group", "delete target group")
ADD = Call("ctelb", "POST", "/v4/elb/create-target", "add target")
GET_TARGET = Call("ctelb", "GET", "/v4/elb/show-target", "look up target")
LIST_TARGETS = Call("ctelb", "GET", "/v4/elb/list-target", "list targets")
UPDATE_TARGET = Call("ctelb", "POST", "/v4/elb/update-target", "update target")
REMOVE = Call("ctelb", "POST", "/v4/elb/delete-target", "remove target")


@dataclass(frozen=True)
class HealthCheck:
    """How a balancer asks its targets; times in seconds."""

    id: str
    name: str
    protocol: str  # "TCP" | "HTTP"
    interval: int
    timeout: int
    max_retry: int
    http_path: str = ""

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
        )


@dataclass(frozen=True)
class TargetGroup:
    """Targets that share an algorithm and a health check."""

    id: str
    name: str
    vpc_id: str
    algorithm: str  # "wrr" | "lc" | "sh"
    health_check_id: str | None = None

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "ID"),
            name=text(body, "name"),
            vpc_id=text(body, "vpcID"),
            algorithm=text(body, "algorithm"),
            health_check_id=text(body, "healthCheckID") or None,
        )


@dataclass(frozen=True)
class Target:
    """A port of a server in a group. `health`: "online", "offline" or "unknown"."""

    id: str
    group_id: str
    instance_id: str
    port: int
    weight: int
    health: str

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "ID"),
            group_id=text(body, "targetGroupID"),
            instance_id=text(body, "instanceID"),
            port=number(body, "protocolPort"),
            weight=number(body, "weight"),
            health=text(body, "healthCheckStatus"),
        )


def first(body: Body) -> Body:
    """The one item of an answer that is a list of one."""
    found = items(body, "items")
    if not found:
        raise BadAnswer("The cloud's answer should be a list of one, but is empty.")
    return found[0]


class HealthChecks(Service):
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
        client_token: str,
    ) -> str:
        """Returns the id. The API refuses an interval that is shorter than the time-out."""
        body = present(
            clientToken=client_token, regionID=region_id, name=name, protocol=protocol, interval=interval, timeout=timeout,
            maxRetry=max_retry, httpUrlPath=http_path, httpMethod=http_method,
            httpExpectedCodes=list(http_codes) if http_codes else None,
        )  # fmt: skip
        return need((await self._transport.send(CREATE_CHECK, name, body=body)).body, "ID")

    async def get(self, region_id: str, check_id: str) -> HealthCheck:
        """Raises NotFound."""
        query = {"regionID": region_id, "healthCheckID": check_id}
        return HealthCheck.from_api((await self._transport.send(GET_CHECK, check_id, query=query)).body)

    async def list(self, region_id: str, *, name: str | None = None) -> builtins.list[HealthCheck]:
        """All of the region, or those with exactly this name."""
        answer = await self._transport.send(LIST_CHECKS, "", query=present(regionID=region_id, name=name))
        found = map(HealthCheck.from_api, items(answer.body, "items"))
        return [check for check in found if name is None or check.name == name]

    async def update(self, region_id: str, check_id: str, **changes: int) -> None:
        """interval, timeout, max_retry."""
        names = {"interval": "interval", "timeout": "timeout", "max_retry": "maxRetry"}
        body: dict[str, Any] = {"clientToken": token_or_new(None), "regionID": region_id, "healthCheckID": check_id}
        body |= {names[name]: value for name, value in changes.items()}
        await self._transport.send(UPDATE_CHECK, check_id, body=body)

    async def delete(self, region_id: str, check_id: str) -> None:
        """Raises InUse while a target group has it, NotFound when it is gone."""
        body = {"clientToken": token_or_new(None), "regionID": region_id, "healthCheckID": check_id}
        await self._transport.send(DELETE_CHECK, check_id, body=body)


class TargetGroups(Service):
    """Target groups and the targets in them."""

    async def create(
        self,
        region_id: str,
        *,
        name: str,
        vpc_id: str,
        algorithm: str = "wrr",
        health_check_id: str | None = None,
        client_token: str,
    ) -> str:
        """Returns the id."""
        body = present(
            clientToken=client_token, regionID=region_id, name=name, vpcID=vpc_id, algorithm=algorithm,
            healthCheckID=health_check_id,
        )  # fmt: skip
        return need(first((await self._transport.send(CREATE, name, body=body)).body), "ID")

    async def get(self, region_id: str, group_id: str) -> TargetGroup:
        """Raises NotFound."""
        query = {"regionID": region_id, "targetGroupID": group_id}
        return TargetGroup.from_api(first((await self._transport.send(GET, group_id, query=query)).body))

    async def list(self, region_id: str, *, name: str | None = None) -> builtins.list[TargetGroup]:
        """All of the region, or those with exactly this name."""
        answer = await self._transport.send(LIST, "", query=present(regionID=region_id, name=name))
        found = map(TargetGroup.from_api, items(answer.body, "items"))
        return [group for group in found if name is None or group.name == name]

    async def update(
        self, region_id: str, group_id: str, *, algorithm: str | None = None, health_check_id: str | None = None
    ) -> None:
        """Change what is not None."""
        body = present(
            clientToken=token_or_new(None), regionID=region_id, targetGroupID=group_id, algorithm=algorithm,
            healthCheckID=health_check_id,
        )  # fmt: skip
        await self._transport.send(UPDATE, group_id, body=body)

    async def delete(self, region_id: str, group_id: str) -> None:
        """Raises InUse while it has targets or a listener uses it, NotFound when it is gone."""
        body = {"clientToken": token_or_new(None), "regionID": region_id, "targetGroupID": group_id}
        await self._transport.send(DELETE, group_id, body=body)

    async def add_target(
        self, region_id: str, group_id: str, *, instance_id: str, port: int, weight: int = 100, client_token: str
    ) -> str:
        """A port of a server of the group's VPC; returns the target's id."""
        body = {
            "clientToken": client_token, "regionID": region_id, "targetGroupID": group_id, "instanceType": "VM",
            "instanceID": instance_id, "protocolPort": port, "weight": weight,
        }  # fmt: skip
        return need(first((await self._transport.send(ADD, instance_id, body=body)).body), "ID")

    async def get_target(self, region_id: str, target_id: str) -> Target:
        """With its health as the balancer sees it. Raises NotFound."""
        query = {"regionID": region_id, "targetID": target_id}
        return Target.from_api((await self._transport.send(GET_TARGET, target_id, query=query)).body)

    async def targets(self, region_id: str, group_id: str) -> builtins.list[Target]:
        """All of a group."""
        query = {"regionID": region_id, "targetGroupID": group_id}
        answer = await self._transport.send(LIST_TARGETS, group_id, query=query)
        return [Target.from_api(body) for body in items(answer.body, "items")]

    async def set_weight(self, region_id: str, target_id: str, weight: int) -> None:
        """1 to 256; connections that are open stay."""
        body = {"clientToken": token_or_new(None), "regionID": region_id, "targetID": target_id, "weight": weight}
        await self._transport.send(UPDATE_TARGET, target_id, body=body)

    async def remove_target(self, region_id: str, target_id: str) -> None:
        """Raises NotFound when it is gone."""
        body = {"clientToken": token_or_new(None), "regionID": region_id, "targetID": target_id}
        await self._transport.send(REMOVE, target_id, body=body)
