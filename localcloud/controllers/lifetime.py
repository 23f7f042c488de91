"""Starting and stopping a cloud, and outliving Docker: what is carried on, repaired, and left alone.

Nothing that was powered off comes back by itself: only after the whole machine (or Docker) was down, or after a suspend,
are the servers booted whose desired power is on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Collection
from dataclasses import replace
from time import time

from localcloud.controllers.cloud import Cloud
from localcloud.controllers.faults.power import fault_over, power_faults
from localcloud.controllers.networks.nodes import balancer_nodes
from localcloud.controllers.servers.servers import SHUTDOWN_SECONDS
from localcloud.controllers.tasks import together
from localcloud.controllers.work import under_way as work_under_way
from localcloud.engines.interface.engines import EngineError
from localcloud.records.backups import BACKUP_TASKS, IN_PROGRESS
from localcloud.records.compute import FAULTS, INSTANCES, Instance, Job, Order
from localcloud.records.pruning import prune
from localcloud.records.volumes import DISK_TASKS, RUNNING

log = logging.getLogger("localcloud")

SUSPENDED = "suspended"  # the note that servers were stopped by no fault, and have not all been brought back yet
AGAIN_SECONDS = 1.0


async def start(cloud: Cloud) -> None:
    """Start the engines and restore; the cloud answers calls afterwards. Raises EngineError when engines cannot start."""
    await cloud.engines.start()
    cloud.phase = "restoring"
    await restore(cloud)
    cloud.phase = "ready"
    cloud.opened.set()
    cloud.ready.set()


async def restore(cloud: Cloud) -> None:
    """Bring engines and records together again, whatever the last daemon died of; what fails is tried again later."""
    if cloud.engines.interrupted():
        cloud.store.set_note(SUSPENDED, "yes")  # first: whatever cuts this off, the next start still brings them back
    if forgotten := prune(cloud.store):
        log.info("forgot %d orders, jobs and faults that were over long ago", forgotten)
    await _tried("looking at the servers", cloud.servers.look())
    await _apply_each(cloud, cloud.store.dirty())
    if cloud.store.note(SUSPENDED):
        await _boot_desired(cloud)
    _resume_tasks(cloud)


async def _outlive_docker(cloud: Cloud) -> None:
    """Docker ends, by itself or with all that runs in it. Nobody does anything until it is back; then the cloud starts again.

    What was under way is stopped first: what fails for want of Docker need not fail, and nothing is to be taken for gone.
    """
    await cloud.engines.outage()
    cloud.close()
    cloud.phase = "waiting for Docker"
    log.warning("Docker has ended; the cloud waits until it is back")
    said = ""
    while True:
        await cloud.tasks.cancel()
        try:
            await start(cloud)  # from then on another task waits for the next time
        except Exception as error:
            if said != (said := str(error)):
                log.warning("the cloud still waits: %s", said, exc_info=not isinstance(error, EngineError))
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            log.info("Docker is back, %s", "and everything starts anew" if cloud.engines.interrupted() else "nothing was harmed")
            return


async def _tried(what: str, work: Awaitable[None]) -> None:
    """One thing that cannot be repaired does not keep the rest of the cloud from starting."""
    try:
        await work
    except EngineError as error:
        log.error("%s failed: %s", what, error)
    except Exception:
        log.exception("%s failed: a fault of the local cloud itself", what)


async def _apply_each(cloud: Cloud, vpc_ids: Collection[str]) -> None:
    """Each VPC by itself; one that fails stays dirty, for its next change or the next start."""
    await asyncio.gather(*(_tried(f"applying {vpc_id}", cloud.networks.change([vpc_id])) for vpc_id in vpc_ids))


async def _boot_desired(cloud: Cloud) -> None:
    """Routers of all VPCs with servers, then every server that its owner wants on and that was not just being made."""
    steady = [server for server in cloud.store.find(INSTANCES) if server.status in ("running", "stopped")]
    await _apply_each(cloud, {server.vpc_id for server in steady})
    faults = power_faults(cloud.store)
    wanted = [server for server in steady if server.desired == "on" and not fault_over(faults, server)]
    log.info("booting %d servers again", len(wanted))
    try:
        await cloud.servers.boot(wanted)
    except EngineError as error:
        log.error("not all servers came back: %s", error)
    else:
        with cloud.store.transaction():
            for server in wanted:
                cloud.store.put(INSTANCES, replace(server, status="running", updated=time()))
            cloud.store.set_note(SUSPENDED, None)
    await _tried("looking at the servers", cloud.servers.look())


def _resume_tasks(cloud: Cloud) -> None:
    """Orders, jobs and faults that were under way are carried on; each task reads its state from the records. So is the watch."""
    placed, work = work_under_way(cloud.store), cloud.work
    for one in placed:
        cloud.tasks.spawn(work.carry_out(one), f"carry on {one.id}")
    for task in cloud.store.find(BACKUP_TASKS, status=IN_PROGRESS):
        cloud.tasks.spawn(cloud.backups.run(task.id), f"carry on backup task {task.id}")
    for disk_task in cloud.store.find(DISK_TASKS, status=RUNNING):
        cloud.tasks.spawn(cloud.volume_backups.run(disk_task.id), f"carry on volume backup task {disk_task.id}")
    switching = {one.instance_id for one in placed if isinstance(one, Job)}
    if half_on := [server for server in cloud.store.find(INSTANCES, status="starting") if server.id not in switching]:
        cloud.tasks.spawn(_switch_on(cloud, half_on), "carry on the end of a power fault")
    for fault in cloud.store.find(FAULTS, phase="landing"):
        cloud.tasks.spawn(cloud.faults.land_again(fault.id), f"carry on fault {fault.id}")
    cloud.tasks.spawn(cloud.balancers.watch(), "watch over the balancers")
    cloud.tasks.spawn(cloud.reboots.watch(), "watch for servers that reboot")
    cloud.databases.resume(cloud.tasks)
    cloud.tasks.spawn(cloud.scheduler.watch(), "run the policies by the clock")
    cloud.tasks.spawn(_outlive_docker(cloud), "outlive Docker")


async def _switch_on(cloud: Cloud, servers: list[Instance]) -> None:
    log.info("%s", await cloud.faults.switch_on(servers))


def under_way(cloud: Cloud) -> list[str]:
    """Orders and jobs that are not done."""
    placed = work_under_way(cloud.store)
    orders = [f"order {one.id} ({one.kind})" for one in placed if isinstance(one, Order)]
    backups = [f"task {task.id} ({task.kind} backup)" for task in cloud.store.find(BACKUP_TASKS, status=IN_PROGRESS)]
    backups += [f"task {task.id} ({task.kind} volume backup)" for task in cloud.store.find(DISK_TASKS, status=RUNNING)]
    backups += cloud.databases.under_way()
    return orders + backups + [f"job {one.id} ({one.task})" for one in placed if isinstance(one, Job)]


async def shut_down(cloud: Cloud) -> list[str]:
    """Suspend all servers and take the engines down; the names of the servers that the next start brings back.

    Raises EngineError; the cloud then goes on, and can be shut down again.
    """
    if not cloud.ready.is_set():  # since it was asked for: Docker has ended, or somebody else shuts it down
        raise EngineError(f"the local cloud is not ready (phase: {cloud.phase})")
    cloud.close()
    cloud.phase = "stopping"
    await cloud.tasks.cancel()
    try:
        names = await _suspend(cloud)
        await cloud.engines.balancers.remove([node.id for node in balancer_nodes(cloud.store)])
        await cloud.engines.stop()
    except EngineError:
        _resume_tasks(cloud)
        cloud.phase = "ready"
        cloud.opened.set()
        cloud.ready.set()
        raise
    return names


async def _suspend(cloud: Cloud) -> list[str]:
    """Stop all running servers in good order, keeping what their owners want of their power."""
    running = cloud.store.find(INSTANCES, status="running")
    cloud.store.set_note(SUSPENDED, "yes")  # first: killed in between, the next start still brings them back
    await together(*(cloud.engines.servers.shut_down(server.id, SHUTDOWN_SECONDS) for server in running))
    with cloud.store.transaction():
        for server in running:
            cloud.store.put(INSTANCES, replace(server, status="stopped", updated=time()))
    return [server.name for server in running] + await cloud.databases.suspend()
