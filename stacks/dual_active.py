"""Stage `dual-active` (course 5.2): two web servers in two zones behind a balancer, a database that fails over, images, backup.

In the course's order, but nothing waits for what it does not need: the pair of databases, the balancer, the vault and the
first web server are made at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.backup import Backup, BackupArgs
from components.balancer import Balancer, BalancerArgs
from components.database import Database, DatabaseArgs
from components.security_rules import ANYWHERE
from components.web_pair import WebPair, WebPairArgs
from components.web_server import WebServerArgs
from stacks.base import DATABASE_NAME, DATABASE_USER, SITE, StageBase, build_base, database_password, export
from stacks.hr_site import HrSite
from stacks.settings import Settings, load


def build() -> None:
    """Everything of the stage."""
    settings = load()
    base = build_base(settings, settings.web_zones, web_from(settings), pair=True)
    database = Database("db", database_args(base), base.provider_opts)
    web = web_servers(base, database)
    balancer = Balancer("balancer", BalancerArgs(base.network, web.servers, HrSite.HEALTH), base.provider_opts)
    instance_ids = [one.server.instance.instance_id for one in web.servers]
    backup = Backup("backup", BackupArgs(base.network, instance_ids, vault_gib=settings.vault_gib), base.provider_opts)
    export(base, balancer.url, web.servers, database.connection)
    pulumi.export("databaseNodes", database.nodes)
    pulumi.export("databasePublicAddress", database.public_address)
    pulumi.export("imageId", web.image_id)
    pulumi.export("backupPolicyId", backup.policy_id)


def web_from(settings: Settings) -> Sequence[str]:
    """The balancer's checks and visitors come from its subnet, unless that is in there already."""
    known = {ANYWHERE, settings.subnet_cidr}.intersection(settings.web_from)
    return settings.web_from if known else (*settings.web_from, settings.subnet_cidr)


def database_args(base: StageBase) -> DatabaseArgs:
    settings = base.settings
    return DatabaseArgs(
        network=base.network,
        zone=settings.zone,
        standby_zone=settings.standby_zone,
        schema=DATABASE_NAME,
        user=DATABASE_USER,
        password=database_password(),
        flavor=settings.database_flavor,
        storage_gib=settings.database_gib,
        failover=settings.failover,
        ha_mode=settings.ha_mode,
        public=True,  # as in the course; who may use it there says drlab:databaseFrom, by default nobody
        reachable_from=settings.database_from,
    )


def web_servers(base: StageBase, database: Database) -> WebPair:
    site = HrSite(SITE, database.connection, data_disk=True)
    first = WebServerArgs(base.web_server(), base.jump, site)
    return WebPair("web", WebPairArgs(first, base.settings.web_zones, base.settings.web_servers), base.provider_opts)
