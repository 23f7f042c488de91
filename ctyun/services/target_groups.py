"""Target groups and targets of load balancers (host `ctelb`)."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any, Self

from ctyun.errors import BadAnswer, NotFound
from ctyun.fields import Body, items, need, number, part, present, text
from ctyun.services.base import Service, token_or_new
from ctyun.transport import Call

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
class Stickiness:
    """Who came once comes to the same target again: by a cookie of the balancer's, by the target's own, or by address."""

    mode: str = "CLOSE"  # "INSERT" | "REWRITE" | "SOURCE_IP"
    seconds: int = 0  # INSERT, SOURCE_IP
    cookie: str = ""  # REWRITE

    @classmethod
    def from_api(cls, body: Body) -> Self:
        mode = text(body, "sessionStickyMode") or "CLOSE"
        seconds = number(body, {"INSERT": "cookieExpire", "SOURCE_IP": "sourceIpTimeout"}.get(mode, ""))
        return cls(mode, seconds, text(body, "rewriteCookieName") if mode == "REWRITE" else "")

    def to_api(self) -> dict[str, Any]:
        return present(
            sessionStickyMode=self.mode,
            cookieExpire=self.seconds if self.mode == "INSERT" else None,
            sourceIpTimeout=self.seconds if self.mode == "SOURCE_IP" else None,
            rewriteCookieName=self.cookie if self.mode == "REWRITE" else None,
        )


@dataclass(frozen=True)
class TargetGroup:
    """Targets that share an algorithm and a health check."""

    id: str
    name: str
    vpc_id: str
    algorithm: str  # "wrr" | "lc" | "sh"
    health_check_id: str | None = None
    stickiness: Stickiness = Stickiness()
    description: str = ""

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "ID"),
            name=text(body, "name"),
            vpc_id=text(body, "vpcID"),
            algorithm=text(body, "algorithm"),
            health_check_id=text(body, "healthCheckID") or None,
            stickiness=Stickiness.from_api(one(body, "sessionSticky")),
            description=text(body, "description"),
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
    description: str = ""

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "ID"),
            group_id=text(body, "targetGroupID"),
            instance_id=text(body, "instanceID"),
            port=number(body, "protocolPort"),
            weight=number(body, "weight"),
            health=text(body, "healthCheckStatus"),
            description=text(body, "description"),
        )


def one(body: Body, key: str) -> Body:
    """A nested object, {} when absent; the official SDK declares some as lists of one, its Go twin as objects."""
    value = body.get(key)
    return next(iter(items(body, key)), {}) if isinstance(value, list) else part(body, key)


def first(body: Body) -> Body:
    """The one item of an answer that is a list of one."""
    found = items(body, "items")
    if not found:
        raise BadAnswer("The cloud's answer should be a list of one, but is empty.")
    return found[0]


def looked_up(call: Call, thing: str, body: Body) -> Body:
    """What a look-up shows: a list of one, or the object itself. Raises NotFound when it is empty."""
    shown = next(iter(items(body, "items")), {}) if "items" in body else body
    if not shown:
        raise NotFound(call.operation, thing, "", "the answer is empty")
    return shown


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
        stickiness: Stickiness | None = None,
        description: str | None = None,
        client_token: str,
    ) -> str:
        """Returns the id. CTyun takes stickiness with wrr only."""
        body = present(
            clientToken=client_token, regionID=region_id, name=name, vpcID=vpc_id, algorithm=algorithm,
            healthCheckID=health_check_id, sessionSticky=stickiness.to_api() if stickiness else None, description=description,
        )  # fmt: skip
        return need(first((await self._transport.send(CREATE, name, body=body)).body), "ID")

    async def get(self, region_id: str, group_id: str) -> TargetGroup:
        """Raises NotFound."""
        query = {"regionID": region_id, "targetGroupID": group_id}
        return TargetGroup.from_api(looked_up(GET, group_id, (await self._transport.send(GET, group_id, query=query)).body))

    async def list(self, region_id: str, *, name: str | None = None) -> builtins.list[TargetGroup]:
        """All of the region, or those with exactly this name."""
        answer = await self._transport.send(LIST, "", query=present(regionID=region_id, name=name))
        found = map(TargetGroup.from_api, items(answer.body, "items"))
        return [group for group in found if name is None or group.name == name]

    async def update(
        self,
        region_id: str,
        group_id: str,
        *,
        name: str | None = None,
        algorithm: str | None = None,
        health_check_id: str | None = None,
        stickiness: Stickiness | None = None,
    ) -> None:
        """Change what is not None; Stickiness() ends it."""
        body = present(
            clientToken=token_or_new(None), regionID=region_id, targetGroupID=group_id, name=name, algorithm=algorithm,
            healthCheckID=health_check_id, sessionSticky=stickiness.to_api() if stickiness else None,
        )  # fmt: skip
        await self._transport.send(UPDATE, group_id, body=body)

    async def delete(self, region_id: str, group_id: str) -> None:
        """Raises InUse while it has targets or a listener uses it, NotFound when it is gone."""
        body = {"clientToken": token_or_new(None), "regionID": region_id, "targetGroupID": group_id}
        await self._transport.send(DELETE, group_id, body=body)

    async def add_target(
        self,
        region_id: str,
        group_id: str,
        *,
        instance_id: str,
        port: int,
        weight: int = 100,
        description: str | None = None,
        client_token: str,
    ) -> str:
        """A port of a server of the group's VPC; returns the target's id."""
        body = present(
            clientToken=client_token, regionID=region_id, targetGroupID=group_id, instanceType="VM", instanceID=instance_id,
            protocolPort=port, weight=weight, description=description,
        )  # fmt: skip
        return need(first((await self._transport.send(ADD, instance_id, body=body)).body), "ID")

    async def get_target(self, region_id: str, target_id: str) -> Target:
        """With its health as the balancer sees it. Raises NotFound."""
        query = {"regionID": region_id, "targetID": target_id}
        return Target.from_api(
            looked_up(GET_TARGET, target_id, (await self._transport.send(GET_TARGET, target_id, query=query)).body)
        )

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
