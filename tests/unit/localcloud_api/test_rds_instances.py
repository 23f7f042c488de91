"""MySQL instances as the API shows and changes them: lists, jobs, roles, white lists, addresses, backups."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any

import pytest
from support.fake_lives import FakeLives
from support.rds_calls import DCP, ORDER, REGION, REPLICA, SINGLE, Rds, wish

from localcloud.controllers.networks.nodes import mysql_nodes
from localcloud.records.databases import MYSQL_BACKUPS, MYSQL_JOBS, MYSQL_NODES, MYSQLS, SWITCHES, SwitchRecord

INSTANCE, LISTS = "v1/open-api/instance", "v1/open-api/rds-manage/rds-access-white-list"
BACKUPS, RECOVERY = "v2/open-api/backup", "v2/open-api/recovery"
SWITCH = f"{INSTANCE}/switch-db-instance-ha"


@pytest.fixture
def pair(rds: Rds, data_net: tuple[str, str, str]) -> str:
    return rds.made(wish(*data_net))


@pytest.fixture
def single(rds: Rds, data_net: tuple[str, str, str]) -> str:
    return rds.made(wish(*data_net, SINGLE, (1,), name="lone"))


def standby(rds: Rds, pair: str) -> int:
    return next(int(node["resId"]) for node in rds.detail(pair)["azInfoList"] if node["role"] == "slave")


# -- envelopes and headers -----------------------------------------------------------------------------------------------
def test_each_family_has_its_envelope(rds: Rds, pair: str) -> None:
    answer = rds.ask("GET", INSTANCE, pair)
    assert (answer["statusCode"], answer["error"]) == (0, "") and answer["returnObj"]["outerProdInstId"] == pair
    answer = rds.ask("GET", INSTANCE)
    assert (answer["statusCode"], answer["error"]) == (2001, "Openapi.Parameter.Error")
    answer = rds.ask("GET", INSTANCE, "0" * 32)
    assert answer["statusCode"] == 3001 and answer["message"].startswith("MYSQL_10002: outerProdInstId not exist")
    assert rds.send("GET", f"{ORDER}/getInstState", {"instId": pair})["returnObj"] == {"data": 2}
    assert rds.send("GET", f"{ORDER}/getInstState", {"instId": "x"})["statusCode"] == 900
    assert "there is GET and POST and DELETE" in rds.ask("PUT", "v1/open-api/account", pair)["message"]


def test_region_and_instance_travel_in_headers(rds: Rds, pair: str) -> None:
    path, query = f"/RDS2/{INSTANCE}", {"outerProdInstId": pair}
    assert "regionId is required" in rds.send("GET", path, query)["message"]
    assert "'mars' is not a region" in rds.send("GET", path, query, regionId="mars")["message"]
    assert "does not exist in region 200000001852" in rds.send("GET", path, query, regionId="200000001852")["message"]
    answer = rds.send("GET", path, query, regionId=REGION, **{"inst-id": "other", "project-id": "7"})
    assert "inst-id is 'other'" in answer["message"] and "project-id is '7'" in answer["message"]


def test_lists_come_in_pages(rds: Rds, pair: str, single: str) -> None:
    path = f"{INSTANCE}/instance-list"
    both = rds.ok("POST", path, pageNow=1, pageSize=1)
    assert (both["total"], both["pages"], both["hasNextPage"], [item["prodInstName"] for item in both["list"]]) == (
        2,
        2,
        True,
        ["data"],
    )
    last = rds.ok("POST", path, pageNow=2, pageSize=1)
    assert ([item["outerProdInstId"] for item in last["list"]], last["isLastPage"], last["startRow"]) == ([single], True, 2)
    assert rds.ok("POST", path, pageNow=1, pageSize=10, prodInstName="lone")["total"] == 1
    assert rds.ok("POST", path, pageNow=1, pageSize=10, resDbEngine="5.7")["list"] == []
    shown = rds.detail(pair)
    assert rds.ok("POST", path, pageNow=1, pageSize=10, vip=shown["vip"])["list"][0]["alive"] == 0
    assert [node["role"] for node in rds.ok("GET", f"{INSTANCE}/query-node-list", pair)] == ["m", "s"]
    assert rds.ok("GET", f"{INSTANCE}/instance-exist", "0" * 32) == {"isExistInstance": False}


# -- switched on and off -------------------------------------------------------------------------------------------------
def test_restart_stop_and_start_are_jobs(rds: Rds, lives: FakeLives, api: Any, pair: str) -> None:
    lives.busy.add("job")
    rds.ok("POST", f"{INSTANCE}/restart-db-instance", pair)
    assert rds.detail(pair)["prodRunningStatus"] == 1
    assert "data is restarting" in rds.refused("POST", f"{INSTANCE}/stop-instance", pair)
    tasks = rds.ok("GET", f"{INSTANCE}/task-center-events", pair, pageNow=1, pageSize=10)["list"]
    assert [(task["operateName"], task["resultStatus"]) for task in tasks] == [("RestartInstance", 1)]
    lives.busy.clear()
    [job] = api.cloud.store.find(MYSQL_JOBS, mysql_id=pair)
    api.http.wait(lives.run(job.id))
    rds.ok("POST", f"{INSTANCE}/stop-instance", pair)
    rds.until(pair, lambda seen: seen["prodOrderStatus"] == 6, "the stop")
    assert "data is stopped" in rds.refused("POST", f"{INSTANCE}/restart-db-instance", pair)
    assert rds.order("GET", f"{ORDER}/getInstState", instId=pair) == 3
    lives.busy.add("job")
    rds.ok("POST", f"{INSTANCE}/start-instance", pair)
    assert "data is starting" in rds.refused("POST", f"{INSTANCE}/start-instance", pair)
    lives.busy.clear()
    [*_, job] = api.cloud.store.find(MYSQL_JOBS, mysql_id=pair)
    api.http.wait(lives.run(job.id))
    rds.until(pair, lambda seen: seen["prodOrderStatus"] == 0 and seen["prodRunningStatus"] == 0, "the start")
    assert "this needs one that is stopped" in rds.refused("POST", f"{INSTANCE}/start-instance", pair)


def test_another_password_for_root(rds: Rds, lives: FakeLives, api: Any, pair: str) -> None:
    path = f"{INSTANCE}/reset-root-password"
    rds.ok("POST", path, pair, rootPassword=base64.b64encode(b"Better-2026!").decode())
    assert lives.written()[0] == "CREATE USER IF NOT EXISTS 'root'@'%'"
    assert "Better-2026!" not in str(lives.statements)
    assert "SUPER" not in lives.written()[-1] and "READ_ONLY ADMIN" not in lives.written()[-1]
    assert api.cloud.store.require(MYSQLS, pair).root_password in lives.written()[1]
    assert "rootPassword must be the password in base64" in rds.refused("POST", path, pair, rootPassword="Better-2026!")
    lives.fails = "the primary does not answer"
    answer = rds.ask("POST", path, pair, rootPassword=base64.b64encode(b"Better-2026!").decode())
    assert (answer["statusCode"], answer["message"]) == (5001, "the primary does not answer")


# -- roles ---------------------------------------------------------------------------------------------------------------
def test_roles_are_switched_by_a_job(rds: Rds, api: Any, pair: str) -> None:
    new = standby(rds, pair)
    assert "it must be the resId of the standby" in rds.refused("POST", SWITCH, pair, newMasterResId=new - 1)
    rds.ok("POST", SWITCH, pair, newMasterResId=new)
    rds.until(pair, lambda seen: standby(rds, pair) != new, "the roles to change")
    [job] = api.cloud.store.find(MYSQL_JOBS, mysql_id=pair)
    assert (job.task, job.status) == ("switch", 0)


def test_a_standby_that_lacks_writes_is_not_switched_to(rds: Rds, api: Any, pair: str) -> None:
    mysql = api.cloud.store.require(MYSQLS, pair)
    api.cloud.store.put(MYSQLS, replace(mysql, in_sync=False, verdict="data-2 is silent"))
    answer = rds.refused("POST", SWITCH, pair, newMasterResId=standby(rds, pair))
    assert "standby data-2 does not have every write yet (data-2 is silent)" in answer
    rds.ok("POST", f"{INSTANCE}/instance-sync-mode", pair, syncMode="Async")  # then it catches up while writes are closed
    rds.ok("POST", SWITCH, pair, newMasterResId=standby(rds, pair))


def test_switch_records(rds: Rds, api: Any, pair: str) -> None:
    old, new = (f"db-{pair[:10]}-{number}" for number in (1, 2))
    for number, reason in enumerate(("manual", "failover")):
        record = SwitchRecord(str(number), REGION, pair, reason, "done", old, new, "", 1000.0 + number, 1002.5 + number)
        api.cloud.store.put(SWITCHES, record)
    path = f"{INSTANCE}/switch-instance-record"
    shown = rds.ok("GET", path, pair, pageNow=1, pageSize=10)["list"]
    assert [switch["freason"] for switch in shown] == ["failover", "manaul"]
    assert (shown[1]["flaststat"], shown[1]["fcurstat"], shown[1]["fendtime"]) == ("data-1", "data-2", 1002500)
    assert rds.ok("GET", path, pair, pageNow=1, pageSize=10, freason="manaul")["total"] == 1


def test_the_rules_of_roles(rds: Rds, lives: FakeLives, pair: str, single: str) -> None:
    asked = (
        ("hamode-type", "hamode-type", "hamode", "hamode", "reliablity", "usability"),
        ("instance-ha-config", "instance-sync-mode", "syncMode", "syncMode", "Semi_sync", "Async"),
        ("describe-ha-switch-config", "modify-ha-switch-config", "switchConfig", "switchType", "auto", "manual"),
    )
    for look, change, shown, name, before, after in asked:
        assert rds.ok("GET", f"{INSTANCE}/{look}", pair)[shown] == before
        rds.ok("POST", f"{INSTANCE}/{change}", pair, **{name: after})
        assert rds.ok("GET", f"{INSTANCE}/{look}", pair)[shown] == after
        assert f"{name} is 'maybe'" in rds.refused("POST", f"{INSTANCE}/{change}", pair, **{name: "maybe"})
        assert "is a single instance" in rds.refused("POST", f"{INSTANCE}/{change}", single, **{name: after})
    assert lives.applied == [pair] * 3


def test_the_delay_of_a_read_replica(rds: Rds, lives: FakeLives, data_net: tuple[str, str, str], single: str) -> None:
    replica = rds.made(wish(*data_net, REPLICA, (2,), instId=single, name="copy"))
    status: list[Any] = [None] * 33
    status[9], status[21], status[32] = "binlog.000002", 400, 3
    lives.rows = {"SHOW MASTER STATUS": [("binlog.000002", 512)], "SHOW SLAVE STATUS": [tuple(status)]}
    path = f"{INSTANCE}/read-instance-delay"
    [shown] = rds.ok("GET", path, parentOuterProdInstId=single)
    assert (shown["outerProdInstId"], shown["delay"], shown["masterBinlogPos"], shown["currentBinlogPos"]) == (
        replica,
        3000,
        512,
        400,
    )
    status[32] = None
    lives.rows["SHOW SLAVE STATUS"] = [tuple(status)]
    assert rds.ok("GET", path, replica)[0]["delay"] is None
    assert "not a read replica" in rds.refused("GET", path, single, parentOuterProdInstId=single)
    assert "or parentOuterProdInstId is required" in rds.refused("GET", path)


# -- how it is reached ---------------------------------------------------------------------------------------------------
def test_white_lists(rds: Rds, lives: FakeLives, pair: str) -> None:
    rds.ok("POST", LISTS, pair, groupName="office", groupWhiteList=["192.168.1.0/24", "192.168.1.0/24", "10.0.0.7"])
    [shown] = rds.ok("GET", LISTS, pair)
    assert (shown["groupName"], shown["groupWhiteList"], shown["groupWhiteListCount"]) == (
        "office",
        ["192.168.1.0/24", "10.0.0.7"],
        2,
    )
    rds.ok("PUT", LISTS, pair, groupName="office", groupWhiteList=["10.0.0.8"])
    assert rds.ok("GET", LISTS, pair)[0]["groupWhiteList"] == ["10.0.0.8"]
    assert "already has a white list office" in rds.refused("POST", LISTS, pair, groupName="office", groupWhiteList=["10.0.0.8"])
    answer = rds.refused("POST", LISTS, pair, groupName="Office", groupWhiteList=["10.0.0.8/8", "here"])
    assert all(part in answer for part in ("groupName 'Office' is not allowed", "'10.0.0.8/8' is not", "'here' is not"))
    assert "must not be empty" in rds.refused("PUT", LISTS, pair, groupName="office", groupWhiteList=[])
    assert "groupName not exist" in rds.refused("DELETE", LISTS, pair, groupName="garden")
    rds.ok("DELETE", LISTS, pair, groupName="office")
    assert rds.ok("GET", LISTS, pair) == [] and lives.applied == [pair] * 3


def test_a_white_list_holds_addresses_that_end_with_stars(rds: Rds, api: Any, pair: str) -> None:
    rds.ok("POST", LISTS, pair, groupName="office", groupWhiteList=["192.168.0.*", "10.*.*.*"])
    assert rds.ok("GET", LISTS, pair)[0]["groupWhiteList"] == ["192.168.0.*", "10.*.*.*"]
    mysql = api.cloud.store.require(MYSQLS, pair)
    allowed = mysql_nodes(api.cloud.store, mysql)[0].only_from
    assert allowed and set(allowed) >= {"192.168.0.0/24", "10.0.0.0/8"}
    for wrong in ("192.*.0.1", "192.168.*", "300.168.0.*", "192.168.0.1*"):
        assert f"{wrong!r} is not an IPv4" in rds.refused("PUT", LISTS, pair, groupName="office", groupWhiteList=[wrong])


def test_an_instance_is_renamed_by_its_description(rds: Rds, api: Any, pair: str, single: str) -> None:
    path, taken = f"{INSTANCE}/instance-desc", rds.detail(single)["prodInstName"]
    answer = api.send("PUT", f"/RDS2/{path}", f"instanceDescription=orders&outerProdInstId={pair}", b"", regionId=REGION)
    assert answer["statusCode"] == 0, answer
    assert rds.detail(pair)["prodInstName"] == "orders"
    assert sorted(node.name for node in api.cloud.store.find(MYSQL_NODES, mysql_id=pair)) == ["orders-1", "orders-2"]
    assert f"name {taken!r} is already taken" in rds.refused("PUT", path, pair, instanceDescription=taken)
    assert "instanceDescription '1' is not allowed" in rds.refused("PUT", path, pair, instanceDescription="1")
    rds.ok("PUT", path, pair, instanceDescription="orders")


def test_region_project_and_instance_may_be_said_twice_but_not_otherwise(rds: Rds, pair: str) -> None:
    again = {"regionID": REGION, "regionId": REGION, "projectId": "0", "projectID": "0", "instId": pair}
    assert rds.ok("GET", INSTANCE, pair, **again)["outerProdInstId"] == pair
    for name, other in (("regionID", "200000001852"), ("projectId", "7"), ("projectID", "7"), ("instId", "x")):
        assert f"{name} is {other!r}" in rds.refused("GET", INSTANCE, pair, **again | {name: other})


def test_another_security_group(rds: Rds, api: Any, data_net: tuple[str, str, str], pair: str) -> None:
    path, other = f"{DCP}/securityGroup/change", api.group(data_net[0], "other")
    far = api.group(api.vpc("far", "10.0.0.0/8"), "far")
    body = {"instanceId": pair, "securityGroupId": other, "newSecurityGroupId": far}
    answer = rds.order_refused("POST", path, **body)
    assert f"instance data is in {data_net[2]}" in answer and f"{far} belongs to VPC" in answer
    rds.order("POST", path, **(body | {"securityGroupId": data_net[2], "newSecurityGroupId": other}))
    assert rds.detail(pair)["securityGroupId"] == other
    api.ok(api.post("/v4/vpc/delete-security-group", regionID=REGION, securityGroupID=data_net[2]))


def test_a_public_address(rds: Rds, api: Any, pair: str, single: str) -> None:
    order = api.ok(api.post("/v4/eip/create", regionID=REGION, name="front", cycleType="on_demand"))
    [eip_id] = api.finished(order["masterOrderID"])["instanceIDList"]
    address = api.ok(api.get("/v4/eip/show", regionID=REGION, eipID=eip_id))["eipAddress"]
    body = {"eipId": eip_id, "eip": address, "instId": pair}
    assert f"the address of {eip_id} is {address}" in rds.order_refused("POST", f"{DCP}/eips/bind", **(body | {"eip": "1.2.3.4"}))
    rds.order("POST", f"{DCP}/eips/bind", **body)
    assert (rds.detail(pair)["eIP"], rds.detail(pair)["eipStatus"]) == (address, 1)
    [shown] = rds.order("GET", f"{DCP}/eips", regionId=REGION, instId=pair)
    assert (shown["eipId"], shown["bindStatus"], shown["bandWidth"]) == (eip_id, 1, 1)
    assert api.ok(api.get("/v4/eip/show", regionID=REGION, eipID=eip_id))["associationID"] == pair
    assert "InUse" in api.post("/v4/eip/delete", regionID=REGION, eipID=eip_id)["errorCode"]
    assert f"still used by instance {pair}" in rds.order_refused("POST", f"{DCP}/eips/bind", **(body | {"instId": single}))
    rds.order("POST", f"{DCP}/eips/unbind", **body)
    assert "is not bound" in rds.order_refused("POST", f"{DCP}/eips/unbind", **body)


# -- backups -------------------------------------------------------------------------------------------------------------
def backup(rds: Rds, mysql_id: str, name: str = "first") -> int:
    rds.ok("PUT", f"{BACKUPS}/createManual", mysql_id, backupName=name)
    [block] = rds.ok("GET", f"{BACKUPS}/list", mysql_id, backupName=name, pageNow=1, pageSize=10)["list"]
    return int(block["blockId"])


def test_backups(rds: Rds, lives: FakeLives, pair: str) -> None:
    lives.busy.add("backup")
    block = backup(rds, pair)
    assert rds.ok("GET", f"{BACKUPS}/get", id=block)["taskStatus"] in (100, 101)
    assert "is under way" in rds.refused("DELETE", f"{BACKUPS}/manualDelete", pair, blockId=block)
    assert "is under way" in rds.refused("PUT", f"{BACKUPS}/createManual", pair, backupName="second")
    lives.busy.clear()
    rds.api.http.wait(lives.back_up(str(block)))
    shown = rds.ok("GET", f"{BACKUPS}/get", id=block)
    assert (shown["taskStatus"], shown["backedUpDataSizeHuman"], shown["opType"]) == (1, "1.5KB", "manual")
    rds.ok("DELETE", f"{BACKUPS}/manualDelete", pair, blockId=block)
    assert "Backup" in rds.refused("GET", f"{BACKUPS}/get", id=block) and lives.deleted == [str(block)]
    assert "taskType='table' is not modelled" in rds.refused(
        "PUT", f"{BACKUPS}/createManual", pair, backupName="x", taskType="table"
    )


def china(seconds: float) -> str:
    return (datetime.fromtimestamp(seconds, UTC) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")


def test_what_a_restore_begins_with(rds: Rds, api: Any, pair: str, single: str) -> None:
    path = f"{RECOVERY}/createNewRecoveryJob"
    first, second = backup(rds, pair), backup(rds, pair, "second")
    store, now = api.cloud.store, time()
    for block, ended in ((first, now - 600), (second, now - 60)):
        store.put(MYSQL_BACKUPS, replace(store.require(MYSQL_BACKUPS, str(block)), begun=ended - 1, ended=ended, status=1))
    both = {"srcOuterProdInstId": pair, "dstOuterProdInstId": single}
    job = rds.ok("POST", path, **both, toTimepoint=china(now - 100))["data"]
    arguments = store.require(MYSQL_JOBS, job).arguments
    assert (arguments["backupId"], arguments["sourceId"], float(arguments["until"]) // 1) == (str(first), pair, (now - 100) // 1)
    rds.until(single, lambda seen: seen["prodRunningStatus"] == 0, "the restore")
    job = rds.ok("POST", path, **both, taskId=str(second))["data"]
    assert store.require(MYSQL_JOBS, job).arguments["until"] == ""
    rds.until(single, lambda seen: seen["prodRunningStatus"] == 0, "the restore")
    [done, _] = rds.ok("GET", f"{RECOVERY}/record", single, pageNow=1, pageSize=10)["list"]
    assert (done["taskId"], done["taskStatus"]) == (job, 2)
    [span] = rds.ok("GET", f"{RECOVERY}/recoveryable-time-range", pair)["data"]
    assert span["startTimestamp"] == china(now - 600)
    for more, sentence in (
        ({"toTimepoint": china(now - 900)}, "has no backup of data before it"),
        ({"toTimepoint": china(now + 900)}, "lies in the future"),
        ({"toTimepoint": "yesterday"}, "'yesterday' is not a time like"),
        ({}, "taskId is required"),
        ({"taskId": "1", "restoreDbName": "hr"}, "restoreDbName='hr' is not modelled"),
    ):
        assert sentence in rds.refused("POST", path, **both, **more)


def test_backups_are_not_made_of_read_replicas(rds: Rds, data_net: tuple[str, str, str], single: str) -> None:
    replica = rds.made(wish(*data_net, REPLICA, (2,), instId=single, name="copy"))
    assert f"call createManual for instance {single}" in rds.refused("PUT", f"{BACKUPS}/createManual", replica, backupName="x")


@pytest.mark.parametrize("moment", ["0001-01-01 00:00:00", "yesterday", "2026-01-22"])
def test_a_time_that_is_none_is_refused(rds: Rds, pair: str, moment: str) -> None:
    fields = {"toTimepoint": moment, "srcOuterProdInstId": pair, "dstOuterProdInstId": pair}
    assert "is not a time like" in rds.refused("POST", f"{RECOVERY}/createNewRecoveryJob", **fields)
