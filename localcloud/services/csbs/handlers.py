"""Server backups: read the call, obey the rules, shape the answer. `localcloud.controllers.servers.backups` does the work."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from localcloud.api.calls import Call, page, paged
from localcloud.controllers.faults.power import must_have_power
from localcloud.controllers.servers import new_backups
from localcloud.controllers.servers.idle import servers_being_created
from localcloud.controllers.servers.servers import RESTORING
from localcloud.controllers.volumes.disks import IN_USE
from localcloud.controllers.volumes.disks import require_idle as require_idle_disk
from localcloud.records import backups as records
from localcloud.records import orders
from localcloud.records.backups import BACKUP_TASKS, BACKUPS, VAULTS, Backup, BackupTask
from localcloud.records.compute import DISKS, INSTANCES, Instance
from localcloud.records.errors.csbs import BackupBusy, BackupInUse, DisksGone
from localcloud.records.errors.ecs import InstanceBusy
from localcloud.services.csbs import model
from localcloud.services.csbs.vaults import NAME, NAME_RULE
from localcloud.services.ecs import creation
from localcloud.services.ecs.create_request import BackupSource, read
from localcloud.services.image.model import ACTIVE, PRIVATE, Choice


# -- backups -------------------------------------------------------------------------------------------------------------
def create_backup(call: Call) -> dict[str, Any]:
    """The first backup of a server in a vault is a full one, whatever is asked for."""
    fields, region = call.fields, call.region()
    instance_id = fields.text("instanceID", required=True)
    name = fields.name("instanceBackupName", required=True, rule=NAME, says=NAME_RULE)
    description = fields.description("instanceBackupDescription", 256)
    full, vault = fields.boolean("fullBackup"), call.one(VAULTS, "repositoryID")
    server = call.store.require(INSTANCES, instance_id, region.id)
    new_backups.check(call.store, server, vault)
    backup = new_backups.new(server, vault.id, name, now=call.cloud.clock.now(), description=description)
    first = call.cloud.backups.latest(server.id, vault.id) is None
    backup = replace(backup, kind=records.FULL if full or first else records.INCREMENT)
    _run(call, call.cloud.backups.begin("create", backup, records.CREATING))
    return {"results": model.shown_begun(call.store, backup)}


def backup_status(call: Call) -> dict[str, Any]:
    return {"instanceBackupStatus": call.one(BACKUPS, "instanceBackupID").status}


def backup_details(call: Call) -> dict[str, Any]:
    return model.shown_backup(call.store, call.one(BACKUPS, "instanceBackupID"))


def backup_usage(call: Call) -> dict[str, Any]:
    return {"usage": call.one(BACKUPS, "instanceBackupID").used}


def list_backups(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    exact = {name: fields.text(name) for name in ("instanceID", "repositoryID", "instanceBackupID")}
    status = fields.choice("instanceBackupStatus", model.STATUSES)
    content = fields.text("queryContent")
    number, size = page(call)
    fields.check()
    searched = ("instanceBackupName", "instanceBackupID", "instanceBackupStatus", "instanceName")
    wanted = exact | {"instanceBackupStatus": status}
    found = [
        shown
        for backup in call.store.find(BACKUPS, region=region.id)
        if (shown := model.shown_backup(call.store, backup))
        and all(not value or shown[name] == value for name, value in wanted.items())
        and any(content in shown[name] for name in searched)
    ]
    return paged("results", found, number, size)


def update_backup(call: Call) -> dict[str, Any]:
    fields = call.fields
    name = fields.name("instanceBackupName", required=True, rule=NAME, says=NAME_RULE)
    described, description = fields.has("instanceBackupDescription"), fields.description("instanceBackupDescription", 256)
    backup = call.one(BACKUPS, "instanceBackupID")
    call.store.put(BACKUPS, replace(backup, name=name, description=description if described else backup.description))
    return {"instanceBackupID": backup.id}


def delete_backup(call: Call) -> dict[str, Any]:
    """Backups that need it take over what they need; refused while a server is being made from it."""
    backup = call.one(BACKUPS, "instanceBackupID")
    if backup.status not in (records.ACTIVE, records.ERROR):
        raise BackupBusy(backup.id, backup.status)
    if users := servers_being_created(call.store, backup.id):
        raise BackupInUse(backup.id, [f"the creation of instance {id_}" for id_ in users])
    _run(call, call.cloud.backups.begin("delete", backup, records.DELETING))
    return {"instanceBackupID": backup.id}


# -- restored ------------------------------------------------------------------------------------------------------------
def restore_backup(call: Call) -> dict[str, Any]:
    """Over the server that it was made of, whose present content is lost. It is switched off for it, and on again if it was."""
    backup = call.one(BACKUPS, "instanceBackupID")
    server = call.store.require(INSTANCES, backup.instance_id, backup.region)
    if backup.status != records.ACTIVE:
        raise BackupBusy(backup.id, backup.status)
    _check_restore(call, backup, server)
    call.store.put(INSTANCES, replace(server, status=RESTORING))
    _run(call, call.cloud.backups.begin("restore", backup, records.RESTORING))
    return {"instanceBackupID": backup.id}


def _check_restore(call: Call, backup: Backup, server: Instance) -> None:
    if server.status not in ("running", "stopped", "error"):
        raise InstanceBusy(server.id, server.status)
    must_have_power(call.store, server)
    for other in call.store.find(BACKUPS, instance_id=server.id):
        if other.status in (records.CREATING, records.RESTORING):
            raise BackupBusy(other.id, other.status)
    disks = {disk.id: disk for disk in call.store.find(DISKS, instance_id=server.id)}
    if gone := [str(disk["id"]) for disk in backup.disks if disk["id"] not in disks]:
        raise DisksGone(backup.id, server.id, gone)
    for disk in disks.values():
        require_idle_disk(call.store, disk, IN_USE)


def create_instance(call: Call) -> dict[str, Any]:
    """A new server with the disks of a backup, in the backup's region."""
    region, backup_id = call.region(), call.fields.text("instanceBackupID", required=True)
    backup = call.store.get(BACKUPS, backup_id)
    if backup is None or backup.region != region.id:
        call.fields.problem("instanceBackupID", f"{backup_id!r} is no backup in {region.name or 'this region'}")
        backup = None
    call.fields.only("ipv6AddressID", "")
    wanted = read(call, 1, _origin(backup))
    if backup and backup.status != records.ACTIVE:
        raise BackupBusy(backup.id, backup.status)
    placed = creation.place(call, wanted, "csbs-create")
    call.carries_out(placed)
    return orders.placed(placed)


def _origin(backup: Backup | None) -> BackupSource:
    if backup is None:
        return BackupSource(Choice("", "", PRIVATE, 0), "", "")
    system = backup.system
    image = Choice(
        backup.id, backup.image_name or backup.name, PRIVATE, int(system.get("size", 0)), ACTIVE, backup.depth, backup.disks
    )
    return BackupSource(image, str(system.get("type", "")), backup.zone)


# -- tasks ---------------------------------------------------------------------------------------------------------------
def list_tasks(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    wanted = {name: fields.text(name) for name in ("taskID", "instanceID", "backupID", "backupName")}
    wanted["taskType"] = fields.choice("taskType", ("create", "restore", "delete"))
    wanted["taskStatus"] = fields.choice("taskStatus", model.TASK_STATUSES)
    content = fields.text("queryContent")
    number, size = page(call)
    fields.check()
    searched = ("taskID", "backupID", "backupName", "instanceID", "instanceName", "repositoryID", "repositoryName")
    tasks = reversed(call.store.find(BACKUP_TASKS, region=region.id))  # newest first
    found = [
        shown
        for shown in map(model.shown_task, tasks)
        if all(not value or shown[name] == value for name, value in wanted.items())
        and any(content in shown[name] for name in searched)
    ]
    return paged("results", found, number, size)


# -- helpers -------------------------------------------------------------------------------------------------------------
def _run(call: Call, task: BackupTask) -> None:
    call.afterwards(lambda: call.cloud.backups.run(task.id))
