"""What the cloud remembers of copies of disks: snapshots and the policies that take them, and volume backups in their vaults.

Disks themselves stand in records.py, since servers have them. Times are the clock's.
"""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.records.errors.ebsbackup import DiskBackupNotFound, DiskTaskNotFound, DiskVaultNotFound
from localcloud.records.errors.ebssnapshot import SnapshotNotFound, SnapshotPolicyNotFound
from localcloud.records.store import Kind

CREATING, AVAILABLE, DELETING, ERROR = "creating", "available", "deleting", "error"
ROLLING_BACK, RESTORING, MERGING = "rollbacking", "restoring", "merging_backup"
RUNNING, SUCCEEDED, FAILED = "running", "success", "failed"  # of tasks, as the API spells them


@dataclass(frozen=True)
class Snapshot:
    """A whole copy of a disk, which it outlives. `days`: how long it is kept, -1 for ever. `policy_id`: "" when made by hand."""

    id: str
    region: str
    zone: str
    name: str
    disk_id: str
    disk_name: str
    disk_type: str
    disk_size: int  # GiB
    status: str
    days: int
    policy_id: str
    used: int  # bytes
    problem: str
    created: float
    updated: float


@dataclass(frozen=True)
class SnapshotPolicy:
    """Its disks name it, not the other way round. `last`: when it was due last, or when it was made or enabled."""

    id: str
    region: str
    name: str
    weekdays: tuple[int, ...]  # 0 is Sunday
    hours: tuple[int, ...]
    days: int  # -1: for ever
    enabled: bool
    project: str
    last: float
    created: float


@dataclass(frozen=True)
class DiskVault:
    id: str
    region: str
    name: str
    size: int  # GB
    on_demand: bool
    expires: float | None
    project: str
    created: float


@dataclass(frozen=True)
class DiskBackup:
    """A copy of a disk in a vault. `base`: the backup that it needs, "" for none; only such a one is a full one."""

    id: str
    region: str
    zone: str
    name: str
    vault_id: str
    disk_id: str
    disk_name: str
    disk_type: str
    disk_size: int  # GiB
    instance_id: str  # whose the disk was then
    instance_name: str
    status: str
    full: bool
    base: str
    used: int  # bytes
    problem: str
    created: float
    updated: float
    finished: float | None
    restored: float | None
    description: str = ""


@dataclass(frozen=True)
class DiskTask:
    """Something that is done with a backup."""

    id: str
    region: str
    kind: str  # "create" | "delete" | "restore"
    status: str
    backup_id: str
    backup_name: str
    disk_id: str
    disk_name: str
    vault_id: str
    vault_name: str
    full: bool
    problem: str
    began: float
    finished: float | None


SNAPSHOTS = Kind("disk_snapshots", Snapshot, ("region", "disk_id", "status"), SnapshotNotFound)
SNAPSHOT_POLICIES = Kind("snapshot_policies", SnapshotPolicy, ("region", "name"), SnapshotPolicyNotFound)
DISK_VAULTS = Kind("disk_vaults", DiskVault, ("region", "name"), DiskVaultNotFound)
DISK_BACKUPS = Kind("disk_backups", DiskBackup, ("region", "vault_id", "disk_id"), DiskBackupNotFound)
DISK_TASKS = Kind("disk_tasks", DiskTask, ("region", "status", "backup_id"), DiskTaskNotFound)

VOLUME_KINDS = (SNAPSHOTS, SNAPSHOT_POLICIES, DISK_VAULTS, DISK_BACKUPS, DISK_TASKS)
