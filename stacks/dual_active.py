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
from components.reach import ANYWHERE
from components.web_pair import WebPair, WebPairArgs
from components.web_server import WebServerArgs
from stacks.ground import DATABASE_NAME, DATABASE_USER, SITE, Ground, database_password, export, lay_ground
from stacks.hr_site import HrSite
from stacks.settings import Settings, load


def build() -> None:
    """Everything of the stage."""
    settings = load()
    ground = lay_ground(settings, settings.web_zones, web_from(settings), pair=True)
    database = Database("db", database_args(ground), ground.inherit)
    web = web_servers(ground, database)
    balancer = Balancer("balancer", BalancerArgs(ground.network, web.servers, HrSite.HEALTH), ground.inherit)
    instance_ids = [one.server.instance.instance_id for one in web.servers]
    backup = Backup("backup", BackupArgs(ground.network, instance_ids, vault_gib=settings.vault_gib), ground.inherit)
    export(ground, balancer.url, web.servers, database.connection)
    pulumi.export("databaseNodes", database.nodes)
    pulumi.export("databasePublicAddress", database.public_address)
    pulumi.export("imageId", web.image_id)
    pulumi.export("backupPolicyId", backup.policy_id)


def web_from(settings: Settings) -> Sequence[str]:
    """The balancer's checks and visitors come from its subnet, unless that is in there already."""
    known = {ANYWHERE, settings.subnet_cidr}.intersection(settings.web_from)
    return settings.web_from if known else (*settings.web_from, settings.subnet_cidr)


def database_args(ground: Ground) -> DatabaseArgs:
    settings = ground.settings
    return DatabaseArgs(
        network=ground.network,
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


def web_servers(ground: Ground, database: Database) -> WebPair:
    site = HrSite(SITE, database.connection, data_disk=True)
    first = WebServerArgs(ground.web_server(), ground.jump, site)
    return WebPair("web", WebPairArgs(first, ground.settings.web_zones, ground.settings.web_servers), ground.inherit)
