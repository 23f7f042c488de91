"""The local cloud's own calls (`/_local/`) for commands, which are not asynchronous: one connection per call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ctyun.credentials import CloudRecord
from ctyun.errors import CtyunError

if TYPE_CHECKING:  # an HTTP client and asyncio take 0.1 s to load: only a command that asks the cloud pays that
    from ctyun.local import Fault, Health, LocalCloud, LocalServer
    from ctyun.local_databases import LocalDatabase, LocalNode

T = TypeVar("T")
HEALTH_SECONDS = 3.0


@dataclass(frozen=True)
class LocalApi:
    """Every method raises CtyunError with the cloud's own sentence."""

    record: CloudRecord

    def health(self) -> Health | None:
        """None when nothing answers within 3 s."""
        try:
            return self._call(lambda cloud: cloud.health(), HEALTH_SECONDS)
        except (CtyunError, TimeoutError):
            return None

    def servers(self) -> list[LocalServer]:
        return self._call(lambda cloud: cloud.servers())

    def databases(self) -> list[LocalDatabase]:
        return self._call(lambda cloud: cloud.databases())

    def named(self) -> list[LocalServer | LocalNode]:
        """Everything that has a name and a power supply: servers, and nodes of databases."""
        return [*self.servers(), *(node for database in self.databases() for node in database.nodes)]

    def faults(self, *, include_undone: bool = False) -> list[Fault]:
        return self._call(lambda cloud: cloud.faults(include_undone=include_undone))

    def put_fault(self, kind: str, target: str, **wish: Any) -> Fault:
        """See ctyun.local.LocalCloud.put_fault for the wishes of each kind."""
        return self._call(lambda cloud: cloud.put_fault(kind, target, **wish))

    def undo_fault(self, fault_id: str) -> Mapping[str, Any]:
        return self._call(lambda cloud: cloud.undo_fault(fault_id))

    def power_on(self, target: str, name_prefix: str | None) -> Mapping[str, Any]:
        return self._call(lambda cloud: cloud.power_on(target, name_prefix=name_prefix))

    def shutdown(self, *, force: bool) -> Mapping[str, Any]:
        return self._call(lambda cloud: cloud.shutdown(force=force))

    def _call(self, ask: Callable[[LocalCloud], Awaitable[T]], seconds: float | None = None) -> T:
        """Raises TimeoutError after `seconds`."""
        import asyncio

        from ctyun.local import LocalCloud

        async def run() -> T:
            async with LocalCloud(self.record) as cloud:
                return await asyncio.wait_for(ask(cloud), seconds)

        return asyncio.run(run())
