"""Policies of server backup: made, shown, changed, bound, run now. `servers.backups_policies` says what a run does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from localcloud.api.calls import Call, page, paged
from localcloud.api.inputs import Fields
from localcloud.controllers.schedules.schedules import HOURS, WEEKDAYS
from localcloud.records.backups import BACKUP_POLICIES, VAULTS, BackupPolicy
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import INSTANCES
from localcloud.records.errors import ParameterError
from localcloud.records.errors.csbs import AlreadyBound, NotBound, PolicyNameDuplicated
from localcloud.records.identifiers import hex_id
from localcloud.services.csbs import model

NAME = re.compile(r"[A-Za-z0-9_.-]{2,64}")
NAME_RULE = "2-64 letters, digits, '-', '_' or '.'"
MOST = 99999


def create_policy(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    now = call.cloud.clock.now()
    policy = BackupPolicy(
        id=hex_id(), region=region.id, name="", cycle="", every_days=1, weekdays=(0,), hours=(12,), enabled=False,
        retention="", days=1, count=1, full_interval=-1, vault_id="", instance_ids=(), project=fields.project(), last=now,
        created=now,
    )  # fmt: skip
    policy = _changed(fields, policy, required=True)
    fields.check()
    call.is_free(BACKUP_POLICIES, PolicyNameDuplicated, policy.name)  # in all regions
    call.has_room(BACKUP_POLICIES, QUOTAS.backup_policies, "backup policies in this region", region=region.id)
    return model.shown_policy(call.store.put(BACKUP_POLICIES, policy))


def update_policy(call: Call) -> dict[str, Any]:
    """What is not given stays. A changed or newly enabled policy does not make up for what it would have done before."""
    region, policy_id = call.region(), call.fields.text("policyID", required=True)
    if not policy_id or not region.id:
        call.fields.check()
    policy = call.store.require(BACKUP_POLICIES, policy_id, region.id)
    changed = _changed(call.fields, policy, required=False)
    call.fields.check()
    call.is_free(BACKUP_POLICIES, PolicyNameDuplicated, changed.name, policy.id)
    if changed != policy:
        changed = replace(changed, last=call.cloud.clock.now())
    return model.shown_policy(call.store.put(BACKUP_POLICIES, changed))


def _changed(fields: Fields, policy: BackupPolicy, required: bool) -> BackupPolicy:
    """The policy with what a call gives; rules are noted as problems."""
    name = fields.name("policyName", required=required, rule=NAME, says=NAME_RULE) or policy.name
    cycle = fields.choice("cycleType", ("day", "week"), required=required) or policy.cycle
    retention = fields.choice("retentionType", ("date", "num", "all"), required=required) or policy.retention
    status = fields.integer("status", low=0, high=1, default=int(policy.enabled))
    fields.only("advRetentionStatus", False)
    return replace(
        policy, name=name, cycle=cycle, retention=retention, enabled=bool(status),
        every_days=fields.integer("cycleDay", low=1, high=30, default=policy.every_days),
        weekdays=fields.numbers("cycleWeek", WEEKDAYS) or policy.weekdays,
        hours=fields.numbers("time", HOURS) or policy.hours,
        days=fields.integer("retentionDay", low=1, high=MOST, default=policy.days),
        count=fields.integer("retentionNum", low=1, high=MOST, default=policy.count),
        full_interval=fields.integer("fullBackupInterval", low=-1, high=100, default=policy.full_interval),
    )  # fmt: skip


def list_policies(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    policy_id, name = fields.text("policyID"), fields.text("policyName")
    number, size = page(call)
    fields.check()
    found = [
        policy
        for policy in call.store.find(BACKUP_POLICIES, region=region.id)
        if (policy.id == policy_id if policy_id else name in policy.name)
    ]
    shown = [model.shown_with_bindings(call.store, policy) for policy in found]
    return paged("policyList", shown, number, size) | {"currentPage": number}


def list_instances(call: Call) -> dict[str, Any]:
    name = call.fields.text("instanceName")
    number, size = page(call)
    servers = [server for server in model.bound(call.store, _policy(call)) if name in server.name]
    return paged("instancePolicies", [model.shown_bound(call.store, server) for server in servers], number, size) | {
        "currentPage": number
    }


def delete_policy(call: Call) -> dict[str, Any]:
    """What it has made stays."""
    policy = _policy(call)
    call.store.delete(BACKUP_POLICIES, policy.id)
    return {"policyID": policy.id}


# -- bound ---------------------------------------------------------------------------------------------------------------
def bind_instances(call: Call) -> dict[str, Any]:
    return _rebind(call, _with_instances)


def unbind_instances(call: Call) -> dict[str, Any]:
    return _rebind(call, _without_instances)


def _rebind(call: Call, change: Callable[[Call, BackupPolicy, list[str]], tuple[str, ...]]) -> dict[str, Any]:
    ids, policy = call.fields.listed("instanceIDList", required=True), _policy(call)
    call.store.put(BACKUP_POLICIES, replace(policy, instance_ids=change(call, policy, ids)))
    return {"policyID": policy.id, "instanceIDList": ",".join(ids)}


def _with_instances(call: Call, policy: BackupPolicy, ids: list[str]) -> tuple[str, ...]:
    for instance_id in ids:
        call.store.require(INSTANCES, instance_id, policy.region)
        other = model.policy_of(call.store, instance_id)
        if other and other.id != policy.id:
            raise AlreadyBound(f"Instance {instance_id}", other.id)
    return tuple(dict.fromkeys([*policy.instance_ids, *ids]))


def _without_instances(call: Call, policy: BackupPolicy, ids: list[str]) -> tuple[str, ...]:
    for instance_id in ids:
        if instance_id not in policy.instance_ids:
            raise NotBound(policy.id, f"instance {instance_id}")
    return tuple(bound for bound in policy.instance_ids if bound not in ids)


def bind_vault(call: Call) -> dict[str, Any]:
    """A policy has one vault; binding another one replaces nothing, so the old one has to be unbound first."""
    vault_id, policy = call.fields.text("repositoryID", required=True), _policy(call)
    vault = call.store.require(VAULTS, vault_id, policy.region)
    if policy.vault_id not in ("", vault.id):
        raise ParameterError([f"policyID {policy.id} is bound to backup vault {policy.vault_id} already; unbind that one first"])
    call.store.put(BACKUP_POLICIES, replace(policy, vault_id=vault.id))
    return {"policyID": policy.id, "repositoryID": vault.id}


def unbind_vault(call: Call) -> dict[str, Any]:
    """`repositoryID` may be left out, as the official SDK does: there is one at most."""
    vault_id, policy = call.fields.text("repositoryID"), _policy(call)
    if not policy.vault_id or vault_id not in ("", policy.vault_id):
        raise NotBound(policy.id, f"backup vault {vault_id}" if vault_id else "any backup vault")
    call.store.put(BACKUP_POLICIES, replace(policy, vault_id=""))
    return {"policyID": policy.id}


# -- run now -------------------------------------------------------------------------------------------------------------
def back_up_now(call: Call) -> dict[str, Any]:
    """A backup of each of its servers, whether it is enabled or not; its schedule stays as it is."""
    full, policy = call.fields.boolean("fullBackup"), _policy(call)
    problems = [] if policy.vault_id else [f"policyID {policy.id} has no backup vault; bind one first"]
    problems += [] if model.bound(call.store, policy) else [f"policyID {policy.id} has no server; bind one first"]
    if problems:
        raise ParameterError(problems)
    for task_id in call.cloud.backup_policies.back_up(policy, full):
        call.afterwards(lambda id_=task_id: call.cloud.backups.run(id_))  # type: ignore[misc]
    return {"policyID": policy.id}


def _policy(call: Call) -> BackupPolicy:
    return call.one(BACKUP_POLICIES, "policyID")
