"""Snapshot policies: what the scheduler asks of them; and snapshots whose days are over, whoever made them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from localcloud.controllers.schedules.clock import Clock
from localcloud.controllers.schedules.schedules import DAY_SECONDS, Schedule, run_name
from localcloud.controllers.schedules.watch import Plan
from localcloud.controllers.tasks import Tasks
from localcloud.controllers.volumes.disks import disks_being_filled, require_idle
from localcloud.controllers.volumes.snapshots import Snapshots, begun
from localcloud.records import jobs
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import DISKS, Disk
from localcloud.records.errors import ApiError, QuotaExceeded
from localcloud.records.store import Store
from localcloud.records.volumes import AVAILABLE, DELETING, SNAPSHOT_POLICIES, SNAPSHOTS, Snapshot, SnapshotPolicy

log = logging.getLogger("localcloud")


class SnapshotPolicies:
    """Implements `schedules.watch.Planned`."""

    def __init__(self, store: Store, snapshots: Snapshots, clock: Clock, tasks: Tasks) -> None:
        self._store, self._snapshots, self._clock, self._tasks = store, snapshots, clock, tasks

    def plans(self) -> Iterable[Plan]:
        policies = [policy for policy in self._store.find(SNAPSHOT_POLICIES) if policy.enabled]
        return [Plan(policy.id, policy.name, Schedule(policy.hours, policy.weekdays), policy.last) for policy in policies]

    def begin(self, plan_id: str, at: float) -> None:
        """A snapshot of each of its disks. A disk of which none can be made now is passed over, and the log says why."""
        with self._store.transaction():
            policy = self._store.put(SNAPSHOT_POLICIES, replace(self._store.require(SNAPSHOT_POLICIES, plan_id), last=at))
            for disk in disks_of(self._store, policy):
                self._one(policy, disk)

    def _one(self, policy: SnapshotPolicy, disk: Disk) -> None:
        try:
            require_idle(self._store, disk)
            if self._store.count(SNAPSHOTS, disk_id=disk.id) >= QUOTAS.snapshots_per_disk:
                raise QuotaExceeded(f"snapshots of disk {disk.id}", QUOTAS.snapshots_per_disk)
        except ApiError as error:
            log.warning("policy %s (%s) makes no snapshot of disk %s: %s", policy.name, policy.id, disk.name, error)
            return
        name = run_name(policy.name, self._clock.now())
        self._spawn("create-snapshot", self._snapshots.new(disk, name, policy.days, policy.id))

    def expire(self, now: float) -> None:
        """Each snapshot says how long it is kept."""
        for snapshot in self._store.find(SNAPSHOTS, status=AVAILABLE):
            over = snapshot.days > 0 and snapshot.created + snapshot.days * DAY_SECONDS <= now
            if over and not disks_being_filled(self._store, snapshot.region, snapshot.id):
                with self._store.transaction():
                    self._spawn("delete-snapshot", self._store.put(SNAPSHOTS, begun(snapshot, DELETING, now)))

    def _spawn(self, task: str, snapshot: Snapshot) -> None:
        job = jobs.begin(self._store, snapshot.region, task, snapshot.id)
        self._tasks.spawn(self._snapshots.run_job(job.id), f"{task} {snapshot.name}")


def disks_of(store: Store, policy: SnapshotPolicy) -> list[Disk]:
    """The disks that a policy takes snapshots of."""
    return [disk for disk in store.find(DISKS, region=policy.region) if disk.policy_id == policy.id]
