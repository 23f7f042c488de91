"""One cloud: its identity, its records, its engines, and the parts that work on them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from localcloud.controllers.balancers.balancers import Balancers
from localcloud.controllers.databases.databases import Databases
from localcloud.controllers.faults.faults import Faults
from localcloud.controllers.networks.networks import Networks
from localcloud.controllers.schedules.clock import Clock
from localcloud.controllers.schedules.watch import Scheduler
from localcloud.controllers.servers.backups import Backups
from localcloud.controllers.servers.backups_policies import BackupPolicies
from localcloud.controllers.servers.images import Images
from localcloud.controllers.servers.reboots import Reboots
from localcloud.controllers.servers.servers import Servers
from localcloud.controllers.tasks import Tasks
from localcloud.controllers.volumes.backups import VolumeBackups
from localcloud.controllers.volumes.policies import SnapshotPolicies
from localcloud.controllers.volumes.snapshots import Snapshots
from localcloud.controllers.volumes.volumes import Volumes
from localcloud.engines.interface.engines import Engines
from localcloud.records.store import Store

VERSION = "0.1.0"


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
        self.networks = Networks(self.store, self.engines)
        self.servers = Servers(self.store, self.engines, self.networks, self.image_refs)
        self.images = Images(self.store, self.engines)
        self.balancers = Balancers(self.store, self.engines, self.networks)
        self.databases = Databases(self.store, self.engines, self.networks)
        self.faults = Faults(self.store, self.engines, self.networks, self.servers)
        self.reboots = Reboots(self.store, self.engines, self.servers, self.faults)
        self.clock = Clock(self.store)
        self.backups = Backups(self.store, self.engines, self.servers, self.clock)
        self.backup_policies = BackupPolicies(self.store, self.backups, self.clock, self.tasks)
        self.volumes = Volumes(self.store, self.engines, self.servers)
        self.snapshots = Snapshots(self.store, self.engines, self.servers, self.clock)
        self.snapshot_policies = SnapshotPolicies(self.store, self.snapshots, self.clock, self.tasks)
        self.volume_backups = VolumeBackups(self.store, self.engines, self.clock)
        self.scheduler = Scheduler(
            self.clock, self.backup_policies, self.snapshot_policies
        )  # every owner of policies is an argument
