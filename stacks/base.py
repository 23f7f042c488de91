"""What every stage stands on: provider, network, login key and jump host, the database account's password, the way in by SSH."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_random

from components.jump_host import JumpHost, JumpHostArgs
from components.network import Network, NetworkArgs
from components.server import ServerArgs
from components.sites import Connection
from components.web_server import WebServer
from pulumi_ctyun.resources import FlavorWishArgs, KeyPair, Provider, verify
from stacks.settings import Settings

SITE = "docker/site"
DATABASE_NAME, DATABASE_USER = "hr_db", "hr_app"
PASSWORD_LENGTH = 24  # letters and digits only, so that no file or shell needs quoting; 142 bits


@dataclass(frozen=True)
class StageBase:
    """The parts that a stage builds upon; `provider_opts` goes to each of its components."""

    settings: Settings
    provider_opts: pulumi.ResourceOptions
    network: Network
    key: KeyPair
    jump: JumpHost

    def web_server(self) -> ServerArgs:
        """A web server as the settings want it, in the first zone."""
        wanted = self.settings
        return ServerArgs(self.network, self.key, wanted.zone, wanted.web_flavor, wanted.web_image)


def build_base(settings: Settings, web_zones: Sequence[str], web_from: Sequence[str], pair: bool = False) -> StageBase:
    """Web servers will stand in `web_zones`, the jump host beside the first of them, and answer `web_from`.

    `pair`: there will be a database with a standby. Names that only the cloud knows are checked first.
    """
    provider = Provider("ctyun", target=settings.target)
    check_names(settings, web_zones, pair, provider)
    provider_opts = pulumi.ResourceOptions(providers=[provider])
    prefix = pulumi.get_stack()
    network = Network("network", network_args(settings, prefix, web_from), provider_opts)
    key = KeyPair("key", region=settings.region, name=f"{prefix}-key", opts=pulumi.ResourceOptions(provider=provider))
    jump = JumpHost(
        "jump-host", JumpHostArgs(network, key, web_zones[0], settings.jump_flavor, settings.jump_image), provider_opts
    )
    return StageBase(settings, provider_opts, network, key, jump)


def check_names(settings: Settings, web_zones: Sequence[str], pair: bool, provider: Provider) -> None:
    """In a real update, before the first resource: names that only the cloud knows. A preview makes no call."""
    web = [FlavorWishArgs(zone=zone, flavor=settings.web_flavor) for zone in web_zones]
    verify(
        region=settings.region,
        zones=sorted({settings.zone, *web_zones, *([settings.standby_zone] if pair else [])}),
        flavors=[*web, FlavorWishArgs(zone=web_zones[0], flavor=settings.jump_flavor)],
        images=[settings.web_image, settings.jump_image],
        mysql_pairs=[FlavorWishArgs(zone=settings.zone, flavor=settings.database_flavor)] if pair else [],
        opts=pulumi.InvokeOptions(provider=provider),
    )


def network_args(settings: Settings, prefix: str, web_from: Sequence[str]) -> NetworkArgs:
    return NetworkArgs(
        region=settings.region,
        prefix=prefix,
        vpc_cidr=settings.vpc_cidr,
        subnets={"subnet": settings.subnet_cidr},
        ssh_from=settings.ssh_from,
        web_from=web_from,
        database_from=settings.database_from,
        full_access=settings.full_access,
    )


def database_password() -> pulumi.Output[str]:
    made = pulumi_random.RandomPassword(
        "database-password", length=PASSWORD_LENGTH, special=False, min_lower=1, min_upper=1, min_numeric=1
    )
    return made.result


def export(base: StageBase, url: pulumi.Output[str], servers: Sequence[WebServer], database: Connection) -> None:
    """The outputs of all stages; the command line and the tests read them."""
    pulumi.export("siteUrl", url)
    pulumi.export("jumpHostAddress", base.jump.address)
    pulumi.export("webServers", [web_server(one) for one in servers])
    pulumi.export("databaseHost", database.host or servers[0].private_address)
    pulumi.export("databaseUser", database.user)
    pulumi.export("databaseName", database.name)
    pulumi.export("databasePassword", pulumi.Output.secret(database.password))
    pulumi.export("sshAccess", pulumi.Output.secret(ssh_access(base.jump, servers, base.key)))


def web_server(one: WebServer) -> Mapping[str, object]:
    return {"name": one.server.name, "zone": one.server.zone, "privateAddress": one.private_address, "url": one.url}


def ssh_access(jump: JumpHost, servers: Sequence[WebServer], key: KeyPair) -> dict[str, object]:
    """What `./lab ssh` needs to reach every server with pinned host keys."""
    return {
        "privateKey": key.private_key,
        "user": "root",
        "jumpHost": {"name": "jump-host", "address": jump.address, "hostKey": jump.host_key},
        "servers": [{"name": one.server.name, "address": one.private_address, "hostKey": one.host_key} for one in servers],
    }
