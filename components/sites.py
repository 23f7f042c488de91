"""What a web server can serve: how the packages come, which files, and what makes it run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pulumi import Input, Output

from pulumi_ctyun.resources import FileArgs
from pulumi_ctyun.resources.declarations import rds_rules

from .checks import Problem, one

PAGES = "/var/www/html"
INSTALL_APACHE = Path(__file__).with_name("install-apache.sh")


class Site(Protocol):
    """A site as a web server component needs it."""

    def problems(self) -> Iterator[Problem]:
        """What is wrong with it, before anything is made."""

    def install_script(self) -> str:
        """Runs once at the first boot, as root; may find the packages there already, and no egress yet."""

    def files(self, server: str, zone: Input[str], address: Output[str]) -> Sequence[FileArgs]:
        """Files for the server of this name in this zone with this private address."""

    def configure_script(self) -> str:
        """Runs after the files have come, and again when one has changed; returns when the site answers."""


@dataclass(frozen=True)
class StaticSite:
    """A folder of pages, served by Apache."""

    folder: str  # seen from the project's folder

    def problems(self) -> Iterator[Problem]:
        if not Path(self.folder, "index.html").is_file():
            yield Problem("folder", f"{self.folder} holds no index.html")

    def install_script(self) -> str:
        return INSTALL_APACHE.read_text(encoding="utf-8")

    def files(self, server: str, zone: Input[str], address: Output[str]) -> Sequence[FileArgs]:
        return [FileArgs(path=PAGES, source=self.folder)]

    def configure_script(self) -> str:
        return "systemctl reload-or-restart apache2\ncurl -sSf -o /dev/null --retry 10 --retry-connrefused http://127.0.0.1/\n"


@dataclass(frozen=True)
class Connection:
    """Where a site's data are, and the account for it."""

    name: Input[str]
    user: Input[str]
    password: Input[str]
    host: Input[str] | None = None  # None: on the web server itself
    id: Input[str] | None = None  # elsewhere: another one means another database, empty though it may have the same address

    def problems(self) -> Iterator[Problem]:
        """On the web server the database has the names that RDS has: what moves there later keeps them."""
        yield from one("database.name", self.name, rds_rules.database_name)
        yield from one("database.user", self.user, rds_rules.account_name)
        yield from one("database.password", self.password, rds_rules.password_characters)
