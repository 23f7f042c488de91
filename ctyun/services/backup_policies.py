"""Policies of server backup (host `ctecs`): when which servers are backed up into which vault, and how long that is kept."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from ctyun.errors import NotFound
from ctyun.fields import Body, items, need, number, present, text
from ctyun.services.base import PAGE, Service, all_pages
from ctyun.transport import Call

CREATE = Call("ctecs", "POST", "/v4/ecs/backup-policy/create", "create backup policy")
LIST = Call("ctecs", "GET", "/v4/ecs/backup-policy/list", "look up backup policy")
UPDATE = Call("ctecs", "POST", "/v4/ecs/backup-policy/update", "update backup policy")
DELETE = Call("ctecs", "POST", "/v4/ecs/backup-policy/delete", "delete backup policy")
BIND = Call("ctecs", "POST", "/v4/ecs/backup-policy/bind-instances", "bind servers to backup policy")
UNBIND = Call("ctecs", "POST", "/v4/ecs/backup-policy/unbind-instances", "unbind servers from backup policy")
BIND_VAULT = Call("ctecs", "POST", "/v4/ecs/backup-policy/bind-repo", "bind vault to backup policy")
UNBIND_VAULT = Call("ctecs", "POST", "/v4/ecs/backup-policy/unbind-repo", "unbind vault from backup policy")
RUN = Call("ctecs", "POST", "/v4/ecs/backup-policy/backup-instances", "run backup policy")

DAY, WEEK = "day", "week"


@dataclass(frozen=True)
class Rules:
    """When a policy runs, in China's time, and what it keeps.

    `every_days` for the cycle "day", `weekdays` (0 is Sunday) for "week". Kept are the newest `keep_count` backups of each
    server, or those of the last `keep_days`, or all. `full_interval`: a full backup after so many incremental ones, -1 never.
    """

    cycle: str
    hours: tuple[int, ...]
    weekdays: tuple[int, ...] = ()
    every_days: int | None = None
    keep_count: int | None = None
    keep_days: int | None = None
    full_interval: int = -1
    enabled: bool = True

    def to_api(self) -> dict[str, Any]:
        kind = "num" if self.keep_count else "date" if self.keep_days else "all"
        return present(
            cycleType=self.cycle,
            cycleDay=(self.every_days or 1) if self.cycle == DAY else None,
            cycleWeek=_listed(self.weekdays) if self.cycle == WEEK else None,
            time=_listed(self.hours),
            retentionType=kind,
            retentionNum=self.keep_count,
            retentionDay=self.keep_days,
            fullBackupInterval=self.full_interval,
            status=int(self.enabled),
        )

    @classmethod
    def from_api(cls, body: Body) -> Self:
        cycle, kept = text(body, "cycleType"), text(body, "retentionType")
        return cls(
            cycle=cycle,
            hours=_numbers(body, "time"),
            weekdays=_numbers(body, "cycleWeek") if cycle == WEEK else (),
            every_days=(number(body, "cycleDay") or 1) if cycle == DAY else None,
            keep_count=number(body, "retentionNum") if kept == "num" else None,
            keep_days=number(body, "retentionDay") if kept == "date" else None,
            full_interval=-1 if body.get("fullBackupInterval") is None else number(body, "fullBackupInterval"),
            enabled=bool(number(body, "status")),
        )


@dataclass(frozen=True)
class BackupPolicy:
    """A policy and what is bound to it."""

    id: str
    name: str
    rules: Rules
    instance_ids: tuple[str, ...] = ()
    vault_ids: tuple[str, ...] = ()

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "policyID"),
            name=text(body, "policyName"),
            rules=Rules.from_api(body),
            instance_ids=tuple(part for part in text(body, "resourceIDs").split(",") if part),
            vault_ids=tuple(need(item, "repositoryID") for item in items(body, "repositoryList")),
        )


class BackupPolicies(Service):
    """Create, find, change, bind, run and delete policies."""

    async def create(self, region_id: str, *, name: str, rules: Rules) -> str:
        """Its id. Names are unique in all regions; there is no clientToken."""
        answer = await self._transport.send(CREATE, name, body={"regionID": region_id, "policyName": name, **rules.to_api()})
        return need(answer.body, "policyID")

    async def get(self, region_id: str, policy_id: str) -> BackupPolicy:
        """Raises NotFound."""
        found = [policy for policy in await self._list(region_id, policyID=policy_id) if policy.id == policy_id]
        if not found:
            raise NotFound(LIST.operation, policy_id, "", "the list does not have it")
        return found[0]

    async def list(self, region_id: str, *, name: str | None = None) -> builtins.list[BackupPolicy]:
        """All of the region, or the one of exactly this name."""
        found = await self._list(region_id, **present(policyName=name))
        return [policy for policy in found if name is None or policy.name == name]

    async def _list(self, region_id: str, **wanted: str) -> builtins.list[BackupPolicy]:
        query: Mapping[str, Any] = {"regionID": region_id, "pageSize": PAGE, **wanted}
        bodies = await all_pages(lambda page: self._transport.send(LIST, "", query={**query, "pageNo": page}), "policyList")
        return [BackupPolicy.from_api(body) for body in bodies]

    async def update(self, region_id: str, policy_id: str, *, name: str, rules: Rules) -> None:
        """Give it another name and other rules."""
        body = {"regionID": region_id, "policyID": policy_id, "policyName": name, **rules.to_api()}
        await self._transport.send(UPDATE, policy_id, body=body)

    async def bind(self, region_id: str, policy_id: str, *, instance_ids: Collection[str], vault_id: str) -> None:
        """Bind exactly these servers and this vault: what else is bound is unbound."""
        policy = await self.get(region_id, policy_id)
        base = {"regionID": region_id, "policyID": policy_id}
        for vault in policy.vault_ids:
            if vault != vault_id:
                await self._transport.send(UNBIND_VAULT, policy_id, body={**base, "repositoryID": vault})
        if vault_id not in policy.vault_ids:
            await self._transport.send(BIND_VAULT, policy_id, body={**base, "repositoryID": vault_id})
        if gone := [id_ for id_ in policy.instance_ids if id_ not in instance_ids]:
            await self._transport.send(UNBIND, policy_id, body={**base, "instanceIDList": ",".join(gone)})
        if new := [id_ for id_ in instance_ids if id_ not in policy.instance_ids]:
            await self._transport.send(BIND, policy_id, body={**base, "instanceIDList": ",".join(new)})

    async def run(self, region_id: str, policy_id: str, *, full: bool = False) -> None:
        """Begin a backup of each of its servers now."""
        body = present(regionID=region_id, policyID=policy_id, fullBackup=full or None)
        await self._transport.send(RUN, policy_id, body=body)

    async def delete(self, region_id: str, policy_id: str) -> None:
        """The backups that it made stay. Raises NotFound."""
        await self._transport.send(DELETE, policy_id, body={"regionID": region_id, "policyID": policy_id})


def _listed(numbers: Collection[int]) -> str:
    return ",".join(str(item) for item in sorted(set(numbers)))


def _numbers(body: Body, key: str) -> tuple[int, ...]:
    return tuple(sorted(int(part) for part in text(body, key).split(",") if part.strip().isdigit()))
