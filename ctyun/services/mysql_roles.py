"""Which server of a MySQL instance is the primary, and by which rules that changes."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Self

from ctyun.errors import JobFailed, NotFound
from ctyun.fields import Body, need, number, text
from ctyun.services.mysql_base import MysqlService, rds2
from ctyun.services.mysql_instances import GET
from ctyun.services.mysql_values import MysqlInstance
from ctyun.waiting import wait_until

SWITCH = rds2("POST", "v1/open-api/instance/switch-db-instance-ha", "switch the roles of MySQL instance")
SWITCHES = rds2("GET", "v1/open-api/instance/switch-instance-record", "list changes of roles of MySQL instance")
HA_MODE = rds2("GET", "v1/open-api/instance/hamode-type", "look up the HA mode of MySQL instance")
SET_HA_MODE = rds2("POST", "v1/open-api/instance/hamode-type", "set the HA mode of MySQL instance")
SYNC_MODE = rds2("GET", "v1/open-api/instance/instance-ha-config", "look up the replication of MySQL instance")
SET_SYNC_MODE = rds2("POST", "v1/open-api/instance/instance-sync-mode", "set the replication of MySQL instance")
FAILOVER = rds2("GET", "v1/open-api/instance/describe-ha-switch-config", "look up the failover of MySQL instance")
SET_FAILOVER = rds2("POST", "v1/open-api/instance/modify-ha-switch-config", "set the failover of MySQL instance")

TASKS = rds2("GET", "v1/open-api/instance/task-center-events", "list tasks of MySQL instance")

SWITCH_TASK, TASK_RUNS = "MasterSlaveSwitch", 1
RELIABILITY = "reliability"
RELIABILITY_ON_THE_WIRE = "reliablity"  # the API spells it so


@dataclass(frozen=True)
class HaSettings:
    """`mode`: reliability or usability. `sync`: Semi_sync or Async. `failover`: auto or manual."""

    mode: str
    sync: str
    failover: str


@dataclass(frozen=True)
class MysqlSwitch:
    """A change of roles, as the API records it. `reason`: manaul, failover, unconsfailover or ignore."""

    id: str
    reason: str
    before: str
    after: str
    begun: str
    ended: str

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(
            id=need(body, "switchId"),
            reason=text(body, "freason"),
            before=text(body, "flaststat"),
            after=text(body, "fcurstat"),
            begun=text(body, "fstarttime"),
            ended=text(body, "fendtime"),
        )


class MysqlRoles(MysqlService):
    """High availability of MySQL instances that have a standby."""

    async def settings(self, region_id: str, mysql_id: str) -> HaSettings:
        """How its roles change."""
        mode = need(await self._ask(HA_MODE, region_id, mysql_id), "hamode")
        sync = need(await self._ask(SYNC_MODE, region_id, mysql_id), "syncMode")
        failover = need(await self._ask(FAILOVER, region_id, mysql_id), "switchConfig")
        return HaSettings(RELIABILITY if mode == RELIABILITY_ON_THE_WIRE else mode, sync, failover)

    async def set_mode(self, region_id: str, mysql_id: str, mode: str) -> None:
        """reliability: a standby that may lack writes is not promoted by itself; usability: it is."""
        wire = RELIABILITY_ON_THE_WIRE if mode == RELIABILITY else mode
        await self._ask(SET_HA_MODE, region_id, mysql_id, body={"hamode": wire})

    async def set_sync(self, region_id: str, mysql_id: str, sync: str) -> None:
        """Semi_sync or Async."""
        await self._ask(SET_SYNC_MODE, region_id, mysql_id, body={"syncMode": sync})

    async def set_failover(self, region_id: str, mysql_id: str, failover: str) -> None:
        """auto or manual."""
        await self._ask(SET_FAILOVER, region_id, mysql_id, body={"switchType": failover})

    async def switches(self, region_id: str, mysql_id: str) -> builtins.list[MysqlSwitch]:
        """The latest changes of roles."""
        return [MysqlSwitch.from_api(body) for body in await self._latest(SWITCHES, region_id, mysql_id)]

    async def switch_over(self, region_id: str, mysql_id: str, res_id: int, *, timeout: float = 120) -> MysqlInstance:
        """Make another node the primary and wait until it is. Raises JobFailed when the cloud ended without having done so."""
        before = await self._switch_tasks(region_id, mysql_id)
        await self._ask(SWITCH, region_id, mysql_id, body={"newMasterResId": res_id})

        async def look() -> Body | None:
            """The new task, as it stands."""
            tasks = await self._switch_tasks(region_id, mysql_id)
            return next((task for id, task in tasks.items() if id not in before), None)

        task = await wait_until(
            look,
            lambda task: task is not None and number(task, "resultStatus") != TASK_RUNS,
            what=f"MySQL instance {mysql_id} to have node {res_id} as its primary",
            timeout=timeout,
            state=lambda task: "the task runs" if task else "no task yet",
            pace=self._pace,
        )
        instance = await self._instance(region_id, mysql_id)
        if not any(node.res_id == res_id and node.role == "primary" for node in instance.nodes):
            reason = text(task or {}, "message").rstrip(".") or "the cloud gave no reason"
            raise JobFailed(f"The roles of MySQL instance {instance.name} were not switched, the old primary goes on: {reason}.")
        return instance

    async def _switch_tasks(self, region_id: str, mysql_id: str) -> dict[str, Body]:
        """Switchovers that were asked for, by id."""
        tasks = await self._latest(TASKS, region_id, mysql_id, taskName=SWITCH_TASK)
        return {need(task, "jobId"): task for task in tasks}

    async def _instance(self, region_id: str, mysql_id: str) -> MysqlInstance:
        body = await self._ask(GET, region_id, mysql_id)
        if not text(body, "outerProdInstId"):
            raise NotFound(GET.operation, mysql_id, "", "the answer is empty")
        return MysqlInstance.from_api(body)
