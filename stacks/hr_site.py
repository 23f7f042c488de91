"""The course's own site, as a web server component serves it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pulumi import Input, Output, RunError

from components.checks import Problem
from components.settings_file import settings_file
from components.sites import PAGES, Connection
from pulumi_ctyun.resources import FileArgs
from pulumi_ctyun.resources.declarations import rds_rules


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

    def files(self, server: str, zone: Input[str], address: Output[str]) -> Sequence[FileArgs]:
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
