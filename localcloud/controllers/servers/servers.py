"""Servers' lives: orders that make and release them, jobs that switch them, and the look at what really runs.

Handlers store what is wanted; the tasks here make engines do it and store what came of it. Each can be carried on by the
next daemon after a kill: they read everything from the records and every engine call may be repeated.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from time import time

from localcloud.controllers.failures import log_failure
from localcloud.controllers.faults.power import fault_over, must_have_power, power_faults
from localcloud.controllers.locks import Locks
from localcloud.controllers.networks.networks import Networks
from localcloud.controllers.servers.specs import server_spec
from localcloud.controllers.tasks import together
from localcloud.controllers.volumes.disks import set_free
from localcloud.engines.interface import engines as api
from localcloud.engines.interface.engines import EngineError, Power
from localcloud.records import eips, jobs, orders
from localcloud.records.balancers import TARGETS
from localcloud.records.compute import DISKS, INSTANCES, JOBS, ORDERS, Instance, Job
from localcloud.records.errors.ecs import ZoneWithoutPower
from localcloud.records.store import Store

log = logging.getLogger("localcloud")

SHUTDOWN_SECONDS = 30.0  # an operating system that has not stopped by then is killed
STEADY = ("running", "stopped", "unsubscribed")
RESTORING = "rebuild"  # the API's word for a server whose disks are being replaced
JOB_TASKS = ("start", "stop", "force-stop", "reboot", "force-reboot")
SWITCHING = ("starting", "stopping", "restarting")


class Servers:
    """Makes, releases, switches and watches servers. `image_refs`: engine image name -> Docker reference."""

    def __init__(self, store: Store, engines: api.Engines, networks: Networks, image_refs: Mapping[str, str]) -> None:
        self._store, self._engines, self._networks, self._image_refs = store, engines, networks, image_refs
        self._locks = Locks()  # of jobs that switch or remove; taken before any of the engines (docs/architecture.md)

    # -- orders --------------------------------------------------------------------------------------------------------
    async def build(self, order_id: str) -> None:
        """Make and boot an order's servers; the order ends at 3 when they run, at 5 when none of them is left."""
        instances = self._store.find(INSTANCES, order_id=order_id)
        try:
            if len(instances) < len(self._store.require(ORDERS, order_id).resource_ids):
                raise EngineError("its servers were being cleared away when the local cloud was killed")
            await self._make(instances)
        except Exception as error:
            await self._clear_away(order_id, instances, log_failure(f"order {order_id}", error))
            return
        with self._store.transaction():
            for instance in instances:
                self._set_status(instance.id, "running")
            orders.close(self._store, order_id)

    async def _make(self, instances: Sequence[Instance]) -> None:
        specs = [self.spec(instance) for instance in instances]
        must_have_power(self._store, *instances)
        await self._networks.change({instance.vpc_id for instance in instances})
        # Raises when all have ended: removing a server that is still being made would race.
        await together(*map(self._engines.servers.create, specs))
        must_have_power(self._store, *instances)
        await self._engines.servers.boot(specs)
        must_have_power(self._store, *instances)  # a fault may have landed between the check and the boot

    async def release(self, order_id: str) -> None:
        """Remove an order's servers for good; fine when they are dead or gone already."""
        order = self._store.require(ORDERS, order_id)
        instances = [found for id_ in order.resource_ids if (found := self._store.get(INSTANCES, id_))]
        await self._clear_away(order_id, instances, "")

    async def give_up(self, order_id: str, problem: str) -> None:
        """End an order that has failed before its servers were made; nothing is left of it."""
        await self._clear_away(order_id, self._store.find(INSTANCES, order_id=order_id), problem)

    async def _clear_away(self, order_id: str, instances: Sequence[Instance], problem: str) -> None:
        """Remove servers and close their order; what cannot be removed stays as `error`, so that it can be released again."""
        try:
            await self._remove(instances)
        except Exception as error:
            also = log_failure(f"removing the servers of order {order_id}", error)
            problem = f"{problem}; and then: {also}" if problem else also
        with self._store.transaction():
            for instance in instances:
                self._set_status(instance.id, "error")
            orders.close(self._store, order_id, problem)

    async def unsubscribe(self, order_id: str) -> None:
        """End a subscription: the server stops and waits to be destroyed."""
        order, problem = self._store.require(ORDERS, order_id), ""
        for instance_id in order.resource_ids:
            try:
                async with self._locks.held([instance_id]):
                    await self._engines.servers.shut_down(instance_id, SHUTDOWN_SECONDS)
                self._set_status(instance_id, "unsubscribed")
            except Exception as error:
                problem = log_failure(f"order {order_id}", error)
                self._set_status(instance_id, await self._seen(instance_id))
        orders.close(self._store, order_id, problem)

    async def resize(self, order_id: str) -> None:
        """Give a server the flavour that an order names."""
        order, problem = self._store.require(ORDERS, order_id), ""
        [instance_id] = order.resource_ids
        try:
            async with self._locks.held([instance_id]):
                if (instance := self._store.get(INSTANCES, instance_id)) is None:
                    raise EngineError(f"server {instance_id} was released meanwhile")
                flavor_id = order.wanted["flavorID"]
                await self._engines.servers.size(self.spec(replace(instance, flavor_id=flavor_id)))
                instance = self._store.require(INSTANCES, instance_id)
                self._store.put(INSTANCES, replace(instance, flavor_id=flavor_id, updated=time()))
        except Exception as error:
            problem = log_failure(f"order {order_id}", error)
        orders.close(self._store, order_id, problem)

    async def _remove(self, instances: Sequence[Instance]) -> None:
        async with self._locks.held(instance.id for instance in instances):
            for instance in instances:
                await self._engines.servers.remove(instance.id)
            self.forget(instances)
        await self._networks.change({instance.vpc_id for instance in instances})

    def forget(self, instances: Collection[Instance]) -> None:
        """Drop the records: the address is free, disks go, a packaged EIP goes with its server and any other is unbound."""
        with self._store.transaction():
            for instance in instances:
                eips.leave(self._store, instance.id)
                for disk in self._store.find(DISKS, instance_id=instance.id):
                    if disk.packaged:
                        self._store.delete(DISKS, disk.id)
                    else:
                        self._store.put(DISKS, set_free(disk))
                for target in self._store.find(TARGETS, instance_id=instance.id):
                    self._store.delete(TARGETS, target.id)  # its balancers notice by themselves
                self._store.delete(INSTANCES, instance.id)
                self._networks.mark(instance.vpc_id)

    # -- jobs ----------------------------------------------------------------------------------------------------------
    async def run_job(self, job_id: str) -> None:
        """Start, stop or reboot a server; the job ends at 1 or, with the reason, at 2."""
        job = self._store.require(JOBS, job_id)
        try:
            status = await self._switch(job)
        except Exception as error:
            problem = log_failure(f"job {job.id} ({job.task} of {job.instance_id})", error)
            self._end_job(job, await self._seen(job.instance_id), problem)
            return
        self._end_job(job, status, "")

    async def _seen(self, instance_id: str) -> str:
        """Its status by what runs; while that cannot be told "stopped", which the next look puts right."""
        return "running" if await self._power(instance_id) is Power.RUNNING else "stopped"

    async def _power(self, instance_id: str) -> Power:
        try:
            return (await self._engines.servers.observe()).get(instance_id, Power.GONE)
        except EngineError:
            return Power.GONE

    async def _switch(self, job: Job) -> str:
        async with self._locks.held([job.instance_id]):
            instance = self._store.get(INSTANCES, job.instance_id)
            if instance is None:
                raise EngineError(f"server {job.instance_id} was released meanwhile")
            if job.task != "start":
                await self._engines.servers.shut_down(instance.id, 0 if job.task.startswith("force") else SHUTDOWN_SECONDS)
            if job.task.endswith("stop"):
                return "stopped"
            await self._boot_held([instance])
            return "running"

    def _end_job(self, job: Job, status: str, problem: str) -> None:
        instance = self._store.get(INSTANCES, job.instance_id)
        with self._store.transaction():
            if instance is not None and instance.status in SWITCHING:  # not when it is being released or lost its power
                self._set_status(instance.id, status)
            jobs.end(self._store, job, problem)

    async def boot(self, instances: Sequence[Instance]) -> None:
        """Power on those that still exist: rules and links first, then the process. Raises for one that a fault keeps dead."""
        async with self._locks.held(instance.id for instance in instances):
            await self._boot_held([instance for instance in instances if self._store.get(INSTANCES, instance.id)])

    async def _boot_held(self, instances: Sequence[Instance]) -> None:
        must_have_power(self._store, *instances)
        await self._networks.change({instance.vpc_id for instance in instances})
        await self._engines.servers.boot([self.spec(instance) for instance in instances])
        faults = power_faults(self._store)
        if dead := [instance.id for instance in instances if fault_over(faults, instance)]:
            await self._engines.servers.power_cut(dead)  # the fault landed before they ran
        must_have_power(self._store, *instances)

    async def restore(self, instance_id: str, depth: int, put_back: Callable[[api.ServerSpec], Awaitable[None]]) -> None:
        """Take a server down, let its disks be replaced, and boot it again if its owner wants it on. Raises what `put_back` does.

        `depth`: of its new system disk. Cut off in between, its status stays "rebuild", and this is to be repeated.
        """
        async with self._locks.held([instance_id]):
            try:
                await self._restore_held(instance_id, depth, put_back)
            except Exception:
                await self.settle(instance_id)
                raise
            await self.settle(instance_id)

    async def _restore_held(self, instance_id: str, depth: int, put_back: Callable[[api.ServerSpec], Awaitable[None]]) -> None:
        await self._engines.servers.shut_down(instance_id, 0)  # in no good order: what it would write is replaced anyway
        await put_back(self.spec(self._store.require(INSTANCES, instance_id)))
        instance = self._store.put(INSTANCES, replace(self._store.require(INSTANCES, instance_id), image_depth=depth))
        if instance.desired == "on":
            with suppress(ZoneWithoutPower):  # then it boots when the power is back, with what was restored
                await self._boot_held([instance])

    async def settle(self, instance_id: str) -> None:
        """A server is restored no longer. One whose container is gone half-way through is not gone for good: it can be restored
        again."""
        power, instance = await self._power(instance_id), self._store.get(INSTANCES, instance_id)
        if instance is not None and instance.status == RESTORING:
            self._set_status(instance_id, "error" if power is Power.GONE else str(power))

    def _set_status(self, instance_id: str, status: str) -> None:
        instance = self._store.get(INSTANCES, instance_id)
        if instance is not None:
            self._store.put(INSTANCES, replace(instance, status=status, updated=time()))

    def held(self, instance_id: str) -> AbstractAsyncContextManager[None]:
        """For who works on a server's disks: it is neither switched nor removed meanwhile. "" is no server."""
        return self._locks.held([instance_id] if instance_id else [])

    async def set_password(self, instance_id: str, password_hash: str) -> None:
        """Give root of a running server another password, by its hash on standard input."""
        try:
            status, output = await self._engines.inside.run(instance_id, ["chpasswd", "-e"], f"root:{password_hash}\n".encode())
        except EngineError as error:
            status, output = -1, str(error).encode()
        if status:
            log.error("the password of server %s was not changed: %s", instance_id, output.decode(errors="replace").strip())

    # -- looking -------------------------------------------------------------------------------------------------------
    async def look(self) -> None:
        """Take over what the engines see of servers that nobody is working on. Raises EngineError.

        A container that is gone means that the server is gone; one that stopped behind our back is `stopped`. Only servers
        whose records were steady before the look and did not change during it are judged by it.
        """
        before = {instance.id: instance for status in STEADY for instance in self._store.find(INSTANCES, status=status)}
        if not before:
            return
        seen = await self._engines.servers.observe()
        gone = []
        for instance in before.values():
            if self._store.get(INSTANCES, instance.id) != instance:
                continue
            power = seen.get(instance.id, Power.GONE)
            if power is Power.GONE:
                gone.append(instance)
            elif instance.status in ("running", "stopped") and instance.status != str(power):
                self._store.put(INSTANCES, replace(instance, status=str(power), updated=time()))
        if gone:  # behind our back; what is left of them (disks, links) goes as well
            log.warning("servers are gone: %s", ", ".join(f"{instance.name} ({instance.id})" for instance in gone))
            await self._remove(gone)

    def spec(self, instance: Instance) -> api.ServerSpec:
        """The engines' view of a server."""
        return server_spec(self._store, instance, self._image_refs, self._engines.images.reference)
