"""What the cloud remembers of RDS MySQL instances. Accounts and databases live in MariaDB itself and are asked there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import time

from localcloud.records.errors.rds import BackupNotFound, MysqlNotFound
from localcloud.records.store import Kind, Store


@dataclass(frozen=True)
class MysqlNode:
    """One MariaDB process of an instance, in a zone. `id` is the engine's; `res_id` is the API's number."""

    id: str
    region: str
    mysql_id: str
    res_id: int
    name: str  # "<instance name>-1": what people power off
    zone: str  # the API's azName
    nic_id: str
    mac: str
    address: str
    server_id: int
    desired: str = "on"  # "on" | "off": what its owner wants, whatever faults do
    fenced: bool = True  # link down at the router until the controller admits it
    reseed: bool = False  # it may have writes that nobody else has, or lacks some: its data are replaced before it follows


@dataclass(frozen=True)
class Mysql:
    """An instance. `primary` is a node's id; `address` is the one that follows the primary.

    `in_sync`: the standby has every acknowledged write; stored as False *before* the primary may acknowledge alone.
    `step`: how far a change of roles has come ("" in the steady state), so that another daemon can carry on.
    """

    id: str  # outerProdInstId, 32 hex digits
    region: str
    name: str
    description: str
    prod_id: int
    version: str  # "5.7" | "8.0" as ordered; MariaDB 10.11 answers
    kind: str  # "single" | "pair" | "replica"
    parent: str  # of a read replica: the instance it follows
    spec: str  # "2C4G"
    cpus: int
    memory_mib: int
    storage_type: str
    disk_gib: int
    vpc_id: str
    subnet_id: str
    group_id: str  # security group
    address: str
    port: int
    primary: str
    in_sync: bool
    step: str
    candidate: str  # node that is to become the primary
    step_gtid: str  # the position it must have reached
    reason: str  # why roles change: "manual" | "failover" | ...; "" in the steady state
    switch_id: str  # the SwitchRecord that is being written
    ha_mode: str  # "reliability" | "usability"
    sync_mode: str  # "Semi_sync" | "Async"
    switch_type: str  # "auto" | "manual"
    verdict: str  # the controller's last sentence: what it sees, what it does or would do, and why
    order_status: int  # the API's prodOrderStatus
    running_status: int  # the API's prodRunningStatus
    replication_user: str
    replication_password: str
    root_password: str  # "" when none was set; MariaDB's hash, never the clear text
    order_id: str
    project: str
    created: float
    updated: float
    backup_gib: int = 0  # room for backups, as ordered: a number only


@dataclass(frozen=True)
class WhiteList:
    id: str
    region: str
    mysql_id: str
    name: str
    addresses: tuple[str, ...]  # IPv4 addresses, CIDRs, and addresses that end with stars
    created: float


@dataclass(frozen=True)
class SwitchRecord:
    """One change of roles, planned or not."""

    id: str
    region: str
    mysql_id: str
    reason: str  # "manual" | "failover" | "unconsfailover" | "ignore"
    state: str  # "running" | "done" | "failed"
    before: str  # node that was primary
    after: str  # node that is primary
    detail: str  # the controller's sentence: what was seen, what may be lost
    begun: float
    ended: float | None
    steps: dict[str, float] = field(default_factory=dict)  # step -> when it began, for those after the first


@dataclass(frozen=True)
class MysqlBackup:
    """`status`: the API's taskStatus (100 waiting, 101 running, 1 done, -1 failed, 102 cancelled)."""

    id: str
    region: str
    mysql_id: str
    name: str
    description: str
    manual: bool
    status: int
    size: int  # bytes
    problem: str
    begun: float
    ended: float | None


@dataclass(frozen=True)
class MysqlJob:
    """A task on an instance: "restart", "stop", "start", "restore", "switch". `status`: 1 running, 0 done, 2 failed."""

    id: str
    region: str
    mysql_id: str
    task: str
    arguments: dict[str, str]
    status: int
    problem: str
    created: float
    ended: float | None


MYSQLS = Kind("mysqls", Mysql, ("region", "vpc_id", "subnet_id", "group_id", "name", "order_id", "parent"), MysqlNotFound)
MYSQL_NODES = Kind("mysql_nodes", MysqlNode, ("region", "mysql_id"), MysqlNotFound)
WHITE_LISTS = Kind("mysql_white_lists", WhiteList, ("region", "mysql_id", "name"), MysqlNotFound)
SWITCHES = Kind("mysql_switches", SwitchRecord, ("region", "mysql_id", "state"), MysqlNotFound)
MYSQL_BACKUPS = Kind("mysql_backups", MysqlBackup, ("region", "mysql_id", "status"), BackupNotFound)
MYSQL_JOBS = Kind("mysql_jobs", MysqlJob, ("region", "mysql_id", "status"), MysqlNotFound)

RDS_KINDS = (MYSQLS, MYSQL_NODES, WHITE_LISTS, SWITCHES, MYSQL_BACKUPS, MYSQL_JOBS)


def change_mysql(store: Store, mysql_id: str, **changes: str | int | bool) -> None:
    """Change fields of an instance's record; fine if it is gone."""
    mysql = store.get(MYSQLS, mysql_id)
    if mysql is not None:
        # what takes a dict of values cannot know which fields have which type
        store.put(MYSQLS, replace(mysql, updated=time(), **changes))  # type: ignore[arg-type]
