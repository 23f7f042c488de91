"""What security groups and rules are, and the rules they obey."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from time import time
from typing import Any

from localcloud.api.inputs import Fields
from localcloud.records.compute import GROUPS, INSTANCES, RULES, VPCS, Instance, Rule, SecurityGroup, Vpc
from localcloud.records.databases import MYSQLS
from localcloud.records.errors import NotModelled
from localcloud.records.identifiers import short_id, when
from localcloud.records.store import Store

ACTIONS, PROTOCOLS, DIRECTIONS = ("accept", "drop"), ("ANY", "TCP", "UDP", "ICMP"), ("ingress", "egress")
CIDR, GROUP = 0, 1  # remoteType
ANYWHERE = "0.0.0.0/0"
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_ALL_PORTS = ("", "-1", "1-65535", "0-65535")


def members(store: Store, group: SecurityGroup) -> list[Instance]:
    """The servers in a group."""
    return [server for server in store.find(INSTANCES, vpc_id=group.vpc_id) if group.id in server.groups]


def group_shown(store: Store, group: SecurityGroup, rules: Sequence[Rule]) -> dict[str, Any]:
    """A group with (some of) its rules as the API shows it."""
    vpc = store.get(VPCS, group.vpc_id)
    return {
        "securityGroupName": group.name, "id": group.id, "vmNum": len(members(store, group)),
        "origin": "1" if group.default else "0",
        "vpcName": vpc.name if vpc else "", "vpcID": group.vpc_id, "creationTime": when(group.created),
        "description": group.description, "projectID": group.project,
        "securityGroupRuleList": [rule_shown(rule) for rule in rules],
    }  # fmt: skip


def rule_shown(rule: Rule) -> dict[str, Any]:
    """A rule as the API shows it."""
    return {
        "direction": rule.direction, "priority": rule.priority, "ethertype": "IPv4", "protocol": rule.protocol,
        "range": rule.range or ("{}-{}".format(*rule.ports) if rule.ports else ""), "destCidrIp": rule.peer_cidr or "",
        "description": rule.description, "createTime": when(rule.created), "id": rule.id,
        "securityGroupID": rule.group_id, "action": rule.action, "origin": "", "prefixListID": "",
        "remoteSecurityGroupID": rule.peer_group or "",
    }  # fmt: skip


def read_rule(fields: Fields, group_id: str, region: str, direction: str) -> Rule:
    """One rule of a create call; what is wrong with it is noted in `fields`."""
    if fields.text("direction", default=direction).lower() != direction:
        fields.problem("direction", f"must be {direction} in this call")
    action = fields.choice("action", ACTIONS, required=True, any_case=True)
    protocol = fields.choice("protocol", PROTOCOLS, required=True)
    if fields.choice("ethertype", ("IPv4", "IPv6"), default="IPv4") == "IPv6":
        raise NotModelled("IPv6 security group rules are not modelled by the local cloud.")
    remote = fields.integer("remoteType", low=CIDR, high=GROUP, default=CIDR)
    priority = fields.integer("priority", low=1, high=100, default=1)
    cidr, peer = _cidr(fields, remote), fields.text("remoteSecurityGroupID", required=remote == GROUP)
    if peer and remote == CIDR:
        fields.problem("remoteSecurityGroupID", f"is for remoteType {GROUP}; without it the rule is for all of destCidrIp")
    return Rule(
        short_id("sgrule"), region, group_id, direction, action, protocol, priority, _ports(fields, protocol),
        cidr if remote == CIDR else None, peer if remote == GROUP else None, fields.description(), time(), fields.text("range"),
    )  # fmt: skip


@dataclass(frozen=True)
class RuleChange:
    """What a call changes of a rule: what it has not given is None."""

    description: str | None
    action: str | None
    protocol: str | None
    priority: int | None
    remote: int | None
    peer: str | None

    @classmethod
    def read(cls, fields: Fields) -> RuleChange:
        description = fields.description() if fields.has("description") else None
        action, protocol = fields.choice("action", ACTIONS, any_case=True), fields.choice("protocol", PROTOCOLS)
        remote = fields.integer("remoteType", low=CIDR, high=GROUP) if fields.has("remoteType") else None
        peer = fields.text("remoteSecurityGroupID", required=remote == GROUP)
        priority = fields.integer("priority", low=1, high=100)
        for option in ("prefixListID", "portRangeListID"):
            fields.only(option, "")
        fields.only("portType", 0, "0")
        return cls(description, action or None, protocol or None, priority or None, remote, peer or None)

    def applied(self, fields: Fields, rule: Rule) -> Rule:
        """The rule afterwards; what cannot be is noted in `fields`."""
        protocol = self.protocol or rule.protocol
        if rule.ports and protocol in ("ANY", "ICMP"):
            fields.problem("protocol", f"{protocol} has no ports, which rule {rule.id} has: make another rule")
        if self.remote == CIDR and rule.peer_group:
            fields.problem("remoteType", f"is {CIDR}, and this call takes no network: make another rule")
        if self.peer and self.remote != GROUP and not rule.peer_group:
            fields.problem("remoteSecurityGroupID", f"is for remoteType {GROUP}")
        to_group = self.peer and (self.remote == GROUP or rule.peer_group)
        return replace(
            rule, protocol=protocol, action=self.action or rule.action, priority=self.priority or rule.priority,
            description=rule.description if self.description is None else self.description,
            peer_group=self.peer if to_group else rule.peer_group, peer_cidr=None if to_group else rule.peer_cidr,
        )  # fmt: skip


def everything_out(group: SecurityGroup) -> Rule:
    """The rule that a new group comes with: without it nothing could leave its servers. Revoke it for a closed group."""
    return _accepting(group, "egress", peer_cidr=ANYWHERE)


def default_group(store: Store, vpc: Vpc) -> SecurityGroup:
    """The group of servers that are ordered without any: made for the first one, and gone with its VPC.

    Its members reach each other, and everybody reaches them by SSH and RDP, as CTyun documents it.
    """
    for group in store.find(GROUPS, vpc_id=vpc.id):
        if group.default:
            return group
    group = SecurityGroup(short_id("sg"), vpc.region, vpc.id, "Sys-default", "", vpc.project, time(), default=True)
    inward = [_accepting(group, "ingress", "TCP", port, peer_cidr=ANYWHERE) for port in (22, 3389)]
    for rule in (everything_out(group), _accepting(group, "ingress", peer_group=group.id), *inward):
        store.put(RULES, rule)
    return store.put(GROUPS, group)


def remove(store: Store, group: SecurityGroup) -> None:
    """With its rules."""
    for rule in store.find(RULES, group_id=group.id):
        store.delete(RULES, rule.id)
    store.delete(GROUPS, group.id)


def _accepting(
    group: SecurityGroup, way: str, protocol: str = "ANY", port: int = 0, *, peer_cidr: str | None = None,
    peer_group: str | None = None,
) -> Rule:  # fmt: skip
    """One of the rules that groups come with."""
    ports, shown = ((port, port), str(port)) if port else (None, "")
    return Rule(
        short_id("sgrule"), group.region, group.id, way, "accept", protocol, 100, ports, peer_cidr, peer_group, "default", time(),
        shown,
    )  # fmt: skip


def same_effect(one: Rule, other: Rule) -> bool:
    """The two rules say the same, whatever they are called."""
    return _effect(one) == _effect(other)


def users_of_group(store: Store, group: SecurityGroup) -> list[str]:
    """Servers and MySQL instances in the group, and rules of other groups that name it."""
    servers = [f"instance {server.id} ({server.name})" for server in members(store, group)]
    servers += [f"MySQL instance {mysql.id} ({mysql.name})" for mysql in store.find(MYSQLS, group_id=group.id)]
    others = (other for other in store.find(GROUPS, vpc_id=group.vpc_id) if other.id != group.id)
    rules = (rule for other in others for rule in store.find(RULES, group_id=other.id) if rule.peer_group == group.id)
    return servers + [f"rule {rule.id} of security group {rule.group_id}" for rule in rules]


def _effect(rule: Rule) -> tuple[Any, ...]:
    return rule.direction, rule.action, rule.protocol, rule.priority, rule.ports, rule.peer_cidr, rule.peer_group


def _cidr(fields: Fields, remote: int) -> str:
    text = fields.text("destCidrIp", required=remote == CIDR)
    if not text or remote != CIDR:
        return ""
    try:
        network = IPv4Network(text)
    except ValueError as error:
        fields.problem("destCidrIp", f"{text!r} is not an IPv4 address or network: {error}")
        return ""
    fields.usual_form("destCidrIp", text, network)
    return str(network)


def _ports(fields: Fields, protocol: str) -> tuple[int, int] | None:
    """ "22" -> (22, 22), "8000-9000" -> (8000, 9000), absent or all -> None."""
    text = fields.text("range")
    if text in _ALL_PORTS:
        return None
    if protocol in ("ANY", "ICMP"):
        fields.problem("range", f"{text!r} has no meaning with protocol {protocol}")
        return None
    match = _PORTS.fullmatch(text)
    first, last = (int(match.group(1)), int(match.group(2) or match.group(1))) if match else (0, 0)
    if not 1 <= first <= last <= 65535:
        fields.problem("range", f"{text!r} is not a port or a range a-b of ports 1-65535")
        return None
    return first, last
