"""A fake cloud with a server that has a data disk, and a vault for its backups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.waiting import until

from localcloud.records.compute import DISKS

REGION = "bb9fdb42056f11eda1610242ac110002"
Json = dict[str, Any]


class BackupLab:
    """A cloud with a server that has a data disk, and a vault."""

    def __init__(self, api: Any) -> None:
        self.api, self.engine = api, api.engines.backups
        self.vpc = api.vpc()
        self.subnet = api.subnet(self.vpc)
        self.server = api.server(self.vpc, self.subnet, dataDiskList=[{"diskType": "SSD", "diskSize": 10}])
        self.vault = self.make_vault("vault")

    def make_vault(self, name: str) -> str:
        fields = {"regionID": REGION, "repositoryName": name, "cycleCount": 1, "cycleType": "MONTH"}
        order = self.api.ok(self.api.post("/v4/ecs/backup-repo/create", **fields))["masterOrderID"]
        return str(self.api.finished(order)["instanceIDList"][0])

    def disk(self, server: str = "") -> str:
        return str(next(disk.id for disk in self.disks(server) if not disk.system))

    def disks(self, server: str = "") -> list[Any]:
        return list(self.api.cloud.store.find(DISKS, instance_id=server or self.server))

    def write(self, text: str) -> None:
        self.engine.content |= {self.server: text, self.disk(): text}

    def read(self, server: str = "") -> tuple[str, str]:
        return self.engine.content.get(server or self.server, ""), self.engine.content[self.disk(server)]

    def ask(self, method: str, path: str, **fields: Any) -> Json:
        call = self.api.get if method == "GET" else self.api.post
        return dict(call(f"/v4/ecs/{path}", regionID=REGION, **fields))

    def create(self, name: str = "backup", **more: Any) -> Json:
        return self.ask("POST", "backup/create", instanceID=self.server, instanceBackupName=name, repositoryID=self.vault, **more)

    def backup(self, name: str = "backup", text: str = "", **more: Any) -> str:
        """A finished backup's id."""
        if text:
            self.write(text)
        backup_id = self.api.ok(self.create(name, **more))["results"]["instanceBackupID"]
        assert self.settled(backup_id)["instanceBackupStatus"] == "ACTIVE"
        return str(backup_id)

    def details(self, backup_id: str) -> Json:
        return self.ask("GET", "backup/details", instanceBackupID=backup_id)

    def settled(self, backup_id: str) -> Json:
        """The backup at rest; {} when it is gone."""
        resting = ("ACTIVE", "ERROR")
        return self.until(
            lambda: self.details(backup_id),
            lambda seen: seen["statusCode"] == 900 or seen["returnObj"]["instanceBackupStatus"] in resting,
        )["returnObj"] or {}  # fmt: skip

    def until(self, look: Callable[[], Any], done: Callable[[Any], bool]) -> Any:
        return until(look, 20, "the backup service", done=done, pause=0.01)

    def backups(self) -> list[Json]:
        return list(self.api.ok(self.ask("POST", "backup/list", pageSize=50))["results"])

    def tasks(self, **wanted: Any) -> list[Json]:
        return list(self.api.ok(self.ask("POST", "backup-task/list", pageSize=50, **wanted))["results"])

    def done(self) -> list[Json]:
        """All tasks, once none is under way."""
        return list(self.until(self.tasks, lambda tasks: all(task["taskStatus"] != "in-progress" for task in tasks)))

    def status(self) -> str:
        return str(self.api.ok(self.api.details(self.server))["instanceStatus"])
