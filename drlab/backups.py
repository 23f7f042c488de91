"""Backups of a stage's servers, through the cloud's own API: made at once by the stage's policy, listed, restored."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ctyun import Client
from ctyun.services.backups import ACTIVE, BackupTask, NewServerFromBackup, ServerBackup
from ctyun.services.server_values import Server
from ctyun.services.servers import ENDED, RUNNING
from ctyun.waiting import wait_until
from drlab.errors import UserError
from drlab.lab import Lab
from drlab.stack_state import StackState, read_stack

RUN_SECONDS = 900.0
UNDER_WAY = "in-progress"  # how the API spells it


@dataclass(frozen=True)
class Plan:
    """A stage's policy, its vault, and the ids of the servers that it backs up."""

    stage: str
    local: bool
    region: str  # as the stage says it: name or id
    policy_id: str
    vault_id: str
    servers: tuple[str, ...]


def plan_of(lab: Lab, stage: str) -> Plan:
    """From the stack's state. Raises UserError when the stage makes no backups."""
    stack = read_stack(lab.folders.stack_file(stage), stage)
    policies = stack.of_type("ctyun:csbs:BackupPolicy")
    if not stack.is_up:
        raise UserError(f"{stage} is not up, so there are no backups of it.", f"./lab up {stage}")
    if not policies:
        raise UserError(f"{stage} makes no backups: it has no backup policy.", "./lab up dual-active makes some")
    inputs = policies[0].inputs
    servers = tuple(str(one) for one in inputs["instanceIds"])
    return Plan(stage, stack.target != "ctyun", str(inputs["region"]), policies[0].id, str(inputs["vaultId"]), servers)


def client_of(lab: Lab, plan: Plan) -> Client:
    """Raises UserError when the local cloud is not running, ConfigurationError without keys for CTyun."""
    return Client.local(lab.cloud.api().record) if plan.local else Client.ctyun(os.environ)


async def backups_of(client: Client, plan: Plan) -> list[ServerBackup]:
    """All in the stage's vault, oldest first."""
    region = await client.regions.resolve(plan.region)
    return await client.server_backups.list(region.id, vault_id=plan.vault_id)


async def run_policy(client: Client, plan: Plan, full: bool) -> list[ServerBackup]:
    """Back up every server of the policy now, and wait. Raises UserError with the reason of each that failed."""
    region = (await client.regions.resolve(plan.region)).id
    earlier = {task.id for task in await client.server_backups.tasks(region)}
    await client.backup_policies.run(region, plan.policy_id, full=full)

    async def look() -> list[BackupTask]:
        return [t for t in await client.server_backups.tasks(region) if t.id not in earlier and t.policy_id == plan.policy_id]

    tasks = await wait_until(
        look,
        lambda tasks: bool(tasks) and all(task.status != UNDER_WAY for task in tasks),
        what=f"the backups of {plan.stage}",
        timeout=RUN_SECONDS,
        state=lambda tasks: ", ".join(task.status for task in tasks) or "not begun",
    )
    failed = [task for task in tasks if task.problem]
    if failed:
        reasons = "; ".join(f"server {task.instance_id}: {task.problem}" for task in failed)
        raise UserError(
            f"{len(failed)} of {len(tasks)} backups of {plan.stage} failed. {reasons}", f"./lab backup list {plan.stage}"
        )
    return [await client.server_backups.get(region, task.backup_id) for task in tasks]


def chosen(backups: Sequence[ServerBackup], wanted: str, stage: str) -> ServerBackup:
    """The one of this id or name, or the newest usable one of this server. Raises UserError that names what there is."""
    named = [backup for backup in backups if wanted in (backup.id, backup.name)]
    if len(named) > 1:
        ids = ", ".join(f"{backup.id} ({backup.instance_name})" for backup in named)
        raise UserError(f"{len(named)} backups are called {wanted!r}: {ids}.", "name one by its id")
    servers = (wanted, f"{stage}-{wanted}")
    fitting = named or [backup for backup in backups if backup.instance_name in servers and backup.status == ACTIVE]
    if fitting:
        return fitting[-1]
    if not backups:
        raise UserError(f"There is no backup of {stage} yet.", f"./lab backup run {stage}")
    known = ", ".join(dict.fromkeys(backup.instance_name for backup in backups))
    raise UserError(f"{stage} has no backup {wanted!r}; it has backups of {known}.", f"./lab backup list {stage}")


async def must_live(client: Client, plan: Plan, backup: ServerBackup) -> None:
    """Raises UserError when the server that a backup was made of is gone, though one of its name may be there."""
    region = await client.regions.resolve(plan.region)
    if await client.servers.find(region.id, backup.instance_id) is None:
        raise UserError(
            f"The server {backup.instance_name} that {backup.name} was made of is gone, so it cannot be restored in place.",
            f"./lab backup restore {backup.id} --to NAME makes a new server of it",
        )


async def restore_in_place(client: Client, plan: Plan, backup: ServerBackup) -> ServerBackup:
    """Over its server, whose present disks are lost. Raises JobFailed."""
    region = await client.regions.resolve(plan.region)
    return await client.server_backups.restore(region.id, backup.id)


async def is_on(client: Client, plan: Plan, backup: ServerBackup) -> bool:
    region = await client.regions.resolve(plan.region)
    server = await client.servers.find(region.id, backup.instance_id)
    return server is not None and server.status == RUNNING


async def restore_to_new(client: Client, plan: Plan, backup: ServerBackup, name: str, source: Mapping[str, Any]) -> Server:
    """A new server, ordered as `source` was. Raises UserError when there is one of this name, OrderFailed."""
    region, inputs = (await client.regions.resolve(plan.region)).id, source
    if any(server.status not in ENDED for server in await client.servers.list(region, name=name)):
        raise UserError(f"There is a server {name} already; nothing was restored.", "choose another name: --to NAME")
    zone = await client.regions.zone(region, str(inputs["zone"]))
    new = NewServerFromBackup(
        name=name,
        flavor_id=(await client.flavors.find(region, zone.name, str(inputs["flavor"]))).id,
        vpc_id=str(inputs["vpcId"]),
        subnet_id=str(inputs["subnetId"]),
        security_group_ids=tuple(str(one) for one in inputs["securityGroupIds"]),
        zone_name=zone.name,
        key_pair_id=inputs.get("keyPairId"),
    )
    order = await client.server_backups.create_server(region, backup.id, new, client_token=str(uuid.uuid4()))
    return await client.servers.created(region, order, what=f"server {name} from backup {backup.name}")


def source_of(stack: StackState, plan: Plan, backup: ServerBackup) -> Mapping[str, Any]:
    """How the server was ordered that the backup was made of; if that one is gone, another of the policy's."""
    servers = {resource.id: resource.inputs for resource in stack.of_type("ctyun:ecs:Instance")}
    for instance_id in (backup.instance_id, *plan.servers):
        if instance_id in servers:
            return servers[instance_id]
    raise UserError(f"{stack.name} has no server whose network a restored one could share.", f"./lab up {stack.name}")
