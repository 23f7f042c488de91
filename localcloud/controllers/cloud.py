"""One cloud: its identity, its records, its engines, and the parts that work on them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from localcloud.controllers.balancers.balancers import Balancers
from localcloud.controllers.databases.databases import Databases
from localcloud.controllers.faults.faults import Faults
from localcloud.controllers.networks.networks import Networks
from localcloud.controllers.schedules.clock import Clock
from localcloud.controllers.schedules.watch import Scheduler
from localcloud.controllers.servers import images, servers
from localcloud.controllers.servers.backups import Backups
from localcloud.controllers.servers.backups_policies import BackupPolicies
from localcloud.controllers.servers.images import Images
from localcloud.controllers.servers.reboots import Reboots
from localcloud.controllers.servers.servers import Servers
from localcloud.controllers.tasks import Tasks
from localcloud.controllers.volumes import snapshots, volumes
from localcloud.controllers.volumes.backups import VolumeBackups
from localcloud.controllers.volumes.policies import SnapshotPolicies
from localcloud.controllers.volumes.snapshots import Snapshots
from localcloud.controllers.volumes.volumes import Volumes
from localcloud.controllers.work import Runner, Work, finish
from localcloud.engines.interface.engines import Engines
from localcloud.records.store import Store

VERSION = "0.1.0"
RECORDS_ALONE = ("eip-create", "eip-release", "pgelb-refund")  # what else goes with a balancer, the watch sweeps away


@dataclass(frozen=True)
class Identity:
    """Who this cloud is; stays for the life of the state folder."""

    id: str
    access_key: str
    secret_key: str
    local_key: str


@dataclass
class Cloud:
    """Everything that handlers and `/_local/` work on."""

    identity: Identity
    store: Store
    engines: Engines
    image_refs: Mapping[str, str]
    phase: str = "starting"
    foreign_keys: bool = False  # passwords encrypted with another cloud's key are replaced, not refused
    tasks: Tasks = field(default_factory=Tasks)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    networks: Networks = field(init=False)
    servers: Servers = field(init=False)
    reboots: Reboots = field(init=False)
    images: Images = field(init=False)
    balancers: Balancers = field(init=False)
    databases: Databases = field(init=False)
    faults: Faults = field(init=False)
    clock: Clock = field(init=False)
    scheduler: Scheduler = field(init=False)
    volumes: Volumes = field(init=False)
    snapshots: Snapshots = field(init=False)
    snapshot_policies: SnapshotPolicies = field(init=False)
    volume_backups: VolumeBackups = field(init=False)
    backups: Backups = field(init=False)
    backup_policies: BackupPolicies = field(init=False)

    def __post_init__(self) -> None:
        self.networks = Networks(self.store, self.engines.networks)
        self.servers = Servers(self.store, self.engines, self.networks, self.image_refs)
        self.images = Images(self.store, self.engines.images)
        self.balancers = Balancers(self.store, self.engines.balancers, self.networks)
        self.databases = Databases(self.store, self.engines.databases, self.networks)
        self.faults = Faults(self.store, self.engines, self.networks, self.servers)
        self.reboots = Reboots(self.store, self.engines.servers, self.servers, self.faults)
        self.clock = Clock(self.store)
        self.backups = Backups(self.store, self.engines, self.servers, self.clock)
        self.backup_policies = BackupPolicies(self.store, self.backups, self.clock, self.tasks)
        self.volumes = Volumes(self.store, self.engines.volumes, self.servers)
        self.snapshots = Snapshots(self.store, self.engines.volumes, self.servers, self.clock)
        self.snapshot_policies = SnapshotPolicies(self.store, self.snapshots, self.clock, self.tasks)
        self.volume_backups = VolumeBackups(self.store, self.engines.volumes, self.clock)
        self.scheduler = Scheduler(
            self.clock, self.backup_policies, self.snapshot_policies
        )  # every owner of policies is an argument

    @property
    def work(self) -> Work:
        """Who carries out what is ordered."""
        return work_of(self)


def work_of(cloud: Cloud) -> Work:
    """The one table of what is ordered and who does it."""
    of_orders: dict[str, Runner] = {
        "ecs-create": cloud.servers.build,
        "ecs-resize": cloud.servers.resize,
        "ecs-release": cloud.servers.release,
        "ecs-unsubscribe": cloud.servers.unsubscribe,
        "pgelb-create": cloud.balancers.carry_out,
        "mysql-create": cloud.databases.orders.build,
        "mysql-upgrade": cloud.databases.upgrades.carry_out,
        "mysql-refund": cloud.databases.orders.refund,
        "mysql-destroy": cloud.databases.orders.release,
        "csbs-create": cloud.backups.build,
        **dict.fromkeys(volumes.ORDER_KINDS, cloud.volumes.carry_out),
        **dict.fromkeys(snapshots.ORDER_KINDS, cloud.snapshots.carry_out),
        **dict.fromkeys(RECORDS_ALONE, partial(finish, cloud.store)),
    }
    of_jobs: dict[str, Runner] = {
        **dict.fromkeys(servers.JOB_TASKS, cloud.servers.run_job),
        **dict.fromkeys(images.JOB_TASKS, cloud.images.run_job),
        **dict.fromkeys(volumes.JOB_TASKS, cloud.volumes.run_job),
        **dict.fromkeys(snapshots.JOB_TASKS, cloud.snapshots.run_job),
    }
    return Work(cloud.store, of_orders, of_jobs)
