"""The guest book as a site: what a web server component asks of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pulumi import Input, Output

from drlab.components.checks import Problem
from drlab.components.sites import PAGES, Connection
from pulumi_ctyun.resources import FileArgs

SETTINGS = "/etc/guest-book.json"
PACKAGES = ("apache2", "libapache2-mod-php", "php-mysql", "curl")


@dataclass(frozen=True)
class GuestBook:
    """A folder of pages in PHP, and the database in which they keep what guests write."""

    folder: str  # seen from the project's folder
    database: Connection
    HEALTH: ClassVar[str] = "/health.php"  # asks for nothing but the server itself: a database that is away takes no server out

    def problems(self) -> Iterator[Problem]:
        if not Path(self.folder, "index.php").is_file():
            yield Problem("folder", f"{self.folder} holds no index.php")
        yield from self.database.problems()

    def install_script(self) -> str:
        """The image has everything; one that has not is told of at once, as these servers have no way out."""
        return f"#!/bin/sh\ndpkg-query -W {' '.join(PACKAGES)} >/dev/null && rm -f {PAGES}/index.html\n"

    def files(self, server: str, zone: Input[str], address: Output[str]) -> Sequence[FileArgs]:
        place = {"server": server, "zone": zone}
        account = {"user": self.database.user, "password": self.database.password, "schema": self.database.name}
        settings = Output.json_dumps({**place, **account, "host": self.database.host})
        return [
            FileArgs(path=PAGES, source=self.folder),
            FileArgs(path=SETTINGS, content=Output.secret(settings), mode="0640", owner="root:www-data"),
        ]

    def configure_script(self) -> str:
        """Ends when the page answers, with the database behind it."""
        return (
            f"php {PAGES}/tables.php\n"
            "systemctl reload-or-restart apache2\n"
            "curl -sSf -o /dev/null --retry 10 --retry-connrefused http://127.0.0.1/\n"
        )
