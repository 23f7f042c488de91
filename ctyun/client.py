"""The client: one transport, one attribute per service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Self

import httpx

from ctyun.credentials import CloudRecord, Credentials, ctyun_credentials, running_cloud
from ctyun.endpoints import Endpoints
from ctyun.errors import ConfigurationError
from ctyun.services.backup_policies import BackupPolicies
from ctyun.services.backup_vaults import BackupVaults
from ctyun.services.backups import ServerBackups
from ctyun.services.certificates import Certificates
from ctyun.services.eips import Eips
from ctyun.services.flavors import Flavors
from ctyun.services.health_checks import HealthChecks
from ctyun.services.images import Images
from ctyun.services.jobs import Jobs
from ctyun.services.key_pairs import KeyPairs
from ctyun.services.listeners import Listeners
from ctyun.services.load_balancers import LoadBalancers
from ctyun.services.mysql_access import MysqlEips, MysqlWhiteLists
from ctyun.services.mysql_backups import MysqlBackups
from ctyun.services.mysql_contents import MysqlAccounts, MysqlDatabases
from ctyun.services.mysql_instances import MysqlInstances
from ctyun.services.mysql_roles import MysqlRoles
from ctyun.services.mysql_upgrades import MysqlUpgrades
from ctyun.services.orders import Orders
from ctyun.services.regions import Regions
from ctyun.services.security_groups import SecurityGroups
from ctyun.services.servers import Servers
from ctyun.services.snapshot_policies import SnapshotPolicies
from ctyun.services.snapshots import Snapshots
from ctyun.services.subnets import Subnets
from ctyun.services.target_groups import TargetGroups
from ctyun.services.volume_backups import VolumeBackups
from ctyun.services.volumes import Volumes
from ctyun.services.vpcs import Vpcs
from ctyun.transport import DEFAULT_TIMEOUT, Retry, Transport
from ctyun.waiting import LOCAL_PACE, REAL_PACE

REAL = "ctyun"
CHINA = timezone(timedelta(hours=8))


class Client:
    """Speaks to one cloud. Use it as `async with`, inside one event loop; tests replace `http`.

    `cloud`: which one, so that nobody takes another for it: a local cloud's id, or "ctyun".
    """

    def __init__(
        self,
        endpoints: Endpoints,
        credentials: Credentials,
        *,
        cloud: str = REAL,
        zone: tzinfo = UTC,
        http: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = DEFAULT_TIMEOUT,
        retry: Retry | None = None,
    ) -> None:
        self.endpoints, self.credentials, self.cloud = endpoints, credentials, cloud
        self.transport = Transport(endpoints, credentials, zone=zone, http=http, timeout=timeout, retry=retry)
        pace = LOCAL_PACE if endpoints.local else REAL_PACE
        self.regions = Regions(self.transport)
        self.vpcs = Vpcs(self.transport)
        self.subnets = Subnets(self.transport)
        self.security_groups = SecurityGroups(self.transport)
        self.orders = Orders(self.transport, pace)
        self.jobs = Jobs(self.transport, pace)
        self.eips = Eips(self.transport, self.orders, pace)
        self.servers = Servers(self.transport, self.orders, self.jobs, pace)
        self.key_pairs = KeyPairs(self.transport)
        self.volumes = Volumes(self.transport, self.orders, self.jobs, pace)
        self.snapshots = Snapshots(self.transport, self.orders, self.jobs, self.volumes, pace)
        self.snapshot_policies = SnapshotPolicies(self.transport)
        self.volume_backups = VolumeBackups(self.transport, self.orders, pace)
        self.images = Images(self.transport, pace)
        self.flavors = Flavors(self.transport)
        self.backup_vaults = BackupVaults(self.transport, self.orders, pace)
        self.server_backups = ServerBackups(self.transport, pace)
        self.backup_policies = BackupPolicies(self.transport)
        self.load_balancers = LoadBalancers(self.transport, pace)
        self.health_checks = HealthChecks(self.transport)
        self.target_groups = TargetGroups(self.transport)
        self.certificates = Certificates(self.transport)
        self.listeners = Listeners(self.transport)
        self.mysqls = MysqlInstances(self.transport, pace)
        self.mysql_upgrades = MysqlUpgrades(self.transport, self.mysqls, pace)
        self.mysql_roles = MysqlRoles(self.transport, pace)
        self.mysql_databases = MysqlDatabases(self.transport)
        self.mysql_accounts = MysqlAccounts(self.transport)
        self.mysql_white_lists = MysqlWhiteLists(self.transport)
        self.mysql_eips = MysqlEips(self.transport)
        self.mysql_backups = MysqlBackups(self.transport, pace)

    @classmethod
    def local(cls, cloud: Path | CloudRecord) -> Self:
        """The local cloud of a state folder. Raises ConfigurationError when it is not running."""
        record = running_cloud(cloud) if isinstance(cloud, Path) else cloud
        return cls(Endpoints.at(record.url), record.credentials, cloud=record.id)

    @classmethod
    def ctyun(cls, env: Mapping[str, str]) -> Self:
        """The real cloud with CTYUN_AK and CTYUN_SK; CTYUN_EOP_TIME (utc, local, china) is the zone of Eop-date."""
        return cls(Endpoints.real(), ctyun_credentials(env), zone=eop_zone(env.get("CTYUN_EOP_TIME", "utc")))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self.transport.aclose()


def eop_zone(name: str) -> tzinfo:
    """The zone of Eop-date. Which one the gateway wants is undocumented: the official SDKs write local time."""
    zones = {"utc": UTC, "china": CHINA, "local": datetime.now().astimezone().tzinfo or UTC}
    try:
        return zones[name.lower()]
    except KeyError:
        raise ConfigurationError(f"CTYUN_EOP_TIME is {name!r}; it can be {', '.join(zones)}.") from None
