"""What the cloud remembers of server backups: vaults, backups, policies, and the tasks that were done. Times are the clock's."""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.records.errors.csbs import BackupNotFound, PolicyNotFound, TaskNotFound, VaultNotFound
from localcloud.records.store import Kind

CREATING, ACTIVE, MERGING, RESTORING, DELETING, ERROR = (
    "CREATING", "ACTIVE", "MERGING_BACKUP", "RESTORING", "DELETING", "ERROR",
)  # fmt: skip
FULL, INCREMENT = "FULL", "INCREMENT"
IN_PROGRESS, SUCCEEDED, FAILED = "in-progress", "successed", "failed"  # as the API spells them


@dataclass(frozen=True)
class Vault:
    id: str
    region: str
    name: str
    size: int  # GB
    expires: float
    project: str
    labels: dict[str, str]
    created: float


@dataclass(frozen=True)
class Backup:
    """`base`: the backup that its incremental copies need, "" for none."""

    id: str
    region: str
    zone: str
    name: str
    description: str
    vault_id: str
    instance_id: str
    instance_name: str
    status: str
    kind: str  # FULL | INCREMENT
    base: str
    policy_id: str  # "" for one that was made by hand
    system: dict[str, str | int]  # the system disk: id, type, size
    disks: tuple[dict[str, str | int], ...]  # data disks: id, name, type, size, copy, base (the copy that it needs), kept (bytes)
    depth: int  # as of a private image
    image_name: str
    used: int  # bytes
    problem: str
    created: float
    finished: float | None
    restored: float | None


@dataclass(frozen=True)
class BackupPolicy:
    id: str
    region: str
    name: str
    cycle: str  # "day" | "week"
    every_days: int
    weekdays: tuple[int, ...]
    hours: tuple[int, ...]
    enabled: bool
    retention: str  # "date" | "num" | "all"
    days: int
    count: int
    full_interval: int
    vault_id: str  # "" while none is bound
    instance_ids: tuple[str, ...]
    project: str
    last: float  # when it was due last, or was made or enabled
    created: float


@dataclass(frozen=True)
class BackupTask:
    """One backup, restore or deletion. Names are kept, since things may be gone when the task is looked at."""

    id: str
    region: str
    kind: str  # "create" | "restore" | "delete"
    status: str
    instance_id: str
    instance_name: str
    backup_id: str
    backup_name: str
    vault_id: str
    vault_name: str
    policy_id: str
    policy_name: str
    problem: str
    began: float
    finished: float | None


VAULTS = Kind("vaults", Vault, ("region", "name"), VaultNotFound)
BACKUPS = Kind("server_backups", Backup, ("region", "vault_id", "instance_id", "status"), BackupNotFound)
BACKUP_POLICIES = Kind("backup_policies", BackupPolicy, ("region", "name", "vault_id"), PolicyNotFound)
BACKUP_TASKS = Kind("backup_tasks", BackupTask, ("region", "status"), TaskNotFound)

BACKUP_KINDS = (VAULTS, BACKUPS, BACKUP_POLICIES, BACKUP_TASKS)
