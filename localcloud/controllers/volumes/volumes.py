"""Volumes' lives: orders that make, enlarge and release them, jobs that give them to servers and take them away again.

Each can be carried on by the next daemon after a kill: it reads all from the records, and every engine call may be repeated.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from time import time

from localcloud.controllers.failures import log_failure
from localcloud.controllers.faults.power import must_have_power
from localcloud.controllers.servers.servers import Servers
from localcloud.controllers.volumes.disks import FAILED, chain, for_engines, idle, mark_idle, set_free
from localcloud.engines.interface.errors import EngineError
from localcloud.engines.interface.volumes import VolumeEngine
from localcloud.records import jobs, orders
from localcloud.records.compute import DISKS, INSTANCES, JOBS, ORDERS, Disk, Job
from localcloud.records.store import Store
from localcloud.records.volumes import CREATING, DELETING, DISK_BACKUPS, ERROR, SNAPSHOTS, Snapshot

log = logging.getLogger("localcloud")

ORDER_KINDS = ("ebs-create", "ebs-resize", "ebs-release")
JOB_TASKS = ("attach-disk", "detach-disk")


class Volumes:
    """Makes, enlarges, moves and releases volumes."""

    def __init__(self, store: Store, engine: VolumeEngine, servers: Servers) -> None:
        self._store, self._engine, self._servers = store, engine, servers

    # -- orders --------------------------------------------------------------------------------------------------------
    async def carry_out(self, order_id: str) -> None:
        """The order ends at 3 or, with the reason, at 5."""
        order = self._store.require(ORDERS, order_id)
        work = {"ebs-create": self._create, "ebs-resize": self._resize, "ebs-release": self._release}[order.kind]
        problem = ""
        try:
            await work(order.resource_ids[0])
        except Exception as error:
            problem = log_failure(f"order {order_id} ({order.kind})", error)
        orders.close(self._store, order_id, problem)

    async def _create(self, disk_id: str) -> None:
        disk = self._store.get(DISKS, disk_id)
        if disk is None:
            await self._engine.delete_volume(disk_id)
            raise EngineError("its disk was being cleared away when the local cloud was killed")
        if disk.status != CREATING:
            return  # done, and the daemon died before the order was closed: somebody may use the disk by now
        try:
            must_have_power(self._store, disk)
            await self._engine.make_volume(for_engines(disk))
            if chain := self._chain(disk):
                await self._engine.restore_volume(for_engines(disk), chain)
        except Exception:
            self._store.delete(DISKS, disk_id)  # a failed order leaves nothing behind
            await self._engine.delete_volume(disk_id)
            raise
        mark_idle(self._store, disk_id)

    def _chain(self, disk: Disk) -> tuple[str, ...]:
        """The copies that a new disk begins as."""
        if disk.source == "snapshot":
            return (self._store.require(SNAPSHOTS, disk.source_id).id,)
        return chain_of(self._store, disk.source_id) if disk.source else ()

    async def _resize(self, disk_id: str) -> None:
        async with self._servers.held(self._there(disk_id).instance_id):
            disk = self._there(disk_id)
            if not disk.grows_to:
                return  # done, and the daemon died before the order was closed
            try:
                await self._engine.make_volume(for_engines(replace(disk, size=disk.grows_to)))
            except Exception:
                mark_idle(self._store, disk_id)
                raise
            mark_idle(self._store, disk_id, size=disk.grows_to)

    def _there(self, disk_id: str) -> Disk:
        """Raises EngineError for a disk that went with its server."""
        if (disk := self._store.get(DISKS, disk_id)) is None:
            raise EngineError(f"disk {disk_id} was released meanwhile")
        return disk

    async def _release(self, disk_id: str) -> None:
        disk = self._store.get(DISKS, disk_id)
        if disk is None:
            return  # done, and the daemon died before the order was closed
        try:
            await self._engine.delete_volume(disk_id)
            for snapshot in self._going_with(disk):
                await self._engine.remove_copy(snapshot.id)
                self._store.delete(SNAPSHOTS, snapshot.id)
        except Exception as error:
            with self._store.transaction():  # to try again
                self._store.put(DISKS, replace(self._store.require(DISKS, disk_id), status=FAILED, updated=time()))
                for snapshot in self._going_with(disk):
                    self._store.put(SNAPSHOTS, replace(snapshot, status=ERROR, problem=str(error)))
            raise
        self._store.delete(DISKS, disk_id)

    def _going_with(self, disk: Disk) -> list[Snapshot]:
        """The snapshots that go with a disk; since that was ordered nothing is made from them any more."""
        return [snapshot for snapshot in self._store.find(SNAPSHOTS, disk_id=disk.id) if snapshot.status == DELETING]

    # -- jobs ----------------------------------------------------------------------------------------------------------
    async def run_job(self, job_id: str) -> None:
        """The job ends at 1 or, with the reason, at 2; the disk is where it was or where it was to be."""
        job = self._store.require(JOBS, job_id)
        attaches, problem = job.task == "attach-disk", ""
        disk = self._store.get(DISKS, job.instance_id)
        if disk is not None and disk.instance_id:  # else its server was released meanwhile, or the daemon died before the end
            async with self._servers.held(disk.instance_id):
                try:
                    await (self._attach(disk) if attaches else self._detach(disk))
                except Exception as error:
                    problem = log_failure(f"job {job.id} ({job.task} of {disk.id})", error)
                problem += await self._settle(disk, stays=attaches != bool(problem))
        self._end(job, problem)

    async def _attach(self, disk: Disk) -> None:
        if self._store.get(INSTANCES, disk.instance_id) is None:
            raise EngineError(f"server {disk.instance_id} was released meanwhile")
        await self._engine.attach_volume(disk.instance_id, for_engines(disk))

    async def _detach(self, disk: Disk) -> None:
        await self._engine.detach_volume(disk.instance_id, disk.id)

    async def _settle(self, disk: Disk, stays: bool) -> str:
        """The disk's record when a job is over; what went wrong in clearing up after a failed one."""
        problem = ""
        if not stays and disk.status == "diskAttaching":
            try:
                await self._detach(disk)
            except Exception as error:
                problem, stays = f"; and it cannot be taken back: {log_failure(f'taking back {disk.id}', error)}", True
        now = self._store.get(DISKS, disk.id)
        if now is not None and now.instance_id == disk.instance_id:
            self._store.put(DISKS, idle(now) if stays else set_free(now))
        return problem

    def _end(self, job: Job, problem: str) -> None:
        jobs.end(self._store, job, problem)


def chain_of(store: Store, backup_id: str) -> tuple[str, ...]:
    """A volume backup and all that it needs, the full one first."""
    return chain(backup_id, lambda id_: store.require(DISK_BACKUPS, id_).base)
