"""Policies of server backup: what the scheduler asks of them, and their retention."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from localcloud.controllers.schedules.clock import Clock
from localcloud.controllers.schedules.schedules import Copy, Retention, Schedule, expired, full_is_due, run_name
from localcloud.controllers.schedules.watch import Plan
from localcloud.controllers.servers import new_backups
from localcloud.controllers.servers.backups import Backups
from localcloud.controllers.servers.idle import servers_being_created
from localcloud.controllers.tasks import Tasks
from localcloud.records import backups as records
from localcloud.records.backups import BACKUP_POLICIES, BACKUP_TASKS, BACKUPS, VAULTS, Backup, BackupPolicy
from localcloud.records.compute import INSTANCES, Instance
from localcloud.records.errors import ApiError
from localcloud.records.store import Store

EXPIRE_SECONDS = 5.0  # of the clock: how often retention is looked after


class BackupPolicies:
    """Implements `schedules.watch.Planned`."""

    def __init__(self, store: Store, backups: Backups, clock: Clock, tasks: Tasks) -> None:
        self._store, self._backups, self._clock, self._tasks = store, backups, clock, tasks
        self._looked = 0.0

    # -- runs ----------------------------------------------------------------------------------------------------------
    def plans(self) -> Iterable[Plan]:
        policies = [policy for policy in self._store.find(BACKUP_POLICIES) if policy.enabled]
        return [Plan(policy.id, policy.name, schedule(policy), policy.last) for policy in policies]

    def begin(self, plan_id: str, at: float) -> None:
        with self._store.transaction():
            policy = self._store.put(BACKUP_POLICIES, replace(self._store.require(BACKUP_POLICIES, plan_id), last=at))
            self.spawn(self.back_up(policy), policy)

    def back_up(self, policy: BackupPolicy, full: bool = False) -> list[str]:
        """Store a backup of each server of the policy; the ids of the tasks that are to be run. Those that cannot be made end at
        once, with the reason."""
        servers = [server for id_ in policy.instance_ids if (server := self._store.get(INSTANCES, id_))]
        return [task_id for server in servers if (task_id := self._one(policy, server, full))]

    def spawn(self, task_ids: Iterable[str], policy: BackupPolicy) -> None:
        for task_id in task_ids:
            self._tasks.spawn(self._backups.run(task_id), f"backup by policy {policy.name}")

    def _one(self, policy: BackupPolicy, server: Instance, full: bool) -> str:
        name = run_name(policy.name, self._clock.now())
        backup = new_backups.new(server, policy.vault_id, name, now=self._clock.now(), policy_id=policy.id)
        try:
            new_backups.check(self._store, server, self._store.require(VAULTS, policy.vault_id))
        except ApiError as error:
            task = replace(self._backups.task("create", backup, policy.name), status=records.FAILED, problem=str(error))
            self._store.put(BACKUP_TASKS, replace(task, finished=task.began))
            return ""
        kind = records.FULL if full or full_is_due(self._since_full(backup), policy.full_interval) else records.INCREMENT
        return self._backups.begin("create", replace(backup, kind=kind), records.CREATING, policy.name).id

    def _since_full(self, backup: Backup) -> int | None:
        """Incremental backups of this server in this vault since its last full one."""
        earlier = [
            other
            for other in self._store.find(BACKUPS, instance_id=backup.instance_id)
            if other.vault_id == backup.vault_id and other.status not in (records.ERROR, records.DELETING)
        ]
        kinds = [other.kind for other in sorted(earlier, key=lambda other: other.created, reverse=True)]
        return kinds.index(records.FULL) if records.FULL in kinds else None

    # -- retention -----------------------------------------------------------------------------------------------------
    def expire(self, now: float) -> None:
        if now - self._looked < EXPIRE_SECONDS:
            return
        self._looked = now
        for policy in self._store.find(BACKUP_POLICIES):
            if policy.retention != "all":
                self._expire(policy, now)

    def _expire(self, policy: BackupPolicy, now: float) -> None:
        of_server: defaultdict[str, list[Backup]] = defaultdict(list)
        for backup in self._store.find(BACKUPS, region=policy.region):
            if backup.status not in (records.ERROR, records.DELETING):
                of_server[backup.instance_id].append(backup)
        for backups in of_server.values():
            copies = [Copy(backup.id, backup.created, backup.base) for backup in backups]
            ours = {backup.id for backup in backups if backup.policy_id == policy.id and backup.status == records.ACTIVE}
            gone = expired(copies, ours, retention(policy), now)
            if gone:
                self._remove(policy, [next(backup for backup in backups if backup.id == id_) for id_ in gone])

    def _remove(self, policy: BackupPolicy, backups: Iterable[Backup]) -> None:
        with self._store.transaction():
            idle = [backup for backup in backups if not servers_being_created(self._store, backup.id)]
            tasks = [self._backups.begin("delete", backup, records.DELETING, policy.name).id for backup in idle]
            self.spawn(tasks, policy)


def schedule(policy: BackupPolicy) -> Schedule:
    """When it runs."""
    weekdays = policy.weekdays if policy.cycle == "week" else ()
    return Schedule(policy.hours, weekdays, policy.every_days, policy.created)


def retention(policy: BackupPolicy) -> Retention:
    """What it keeps. Without periodic full backups a chain has no end, so its oldest backups are merged."""
    merges = policy.full_interval < 0
    return Retention(policy.count if policy.retention == "num" else 0, policy.days if policy.retention == "date" else 0, merges)
