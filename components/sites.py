"""What a web server can serve: how the packages come, which files, and what makes it run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from pulumi import Input, Output, RunError

from pulumi_ctyun.resources import FileArgs
from pulumi_ctyun.resources.declarations import rds_rules

from .checks import Problem, one
from .settings_file import settings_file

PAGES = "/var/www/html"
INSTALL_APACHE = Path(__file__).with_name("install-apache.sh")


class Site(Protocol):
    """A site as a web server component needs it."""

    def problems(self) -> Iterator[Problem]:
        """What is wrong with it, before anything is made."""

    def install_script(self) -> str:
        """Runs once at the first boot, as root; may find the packages there already, and no egress yet."""

    def files(self, server: str, zone: str, address: Output[str]) -> Sequence[FileArgs]:
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

    def files(self, server: str, zone: str, address: Output[str]) -> Sequence[FileArgs]:
        return [FileArgs(path=PAGES, source=self.folder)]

    def configure_script(self) -> str:
        return "systemctl reload-or-restart apache2\ncurl -sSf -o /dev/null --retry 10 --retry-connrefused http://127.0.0.1/\n"


@dataclass(frozen=True)
class Connection:
    """Where a site's data are, and the account for it."""

    name: str
    user: str
    password: Input[str]
    host: Input[str] | None = None  # None: on the web server itself
    id: Input[str] | None = None  # elsewhere: another one means another database, empty though it may have the same address

    def problems(self) -> Iterator[Problem]:
        """On the web server the database has the names that RDS has: what moves there later keeps them."""
        yield from one("database.name", self.name, rds_rules.database_name)
        yield from one("database.user", self.user, rds_rules.account_name)
        if isinstance(self.password, str):  # else one that is not known yet
            yield from one("database.password", self.password, rds_rules.password_characters)


@dataclass(frozen=True)
class HrSite:
    """The HR site: pages, scripts and tables in one folder, laid out and called as its README says."""

    folder: str  # seen from the project's folder
    HEALTH: ClassVar[str] = "/health.php"  # fails for what is the server's own fault alone, for a balancer's checks
    database: Connection
    data_disk: bool = False  # uploads lie on the server's first data disk

    def problems(self) -> Iterator[Problem]:
        for part in ("html/index.html", "server/install-lamp.sh", "server/mount-upload.sh", "sql/hr_db.sql"):
            if not Path(self.folder, part).is_file():
                yield Problem("folder", f"{self.folder} holds no {part}")
        yield from self.database.problems()

    def install_script(self) -> str:
        scripts = ["install-lamp.sh", "mount-upload.sh"] if self.data_disk else ["install-lamp.sh"]
        packages = "" if self.database.host is None else "HR_DATABASE=elsewhere\n"
        return packages + "".join(Path(self.folder, "server", script).read_text(encoding="utf-8") for script in scripts)

    def files(self, server: str, zone: str, address: Output[str]) -> Sequence[FileArgs]:
        return [
            FileArgs(path=PAGES, source=f"{self.folder}/html"),
            FileArgs(path="/opt/hr", source=f"{self.folder}/server"),
            FileArgs(path="/opt/hr/sql", source=f"{self.folder}/sql"),
            FileArgs(path="/etc/hr/server.env", content=settings_file(HR_SERVER_NAME=server, HR_SERVER_ZONE=zone)),
            FileArgs(path="/etc/hr/database.env", content=self._database_settings(address), mode="0600"),
        ]

    def _database_settings(self, address: Output[str]) -> Output[str]:
        return Output.secret(
            settings_file(
                PHP_ENV_SQL_IP=address if self.database.host is None else self.database.host,
                PHP_ENV_SQL_USERNAME=self.database.user,
                PHP_ENV_SQL_PASSWORD=Output.from_input(self.database.password).apply(_fit_for_the_file),
                PHP_ENV_SQL_DBNAME=self.database.name,
                **({} if self.database.id is None else {"HR_DATABASE_ID": self.database.id}),
            )
        )

    def configure_script(self) -> str:
        database = "configure-database.sh" if self.database.host is None else "import-tables.sh"
        return f"sh /opt/hr/{database}\nsh /opt/hr/configure-site.sh\n"


def _fit_for_the_file(password: str) -> str:
    """Raises RunError (no traceback) for one that was not known when the other arguments were checked."""
    if wrong := rds_rules.password_characters(password):
        raise RunError(f"The password of the site's database {wrong}.")
    return password
