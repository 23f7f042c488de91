"""Snapshots' lives: made, deleted, and disks set back to them. The next daemon carries on what one has died over.

A snapshot is a whole copy of its disk, and needs no other one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from localcloud.controllers.failures import log_failure
from localcloud.controllers.locks import Locks
from localcloud.controllers.schedules.clock import Clock
from localcloud.controllers.servers.servers import Servers
from localcloud.controllers.volumes.disks import for_engines, mark_idle
from localcloud.engines.interface.errors import EngineError
from localcloud.engines.interface.volumes import VolumeEngine
from localcloud.records import jobs, orders
from localcloud.records.compute import DISKS, JOBS, ORDERS, Disk
from localcloud.records.identifiers import long_id
from localcloud.records.store import Store
from localcloud.records.volumes import AVAILABLE, CREATING, DELETING, ERROR, ROLLING_BACK, SNAPSHOTS, Snapshot

ORDER_KINDS = ("snapshot-create", "snapshot-release")
JOB_TASKS = ("create-snapshot", "delete-snapshot", "rollback-snapshot")


class Snapshots:
    """Makes and deletes snapshots of disks, and sets disks back."""

    def __init__(self, store: Store, engine: VolumeEngine, servers: Servers, clock: Clock) -> None:
        self._store, self._engine, self._servers, self._clock = store, engine, servers, clock
        self._locks = Locks()  # by disk

    def new(self, disk: Disk, name: str, days: int, policy_id: str = "") -> Snapshot:
        """A snapshot that is to be made, stored."""
        now = self._clock.now()
        return self._store.put(SNAPSHOTS, Snapshot(
            id=long_id(), region=disk.region, zone=disk.zone, name=name, disk_id=disk.id, disk_name=disk.name,
            disk_type=disk.type, disk_size=disk.size, status=CREATING, days=days, policy_id=policy_id, used=0, problem="",
            created=now, updated=now,
        ))  # fmt: skip

    # -- orders and jobs -----------------------------------------------------------------------------------------------
    async def carry_out(self, order_id: str) -> None:
        """The order ends at 3 or, with the reason, at 5."""
        order = self._store.require(ORDERS, order_id)
        task = "create-snapshot" if order.kind == "snapshot-create" else "delete-snapshot"
        orders.close(self._store, order_id, await self._do_all(task, order.resource_ids))

    async def run_job(self, job_id: str) -> None:
        """The job ends at 1 or, with the reason, at 2. It names one snapshot, or several with commas between."""
        job = self._store.require(JOBS, job_id)
        problem = await self._do_all(job.task, job.instance_id.split(","))
        jobs.end(self._store, job, problem)

    async def _do_all(self, task: str, snapshot_ids: Sequence[str]) -> str:
        problems = [await self._do(task, snapshot_id) for snapshot_id in snapshot_ids]
        return "; ".join(filter(None, problems))

    async def _do(self, task: str, snapshot_id: str) -> str:
        """What went wrong."""
        snapshot = self._store.get(SNAPSHOTS, snapshot_id)
        if snapshot is None:
            return ""  # done, and the daemon died before the job was closed
        work, status = {
            "create-snapshot": (self._create, CREATING), "delete-snapshot": (self._delete, DELETING),
            "rollback-snapshot": (self._roll_back, ROLLING_BACK),
        }[task]  # fmt: skip
        async with self._locks.held([snapshot.disk_id]):
            snapshot = self._store.get(SNAPSHOTS, snapshot_id)
            if snapshot is None or snapshot.status != status:
                return ""  # as above, or it went with its disk
            try:
                await work(snapshot)
            except Exception as error:
                problem = log_failure(f"{task} {snapshot.name} ({snapshot.id})", error)
                self._put(snapshot, AVAILABLE if task == "rollback-snapshot" else ERROR, problem)
                return problem
        return ""

    async def _create(self, snapshot: Snapshot) -> None:
        disk = self._store.get(DISKS, snapshot.disk_id)
        if disk is None:
            raise EngineError(f"disk {snapshot.disk_id} was released meanwhile")
        try:
            used = await self._engine.copy_volume(snapshot.id, for_engines(disk), disk.instance_id, "")
        except EngineError:
            await self._engine.remove_copy(snapshot.id)
            raise
        self._put(replace(snapshot, used=used), AVAILABLE)

    async def _delete(self, snapshot: Snapshot) -> None:
        await self._engine.remove_copy(snapshot.id)
        self._store.delete(SNAPSHOTS, snapshot.id)

    async def _roll_back(self, snapshot: Snapshot) -> None:
        """The server that has the disk, if any, is down, and stays so meanwhile."""
        disk = self._store.require(DISKS, snapshot.disk_id)
        try:
            async with self._servers.held(disk.instance_id):
                await self._engine.restore_volume(for_engines(disk), [snapshot.id])
        except Exception:  # not when the daemon is stopped: the next one goes on, and nothing is done to the disk until then
            mark_idle(self._store, disk.id)
            raise
        with self._store.transaction():
            mark_idle(self._store, disk.id)
            self._put(snapshot, AVAILABLE)

    def _put(self, snapshot: Snapshot, status: str, problem: str = "") -> None:
        self._store.put(SNAPSHOTS, replace(snapshot, status=status, problem=problem, updated=self._clock.now()))


def begun(snapshot: Snapshot, status: str, now: float) -> Snapshot:
    """With the status of what is being done to it."""
    assert status in (DELETING, ROLLING_BACK)
    return replace(snapshot, status=status, updated=now)
