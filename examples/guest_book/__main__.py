"""A guest book over HTTPS: a balancer with a certificate, three servers in three zones, a database with a standby.

Only the balancer and the jump host have addresses on the internet; the servers' image has all packages, so they need no way out.
"""

from __future__ import annotations

from dataclasses import replace

import pulumi
import pulumi_random
from guest_book import GuestBook

from drlab.components.balancer import Balancer, BalancerArgs
from drlab.components.balancer_parts import ListenerArgs
from drlab.components.database import Database, DatabaseArgs
from drlab.components.jump_host import JumpHost, JumpHostArgs
from drlab.components.network import Network, NetworkArgs
from drlab.components.server import ServerArgs
from drlab.components.web_server import WebServer, WebServerArgs
from pulumi_ctyun.resources import KeyPair, Provider

REGION, ZONES = "华东1", ("AZ1", "AZ2", "AZ3")
NAME = "guests"  # physical names begin with it
SUBNET = "10.30.1.0/24"

config = pulumi.Config()
inherit = pulumi.ResourceOptions(providers=[Provider("cloud", target=config.require("target"))])

# The servers' visitors are the balancer and its checks, which come from the subnet.
network = Network(
    "network",
    NetworkArgs(REGION, NAME, "10.30.0.0/16", {"servers": SUBNET}, ssh_from=["198.18.0.0/15"], web_from=[SUBNET]),
    inherit,
)
key = KeyPair("key", region=REGION, name=f"{NAME}-key", opts=inherit)
jump = JumpHost("jump-host", JumpHostArgs(network, key, ZONES[0], "1C1G", "debian-12"), inherit)

password = pulumi_random.RandomPassword("password", length=24, special=False, min_lower=1, min_upper=1, min_numeric=1)
database = Database("db", DatabaseArgs(network, *ZONES[:2], schema="guests", user="book", password=password.result), inherit)

book = GuestBook("pages", database.connection)
server = ServerArgs(network, key, ZONES[0], "1C1G", "debian-12-lamp", public=False, labels={"project": NAME})
servers = [WebServer(f"web-{zone.lower()}", WebServerArgs(replace(server, zone=zone), jump, book), inherit) for zone in ZONES]

https = ListenerArgs(
    "https",
    "HTTPS",
    443,
    certificate=config.require("certificate"),
    private_key=config.require_secret("privateKey"),
    forwarded_for=True,
)
balancer = Balancer("balancer", BalancerArgs(network, servers, GuestBook.HEALTH, listeners=[https]), inherit)

pulumi.export("url", balancer.url)
pulumi.export("address", balancer.address)
