"""A folder of pages on a web server in 华北2, second zone, reached by administrators through a jump host."""

from __future__ import annotations

import pulumi

from drlab.components.jump_host import JumpHost, JumpHostArgs
from drlab.components.network import Network, NetworkArgs
from drlab.components.server import ServerArgs
from drlab.components.sites import StaticSite
from drlab.components.web_server import WebServer, WebServerArgs
from pulumi_ctyun.resources import KeyPair, Provider

REGION, ZONE = "华北2", "AZ2"
NAME = "pages"  # physical names begin with it

config = pulumi.Config()
inherit = pulumi.ResourceOptions(providers=[Provider("cloud", target=config.get("target") or "local")])

network = Network(
    "network",
    NetworkArgs(REGION, NAME, vpc_cidr="10.20.0.0/16", subnets={"servers": "10.20.1.0/24"}, ssh_from=["198.18.0.0/15"]),
    inherit,
)
key = KeyPair("key", region=REGION, name=f"{NAME}-key", opts=inherit)
jump = JumpHost("jump-host", JumpHostArgs(network, key, ZONE, "1C1G", "debian-12"), inherit)
web = WebServer(
    "web",
    WebServerArgs(ServerArgs(network, key, ZONE, "1C1G", "debian-12-lamp"), jump, StaticSite("pages")),
    inherit,
)
pulumi.export("url", web.url)
