"""Volumes, EBS (host `ebs`): data disks that outlive the servers that have them. Orders make them, jobs move them."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ctyun.fields import Body, items, need, number, present, text
from ctyun.services.base import Service, all_pages, token_or_new
from ctyun.services.jobs import Jobs
from ctyun.services.orders import OrderRef, Orders
from ctyun.signing import QueryValue
from ctyun.transport import Call, Transport
from ctyun.waiting import LOCAL_PACE, Pace, wait_until

CREATE = Call("ebs", "POST", "/v4/ebs/new-ebs", "order volume")
GET = Call("ebs", "GET", "/v4/ebs/info-ebs", "look up volume")
LIST = Call("ebs", "GET", "/v4/ebs/list-ebs", "list volumes")
RENAME = Call("ebs", "POST", "/v4/ebs/update-attr-ebs", "rename volume")
RESIZE = Call("ebs", "POST", "/v4/ebs/resize-ebs", "enlarge volume")
DELETE = Call("ebs", "POST", "/v4/ebs/refund-ebs", "give back volume")
ATTACH = Call("ebs", "POST", "/v4/ebs/attach-ebs", "attach volume")
DETACH = Call("ebs", "POST", "/v4/ebs/detach-ebs", "detach volume")

PAGE = 300  # the largest page of this service
AVAILABLE, IN_USE = "available", "in-use"
ENDING = frozenset({"deleting", "destroying"})


@dataclass(frozen=True)
class Volume:
    """A disk of a server, or one that is in none (`instance_id` and `device` are "" then). `size` in GiB."""

    id: str
    name: str
    status: str  # creating, available, diskAttaching, in-use, detaching, ...
    size: int
    kind: str  # SATA, SAS, SSD, ...
    zone_name: str
    instance_id: str = ""
    device: str = ""
    is_system: bool = False
    is_packaged: bool = False  # ordered with its server, and released with it
    policy_id: str = ""  # which takes snapshots of it
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_api(cls, body: Body) -> Self:
        attachment = next(iter(items(body, "attachments")), {})
        return cls(
            id=need(body, "diskID"),
            name=text(body, "diskName"),
            status=text(body, "diskStatus"),
            size=number(body, "diskSize"),
            kind=text(body, "diskType"),
            zone_name=text(body, "azName"),
            instance_id=text(attachment, "instanceID") or text(body, "instanceID"),
            device=text(attachment, "device"),
            is_system=bool(body.get("isSystemVolume")),
            is_packaged=bool(body.get("isPackaged")),
            policy_id=text(body, "snapshotPolicyID"),
            labels={text(label, "key"): text(label, "value") for label in items(body, "labels")},
        )


class Volumes(Service):
    """Order, look up, attach, detach, enlarge and give back volumes."""

    def __init__(self, transport: Transport, orders: Orders, jobs: Jobs, pace: Pace = LOCAL_PACE) -> None:
        super().__init__(transport, pace)
        self._orders, self._jobs = orders, jobs

    async def create(
        self,
        region_id: str,
        *,
        zone_name: str,
        name: str,
        size: int,
        kind: str = "SATA",
        backup_id: str | None = None,
        labels: Mapping[str, str] | None = None,
        client_token: str,
        timeout: float = 300,
    ) -> Volume:
        """Order one on demand and wait for it: empty, or with the content of a volume backup. Raises OrderFailed, WaitTimeout."""
        body = present(
            clientToken=client_token,
            regionID=region_id,
            azName=zone_name,
            diskMode="VBD",
            diskType=kind,
            diskName=name,
            diskSize=size,
            onDemand=True,
            backupID=backup_id,
            labels=label_pairs(labels),
        )
        return await self.ordered(region_id, (await self._transport.send(CREATE, name, body=body)).body, name, timeout)

    async def ordered(self, region_id: str, answer: Body, name: str, timeout: float) -> Volume:
        """The volume of an order that was just placed, when it can be used. Raises OrderFailed, WaitTimeout."""
        order = await self._orders.wait(OrderRef.from_api(answer).id, what=f"volume {name}", timeout=timeout)
        return await self.settled(region_id, order.resource_ids[0], timeout=timeout)

    async def get(self, region_id: str, volume_id: str) -> Volume:
        """Raises NotFound."""
        answer = await self._transport.send(GET, volume_id, query={"regionID": region_id, "diskID": volume_id})
        return Volume.from_api(answer.body)

    async def list(self, region_id: str, *, name: str | None = None) -> builtins.list[Volume]:
        """The disks of the region, those of servers too, with exactly this name."""
        wanted: dict[str, QueryValue] = {"regionID": region_id, "pageSize": PAGE}
        if name:
            wanted["queryContent"] = name
        bodies = await all_pages(lambda page: self._transport.send(LIST, "", query={**wanted, "pageNo": page}), "diskList")
        return [volume for volume in map(Volume.from_api, bodies) if name is None or volume.name == name]

    async def rename(self, region_id: str, volume_id: str, name: str) -> None:
        await self._transport.send(RENAME, volume_id, body={"regionID": region_id, "diskID": volume_id, "diskName": name})

    async def enlarge(
        self, region_id: str, volume_id: str, size: int, *, client_token: str | None = None, timeout: float = 300
    ) -> Volume:
        """To `size` GiB, and wait. The file system on it grows when its server makes it. Raises OrderFailed, WaitTimeout."""
        body = {"clientToken": token_or_new(client_token), "regionID": region_id, "diskID": volume_id, "diskSize": size}
        order = OrderRef.from_api((await self._transport.send(RESIZE, volume_id, body=body)).body)
        await self._orders.wait(order.id, what=f"a larger volume {volume_id}", timeout=timeout)
        return await self.settled(region_id, volume_id, timeout=timeout)

    async def attach(self, region_id: str, volume_id: str, instance_id: str, *, timeout: float = 120) -> Volume:
        """Give it to a server of its zone, running or stopped, and wait. Raises InUse, JobFailed, WaitTimeout."""
        await self._move(ATTACH, region_id, volume_id, instance_id, timeout)
        return await self.settled(region_id, volume_id, timeout=timeout)

    async def detach(self, region_id: str, volume_id: str, instance_id: str, *, timeout: float = 120) -> Volume:
        """Take it from a server, which must have unmounted it, and wait. Raises JobFailed, which says what holds it."""
        await self._move(DETACH, region_id, volume_id, instance_id, timeout)
        return await self.settled(region_id, volume_id, timeout=timeout)

    async def _move(self, call: Call, region_id: str, volume_id: str, instance_id: str, timeout: float) -> None:
        body = {"regionID": region_id, "diskID": volume_id, "instanceID": instance_id}
        answer = (await self._transport.send(call, volume_id, body=body)).body
        job_id = text(answer, "diskRequestID") or need(answer, "diskJobID")
        verb, side = ("attachment", "to") if call is ATTACH else ("detachment", "from")
        await self._jobs.wait(
            region_id, job_id, what=f"{verb} of volume {volume_id} {side} server {instance_id}", timeout=timeout
        )

    async def settled(self, region_id: str, volume_id: str, *, timeout: float = 120) -> Volume:
        """Wait until nothing is being done to it. Raises NotFound, WaitTimeout."""
        return await wait_until(
            lambda: self.get(region_id, volume_id),
            lambda volume: volume.status in (AVAILABLE, IN_USE),
            what=f"volume {volume_id} to be at rest",
            timeout=timeout,
            state=lambda volume: volume.status,
            pace=self._pace,
        )

    async def delete(
        self,
        region_id: str,
        volume_id: str,
        *,
        with_snapshots: bool = False,
        client_token: str | None = None,
        timeout: float = 300,
    ) -> None:
        """Give it back and wait until it is gone. Raises InUse while a server has it, NotFound when it is gone already."""
        body: dict[str, Any] = {"clientToken": token_or_new(client_token), "regionID": region_id, "diskID": volume_id}
        if with_snapshots:
            body["deleteSnapWithEbs"] = True
        order = OrderRef.from_api((await self._transport.send(DELETE, volume_id, body=body)).body)
        await self._orders.wait_for_removal(order.id, what=f"the return of volume {volume_id}", timeout=timeout)


def label_pairs(labels: Mapping[str, str] | None) -> builtins.list[dict[str, str]] | None:
    """{"a": "b"} -> [{"key": "a", "value": "b"}]; None for none."""
    return [{"key": key, "value": value} for key, value in labels.items()] if labels else None
