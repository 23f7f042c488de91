"""Servers: ordered, shown, switched, changed, released; `localcloud.controllers.servers` does the work, in the background."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from time import time
from typing import Any

from localcloud.api.calls import Call, by_token, from_token, page, paged
from localcloud.api.inputs import Fields
from localcloud.controllers.faults.power import must_have_power
from localcloud.records import jobs, orders
from localcloud.records.catalogue import QUOTAS, REGIONS, flavor_by_id
from localcloud.records.compute import DISKS, INSTANCES, Instance
from localcloud.records.errors import NotModelled, QuotaExceeded
from localcloud.records.errors.ecs import InstanceBusy, InstanceNotRunning, InstanceNotStopped, LabelNotFound
from localcloud.services.ebs.model import shown_of_server
from localcloud.services.ecs import creation, model


# -- orders --------------------------------------------------------------------------------------------------------------
def create_instance(call: Call) -> dict[str, Any]:
    return orders.placed(creation.order(call))


def batch_create_instances(call: Call) -> dict[str, Any]:
    return orders.placed(creation.order(call, most=QUOTAS.servers_per_order))


def unsubscribe_instance(call: Call) -> dict[str, Any]:
    """On demand: the server is deleted. Subscribed: it is stopped and waits to be destroyed."""
    server = _server(call)
    if server.status == "unsubscribed":
        raise InstanceBusy(server.id, server.status)
    return _release(call, server, "ecs-release" if server.on_demand else "ecs-unsubscribe")


def destroy_instance(call: Call) -> dict[str, Any]:
    server = _server(call)
    if server.status != "unsubscribed":
        raise InstanceNotStopped(server.id, f"{server.status}, and must be unsubscribed first")
    return _release(call, server, "ecs-release")


def delete_instance(call: Call) -> dict[str, Any]:
    """With `deleteVolume` volumes that were ordered by themselves would go, too; those ordered with the server always do."""
    volumes_too = call.fields.boolean("deleteVolume")
    call.fields.only("deleteEip", False, "false", "False")
    server = _server(call)
    if volumes_too and any(not disk.packaged for disk in call.store.find(DISKS, instance_id=server.id)):
        raise NotModelled(f"deleteVolume is not modelled by the local cloud; detach the volumes of instance {server.id} first.")
    return _release(call, server, "ecs-release")


def _release(call: Call, server: Instance, kind: str) -> dict[str, Any]:
    if server.status in ("creating", "unsubscribing"):
        raise InstanceBusy(server.id, server.status)
    order = orders.place(call.store, server.region, kind, "VM", (server.id,))
    call.store.put(INSTANCES, replace(server, status="unsubscribing", desired="off", updated=time()))
    call.carries_out(order)
    return orders.placed(order)


def change_flavor(call: Call) -> dict[str, Any]:
    """Of a stopped server; it keeps everything but its CPUs and its memory."""
    fields = call.fields
    flavor_id = fields.text("flavorID", required=True)
    server = _server(call)
    if flavor_by_id(REGIONS[server.region], server.zone, flavor_id) is None:
        fields.problem("flavorID", f"{flavor_id!r} is not a flavour of {server.zone}; flavor/list shows them")
    if flavor_id == server.flavor_id:
        fields.problem("flavorID", f"{flavor_id!r} is what instance {server.id} has already")
    fields.check()
    if server.status != "stopped":
        raise InstanceNotStopped(server.id, server.status)
    order = orders.place(call.store, server.region, "ecs-resize", "VM", (server.id,), {"flavorID": flavor_id})
    call.carries_out(order)
    return orders.placed(order)


# -- shown ---------------------------------------------------------------------------------------------------------------
def instance_details(call: Call) -> dict[str, Any]:
    return model.shown(call.store, _server(call))


def list_instances(call: Call) -> dict[str, Any]:
    goes_on = by_token(call, most=200)
    servers, number, size = _filtered(call)
    result = from_token("results", servers, goes_on, attrgetter("id")) if goes_on else paged("results", servers, number, size)
    return result | {"results": [model.shown(call.store, server) for server in result["results"]]}


def instance_statuses(call: Call) -> dict[str, Any]:
    servers, number, size = _filtered(call)
    result = paged("statusList", servers, number, size)
    return result | {
        "statusList": [{"instanceID": server.id, "instanceStatus": server.status} for server in result["statusList"]]
    }


def _filtered(call: Call) -> tuple[list[Instance], int, int]:
    fields, region = call.fields, call.region()
    state = fields.choice("state", (*model.STATES, *model.OTHER_STATES))
    exact = {name: fields.text(name) for name in ("instanceName", "vpcID", "resourceID")}
    exact |= {"azName": call.zone(region), "state": model.STATES.get(state, state)}
    ids = fields.listed("instanceIDList")
    keyword, group = fields.text("keyword"), fields.text("securityGroupID")
    labels = model.labels_of(fields, "labelList")
    number, size = page(call)
    fields.check()
    found = [
        server
        for server in model.servers_in(call.store, region.id)
        if model.matches(server, exact)
        and (not ids or server.id in ids)
        and (not group or any(group in joined for joined in server.groups))
        and labels.items() <= server.labels.items()
        and keyword in f"{server.name} {server.display_name} {server.id} {server.address}"
    ]
    return found, number, size


def statistics(call: Call) -> dict[str, Any]:
    region = call.region()
    call.fields.check()
    counts = model.statistics(model.servers_in(call.store, region.id))
    return {"instanceStatistics": {
        "totalCount": counts.total, "RunningCount": counts.running, "shutdownCount": counts.stopped, "expireCount": 0,
        "expireRunningCount": 0, "expireShutdownCount": 0, "cpuCount": counts.cpus, "memoryCount": counts.memory_gib,
    }}  # fmt: skip


def list_volumes(call: Call) -> dict[str, Any]:
    number, size = page(call)
    disks = call.store.find(DISKS, instance_id=_server(call).id)
    return paged("results", [shown_of_server(disk) for disk in disks], number, size)


def list_flavors(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    zone = call.zone(region)
    exact = {name: fields.text(name) for name in ("flavorType", "flavorName", "flavorSeries", "flavorID", "flavorArch")}
    sizes = {name: fields.integer(name, low=1, high=4096) for name in ("flavorCPU", "flavorRAM")}
    fields.check()
    wanted = {name: value for name, value in (exact | sizes).items() if value}
    flavors = model.flavors_shown(region, zone)
    return {"flavorList": [flavor for flavor in flavors if all(flavor[name] == value for name, value in wanted.items())]}


# -- switched ------------------------------------------------------------------------------------------------------------
def start_instance(call: Call) -> dict[str, Any]:
    server = _server(call)
    must_have_power(call.store, server)
    if server.status != "stopped":
        raise InstanceNotStopped(server.id, server.status)
    return _begin(call, server, "start", "starting", "on")


def stop_instance(call: Call) -> dict[str, Any]:
    force = call.fields.boolean("force")
    server = _running_server(call)
    return _begin(call, server, "force-stop" if force else "stop", "stopping", "off")


def reboot_instance(call: Call) -> dict[str, Any]:
    force = call.fields.boolean("force")
    server = _running_server(call)
    return _begin(call, server, "force-reboot" if force else "reboot", "restarting", "on")


def _begin(call: Call, server: Instance, task: str, status: str, desired: str) -> dict[str, Any]:
    job = jobs.begin(call.store, server.region, task, server.id)
    call.store.put(INSTANCES, replace(server, status=status, desired=desired, updated=time()))
    call.carries_out(job)
    return {"jobID": job.id}


# -- changed -------------------------------------------------------------------------------------------------------------
def update_instance(call: Call) -> dict[str, Any]:
    changes = _read_changes(call.fields)
    return _changed(call, _server(call), changes)


def batch_update_instances(call: Call) -> dict[str, Any]:
    """All or, when one cannot be changed, none."""
    fields, region = call.fields, call.region()
    items = fields.items("updateInfo", required=True, most=QUOTAS.servers_per_order)
    wishes = [(item.text("instanceID", required=True), _read_changes(item)) for item in items]
    fields.check()
    return {"updateInfo": [_changed(call, call.store.require(INSTANCES, id_, region.id), changes) for id_, changes in wishes]}


def _read_changes(fields: Fields) -> dict[str, Any]:
    """What of a server's names and description is to be another one; what is wrong with it is noted in `fields`."""
    name = fields.name("instanceName", rule=model.NAME, says=model.NAME_RULE)
    display = fields.name("displayName", rule=model.DISPLAY_NAME, says=model.DISPLAY_NAME_RULE)
    named = {key: text for key, text in (("name", name), ("display_name", display)) if text}
    described = fields.has("instanceDescription")
    description = {"description": fields.description("instanceDescription", 255)} if described else {}
    if not (named or described):
        fields.problem("displayName", "or instanceName or instanceDescription is required")
    return named | description


def _changed(call: Call, server: Instance, changes: dict[str, Any]) -> dict[str, Any]:
    server = call.store.put(INSTANCES, replace(server, **changes, updated=time()))
    return {
        "instanceID": server.id, "displayName": server.display_name, "instanceName": server.name,
        "instanceDescription": server.description,
    }  # fmt: skip


def update_labels(call: Call) -> None:
    action = call.fields.choice("action", ("ADD", "UPDATE", "DELETE"), required=True)
    labels = model.labels_of(call.fields, "labelList", required=True)
    server = _server(call)
    unknown = sorted(labels.keys() - server.labels.keys())
    if action == "DELETE":
        after = {key: value for key, value in server.labels.items() if key not in labels}
    else:
        after = server.labels | labels
    if unknown and action != "ADD":
        raise LabelNotFound(server.id, unknown)
    if len(after) > QUOTAS.labels_per_server:
        raise QuotaExceeded(f"labels of instance {server.id}", QUOTAS.labels_per_server)
    call.store.put(INSTANCES, replace(server, labels=after, updated=time()))


def reset_password(call: Call) -> dict[str, Any]:
    """Takes effect at once inside the running server, as the real cloud's agent does it."""
    password = call.fields.text("newPassword", required=True)
    call.fields.only("userName", "root", "")
    model.check_password(call.fields, "newPassword", password)
    server = _running_server(call)
    hashed = model.password_hash(password)
    call.store.put(INSTANCES, replace(server, password_hash=hashed, updated=time()))
    call.afterwards(lambda: call.cloud.servers.set_password(server.id, hashed))
    return {"instanceID": server.id}


# -- helpers -------------------------------------------------------------------------------------------------------------
def _server(call: Call) -> Instance:
    return call.one(INSTANCES, "instanceID")


def _running_server(call: Call) -> Instance:
    server = _server(call)
    if server.status != "running":
        raise InstanceNotRunning(server.id, server.status)
    return server
