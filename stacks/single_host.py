"""Stage `single-host` (course 5.1): one web server with its own database, and a jump host."""

from __future__ import annotations

from components.sites import Connection
from components.web_server import WebServer, WebServerArgs
from stacks.ground import DATABASE_NAME, DATABASE_USER, SITE, database_password, export, lay_ground
from stacks.hr_site import HrSite
from stacks.settings import load


def build() -> None:
    """Everything of the stage."""
    settings = load()
    ground = lay_ground(settings, [settings.zone], settings.web_from)
    database = Connection(DATABASE_NAME, DATABASE_USER, database_password())
    web = WebServer("web-01", WebServerArgs(ground.web_server(), ground.jump, HrSite(SITE, database)), ground.inherit)
    export(ground, web.url, [web], database)
