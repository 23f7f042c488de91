"""What is being done with servers just now."""

from __future__ import annotations

from localcloud.records.compute import INSTANCES, Instance
from localcloud.records.errors.ecs import InstanceBusy
from localcloud.records.store import Store


def require_idle(server: Instance) -> None:
    """Raise InstanceBusy while something is being done to the server."""
    if server.status not in ("running", "stopped"):
        raise InstanceBusy(server.id, server.status)


def servers_being_created(store: Store, source_id: str) -> list[str]:
    """Ids of those that are just made from an image or a backup."""
    return [server.id for server in store.find(INSTANCES, status="creating") if server.image_id == source_id]
