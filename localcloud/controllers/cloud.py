"""One cloud: its identity, its records, its engines, and the parts that work on them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from localcloud.controllers.tasks import Tasks
from localcloud.records.store import Store

if TYPE_CHECKING:
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
    from localcloud.controllers.volumes.backups import VolumeBackups
    from localcloud.controllers.volumes.policies import SnapshotPolicies
    from localcloud.controllers.volumes.snapshots import Snapshots
    from localcloud.controllers.volumes.volumes import Volumes
    from localcloud.controllers.work import Work
    from localcloud.engines.interface.engines import Engines

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
    """Everything that handlers and `/_local/` work on. Parts are imported and made when they are first needed."""

    identity: Identity
    store: Store
    engines: Engines
    image_refs: Mapping[str, str]
    phase: str = "starting"
    foreign_keys: bool = False  # passwords encrypted with another cloud's key are replaced, not refused
    tasks: Tasks = field(default_factory=Tasks)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)  # calls are taken; `ready`: the engines run, too

    def close(self) -> None:
        """Take no calls."""
        self.opened.clear()
        self.ready.clear()

    @cached_property
    def networks(self) -> Networks:
        from localcloud.controllers.networks.networks import Networks

        return Networks(self.store, self.engines.networks)

    @cached_property
    def servers(self) -> Servers:
        from localcloud.controllers.servers.servers import Servers

        return Servers(self.store, self.engines, self.networks, self.image_refs)

    @cached_property
    def images(self) -> Images:
        from localcloud.controllers.servers.images import Images

        return Images(self.store, self.engines.images)

    @cached_property
    def balancers(self) -> Balancers:
        from localcloud.controllers.balancers.balancers import Balancers

        return Balancers(self.store, self.engines.balancers, self.networks)

    @cached_property
    def databases(self) -> Databases:
        from localcloud.controllers.databases.databases import Databases

        return Databases(self.store, self.engines.databases, self.networks)

    @cached_property
    def faults(self) -> Faults:
        from localcloud.controllers.faults.faults import Faults

        return Faults(self.store, self.engines, self.networks, self.servers)

    @cached_property
    def reboots(self) -> Reboots:
        from localcloud.controllers.servers.reboots import Reboots

        return Reboots(self.store, self.engines.servers, self.servers, self.faults)

    @cached_property
    def clock(self) -> Clock:
        from localcloud.controllers.schedules.clock import Clock

        return Clock(self.store)

    @cached_property
    def backups(self) -> Backups:
        from localcloud.controllers.servers.backups import Backups

        return Backups(self.store, self.engines, self.servers, self.clock)

    @cached_property
    def backup_policies(self) -> BackupPolicies:
        from localcloud.controllers.servers.backups_policies import BackupPolicies

        return BackupPolicies(self.store, self.backups, self.clock, self.tasks)

    @cached_property
    def volumes(self) -> Volumes:
        from localcloud.controllers.volumes.volumes import Volumes

        return Volumes(self.store, self.engines.volumes, self.servers)

    @cached_property
    def snapshots(self) -> Snapshots:
        from localcloud.controllers.volumes.snapshots import Snapshots

        return Snapshots(self.store, self.engines.volumes, self.servers, self.clock)

    @cached_property
    def snapshot_policies(self) -> SnapshotPolicies:
        from localcloud.controllers.volumes.policies import SnapshotPolicies

        return SnapshotPolicies(self.store, self.snapshots, self.clock, self.tasks)

    @cached_property
    def volume_backups(self) -> VolumeBackups:
        from localcloud.controllers.volumes.backups import VolumeBackups

        return VolumeBackups(self.store, self.engines.volumes, self.clock)

    @cached_property
    def scheduler(self) -> Scheduler:
        from localcloud.controllers.schedules.watch import Scheduler

        return Scheduler(self.clock, self.backup_policies, self.snapshot_policies)

    @property
    def work(self) -> Work:
        """Who carries out what is ordered."""
        from localcloud.controllers.work_table import work_of

        return work_of(self)
