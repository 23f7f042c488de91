"""Target groups and targets of load balancers (host `ctelb`)."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any, Self

from ctyun.fields import Body, need, number, present, text
from ctyun.services.elb_base import ElbService, one
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


class TargetGroups(ElbService):
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
        return await self._created(
            CREATE, name, clientToken=client_token, regionID=region_id, name=name, vpcID=vpc_id, algorithm=algorithm,
            healthCheckID=health_check_id, sessionSticky=stickiness.to_api() if stickiness else None, description=description,
        )  # fmt: skip

    async def get(self, region_id: str, group_id: str) -> TargetGroup:
        """Raises NotFound."""
        return TargetGroup.from_api(await self._shown(GET, region_id, targetGroupID=group_id))

    async def list(self, region_id: str, *, name: str | None = None) -> builtins.list[TargetGroup]:
        """All of the region, or those with exactly this name."""
        return [TargetGroup.from_api(body) for body in await self._listed(LIST, region_id, name=name)]

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
        await self._do(
            UPDATE, region_id, targetGroupID=group_id, name=name, algorithm=algorithm, healthCheckID=health_check_id,
            sessionSticky=stickiness.to_api() if stickiness else None,
        )  # fmt: skip

    async def delete(self, region_id: str, group_id: str) -> None:
        """Raises InUse while it has targets or a listener uses it, NotFound when it is gone."""
        await self._do(DELETE, region_id, targetGroupID=group_id)

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
        return await self._created(
            ADD, instance_id, clientToken=client_token, regionID=region_id, targetGroupID=group_id, instanceType="VM",
            instanceID=instance_id, protocolPort=port, weight=weight, description=description,
        )  # fmt: skip

    async def get_target(self, region_id: str, target_id: str) -> Target:
        """With its health as the balancer sees it. Raises NotFound."""
        return Target.from_api(await self._shown(GET_TARGET, region_id, targetID=target_id))

    async def targets(self, region_id: str, group_id: str) -> builtins.list[Target]:
        """All of a group."""
        return [Target.from_api(body) for body in await self._listed(LIST_TARGETS, region_id, targetGroupID=group_id)]

    async def set_weight(self, region_id: str, target_id: str, weight: int) -> None:
        """1 to 256; connections that are open stay."""
        await self._do(UPDATE_TARGET, region_id, targetID=target_id, weight=weight)

    async def remove_target(self, region_id: str, target_id: str) -> None:
        """Raises NotFound when it is gone."""
        await self._do(REMOVE, region_id, targetID=target_id)
