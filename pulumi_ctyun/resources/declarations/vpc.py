"""VPC, subnet, security group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_ctyun.resources.declarations import rules, senses
from pulumi_ctyun.resources.declarations.model import Field, Kind, ListOf, Resource, Shape, region_field

SELF = "self"  # as `groupId` of a rule: the group that it belongs to, which has no id before it is there


def _name() -> Field:
    return Field("name", Kind.TEXT, "Name in the cloud.", required=True, rules=(rules.network_name,))


def _description() -> Field:
    return Field("description", Kind.TEXT, "Free text.", rules=(rules.description,))


def _vpc_id() -> Field:
    return Field("vpcId", Kind.TEXT, "The VPC it belongs to.", required=True, replaces=True)


VPC = Resource(
    "ctyun:vpc:Vpc",
    "A virtual private cloud: an address space of its own.",
    inputs=(
        region_field(),
        _name(),
        Field("cidr", Kind.TEXT, "Address space.", required=True, replaces=True, rules=(rules.vpc_cidr,)),
        _description(),
    ),
    outputs=(Field("vpcId", Kind.TEXT, "Id, like vpc-r5i4zghgvq."),),
)

SUBNET = Resource(
    "ctyun:vpc:Subnet",
    "A part of a VPC's address space; servers live in subnets.",
    inputs=(
        region_field(),
        _vpc_id(),
        _name(),
        Field("cidr", Kind.TEXT, "Address range, inside the VPC's.", required=True, replaces=True, rules=(rules.cidr(16, 28),)),
        Field(
            "dnsServers",
            ListOf(Kind.TEXT),
            "Resolvers; the cloud's own when absent.",
            rules=(rules.at_most(4), rules.each_of(rules.ipv4)),
        ),
        _description(),
    ),
    outputs=(
        Field("subnetId", Kind.TEXT, "Id, like subnet-...."),
        Field("gateway", Kind.TEXT, "Address of the subnet's gateway."),
    ),
)


def _one_peer(rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "cidr" in rule and "groupId" in rule:
        yield "cidr", "stands beside groupId; a rule has one other side: a network or a group"
    if "cidr" not in rule and "groupId" not in rule:
        yield "cidr", "is missing; name the other side by cidr (0.0.0.0/0 for everybody) or by groupId"


def _own_group(group: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Once the group has an id, a rule may name it by that as well."""
    own, given = group.get("securityGroupId"), values.get("rules")
    if not own or not isinstance(given, list | tuple):
        return values
    return {**values, "rules": [{**rule, "groupId": SELF} if _names(rule, own) else rule for rule in given]}


def _names(rule: Any, group_id: str) -> bool:
    return isinstance(rule, Mapping) and rule.get("groupId") == group_id


def _group_id(value: str) -> str | None:
    if value != SELF and value.lower() in (SELF, "this", "own"):
        return f"{value!r} is no id of a security group; the group that the rule belongs to is {SELF!r}"
    return None if value.strip() else f"is empty; write the id of a security group, or {SELF!r} for the rule's own"


def _ports_fit_protocol(rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "ports" in rule and rule.get("protocol") in ("ICMP", "ANY"):
        yield "ports", f"means nothing for protocol {rule['protocol']}; leave it out"


RULE = Shape(
    "ctyun:vpc:Rule",
    "What may pass, seen from the servers in the group.",
    fields=(
        Field("direction", Kind.TEXT, "ingress or egress.", required=True, rules=(rules.one_of("ingress", "egress"),)),
        Field("action", Kind.TEXT, "accept or drop.", required=True, rules=(rules.one_of("accept", "drop"),)),
        Field("protocol", Kind.TEXT, "ANY, TCP, UDP or ICMP.", required=True, rules=(rules.one_of("ANY", "TCP", "UDP", "ICMP"),)),
        Field("ports", Kind.TEXT, "One port or a range (8000-9000); all when absent.", sense=senses.ports, rules=(rules.ports,)),
        Field("cidr", Kind.TEXT, "The other side as a network.", rules=(rules.any_cidr,)),
        Field(
            "groupId", Kind.TEXT, f"The other side as a security group: its id, or {SELF} for the rule's own.", rules=(_group_id,)
        ),
        Field("priority", Kind.WHOLE, "Smaller wins.", default=1, rules=(rules.within(1, 100),)),
        Field("description", Kind.TEXT, "Free text.", rules=(rules.description,)),
    ),
    rules=(_one_peer, _ports_fit_protocol),
)


def _no_rule_twice(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """CTyun takes a rule only once; what differs in its description alone counts as the same."""
    seen: dict[str, int] = {}
    for index, rule in enumerate(inputs.get("rules") or ()):
        if not isinstance(rule, Mapping) or not all(isinstance(value, str | int) for value in rule.values() if value is not None):
            continue  # malformed, or with values that are known only after the update
        key = repr(sorted((name, value) for name, value in rule.items() if name != "description"))
        if key in seen:
            yield f"rules[{index}]", f"is the same as rules[{seen[key]}]"
        seen.setdefault(key, index)


RULES_NOTE = (
    "All ingress rules of the group: others are removed. Egress rules likewise, as soon as one is given; else the cloud's stay."
)
SECURITY_GROUP = Resource(
    "ctyun:vpc:SecurityGroup",
    "A security group with its rules. What no rule accepts is dropped.",
    inputs=(
        region_field(),
        _vpc_id(),
        _name(),
        Field("rules", ListOf(RULE), RULES_NOTE, required=True, unordered=True),
        _description(),
    ),
    outputs=(Field("securityGroupId", Kind.TEXT, "Id, like sg-...."),),
    rules=(_no_rule_twice,),
    respelt=_own_group,
)
