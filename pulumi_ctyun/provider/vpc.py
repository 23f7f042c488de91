"""VPC, subnet, security group in the cloud. Their marks stand in the description."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ctyun import errors
from ctyun.services.security_groups import ANYWHERE, Rule, SecurityGroup
from ctyun.services.subnets import Subnet
from ctyun.services.vpcs import Vpc
from pulumi_ctyun.provider.cloud_handler import CloudHandler
from pulumi_ctyun.provider.handler import Created, Desired, Observed, Plain, Recorded
from pulumi_ctyun.provider.marks import described, has_mark, undescribed
from pulumi_ctyun.resources.declarations.vpc import SECURITY_GROUP, SELF, SUBNET, VPC


class VpcHandler(CloudHandler):
    """`pulumi import ctyun:vpc:Vpc NAME [REGION/]vpc-...`."""

    resource = VPC

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        return [_seen_vpc(vpc) for vpc in await self.client.vpcs.list(region) if has_mark(vpc.description, desired.mark)]

    async def make(self, region: str, desired: Desired, token: str) -> str:
        return await self.client.vpcs.create(
            region, name=desired.inputs["name"], cidr=desired.inputs["cidr"], description=_text(desired), client_token=token
        )

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        return _seen_vpc(await self.client.vpcs.get(region, id))

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        await self.client.vpcs.update(region, recorded.id, name=desired.inputs["name"], description=_text(desired))

    async def remove(self, region: str, id: str) -> None:
        await self.client.vpcs.delete(region, id)


def _seen_vpc(vpc: Vpc) -> Observed:
    inputs = {"name": vpc.name, "cidr": vpc.cidr, "description": undescribed(vpc.description)}
    return Observed(vpc.id, inputs, {"vpcId": vpc.id})


class SubnetHandler(CloudHandler):
    """`pulumi import ctyun:vpc:Subnet NAME [REGION/]subnet-...`."""

    resource = SUBNET

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        try:
            subnets = await self.client.subnets.list(region, desired.inputs["vpcId"])
        except errors.NotFound:  # the VPC is missing; the create says so
            return []
        return [_seen_subnet(subnet, desired.inputs) for subnet in subnets if has_mark(subnet.description, desired.mark)]

    async def make(self, region: str, desired: Desired, token: str) -> str:
        return await self.client.subnets.create(
            region,
            vpc_id=desired.inputs["vpcId"],
            name=desired.inputs["name"],
            cidr=desired.inputs["cidr"],
            dns_servers=desired.inputs.get("dnsServers") or (),
            description=_text(desired),
            client_token=token,
        )

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        return _seen_subnet(await self.client.subnets.get(region, id), state)

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        servers = desired.inputs.get("dnsServers")
        await self.client.subnets.update(
            region,
            recorded.id,
            name=desired.inputs["name"],
            description=_text(desired),
            dns_servers=servers if servers or recorded.state.get("dnsServers") else None,
        )

    async def remove(self, region: str, id: str) -> None:
        await self.client.subnets.delete(region, id)


def _seen_subnet(subnet: Subnet, state: Plain) -> Observed:
    inputs: dict[str, Any] = {
        "vpcId": subnet.vpc_id,
        "name": subnet.name,
        "cidr": subnet.cidr,
        "description": undescribed(subnet.description),
    }
    if state.get("dnsServers"):  # where none were chosen the cloud shows its own
        inputs["dnsServers"] = list(subnet.dns_servers)
    return Observed(subnet.id, inputs, {"subnetId": subnet.id, "gateway": subnet.gateway})


class SecurityGroupHandler(CloudHandler):
    """`pulumi import ctyun:vpc:SecurityGroup NAME [REGION/]sg-...`."""

    resource = SECURITY_GROUP

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        """Without their rules: those are put right after the adoption."""
        groups = await self.client.security_groups.list(region, vpc_id=desired.inputs["vpcId"])
        return [
            Observed(group.id, {"name": group.name, "description": undescribed(group.description)}, {})
            for group in groups
            if has_mark(group.description, desired.mark)
        ]

    async def make(self, region: str, desired: Desired, token: str) -> str:
        return await self.client.security_groups.create(
            region, vpc_id=desired.inputs["vpcId"], name=desired.inputs["name"], description=_text(desired), client_token=token
        )

    async def settle(self, region: str, id: str, desired: Desired) -> Created:
        """The group's rules become the wished ones: new ones come before old ones go, so that nothing is cut off meanwhile.

        Only a rule that differs in its description alone must go first: the cloud takes it for the same.
        """
        wanted = [_rule(rule, id) for rule in desired.inputs["rules"]]
        missing, superfluous = rules_to_change(await self._rules(region, id), wanted)
        in_the_way = {_sense(rule) for rule in superfluous}
        try:
            await self._add(region, id, [rule for rule in missing if _sense(rule) not in in_the_way])
        except errors.QuotaExceeded:
            missing, superfluous = rules_to_change(await self._rules(region, id), wanted)
            if not superfluous:
                raise
            await self._exchange(region, id, in_turns(superfluous, missing))
        else:
            await self._exchange(region, id, [(rule, None) for rule in superfluous])
            await self._add(region, id, [rule for rule in missing if _sense(rule) in in_the_way])
        return desired.reached(id, securityGroupId=id)

    async def _rules(self, region: str, id: str) -> Sequence[Rule]:
        return (await self.client.security_groups.get(region, id)).rules

    async def _exchange(self, region: str, id: str, turns: Iterable[tuple[Rule | None, Rule | None]]) -> None:
        """One old rule goes, one new rule comes, and so on."""
        for old, new in turns:
            if old:
                with contextlib.suppress(errors.NotFound):
                    await self.client.security_groups.remove_rule(region, id, old)
            await self._add(region, id, [new] if new else [])

    async def _add(self, region: str, id: str, rules: Sequence[Rule]) -> None:
        if rules:
            await self.client.security_groups.add_rules(region, id, rules)

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        group = await self.client.security_groups.get(region, id)
        inputs = {"vpcId": group.vpc_id, "name": group.name, "description": undescribed(group.description)}
        rules = rules_seen(group, state.get("rules"))
        return Observed(group.id, {**inputs, "rules": rules}, {"securityGroupId": group.id})

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        if any(recorded.state.get(name) != desired.inputs.get(name) for name in ("name", "description")):
            await self.client.security_groups.update(region, recorded.id, name=desired.inputs["name"], description=_text(desired))

    async def remove(self, region: str, id: str) -> None:
        await self.client.security_groups.delete(region, id)


def rules_to_change(there: Iterable[Rule], wanted: Sequence[Rule]) -> tuple[list[Rule], list[Rule]]:
    """(rules to add, rules to remove). Egress rules that the cloud gave a new group stay while none is wished."""
    egress = any(rule.direction == "egress" for rule in wanted)
    managed = [rule for rule in there if egress or rule.direction == "ingress"]
    surplus = Counter(_key(rule) for rule in managed) - Counter(_key(rule) for rule in wanted)
    lacking = Counter(_key(rule) for rule in wanted) - Counter(_key(rule) for rule in managed)
    return _take(wanted, lacking), _take(managed, surplus)


def in_turns(old: Sequence[Rule], new: Sequence[Rule]) -> list[tuple[Rule | None, Rule | None]]:
    """Which old rule makes room for which new one, where the group may not hold both: the most alike, equal ones first."""
    waiting, turns = list(new), list[tuple[Rule | None, Rule | None]]()
    for rule in sorted(old, key=lambda rule: max((_likeness(rule, other) for other in new), default=0), reverse=True):
        best = max(waiting, key=lambda other: _likeness(rule, other), default=None)
        turns.append((rule, best))
        waiting = [other for other in waiting if other is not best]
    return turns + [(None, rule) for rule in waiting]


def _likeness(rule: Rule, other: Rule) -> int:
    """In how many of the things that decide whom it lets in both agree."""
    return sum(a == b for a, b in zip(_sense(rule), _sense(other), strict=True))


def rules_seen(group: SecurityGroup, stated: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """The group's rules as inputs; without egress rules of the cloud's own when the state has none."""
    egress = stated is None or any(rule["direction"] == "egress" for rule in stated)
    return [_as_input(rule, group.id) for rule in group.rules if egress or rule.direction == "ingress"]


def _take(rules: Iterable[Rule], counts: Counter[tuple[object, ...]]) -> list[Rule]:
    taken = []
    for rule in rules:
        if counts[_key(rule)] > 0:
            counts[_key(rule)] -= 1
            taken.append(rule)
    return taken


def _sense(rule: Rule) -> tuple[object, ...]:
    """What makes two rules the same for the cloud. Next to a group the network means nothing."""
    return (rule.direction, rule.action, rule.protocol, _ports(rule), rule.group_id or rule.cidr, rule.priority)


def _key(rule: Rule) -> tuple[object, ...]:
    return (*_sense(rule), rule.description)


def _ports(rule: Rule) -> str | None:
    """As programs write them: the cloud shows one port as "22-22"."""
    first, dash, last = (rule.ports or "").partition("-")
    return first if dash and first == last else rule.ports


def _rule(rule: Mapping[str, Any], group_id: str) -> Rule:
    peer = rule.get("groupId")
    return Rule(
        direction=rule["direction"],
        action=rule["action"],
        protocol=rule["protocol"],
        ports=rule.get("ports"),
        cidr=rule.get("cidr") or ANYWHERE,
        group_id=group_id if peer == SELF else peer,
        priority=rule["priority"],
        description=rule.get("description") or "",
    )


def _as_input(rule: Rule, group_id: str) -> dict[str, Any]:
    side = {"groupId": SELF if rule.group_id == group_id else rule.group_id} if rule.group_id else {"cidr": rule.cidr}
    body = {
        "direction": rule.direction,
        "action": rule.action,
        "protocol": rule.protocol,
        "ports": _ports(rule),
        **side,
        "priority": rule.priority,
        "description": rule.description or None,
    }
    return {name: value for name, value in body.items() if value is not None}


def _text(desired: Desired) -> str:
    return described(desired.inputs.get("description"), desired.mark)
