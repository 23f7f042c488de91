"""Security groups and their rules (host `ctvpc`). A rule is changed by replacing it."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from ctyun.fields import Body, items, need, number, present, text, texts
from ctyun.services.base import PAGE, Service, all_pages, token_or_new
from ctyun.transport import Call

CREATE = Call("ctvpc", "POST", "/v4/vpc/create-security-group", "create security group")
GET = Call("ctvpc", "GET", "/v4/vpc/describe-security-group-attribute", "look up security group")
LIST = Call("ctvpc", "GET", "/v4/vpc/new-query-security-groups", "list security groups")
UPDATE = Call("ctvpc", "POST", "/v4/vpc/modify-security-group-attribute", "update security group")
DELETE = Call("ctvpc", "POST", "/v4/vpc/delete-security-group", "delete security group")
JOIN = Call("ctvpc", "POST", "/v4/vpc/join-security-group", "put into security group server")
LEAVE = Call("ctvpc", "POST", "/v4/vpc/leave-security-group", "take out of security group server")
ADD_RULES = {
    direction: Call("ctvpc", "POST", f"/v4/vpc/create-security-group-{direction}", f"add {direction} rules to security group")
    for direction in ("ingress", "egress")
}
REMOVE_RULE = {
    direction: Call(
        "ctvpc", "POST", f"/v4/vpc/revoke-security-group-{direction}", f"remove an {direction} rule of security group"
    )
    for direction in ("ingress", "egress")
}
BY_CIDR, BY_GROUP = 0, 1  # remoteType
ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Rule:
    """One rule. The other side is `cidr`, or the members of the security group `group_id`; smaller priorities win."""

    direction: str  # "ingress" | "egress"
    action: str  # "accept" | "drop"
    protocol: str  # "ANY" | "TCP" | "UDP" | "ICMP"
    ports: str | None = None  # "22" or "8000-9000"; None = all
    cidr: str = ANYWHERE
    group_id: str | None = None
    priority: int = 1
    description: str = ""
    id: str = ""  # empty until the cloud has it

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "id"),
            direction=need(body, "direction").lower(),
            action=need(body, "action").lower(),
            protocol=need(body, "protocol").upper(),
            ports=_ports(text(body, "range")),
            cidr=text(body, "destCidrIp") or ANYWHERE,
            group_id=text(body, "remoteSecurityGroupID") or None,
            priority=number(body, "priority"),
            description=text(body, "description"),
        )

    def to_api(self) -> dict[str, Any]:
        return present(
            direction=self.direction,
            action=self.action,
            protocol=self.protocol,
            ethertype="IPv4",
            destCidrIp=self.cidr,
            remoteType=BY_GROUP if self.group_id else BY_CIDR,
            remoteSecurityGroupID=self.group_id,
            priority=self.priority,
            range=self.ports,
            description=self.description or None,
        )


def _ports(shown: str) -> str | None:
    """One spelling of the cloud's: "22" and "22-22" are the same port; "" is all."""
    first, _, last = shown.partition("-")
    return (first if first == last else shown) or None


@dataclass(frozen=True)
class SecurityGroup:
    """A security group with its rules."""

    id: str
    name: str
    vpc_id: str
    description: str = ""
    rules: tuple[Rule, ...] = ()
    server_count: int = 0
    is_default: bool = False  # the VPC's own, which goes with it

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "id"),
            name=text(body, "securityGroupName"),
            vpc_id=text(body, "vpcID"),
            description=text(body, "description"),
            rules=tuple(Rule.from_api(rule) for rule in items(body, "securityGroupRuleList")),
            server_count=number(body, "vmNum"),
            is_default=text(body, "origin") == "1",
        )


class SecurityGroups(Service):
    """Create, look up, change and delete security groups; put servers in and out."""

    async def create(self, region_id: str, *, vpc_id: str, name: str, description: str | None = None, client_token: str) -> str:
        """Returns the new group's id. What rules a new group has is the cloud's choice: see `get`."""
        body = present(clientToken=client_token, regionID=region_id, vpcID=vpc_id, name=name, description=description)
        answer = await self._transport.send(CREATE, name, body=body)
        return need(answer.body, "securityGroupID")

    async def get(self, region_id: str, group_id: str) -> SecurityGroup:
        """With all rules of both directions. Raises NotFound."""
        query = {"regionID": region_id, "securityGroupID": group_id, "direction": "all"}
        answer = await self._transport.send(GET, group_id, query=query)
        return SecurityGroup.from_api(answer.body)

    async def list(self, region_id: str, *, vpc_id: str | None = None, name: str | None = None) -> builtins.list[SecurityGroup]:
        """The groups of the region, of one VPC, or with exactly this name."""
        wanted = present(regionID=region_id, vpcID=vpc_id, queryContent=name)
        bodies = await all_pages(
            lambda page: self._transport.send(LIST, "", query={**wanted, "pageNo": page, "pageSize": PAGE}), "securityGroups"
        )
        return [group for group in map(SecurityGroup.from_api, bodies) if name is None or group.name == name]

    async def update(
        self,
        region_id: str,
        group_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        client_token: str | None = None,
    ) -> None:
        """Change name or description; what is None stays."""
        token = token_or_new(client_token)
        body = present(clientToken=token, regionID=region_id, securityGroupID=group_id, name=name, description=description)
        await self._transport.send(UPDATE, group_id, body=body)

    async def add_rules(
        self, region_id: str, group_id: str, rules: Sequence[Rule], *, client_token: str | None = None
    ) -> tuple[str, ...]:
        """Returns the new rules' ids in the order given; the cloud makes none, and tells no id, of one that is there already.

        Each direction is a call of its own, so half may be in force.
        """
        ids: dict[int, str] = {}
        for direction, call in ADD_RULES.items():
            mine = [(index, rule) for index, rule in enumerate(rules) if rule.direction == direction]
            if not mine:
                continue
            body = {
                "clientToken": f"{client_token}-{direction}" if client_token else token_or_new(None),
                "regionID": region_id,
                "securityGroupID": group_id,
                "securityGroupRules": [rule.to_api() for _, rule in mine],
            }
            answer = await self._transport.send(call, group_id, body=body)
            ids.update(zip((index for index, _ in mine), texts(answer.body, "sgRuleIDs"), strict=False))
        return tuple(ids[index] for index in sorted(ids))

    async def remove_rule(self, region_id: str, group_id: str, rule: Rule, *, client_token: str | None = None) -> None:
        """Needs the rule as `get` returned it (id and direction)."""
        body = {
            "clientToken": token_or_new(client_token),
            "regionID": region_id,
            "securityGroupID": group_id,
            "securityGroupRuleID": rule.id,
        }
        await self._transport.send(REMOVE_RULE[rule.direction], group_id, body=body)

    async def join(self, region_id: str, group_id: str, instance_id: str) -> None:
        """Put a server into the group."""
        body = {
            "regionID": region_id,
            "securityGroupID": group_id,
            "instanceID": instance_id,
            "action": "joinSecurityGroup",
        }
        await self._transport.send(JOIN, f"{group_id} {instance_id}", body=body)

    async def leave(self, region_id: str, group_id: str, instance_id: str) -> None:
        """Take a server out of the group."""
        body = {"regionID": region_id, "securityGroupID": group_id, "instanceID": instance_id}
        await self._transport.send(LEAVE, f"{group_id} {instance_id}", body=body)

    async def delete(self, region_id: str, group_id: str, *, client_token: str | None = None) -> None:
        """Raises InUse while servers are in it, NotFound when it is gone."""
        body = {"clientToken": token_or_new(client_token), "regionID": region_id, "securityGroupID": group_id}
        await self._transport.send(DELETE, group_id, body=body)
