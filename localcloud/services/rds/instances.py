"""Instances: listed, shown, switched on and off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from time import time
from typing import Any

from localcloud.api.calls import Call
from localcloud.controllers.databases import grants
from localcloud.records.database_products import REPLICA, VERSIONS
from localcloud.records.databases import MYSQL_JOBS, MYSQL_NODES, MYSQLS, Mysql, MysqlJob
from localcloud.records.errors import NotModelled
from localcloud.records.errors.rds import MysqlNameDuplicated, WrongState
from localcloud.services.rds import model, passwords
from localcloud.services.rds.create_request import NAME, NAME_RULE
from localcloud.services.rds.reading import (
    BACKING_UP,
    IDLE,
    PAUSED,
    RESTARTING,
    STARTING,
    STOPPED,
    STOPPING,
    millis,
    must_be_normal,
    mysql_of,
    next_number,
    page,
    paged,
    region_of,
    state_word,
)

TASKS = {
    "restart": "RestartInstance", "switch": "MasterSlaveSwitch", "stop": "StopInstance", "start": "StartInstance",
    "restore": "RestoreInstance",
}  # fmt: skip


# -- shown ---------------------------------------------------------------------------------------------------------------
def list_instances(call: Call) -> dict[str, Any]:
    fields, region = call.fields, region_of(call)
    exact = {name: fields.text(name) for name in ("prodInstName", "vip", "outerProdInstId")}
    version = fields.choice("resDbEngine", VERSIONS)
    number, size = page(fields)
    if fields.texts("tagVOList", most=0):
        raise NotModelled("Tags of MySQL instances are not modelled by the local cloud.")
    fields.check()
    found = [
        shown
        for mysql in call.store.find(MYSQLS, region=region.id)
        if version in ("", mysql.version)
        and (shown := model.listed(call.store, mysql, _alive(call, mysql)))
        and all(not value or shown[name] == value for name, value in exact.items())
    ]
    return paged(found, number, size)


def show_instance(call: Call) -> dict[str, Any]:
    mysql = mysql_of(call)
    return model.detailed(call.store, mysql, _alive(call, mysql))


def instance_exists(call: Call) -> dict[str, bool]:
    region, mysql_id = region_of(call), call.fields.text("outerProdInstId", required=True)
    call.fields.check()
    found = call.store.get(MYSQLS, mysql_id)
    return {"isExistInstance": found is not None and found.region == region.id}


def list_nodes(call: Call) -> list[dict[str, Any]]:
    mysql = mysql_of(call)
    return [model.node_shown(call.store, mysql, node) for node in model.nodes_of(call.store, mysql)]


def rename(call: Call) -> None:
    """The API calls it the description; it is the name, which its nodes have, too."""
    name = call.fields.name("instanceDescription", required=True, rule=NAME, says=NAME_RULE)
    mysql = mysql_of(call)
    call.is_free(MYSQLS, MysqlNameDuplicated, name, mysql.id, region=mysql.region)
    call.store.put(MYSQLS, replace(mysql, name=name, updated=time()))
    for node in model.nodes_of(call.store, mysql):
        call.store.put(MYSQL_NODES, replace(node, name=name + node.name.removeprefix(mysql.name)))


def list_tasks(call: Call) -> dict[str, Any]:
    """What was or is done to an instance. `resultStatus`: 0 done, 1 running, 2 failed."""
    fields, region = call.fields, region_of(call)
    mysql_id, name = fields.text("outerProdInstId"), fields.choice("taskName", tuple(TASKS.values()))
    status, any_status = fields.integer("resultStatus", low=0, high=2), not fields.has("resultStatus")
    number, size = page(fields)
    fields.only("startTime", "")
    fields.only("endTime", "")
    fields.check()
    names = {mysql.id: mysql.name for mysql in call.store.find(MYSQLS, region=region.id)}
    found = [
        {"jobId": job.id, "resultStatus": job.status, "prodInstName": names[job.mysql_id], "operateName": TASKS[job.task],
         "createTime": millis(job.created), "prodInstId": job.mysql_id, "message": job.problem}
        for job in reversed(call.store.find(MYSQL_JOBS, region=region.id))
        if job.mysql_id in names and mysql_id in ("", job.mysql_id) and name in ("", TASKS[job.task])
        and (any_status or job.status == status)
    ]  # fmt: skip
    return paged(found, number, size)


def _alive(call: Call, mysql: Mysql) -> bool:
    state = call.cloud.databases.states(mysql.id).get(mysql.primary)
    return state is not None and state.answers and state.reachable


# -- switched on and off -------------------------------------------------------------------------------------------------
def restart_instance(call: Call) -> None:
    mysql = mysql_of(call)
    must_be_normal(mysql)
    begin(call, mysql, "restart", {}, RESTARTING)


def stop_instance(call: Call) -> None:
    mysql = mysql_of(call)
    must_be_normal(mysql)
    begin(call, mysql, "stop", {}, STOPPING)


def start_instance(call: Call) -> None:
    mysql = mysql_of(call)
    if mysql.order_status != PAUSED or mysql.running_status != STOPPED:
        raise WrongState(mysql.name, state_word(mysql), "stopped")
    begin(call, mysql, "start", {}, STARTING)


def begin(call: Call, mysql: Mysql, task: str, arguments: Mapping[str, str], running: int) -> MysqlJob:
    """Store a job and let it be carried out."""
    job_id, now = str(next_number(call.store, "job")), time()
    job = call.store.put(MYSQL_JOBS, MysqlJob(job_id, mysql.region, mysql.id, task, dict(arguments), 1, "", now, None))
    call.store.put(MYSQLS, replace(mysql, running_status=running, updated=now))
    call.afterwards(lambda: call.cloud.databases.jobs.run(job_id))
    return job


def reset_root_password(call: Call) -> None:
    """Only its hash is kept, and given to MariaDB."""
    password = passwords.encoded(call.fields, "rootPassword")
    mysql = mysql_of(call)
    must_be_primary(mysql, "reset-root-password")
    must_be_normal(mysql, (IDLE, BACKING_UP))
    hashed = passwords.hashed(password)

    async def change() -> None:
        await call.cloud.databases.sql(mysql.id, grants.root_account(hashed))
        if found := call.store.get(MYSQLS, mysql.id):  # it may have changed meanwhile
            call.store.put(MYSQLS, replace(found, root_password=hashed, updated=time()))

    call.answers_with(change)


def must_be_primary(mysql: Mysql, what: str) -> None:
    """It takes writes of its own."""
    if mysql.kind == REPLICA:
        raise WrongState(mysql.name, "a read replica", f"not one: call {what} for instance {mysql.parent}")
