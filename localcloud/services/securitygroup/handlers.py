"""Security groups, their rules, and which servers are in them."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

from localcloud.api.calls import Call, page, page_of, paged
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import GROUPS, INSTANCES, RULES, VPCS, Instance, Rule, SecurityGroup
from localcloud.records.errors import ParameterError, QuotaExceeded
from localcloud.records.errors.securitygroup import NotJoined, RuleNotFound, SecurityGroupInUse, SecurityGroupNameDuplicated
from localcloud.records.identifiers import short_id
from localcloud.services.securitygroup import model


def create_group(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    vpc_id, name = fields.text("vpcID", required=True), fields.name("name", required=True)
    project, description = fields.project(), fields.description()
    fields.check()
    call.store.require(VPCS, vpc_id, region.id)
    call.is_free(GROUPS, SecurityGroupNameDuplicated, name, vpc_id=vpc_id)
    call.has_room(GROUPS, QUOTAS.security_groups, "security groups in this region", region=region.id)
    group = SecurityGroup(short_id("sg"), region.id, vpc_id, name, description, project, time())
    call.store.put(RULES, model.everything_out(group))
    return {"securityGroupID": call.store.put(GROUPS, group).id}


def describe_group(call: Call) -> dict[str, Any]:
    direction = call.fields.choice("direction", (*model.DIRECTIONS, "all"), default="all", any_case=True)
    group = call.one(GROUPS, "securityGroupID")
    rules = [rule for rule in call.store.find(RULES, group_id=group.id) if direction in ("all", rule.direction)]
    return model.group_shown(call.store, group, rules)


def list_groups(call: Call) -> dict[str, Any]:
    found, number, size = _listed(call)
    return paged("securityGroups", found, number, size)


def list_groups_only(call: Call) -> list[dict[str, Any]]:
    """As the older call has them: one page, and no counts."""
    found, number, size = _listed(call)
    return page_of(found, number, size)


def _listed(call: Call) -> tuple[list[dict[str, Any]], int, int]:
    fields, region = call.fields, call.region()
    vpc_id, content, instance_id = fields.text("vpcID"), fields.text("queryContent"), fields.text("instanceID")
    number, size = page(call)
    fields.check()
    wanted = call.store.require(INSTANCES, instance_id, region.id).groups if instance_id else None
    found = [
        model.group_shown(call.store, group, call.store.find(RULES, group_id=group.id))
        for group in call.store.find(GROUPS, region=region.id)
        if vpc_id in ("", group.vpc_id) and content in group.name + group.id and (wanted is None or group.id in wanted)
    ]
    return found, number, size


def modify_group(call: Call) -> None:
    fields = call.fields
    name, described, description = fields.name("name"), fields.has("description"), fields.description()
    fields.only("enabled", True, "true", "True")
    group = call.one(GROUPS, "securityGroupID")
    call.is_free(GROUPS, SecurityGroupNameDuplicated, name, group.id, vpc_id=group.vpc_id)
    changed = replace(group, name=name or group.name, description=description if described else group.description)
    call.store.put(GROUPS, changed)


def delete_group(call: Call) -> None:
    group = call.one(GROUPS, "securityGroupID")
    if users := model.users_of_group(call.store, group):
        raise SecurityGroupInUse(group.id, users)
    model.remove(call.store, group)
    call.touches(group.vpc_id)


def create_ingress_rules(call: Call) -> dict[str, Any]:
    return _create_rules(call, "ingress")


def create_egress_rules(call: Call) -> dict[str, Any]:
    return _create_rules(call, "egress")


def _create_rules(call: Call, direction: str) -> dict[str, Any]:
    """The ids of those that are new: a rule that the group has already stays as it is."""
    fields, region = call.fields, call.region()
    group_id = fields.text("securityGroupID", required=True)
    items = fields.items("securityGroupRules", required=True, most=QUOTAS.rules_per_group)
    rules = [model.read_rule(item, group_id, region.id, direction) for item in items]
    fields.check()
    group = call.store.require(GROUPS, group_id, region.id)
    present, new = call.store.find(RULES, group_id=group_id), list[Rule]()
    for rule in rules:
        _check_peer(call, group, rule)
        if not any(model.same_effect(rule, other) for other in (*present, *new)):
            new.append(call.store.put(RULES, rule))
    if len(present) + len(new) > QUOTAS.rules_per_group:
        raise QuotaExceeded(f"rules in security group {group_id}", QUOTAS.rules_per_group)
    call.touches(group.vpc_id)
    return {"sgRuleIDs": [rule.id for rule in new]}


def _check_peer(call: Call, group: SecurityGroup, rule: Rule) -> None:
    if rule.peer_group and call.store.require(GROUPS, rule.peer_group, group.region).vpc_id != group.vpc_id:
        raise ParameterError([f"remoteSecurityGroupID {rule.peer_group} belongs to another VPC than {group.id}"])


def describe_rule(call: Call) -> dict[str, Any]:
    return model.rule_shown(_rule(call, None))


def modify_rule(call: Call) -> None:
    """What is given changes, at once; its network and its ports cannot."""
    change = model.RuleChange.read(call.fields)
    rule = _rule(call, None)
    changed = change.applied(call.fields, rule)
    call.fields.check()
    _check_peer(call, call.store.require(GROUPS, rule.group_id), changed)
    call.store.put(RULES, changed)
    call.touches(call.store.require(GROUPS, rule.group_id).vpc_id)


def revoke_ingress_rule(call: Call) -> None:
    _revoke(call, "ingress")


def revoke_egress_rule(call: Call) -> None:
    _revoke(call, "egress")


def _revoke(call: Call, direction: str) -> None:
    rule = _rule(call, direction)
    call.store.delete(RULES, rule.id)
    call.touches(call.store.require(GROUPS, rule.group_id).vpc_id)


def join_group(call: Call) -> None:
    call.fields.choice("action", ("joinSecurityGroup",), default="joinSecurityGroup")
    group, server = _group_and_server(call)
    if group.vpc_id != server.vpc_id:
        raise ParameterError([f"securityGroupID {group.id} belongs to VPC {group.vpc_id}, the instance to {server.vpc_id}"])
    if group.id in server.groups:
        return
    if len(server.groups) >= QUOTAS.groups_per_nic:
        raise QuotaExceeded(f"security groups of instance {server.id}", QUOTAS.groups_per_nic)
    _set_groups(call, server, (*server.groups, group.id))


def leave_group(call: Call) -> None:
    group, server = _group_and_server(call)
    if group.id not in server.groups:
        raise NotJoined(server.id, group.id)
    _set_groups(call, server, tuple(other for other in server.groups if other != group.id))


def list_members(call: Call) -> dict[str, Any]:
    number, size = page(call)
    servers = model.members(call.store, call.one(GROUPS, "securityGroupID"))
    shown = [
        {"instanceID": server.id, "instanceName": server.name, "instanceType": "VM", "instanceState": server.status,
         "privateIp": server.address, "privateIpv6": ""}
        for server in servers
    ]  # fmt: skip
    return paged("results", shown, number, size)


def _set_groups(call: Call, server: Instance, groups: tuple[str, ...]) -> None:
    call.store.put(INSTANCES, replace(server, groups=groups, updated=time()))
    call.touches(server.vpc_id)


def _group_and_server(call: Call) -> tuple[SecurityGroup, Instance]:
    instance_id, nic_id = call.fields.text("instanceID", required=True), call.fields.text("networkInterfaceID")
    group = call.one(GROUPS, "securityGroupID")
    server = call.store.require(INSTANCES, instance_id, group.region)
    if nic_id and nic_id != server.nic_id:
        raise ParameterError([f"networkInterfaceID {nic_id!r} is not the network card of instance {server.id}"])
    return group, server


def _rule(call: Call, direction: str | None) -> Rule:
    rule_id = call.fields.text("securityGroupRuleID", required=True)
    group = call.one(GROUPS, "securityGroupID")
    rule = call.store.require(RULES, rule_id)
    if rule.group_id != group.id or direction not in (None, rule.direction):
        raise RuleNotFound(rule_id)
    return rule
