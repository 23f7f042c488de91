"""Volume backups: vaults, and backups made, shown, restored, deleted. `localcloud.controllers.volumes.backups` does the work."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from time import time
from typing import Any

from localcloud.api.calls import Call, by_token, from_token, page
from localcloud.controllers.volumes import disks as states
from localcloud.controllers.volumes.volumes import chain_of
from localcloud.records import orders
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import DISKS, INSTANCES, Disk
from localcloud.records.eips import cycle_seconds, expiry
from localcloud.records.errors import NotModelled
from localcloud.records.errors.ebsbackup import (
    DiskBackupBusy,
    DiskBackupInUse,
    DiskVaultFull,
    DiskVaultInUse,
    DiskVaultNameDuplicated,
    NotItsSource,
)
from localcloud.records.identifiers import long_id
from localcloud.records.volumes import (
    AVAILABLE,
    CREATING,
    DELETING,
    DISK_BACKUPS,
    DISK_TASKS,
    DISK_VAULTS,
    ERROR,
    RESTORING,
    DiskBackup,
    DiskVault,
)
from localcloud.services.ebsbackup import model


# -- vaults --------------------------------------------------------------------------------------------------------------
def create_vault(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    name = fields.name("repositoryName", required=True, rule=model.VAULT_NAME, says=model.VAULT_NAME_RULE)
    size, on_demand = fields.integer("size", low=100, high=1024000, default=100), fields.boolean("onDemand")
    cycle = fields.choice("cycleType", ("MONTH", "YEAR"), required=not on_demand)
    count = fields.integer("cycleCount", low=1, high=36, required=not on_demand, default=1)
    fields.only("autoScaling", False, "false", "False")
    project = fields.project()
    fields.check()
    call.is_free(DISK_VAULTS, DiskVaultNameDuplicated, name, region=region.id)
    call.has_room(DISK_VAULTS, QUOTAS.disk_vaults, "volume backup vaults in this region", region=region.id)
    clock, ends = call.cloud.clock, None if on_demand else expiry(cycle, count)
    expires = None if ends is None else ends + clock.offset
    vault = call.store.put(DISK_VAULTS, DiskVault(long_id(), region.id, name, size, on_demand, expires, project, clock.now()))
    return _done(call, region.id, vault.id) | {"repositoryID": vault.id}


def list_vaults(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    exact = {name: fields.text(name) for name in ("repositoryName", "repositoryID", "status")}
    content = fields.text("queryContent")
    number, size = page(call)
    fields.check()
    shown = [model.shown_vault(call.store, vault) for vault in call.store.find(DISK_VAULTS, region=region.id)]
    found = [it for it in shown if content in it["repositoryName"] and all(not v or it[name] == v for name, v in exact.items())]
    return _paged("repositoryList", found, number, size)


def enlarge_vault(call: Call) -> dict[str, Any]:
    """`size` is what it has afterwards."""
    size = call.fields.integer("size", low=100, high=1024000, required=True)
    vault = call.one(DISK_VAULTS, "repositoryID")
    if size <= vault.size:
        call.fields.problem("size", f"is {size}; vault {vault.name} has {vault.size} GB, and can only grow")
    call.fields.check()
    call.store.put(DISK_VAULTS, replace(vault, size=size))
    return _done(call, vault.region, vault.id)


def renew_vault(call: Call) -> dict[str, Any]:
    """Longer by so many months or years, from its end on; from now on when that has passed."""
    cycle = call.fields.choice("cycleType", ("MONTH", "YEAR"), required=True)
    count = call.fields.integer("cycleCount", low=1, high=36 if cycle == "MONTH" else 3, required=True)
    vault = call.one(DISK_VAULTS, "repositoryID")
    if vault.expires is None:
        call.fields.problem("repositoryID", f"names vault {vault.name}, which is on demand and has no end")
    call.fields.check()
    begins = max(vault.expires or 0, call.cloud.clock.now())
    call.store.put(DISK_VAULTS, replace(vault, expires=begins + cycle_seconds(cycle, count)))
    return _done(call, vault.region, vault.id)


def rename_vault(call: Call) -> None:
    name = call.fields.name("repositoryName", required=True, rule=model.VAULT_NAME, says=model.VAULT_NAME_RULE)
    vault = call.one(DISK_VAULTS, "repositoryID")
    call.is_free(DISK_VAULTS, DiskVaultNameDuplicated, name, vault.id, region=vault.region)
    call.store.put(DISK_VAULTS, replace(vault, name=name))


def delete_vault(call: Call) -> dict[str, Any]:
    """Refused while it holds backups."""
    vault = call.one(DISK_VAULTS, "repositoryID")
    if held := call.store.find(DISK_BACKUPS, vault_id=vault.id):
        raise DiskVaultInUse(vault.id, [f"backup {backup.id}" for backup in held])
    call.store.delete(DISK_VAULTS, vault.id)
    return _done(call, vault.region, vault.id)


def _done(call: Call, region_id: str, vault_id: str) -> dict[str, Any]:
    """An order that is finished as it is placed: a vault is a record."""
    order = orders.place(call.store, region_id, "disk-vault", "VBS", (vault_id,))
    orders.close(call.store, order.id)
    return orders.placed(order)


# -- backups -------------------------------------------------------------------------------------------------------------
def create_backup(call: Call) -> dict[str, Any]:
    """Incremental, unless a full one is asked for or the vault has none of the disk yet."""
    fields, region = call.fields, call.region()
    name = fields.name("backupName", required=True, rule=model.NAME, says=model.NAME_RULE)
    disk_id, vault_id = fields.text("diskID", required=True), fields.text("repositoryID", required=True)
    full, description = fields.boolean("fullBackup"), fields.description()
    fields.check()
    disk, vault = call.store.require(DISKS, disk_id, region.id), call.store.require(DISK_VAULTS, vault_id, region.id)
    if disk.system:
        raise NotModelled(f"Disk {disk.id} is a system disk, which the local cloud backs up with its whole server only (CSBS).")
    states.require_idle(call.store, disk)
    if model.used(call.store, vault) >= vault.size * model.GB:
        raise DiskVaultFull(vault.name, vault.size)
    backup = replace(_new(call, disk, vault, name, full), description=description)
    task = call.cloud.volume_backups.begin("create", backup, CREATING)
    call.afterwards(lambda: call.cloud.volume_backups.run(task.id))
    return model.shown(call.store, backup) | {"taskID": task.id}


def _new(call: Call, disk: Disk, vault: DiskVault, name: str, full: bool) -> DiskBackup:
    server, now = call.store.get(INSTANCES, disk.instance_id) if disk.instance_id else None, call.cloud.clock.now()
    full = full or call.cloud.volume_backups.latest(disk, vault.id) is None
    return DiskBackup(
        id=long_id(), region=disk.region, zone=disk.zone, name=name, vault_id=vault.id, disk_id=disk.id, disk_name=disk.name,
        disk_type=disk.type, disk_size=disk.size, instance_id=disk.instance_id, instance_name=server.name if server else "",
        status=CREATING, full=full, base="", used=0, problem="", created=now, updated=now, finished=None, restored=None,
    )  # fmt: skip


def show_backup(call: Call) -> dict[str, Any]:
    return model.shown(call.store, call.one(DISK_BACKUPS, "backupID"))


def show_usage(call: Call) -> dict[str, Any]:
    return {"backupSize": call.one(DISK_BACKUPS, "backupID").used}


def list_backups(call: Call) -> dict[str, Any]:
    """The newest first."""
    fields, region = call.fields, call.region()
    exact = {name: fields.text(name) for name in ("diskID", "diskName", "backupID", "backupName", "repositoryID", "backupStatus")}
    content = fields.text("queryContent")
    number, size = page(call, most=300)
    goes_on = by_token(call)
    fields.check()
    shown = [model.shown(call.store, backup) for backup in reversed(call.store.find(DISK_BACKUPS, region=region.id))]
    found = [
        it
        for it in shown
        if all(not value or it[name] == value for name, value in exact.items())
        and any(content in it[name] for name in ("diskID", "diskName", "backupID", "backupName"))
    ]
    if goes_on:
        return from_token("backupList", found, goes_on, itemgetter("backupID"))
    return _paged("backupList", found, number, size)


def restore_backup(call: Call) -> dict[str, Any]:
    """Over the disk that it was made of, which must be detached. Nothing of what that held comes back."""
    disk_id = call.fields.text("diskID", required=True)
    backup = call.one(DISK_BACKUPS, "backupID")
    if disk_id != backup.disk_id:
        raise NotItsSource(backup.id, backup.disk_id)
    disk = call.store.require(DISKS, disk_id, backup.region)
    if backup.status != AVAILABLE:
        raise DiskBackupBusy(backup.id, backup.status)
    states.require_idle(call.store, disk, states.AVAILABLE)
    call.store.put(DISKS, replace(disk, status="Restoringbackup", updated=time()))
    task = call.cloud.volume_backups.begin("restore", backup, RESTORING)
    call.afterwards(lambda: call.cloud.volume_backups.run(task.id))
    return {"taskID": task.id}


def delete_backup(call: Call) -> dict[str, Any]:
    """Later ones that need it take over what they need."""
    backup = call.one(DISK_BACKUPS, "backupID")
    if backup.status not in (AVAILABLE, ERROR):
        raise DiskBackupBusy(backup.id, backup.status)
    if users := _users(call, backup):
        raise DiskBackupInUse(backup.id, [f"the creation of disk {id_}" for id_ in users])
    task = call.cloud.volume_backups.begin("delete", backup, DELETING)
    call.afterwards(lambda: call.cloud.volume_backups.run(task.id))
    return {"taskID": task.id}


def _users(call: Call, backup: DiskBackup) -> list[str]:
    """New disks that are being filled from a backup, or from one that needs it."""
    return [
        disk_id
        for other in call.store.find(DISK_BACKUPS, disk_id=backup.disk_id)
        for disk_id in states.disks_being_filled(call.store, other.region, other.id)
        if backup.id in chain_of(call.store, other.id)
    ]


def list_tasks(call: Call) -> dict[str, Any]:
    """The newest first."""
    fields, region = call.fields, call.region()
    task_id, content = fields.text("taskID"), fields.text("queryContent")
    status = model.TASK_STATUSES.get(fields.choice("taskStatus", tuple(model.TASK_STATUSES)), "")
    kind = model.TASK_TYPES.get(fields.integer("taskType", low=1, high=3), "")
    number, size = page(call)
    fields.check()
    found = [
        it
        for task in reversed(call.store.find(DISK_TASKS, region=region.id))
        if (it := model.shown_task(task)) and task_id in ("", task.id) and status in ("", task.status) and kind in ("", task.kind)
        and any(content in it[name] for name in ("taskID", "diskID", "diskName", "backupID", "backupName", "repositoryName"))
    ]  # fmt: skip
    return _paged("taskList", found, number, size)


# -- helpers -------------------------------------------------------------------------------------------------------------
def _paged(name: str, items: list[dict[str, Any]], number: int, size: int) -> dict[str, Any]:
    part = items[(number - 1) * size : number * size]
    return {name: part, "totalCount": len(items), "currentCount": len(part)}
