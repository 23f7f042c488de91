"""Policies that take snapshots of volumes by the clock (host `ebs`). They have fixed names and carry no mark."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from ctyun.errors import NotFound
from ctyun.fields import Body, items, need, number, text
from ctyun.services.base import Service
from ctyun.transport import Call

CREATE = Call("ebs", "POST", "/v4/ebs_snapshot/create-policy-ebs-snap", "create snapshot policy")
LIST = Call("ebs", "GET", "/v4/ebs_snapshot/query-policy-ebs-snap", "look up snapshot policy")
CHANGE = Call("ebs", "POST", "/v4/ebs_snapshot/modify-policy-ebs-snap", "change snapshot policy")
SWITCH = Call("ebs", "POST", "/v4/ebs_snapshot/modify-policy-status-ebs-snap", "switch snapshot policy")
DELETE = Call("ebs", "POST", "/v4/ebs_snapshot/delete-policy-ebs-snap", "delete snapshot policy")
APPLY = Call("ebs", "POST", "/v4/ebs_snapshot/apply-policy-ebs-snap", "apply snapshot policy")
CANCEL = Call("ebs", "POST", "/v4/ebs_snapshot/cancel-policy-ebs-snap", "cancel snapshot policy")


@dataclass(frozen=True)
class SnapshotPolicy:
    """When snapshots are taken (hours of weekdays, 0 is Sunday), and for how many days they are kept; -1: for ever."""

    id: str
    name: str
    weekdays: tuple[int, ...]
    hours: tuple[int, ...]
    days: int
    enabled: bool

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "snapshotPolicyID"),
            name=text(body, "snapshotPolicyName"),
            weekdays=_numbers(text(body, "repeatWeekdays")),
            hours=_numbers(text(body, "repeatTimes")),
            days=number(body, "retentionTime"),
            enabled=text(body, "snapshotPolicyStatus") == "activated",
        )


class SnapshotPolicies(Service):
    """Make, change and delete snapshot policies, and say of which volumes they take snapshots."""

    async def create(
        self, region_id: str, *, name: str, weekdays: Sequence[int], hours: Sequence[int], days: int, enabled: bool = True
    ) -> SnapshotPolicy:
        body = _wish(region_id, name, weekdays, hours, days) | {"isEnabled": enabled}
        answer = await self._transport.send(CREATE, name, body=body)
        return await self.get(region_id, need(answer.body, "snapshotPolicyID"))

    async def get(self, region_id: str, policy_id: str) -> SnapshotPolicy:
        """Raises NotFound."""
        found = [policy for policy in await self._look(region_id, snapshotPolicyID=policy_id) if policy.id == policy_id]
        if not found:
            raise NotFound(LIST.operation, policy_id, "", "the list does not have it")
        return found[0]

    async def find(self, region_id: str, name: str) -> SnapshotPolicy | None:
        """The one of exactly this name."""
        found = await self._look(region_id, snapshotPolicyName=name)
        return next((policy for policy in found if policy.name == name), None)

    async def list(self, region_id: str) -> builtins.list[SnapshotPolicy]:
        return await self._look(region_id)

    async def _look(self, region_id: str, **query: str) -> builtins.list[SnapshotPolicy]:
        answer = await self._transport.send(LIST, "", query={"regionID": region_id, **query})
        return [SnapshotPolicy.from_api(body) for body in items(answer.body, "snapshotPolicyList")]

    async def change(
        self, region_id: str, policy_id: str, *, name: str, weekdays: Sequence[int], hours: Sequence[int], days: int
    ) -> None:
        body = _wish(region_id, name, weekdays, hours, days) | {"snapshotPolicyID": policy_id}
        await self._transport.send(CHANGE, policy_id, body=body)

    async def switch(self, region_id: str, policy_id: str, *, enabled: bool) -> None:
        """Whether the clock makes it run."""
        status = "activated" if enabled else "nonactivated"
        body = {"regionID": region_id, "snapshotPolicyID": policy_id, "targetStatus": status}
        await self._transport.send(SWITCH, policy_id, body=body)

    async def apply(self, region_id: str, policy_id: str, volume_ids: Iterable[str]) -> None:
        """Take snapshots of these volumes too; a volume has one policy at most."""
        if ids := ",".join(volume_ids):
            body = {"regionID": region_id, "snapshotPolicyID": policy_id, "targetDiskIDs": ids}
            await self._transport.send(APPLY, policy_id, body=body)

    async def cancel(self, region_id: str, volume_ids: Iterable[str]) -> None:
        """Take no more snapshots of these volumes by any policy."""
        if ids := ",".join(volume_ids):
            await self._transport.send(CANCEL, ids, body={"regionID": region_id, "targetDiskIDs": ids})

    async def delete(self, region_id: str, policy_id: str) -> None:
        """The snapshots that it has made stay. Raises NotFound."""
        await self._transport.send(DELETE, policy_id, body={"regionID": region_id, "snapshotPolicyID": policy_id})


def _wish(region_id: str, name: str, weekdays: Sequence[int], hours: Sequence[int], days: int) -> dict[str, Any]:
    return {
        "regionID": region_id, "snapshotPolicyName": name, "repeatWeekdays": ",".join(map(str, sorted(weekdays))),
        "repeatTimes": ",".join(map(str, sorted(hours))), "retentionTime": days,
    }  # fmt: skip


def _numbers(listed: str) -> tuple[int, ...]:
    return tuple(int(part) for part in listed.split(",") if part.strip())
