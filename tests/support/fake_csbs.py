"""Server backup in a dictionary, as its calls show it: what the client and the provider are tested against."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

Body = dict[str, Any]
REGION = "bb9fdb42056f11eda1610242ac110002"


class Refused(Exception):
    """What the fake answers instead of success."""


@dataclass
class FakeCsbs:
    """`refuse` answers a call, by the end of its path, once with a code; `cut_off` cancels the caller after it is done."""

    vaults: dict[str, Body] = field(default_factory=dict)
    policies: dict[str, Body] = field(default_factory=dict)
    backups: dict[str, Body] = field(default_factory=dict)
    tasks: list[Body] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    changes: set[str] = field(default_factory=set)  # tokens of orders that change a vault
    calls: Counter[str] = field(default_factory=Counter)
    sent: list[tuple[str, Body]] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)
    cut_off: str = ""
    order_status: str = "3"

    async def answer(self, request: httpx.Request) -> httpx.Response:
        wanted = {**dict(request.url.params), **(json.loads(request.content) if request.content else {})}
        name = request.url.path.removeprefix("/v4/ecs/")
        self.calls[name] += 1
        self.sent.append((name, wanted))
        try:
            if self.refuse.get(name):
                raise Refused(self.refuse[name].pop(0))
            body = getattr(self, "do_" + name.replace("/", "_").replace("-", "_"))(wanted)
        except Refused as refusal:
            return httpx.Response(200, json={"statusCode": 900, "errorCode": str(refusal), "message": "not now"})
        if self.cut_off == name:
            self.cut_off = ""
            raise asyncio.CancelledError
        return httpx.Response(200, json={"statusCode": 800, "returnObj": body})

    # vaults
    def do_backup_repo_create(self, wanted: Body) -> Body:
        token = wanted["clientToken"]
        if token not in self.tokens:
            self.tokens[token] = f"vault-{len(self.tokens)}"
            self.vaults[self.tokens[token]] = {
                "repositoryName": wanted["repositoryName"],
                "size": wanted["size"],
                "status": "active",
            }
        return {"masterOrderID": "order-1"}

    def do_backup_repo_upgrade(self, wanted: Body) -> Body:
        self._once(wanted, lambda vault: vault.update(size=wanted["size"]))
        return {"masterOrderID": "order-3"}

    def do_backup_repo_renew(self, wanted: Body) -> Body:
        assert wanted["cycleType"] == "MONTH"
        self._once(wanted, lambda vault: vault.update(renewed=vault.get("renewed", 0) + wanted["cycleCount"]))
        return {"masterOrderID": "order-4"}

    def _once(self, wanted: Body, change: Callable[[Body], None]) -> None:
        """Idempotent by clientToken, as the real API."""
        if wanted["clientToken"] not in self.changes:
            self.changes.add(wanted["clientToken"])
            change(self.vaults[wanted["repositoryID"]])

    def do_backup_repo_list(self, wanted: Body) -> Body:
        found = [
            {**vault, "repositoryID": id}
            for id, vault in self.vaults.items()
            if wanted.get("repositoryID", id) == id and wanted.get("repositoryName", "") in vault["repositoryName"]
        ]
        return {"results": found, "totalCount": len(found)}

    def do_backup_repo_delete(self, wanted: Body) -> Body:
        id = wanted["repositoryID"]
        if id not in self.vaults:
            raise Refused("EcsBackup.Repository.NotFound")
        if any(backup["repositoryID"] == id for backup in self.backups.values()):
            raise Refused("EcsBackup.Repository.InUse")
        del self.vaults[id]
        return {"masterOrderID": "order-2"}

    def do_order_query_uuid(self, wanted: Body) -> Body:
        return {"orderStatus": self.order_status, "instanceIDList": []}

    # backups
    def do_backup_create(self, wanted: Body) -> Body:
        id = f"backup-{len(self.sent)}"
        shown = {name: wanted[name] for name in ("instanceID", "instanceBackupName", "repositoryID")}
        kind = "FULL" if wanted.get("fullBackup") or not self.backups else "INCREMENT"
        self.backups[id] = {
            **shown,
            "instanceBackupStatus": "CREATING",
            "backupType": kind,
            "createdTime": f"{len(self.sent):04}",
        }
        return {"results": {**self.backups[id], "instanceBackupID": id}}

    def do_backup_details(self, wanted: Body) -> Body:
        backup = self._backup(wanted)
        if backup["instanceBackupStatus"] in ("CREATING", "RESTORING"):
            backup["instanceBackupStatus"] = backup.get("becomes", "ACTIVE")
        elif backup["instanceBackupStatus"] == "DELETING":
            del self.backups[wanted["instanceBackupID"]]
        return {**backup, "instanceBackupID": wanted["instanceBackupID"]}

    def do_backup_list(self, wanted: Body) -> Body:
        found = [
            {**backup, "instanceBackupID": id}
            for id, backup in self.backups.items()
            if wanted.get("repositoryID", backup["repositoryID"]) == backup["repositoryID"]
        ]
        return {"results": found, "totalCount": len(found)}

    def do_backup_delete(self, wanted: Body) -> Body:
        self._backup(wanted)["instanceBackupStatus"] = "DELETING"
        return {"instanceBackupID": wanted["instanceBackupID"]}

    def do_backup_restore(self, wanted: Body) -> Body:
        self._backup(wanted)["instanceBackupStatus"] = "RESTORING"
        return {"instanceBackupID": wanted["instanceBackupID"]}

    def do_backup_create_instance(self, wanted: Body) -> Body:
        return {"masterOrderID": "order-3", "masterResourceID": "r-1"}

    def do_backup_task_list(self, wanted: Body) -> Body:
        return {"results": self.tasks, "totalCount": len(self.tasks)}

    def _backup(self, wanted: Body) -> Body:
        if wanted["instanceBackupID"] not in self.backups:
            raise Refused("EcsBackup.Backup.NotFound")
        return self.backups[wanted["instanceBackupID"]]

    # policies
    def do_backup_policy_create(self, wanted: Body) -> Body:
        if any(policy["policyName"] == wanted["policyName"] for policy in self.policies.values()):
            raise Refused("EcsBackup.Policy.NameDuplicated")
        id = f"policy-{len(self.sent)}"
        self.policies[id] = {"resourceIDs": "", "repositoryList": [], **self._rules(wanted)}
        return {"policyID": id}

    def do_backup_policy_list(self, wanted: Body) -> Body:
        found = [
            {**policy, "policyID": id}
            for id, policy in self.policies.items()
            if wanted.get("policyID", id) == id and wanted.get("policyName", "") in policy["policyName"]
        ]
        return {"policyList": found, "totalCount": len(found)}

    def do_backup_policy_update(self, wanted: Body) -> Body:
        self._policy(wanted).update(self._rules(wanted))
        return {}

    def do_backup_policy_delete(self, wanted: Body) -> Body:
        self._policy(wanted)
        del self.policies[wanted["policyID"]]
        return {}

    def do_backup_policy_bind_instances(self, wanted: Body) -> Body:
        policy = self._policy(wanted)
        policy["resourceIDs"] = ",".join(filter(None, [policy["resourceIDs"], wanted["instanceIDList"]]))
        return {}

    def do_backup_policy_unbind_instances(self, wanted: Body) -> Body:
        policy, gone = self._policy(wanted), wanted["instanceIDList"].split(",")
        policy["resourceIDs"] = ",".join(id for id in policy["resourceIDs"].split(",") if id not in gone)
        return {}

    def do_backup_policy_bind_repo(self, wanted: Body) -> Body:
        if self._policy(wanted)["repositoryList"]:
            raise Refused("Openapi.Parameter.Error")
        self._policy(wanted)["repositoryList"] = [{"repositoryID": wanted["repositoryID"]}]
        return {}

    def do_backup_policy_unbind_repo(self, wanted: Body) -> Body:
        self._policy(wanted)["repositoryList"] = []
        return {}

    def do_backup_policy_backup_instances(self, wanted: Body) -> Body:
        self._policy(wanted)
        return {}

    def _policy(self, wanted: Body) -> Body:
        if wanted["policyID"] not in self.policies:
            raise Refused("EcsBackup.Policy.NotFound")
        return self.policies[wanted["policyID"]]

    def _rules(self, wanted: Body) -> Body:
        left_out = ("regionID", "policyID")
        return {name: value for name, value in wanted.items() if name not in left_out}
