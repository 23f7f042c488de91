"""Snapshots of volumes (host `ebs`).

The answer to a snapshot after a volume's first one names no snapshot: it is found by its name.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any, Self

from ctyun.errors import JobFailed, NotFound
from ctyun.fields import Body, items, need, number, present, text
from ctyun.services.base import Service, token_or_new
from ctyun.services.jobs import Jobs
from ctyun.services.orders import OrderRef, Orders
from ctyun.services.volumes import Volume, Volumes
from ctyun.transport import Call, Transport
from ctyun.waiting import LOCAL_PACE, Pace, wait_until

CREATE = Call("ebs", "POST", "/v4/ebs_snapshot/create-ebs-snap", "make snapshot")
LIST = Call("ebs", "GET", "/v4/ebs_snapshot/list-ebs-snap", "list snapshots")
DELETE = Call("ebs", "POST", "/v4/ebs_snapshot/delete-ebs-snap", "delete snapshot")
ROLL_BACK = Call("ebs", "POST", "/v4/ebs_snapshot/rollback-ebs-snap", "set volume back to snapshot")
NEW_VOLUME = Call("ebs", "POST", "/v4/ebs/new-from-snapshot-ebs-snap", "order volume from snapshot")

AVAILABLE, ERROR = "available", "error"
FOREVER = -1


@dataclass(frozen=True)
class Snapshot:
    """A copy of a volume as it was at one instant. `days`: how long it is kept, -1 for ever. `size` in GiB, of the volume."""

    id: str
    name: str
    status: str
    volume_id: str
    volume_name: str
    size: int
    zone_name: str
    days: int = FOREVER
    automatic: bool = False
    created: str = ""

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "snapshotID"),
            name=text(body, "snapshotName"),
            status=text(body, "snapshotStatus"),
            volume_id=text(body, "diskID"),
            volume_name=text(body, "volumeName"),
            size=number(body, "volumeSize"),
            zone_name=text(body, "azName"),
            days=FOREVER if text(body, "retentionPolicy") == "forever" else number(body, "retentionTime"),
            automatic=text(body, "snapshotType") == "timer",
            created=text(body, "createTime"),
        )


class Snapshots(Service):
    """Make, list and delete snapshots, set volumes back to them, order volumes from them."""

    def __init__(self, transport: Transport, orders: Orders, jobs: Jobs, volumes: Volumes, pace: Pace = LOCAL_PACE) -> None:
        super().__init__(transport, pace)
        self._orders, self._jobs, self._volumes = orders, jobs, volumes

    async def create(
        self,
        region_id: str,
        volume_id: str,
        *,
        name: str,
        days: int = FOREVER,
        client_token: str | None = None,
        timeout: float = 300,
    ) -> Snapshot:
        """Make one and wait until it can be used; `days`: how long it is kept. Raises OrderFailed, JobFailed, WaitTimeout."""
        body = present(
            clientToken=token_or_new(client_token),
            regionID=region_id,
            diskID=volume_id,
            snapshotName=name,
            retentionPolicy="forever" if days == FOREVER else "custom",
            retentionTime=None if days == FOREVER else days,
        )
        answer = (await self._transport.send(CREATE, name, body=body)).body
        if job_id := text(answer, "snapshotJobID"):
            await self._jobs.wait(region_id, job_id, what=f"snapshot {name} of volume {volume_id}", timeout=timeout)
        else:
            await self._orders.wait(OrderRef.from_api(answer).id, what=f"snapshot {name}", timeout=timeout)
        return await self._made(region_id, volume_id, name, timeout)

    async def _made(self, region_id: str, volume_id: str, name: str, timeout: float) -> Snapshot:
        """The newest of that name, when it can be used."""

        async def look() -> Snapshot | None:
            found = [snapshot for snapshot in await self.list(region_id, volume_id=volume_id) if snapshot.name == name]
            return max(found, key=lambda snapshot: snapshot.created, default=None)

        snapshot = await wait_until(
            look,
            lambda seen: seen is not None and seen.status in (AVAILABLE, ERROR),
            what=f"snapshot {name} of volume {volume_id} to be ready",
            timeout=timeout,
            state=lambda seen: seen.status if seen else "not listed",
            pace=self._pace,
        )
        if snapshot is None or snapshot.status == ERROR:
            raise JobFailed(f"Snapshot {name} of volume {volume_id} could not be made: its state is error. Delete it.")
        return snapshot

    async def get(self, region_id: str, snapshot_id: str) -> Snapshot:
        """Raises NotFound."""
        found = await self.list(region_id, snapshot_id=snapshot_id)
        if not found:
            raise NotFound(LIST.operation, snapshot_id, "", "the list does not have it")
        return found[0]

    async def list(
        self, region_id: str, *, volume_id: str | None = None, snapshot_id: str | None = None
    ) -> builtins.list[Snapshot]:
        """All of the region, of a volume, or the one of an id; the newest first."""
        query = present(regionID=region_id, diskID=volume_id, snapshotID=snapshot_id)
        answer = await self._transport.send(LIST, volume_id or snapshot_id or "", query=query)
        return [Snapshot.from_api(body) for body in items(answer.body, "snapshotList")]

    async def roll_back(self, region_id: str, snapshot: Snapshot, *, timeout: float = 600) -> None:
        """Set its volume back to it, and wait; what the volume held since is lost. The volume's server must be stopped."""
        body = {
            "regionID": region_id, "azName": snapshot.zone_name, "snapshotID": snapshot.id, "diskID": snapshot.volume_id,
        }  # fmt: skip
        answer = await self._transport.send(ROLL_BACK, snapshot.id, body=body)
        what = f"return of volume {snapshot.volume_id} to snapshot {snapshot.name}"
        await self._jobs.wait(region_id, need(answer.body, "snapshotJobID"), what=what, timeout=timeout)

    async def new_volume(
        self, region_id: str, snapshot_id: str, *, name: str, size: int, client_token: str, timeout: float = 600
    ) -> Volume:
        """Order a volume that begins as a snapshot, in the same zone, at least as large, and wait for it."""
        body = {
            "clientToken": client_token, "regionID": region_id, "snapshotID": snapshot_id, "diskMode": "VBD", "diskName": name,
            "diskSize": size, "onDemand": True,
        }  # fmt: skip
        answer = await self._transport.send(NEW_VOLUME, name, body=body)
        return await self._volumes.ordered(region_id, answer.body, name, timeout)

    async def delete(self, region_id: str, snapshot: Snapshot, *, timeout: float = 300) -> None:
        """Delete one, and wait. Raises NotFound, JobFailed."""
        body: dict[str, Any] = {"regionID": region_id, "diskID": snapshot.volume_id, "snapshotIDs": [snapshot.id]}
        answer = (await self._transport.send(DELETE, snapshot.id, body=body)).body
        if answer.get("notFoundList"):
            raise NotFound(DELETE.operation, snapshot.id, "", "the cloud does not have it")
        if answer.get("notAllowedList"):
            raise JobFailed(f"Snapshot {snapshot.name} ({snapshot.id}) cannot be deleted now: something is being done with it.")
        await self._jobs.wait(
            region_id, need(answer, "snapshotJobID"), what=f"removal of snapshot {snapshot.name}", timeout=timeout
        )
