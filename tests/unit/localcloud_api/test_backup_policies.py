"""Policies of server backup over the API, with the clock advanced; the hospital's schedule among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from support.backup_lab import REGION, BackupLab

from localcloud.controllers.schedules.schedules import CHINA

HOSPITAL: dict[str, Any] = {
    "cycleType": "week", "cycleWeek": "0,1,2,3,4,5,6", "time": "20", "retentionType": "date", "retentionDay": 7,
    "fullBackupInterval": 6, "status": 1,
}  # fmt: skip
DAILY: dict[str, Any] = {"cycleType": "day", "time": "3", "retentionType": "num", "retentionNum": 2, "status": 1}


@pytest.fixture
def lab(api: Any) -> BackupLab:
    return BackupLab(api)


def now(lab: BackupLab) -> datetime:
    return datetime.fromisoformat(lab.api.local("GET", "/clock")["now"]).astimezone(CHINA)


def advance_to(lab: BackupLab, moment: datetime) -> None:
    """Advance the cloud's clock, and let everything that is due come to its end."""
    seconds = int((moment - now(lab)).total_seconds()) + 1
    lab.api.local("POST", "/clock", {"advanceSeconds": seconds})
    scheduler = lab.api.cloud.scheduler

    async def look() -> None:
        scheduler.look()

    lab.api.http.wait(look())
    lab.done()
    lab.api.local("POST", "/clock", {"advanceSeconds": 10})
    lab.api.http.wait(look())
    lab.done()


def next_at(lab: BackupLab, hour: int, weekday: int | None = None) -> datetime:
    """The next time that it is so late, on a weekday (0 is Monday)."""
    moment = now(lab).replace(hour=hour, minute=0, second=0, microsecond=0)
    while moment <= now(lab) or weekday not in (None, moment.weekday()):
        moment += timedelta(days=1)
    return moment


def policy(lab: BackupLab, name: str = "nightly", **more: Any) -> str:
    made = lab.api.ok(lab.ask("POST", "backup-policy/create", policyName=name, **more))
    lab.api.ok(lab.ask("POST", "backup-policy/bind-repo", policyID=made["policyID"], repositoryID=lab.vault))
    lab.api.ok(lab.ask("POST", "backup-policy/bind-instances", policyID=made["policyID"], instanceIDList=lab.server))
    return str(made["policyID"])


def shown(lab: BackupLab) -> list[tuple[str, str]]:
    """Weekday and kind of all backups, oldest first."""
    backups = lab.backups()
    times = [datetime.fromisoformat(backup["createdTime"]).astimezone(CHINA) for backup in backups]
    return [(f"{moment:%a}", backup["backupType"]) for moment, backup in zip(times, backups, strict=True)]


def test_the_hospitals_week(lab: BackupLab) -> None:
    """Full on Saturday at 20:00, incremental on the other days, kept a week: every backup can be restored at any time."""
    advance_to(lab, next_at(lab, 12, weekday=5))
    policy(lab, **HOSPITAL)
    for day in range(23):
        lab.write(f"day {day}")
        advance_to(lab, next_at(lab, 20))
    backups = lab.backups()
    kinds = Counter(backup["backupType"] for backup in backups)
    # 23 days from a Saturday: the last full one is on day 21; the chain of day 14 is needed until its last one is a week old
    assert shown(lab)[0] == ("Sat", "FULL") and {day for day, kind in shown(lab) if kind == "FULL"} == {"Sat"}
    assert kinds == {"FULL": 2, "INCREMENT": 7}
    assert {task["taskStatus"] for task in lab.tasks()} == {"successed"}
    for number, backup in enumerate(backups):
        lab.api.ok(lab.ask("POST", "backup-restore", instanceBackupID=backup["instanceBackupID"]))
        lab.settled(backup["instanceBackupID"])
        lab.done()
        assert lab.read()[1] == f"day {14 + number}"


def test_the_newest_are_kept_and_an_endless_chain_is_merged(lab: BackupLab) -> None:
    policy(lab, **DAILY)
    for day in range(5):
        lab.write(f"day {day}")
        advance_to(lab, next_at(lab, 3))
    assert [kind for _, kind in shown(lab)] == ["FULL", "INCREMENT"]
    [_, newest] = lab.backups()
    lab.api.ok(lab.ask("POST", "backup-restore", instanceBackupID=newest["instanceBackupID"]))
    lab.settled(newest["instanceBackupID"])
    assert lab.read()[1] == "day 4" and len(lab.engine.copies) == 2


def test_what_was_made_by_hand_is_never_removed(lab: BackupLab) -> None:
    by_hand = lab.backup("by-hand", "by hand")
    policy(lab, **(DAILY | {"retentionNum": 1}))
    for _ in range(3):
        advance_to(lab, next_at(lab, 3))
    assert lab.backups()[0]["instanceBackupID"] == by_hand and len(lab.backups()) == 2


def test_a_policy_that_is_off_does_nothing_and_makes_up_for_nothing(lab: BackupLab) -> None:
    id_ = policy(lab, **(DAILY | {"status": 0}))
    for _ in range(2):
        advance_to(lab, next_at(lab, 3))
    assert lab.tasks() == []
    lab.api.ok(lab.ask("POST", "backup-policy/update", policyID=id_, status=1))
    advance_to(lab, now(lab) + timedelta(seconds=5))
    assert lab.tasks() == []
    advance_to(lab, next_at(lab, 3))
    assert len(lab.backups()) == 1


def test_a_run_now_of_all_its_servers(lab: BackupLab) -> None:
    id_ = policy(lab, **(DAILY | {"status": 0}))
    second = lab.api.server(lab.vpc, lab.subnet, "web-02")
    lab.api.ok(lab.ask("POST", "backup-policy/bind-instances", policyID=id_, instanceIDList=second))
    lab.api.ok(lab.ask("POST", "backup-policy/backup-instances", policyID=id_))
    tasks = lab.done()
    assert {task["instanceID"] for task in tasks} == {lab.server, second}
    assert {task["strategyName"] for task in tasks} == {"nightly"}
    lab.api.ok(lab.ask("POST", "backup-policy/backup-instances", policyID=id_, fullBackup=True))
    lab.done()
    assert [backup["backupType"] for backup in lab.backups()] == ["FULL"] * 4


def test_a_server_that_cannot_be_backed_up_has_a_failed_task_and_nothing_else(lab: BackupLab) -> None:
    policy(lab, **DAILY)
    lab.api.local("POST", "/faults", {"kind": "power-off", "target": f"server:{lab.server}"}, status=201)
    advance_to(lab, next_at(lab, 3))
    [task] = lab.tasks()
    assert task["taskStatus"] == "failed" and "no power" in task["taskDetailDesc"]
    assert lab.backups() == []


def test_a_run_that_a_daemon_died_over_is_carried_on(lab: BackupLab, start: Callable[[], Any]) -> None:
    id_ = policy(lab, **DAILY)
    tasks = lab.api.cloud.tasks
    lab.api.cloud.backup_policies._tasks = type("Dead", (), {"spawn": lambda self, coroutine, what: coroutine.close()})()
    lab.api.local("POST", "/clock", {"advanceSeconds": 86400})
    lab.until(lab.tasks, bool)
    assert tasks is lab.api.cloud.tasks and [task["taskStatus"] for task in lab.tasks()] == ["in-progress"]
    lab.api = start()
    lab.engine = lab.api.engines.backups
    [task] = lab.done()
    assert (task["taskStatus"], task["strategyID"]) == ("successed", id_)
    assert len(lab.backups()) == 1


def test_a_policy_is_listed_with_what_is_bound_to_it(lab: BackupLab) -> None:
    id_ = policy(lab, **HOSPITAL)
    [listed] = lab.api.ok(lab.ask("GET", "backup-policy/list"))["policyList"]
    assert (listed["resourceIDs"], listed["resourceCount"]) == (lab.server, 1)
    assert listed["repositoryList"] == [{"repositoryID": lab.vault, "repositoryName": "vault"}]
    wanted = {"cycleWeek": "0,1,2,3,4,5,6", "time": "20", "retentionDay": 7, "retentionNum": None, "cycleDay": None, "status": 1}
    assert {name: listed[name] for name in wanted} == wanted
    [server] = lab.api.ok(lab.ask("GET", "backup-policy/list-instances", policyID=id_))["instancePolicies"]
    assert server["instanceID"] == lab.server
    refusal = lab.ask("POST", "backup-repo/delete", repositoryID=lab.vault)
    assert refusal["statusCode"] == 900 and "nightly" in refusal["message"]
    lab.api.ok(lab.ask("POST", "backup-policy/unbind-repo", policyID=id_, repositoryID=lab.vault))
    lab.api.ok(lab.ask("POST", "backup-policy/unbind-instances", policyID=id_, instanceIDList=lab.server))
    [listed] = lab.api.ok(lab.ask("GET", "backup-policy/list", policyID=id_))["policyList"]
    assert (listed["resourceIDs"], listed["repositoryList"]) == ("", [])
    lab.api.ok(lab.ask("POST", "backup-policy/delete", policyID=id_))
    assert lab.api.ok(lab.ask("GET", "backup-policy/list"))["policyList"] == []


def test_a_server_has_one_policy(lab: BackupLab) -> None:
    policy(lab, **DAILY)
    other = lab.api.ok(lab.ask("POST", "backup-policy/create", policyName="other", **DAILY))["policyID"]
    answer = lab.ask("POST", "backup-policy/bind-instances", policyID=other, instanceIDList=lab.server)
    assert answer["statusCode"] == 900 and "unbind it there" in answer["message"]


@pytest.mark.parametrize(
    ("path", "fields", "says"),
    [
        ("create", {"policyName": "a b", "cycleType": "month", "retentionType": "some", "time": "24", "cycleWeek": "7"},
         ["policyName", "cycleType", "retentionType", "time", "cycleWeek"]),
        ("create", {}, ["policyName is required", "cycleType is required", "retentionType is required"]),
        ("create", {"policyName": "p1", **DAILY, "advRetentionStatus": True}, ["advRetentionStatus"]),
        ("update", {"policyID": "none"}, ["policy none does not exist"]),
        ("bind-repo", {"policyID": "none", "repositoryID": "none"}, ["does not exist"]),
        ("bind-instances", {"policyID": "none", "instanceIDList": ", "}, ["instanceIDList ', ' names nothing"]),
        ("backup-instances", {"policyID": "none"}, ["does not exist"]),
    ],
)  # fmt: skip
def test_bad_input(lab: BackupLab, path: str, fields: dict[str, Any], says: list[str]) -> None:
    answer = lab.ask("POST", f"backup-policy/{path}", **fields)
    assert answer["statusCode"] == 900 and all(word in answer["message"] for word in says), answer


def test_names_are_unique_and_runs_need_servers_and_a_vault(lab: BackupLab) -> None:
    made = lab.api.ok(lab.ask("POST", "backup-policy/create", policyName="nightly", **DAILY))
    assert "already taken" in lab.ask("POST", "backup-policy/create", policyName="nightly", **DAILY)["message"]
    answer = lab.ask("POST", "backup-policy/backup-instances", policyID=made["policyID"])
    assert "no backup vault" in answer["message"] and "no server" in answer["message"]
    assert made["regionID"] == REGION
