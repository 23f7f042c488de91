"""Stage `single-host` (course 5.1): one web server with its own database, and a jump host."""

from __future__ import annotations

from components.sites import Connection
from components.web_server import WebServer, WebServerArgs
from stacks.base import DATABASE_NAME, DATABASE_USER, SITE, build_base, database_password, export
from stacks.hr_site import HrSite
from stacks.settings import load


def build() -> None:
    """Everything of the stage."""
    settings = load()
    base = build_base(settings, [settings.zone], settings.web_from)
    database = Connection(DATABASE_NAME, DATABASE_USER, database_password())
    web = WebServer("web-01", WebServerArgs(base.web_server(), base.jump, HrSite(SITE, database)), base.provider_opts)
    export(base, web.url, [web], database)
