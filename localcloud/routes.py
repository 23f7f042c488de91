"""The table of all modelled calls."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from localcloud.api.calls import Route

# Those that need no engines come first: looking for a path loads one table after the other until it is found.
SERVICES = (
    "region", "vpc", "keypair", "securitygroup", "eip", "image", "orders", "jobs", "ecs", "ebs", "ebssnapshot", "ebsbackup",
    "elb", "certificate", "listener", "targetgroup", "csbs", "rds",
)  # fmt: skip


class Routes:
    """Every call that is modelled, by method and path; a service is imported when one of its calls may be meant."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, str], Route] = {}
        self._left = iter(SERVICES)

    def find(self, method: str, path: str) -> Route | None:
        """The call, None where there is none."""
        while (method, path) not in self._loaded and self._load_next():
            pass
        return self._loaded.get((method, path))

    def all(self) -> dict[tuple[str, str], Route]:
        """The whole table."""
        while self._load_next():
            pass
        return self._loaded

    def _load_next(self) -> bool:
        for name in self._left:
            self._loaded |= {(route.method, route.path): route for route in _routes(name)}
            return True
        return False


def _routes(service: str) -> Iterator[Route]:
    yield from import_module(f"localcloud.services.{service}.routes").ROUTES


def all_routes() -> dict[tuple[str, str], Route]:
    """Every call that is modelled, by method and path."""
    return Routes().all()
