"""Stage `single-host` (course 5.1): one web server with its own database, and a jump host."""

from __future__ import annotations

import pulumi
import pulumi_random

from components.jump_host import JumpHost, JumpHostArgs
from components.network import Network, NetworkArgs
from components.server import ServerArgs
from components.sites import Database, HrSite
from components.web_server import WebServer, WebServerArgs
from pulumi_ctyun.resources import KeyPair, Provider, verify
from stacks.settings import Settings, load

SITE = "docker/site"
DATABASE_NAME, DATABASE_USER = "hr_db", "hr_app"
PASSWORD_LENGTH = 24  # letters and digits only, so that no file or shell needs quoting; 142 bits


def build() -> None:
    """Everything of the stage; the outputs are what the command line and the tests read."""
    settings = load()
    provider = Provider("ctyun", target=settings.target)
    check_names(settings, provider)
    inherit = pulumi.ResourceOptions(providers=[provider])
    prefix = pulumi.get_stack()
    network = Network("network", network_args(settings, prefix), inherit)
    key = KeyPair("key", region=settings.region, name=f"{prefix}-key", opts=pulumi.ResourceOptions(provider=provider))
    jump = JumpHost("jump-host", JumpHostArgs(network, key, settings.zone, settings.jump_flavor, settings.jump_image), inherit)
    database = Database(DATABASE_NAME, DATABASE_USER, database_password())
    server = ServerArgs(network, key, settings.zone, settings.web_flavor, settings.web_image)
    web = WebServer("web-01", WebServerArgs(server, jump, HrSite(SITE, database)), inherit)
    export(jump, web, database, key)


def check_names(settings: Settings, provider: Provider) -> None:
    """In a real update, before the first resource: names that only the cloud knows. A preview makes no call."""
    verify(
        region=settings.region,
        zones=[settings.zone],
        flavors=[{"zone": settings.zone, "flavor": flavor} for flavor in (settings.web_flavor, settings.jump_flavor)],
        images=[settings.web_image, settings.jump_image],
        opts=pulumi.InvokeOptions(provider=provider),
    )


def network_args(settings: Settings, prefix: str) -> NetworkArgs:
    return NetworkArgs(
        region=settings.region,
        prefix=prefix,
        vpc_cidr=settings.vpc_cidr,
        subnets={"subnet": settings.subnet_cidr},
        ssh_from=settings.ssh_from,
        web_from=settings.web_from,
        database_from=settings.database_from,
        full_access=settings.full_access,
    )


def database_password() -> pulumi.Output[str]:
    made = pulumi_random.RandomPassword(
        "database-password", length=PASSWORD_LENGTH, special=False, min_lower=1, min_upper=1, min_numeric=1
    )
    return made.result


def export(jump: JumpHost, web: WebServer, database: Database, key: KeyPair) -> None:
    pulumi.export("siteUrl", web.url)
    pulumi.export("jumpHostAddress", jump.address)
    pulumi.export("webServers", [{"name": "web-01", "zone": web.server.zone, "privateAddress": web.private_address}])
    pulumi.export("databaseHost", web.private_address)
    pulumi.export("databaseUser", database.user)
    pulumi.export("databaseName", database.name)
    pulumi.export("databasePassword", pulumi.Output.secret(database.password))
    pulumi.export("sshAccess", pulumi.Output.secret(ssh_access(jump, [web], key)))


def ssh_access(jump: JumpHost, servers: list[WebServer], key: KeyPair) -> dict[str, object]:
    """What `./lab ssh` needs to reach every server with pinned host keys."""
    return {
        "privateKey": key.private_key,
        "user": "root",
        "jumpHost": {"name": "jump-host", "address": jump.address, "hostKey": jump.host_key},
        "servers": [{"name": one.server.name, "address": one.private_address, "hostKey": one.host_key} for one in servers],
    }
