"""Orders for MySQL instances: what is offered, what is refused, and what is in use as long as an instance is there."""

from __future__ import annotations

import asyncio
import base64
import logging
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from support.keys import rsa_key
from support.rds_calls import ORDER, PAIR, REGION, REPLICA, SINGLE, ZONES, Rds, wish
from support.waiting import wait_until

from localcloud.__main__ import _parser
from localcloud.records.databases import MYSQL_NODES, MYSQLS
from localcloud.services.rds.passwords import hashed

ACCEPT, PASSWORD = f"{ORDER}/accept", "Right-2026!"


def encrypted(key: RSAPublicKey, password: str) -> str:
    return base64.b64encode(key.encrypt(password.encode(), PKCS1v15())).decode()


def cloud_key(rds: Rds) -> RSAPublicKey:
    key = load_der_public_key(base64.b64decode(rds.order("GET", f"{ORDER}/getPublicKey")))
    assert isinstance(key, RSAPublicKey)
    return key


def test_what_is_offered(rds: Rds) -> None:
    zones = rds.order("GET", f"{ORDER}/availabilityZone", regionId=REGION)
    assert [zone["availabilityZoneName"] for zone in zones] == ZONES
    query = {"prodType": "1", "prodCode": "MYSQL", "regionId": REGION, "instanceType": "1"}
    products = {product["prodId"]: product for product in rds.order("GET", f"{ORDER}/template", **query)}
    assert {PAIR, SINGLE, REPLICA} < set(products)
    spec = next(spec for spec in products[PAIR]["instSpecInfoList"] if spec["prodPerformanceSpec"] == "2C4G")
    assert (spec["specName"], spec["generation"], spec["azList"]) == ("s7.large.2", "S7", ZONES)
    assert "instanceType is '99'" in rds.order_refused("GET", f"{ORDER}/template", **(query | {"instanceType": "99"}))


def test_a_pair_is_built_in_two_zones(rds: Rds, api: Any, data_net: tuple[str, str, str]) -> None:
    order = rds.order("POST", ACCEPT, **wish(*data_net))
    assert order["submitted"] is True
    [mysql_id] = rds.order("GET", f"{ORDER}/getInstIdByOrderId", newOrderId=order["newOrderId"])
    seen = rds.until(mysql_id, lambda seen: seen["prodOrderStatus"] == 0, "the instance")
    assert (seen["prodType"], seen["prodRunningStatus"], seen["writePort"], seen["machineSpec"]) == (1, 0, "3306", "2C4G")
    assert [(node["role"], node["azName"]) for node in seen["azInfoList"]] == [("master", ZONES[0]), ("slave", ZONES[1])]
    nodes = api.cloud.store.find(MYSQL_NODES, mysql_id=mysql_id)
    assert [node.name for node in nodes] == ["data-1", "data-2"]
    assert all(node.fenced and not node.reseed for node in nodes) and len({node.server_id for node in nodes}) == 2
    assert len({seen["vip"], *(node.address for node in nodes)}) == 3
    assert rds.order("GET", f"{ORDER}/getInstState", instId=mysql_id) == 2


def test_a_single_one_and_its_read_replica(rds: Rds, data_net: tuple[str, str, str]) -> None:
    parent = rds.made(wish(*data_net, SINGLE, (1,)))
    replica = rds.made(wish(*data_net, REPLICA, (3,), instId=parent, name="data-copy"))
    assert [node["role"] for node in rds.detail(replica)["azInfoList"]] == ["readNode"]
    assert rds.detail(parent)["readNode"] == [replica]
    assert f"read replica {replica}" in rds.order_refused("GET", f"{ORDER}/refundOrder", instId=parent)
    assert "is a read replica itself" in rds.order_refused(
        "POST", ACCEPT, **wish(*data_net, REPLICA, (3,), instId=replica, name="data-3")
    )
    small = wish(*data_net, REPLICA, (1,), instId=parent, name="data-4", prodVersion="5.7", prodId=10001005, subnetId="subnet-x")
    problems = rds.order_refused("POST", ACCEPT, **small)
    assert "prodVersion is 5.7; instance data has 8.0" in problems and f"must be {data_net[1]} in VPC" in problems


def test_all_problems_are_told_at_once(rds: Rds, api: Any, data_net: tuple[str, str, str]) -> None:
    body = wish(*data_net, zones=(1, 1), name="1", prodVersion="8.0", hostType="C7", password="bm9uc2Vuc2U=")  # noqa: S106
    body["mysqlNodeInfoList"][0] |= {"storageSpace": 5, "storageType": "TAPE", "prodPerformanceSpec": "3C3G"}
    problems = rds.order_refused("POST", ACCEPT, **body)
    for part in (
        "name '1' is not allowed: 4-64 letters",
        f"puts the standby into {ZONES[0]}, the primary's zone",
        "instSpec 1 (通用型) needs a hostType like S7, not 'C7'",
        "storageSpace is 5; it must be between 100 and 32768",
        "storageType is 'TAPE'",
        "prodPerformanceSpec '3C3G' is not a size",
        "password cannot be decrypted",
    ):
        assert part in problems
    assert api.cloud.store.find(MYSQLS) == []


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"billMode": "1"}, "Subscriptions of MySQL instances are not modelled"),
        ({"prodId": 10001102}, "two standbys"),
        ({"prodId": 4711}, "prodId 4711 is not a product"),
        ({"prodId": 10001001}, "prodId 10001001 is of version 5.7, prodVersion says 8.0"),
        ({"prodId": SINGLE}, "must name the zone of one master with prodId 10001103; it names 1 master, 1 slave"),
        ({"count": 2}, "count=2 is not modelled"),
        ({"regionId": "atlantis"}, "'atlantis' is not a region"),
        ({"colour": "red"}, "Not modelled by the local cloud: colour"),
        ({"mysqlNodeInfoList": []}, "mysqlNodeInfoList must not be empty"),
        ({"instId": "x" * 32}, "instId is only for read replicas"),
        ({"securityGroupId": "sg-gone"}, "Security group sg-gone does not exist"),
    ],
)
def test_orders_that_are_refused(rds: Rds, data_net: tuple[str, str, str], more: dict[str, Any], sentence: str) -> None:
    assert sentence in rds.order_refused("POST", ACCEPT, **wish(*data_net, **more))


def test_a_name_is_taken_once_and_a_subnet_can_be_full(rds: Rds, api: Any, data_net: tuple[str, str, str]) -> None:
    rds.made(wish(*data_net))
    assert "name 'data' is already taken" in rds.order_refused("POST", ACCEPT, **wish(*data_net))
    tight = api.subnet(data_net[0], "tight", "192.168.9.0/28")
    for number in range(4):
        rds.made(wish(data_net[0], tight, data_net[2], name=f"more-{number}"))
    assert "too few free addresses; the instance needs 3" in rds.order_refused(
        "POST", ACCEPT, **wish(data_net[0], tight, data_net[2], name="last")
    )


def test_only_the_hash_of_the_password_is_kept(rds: Rds, api: Any, data_net: tuple[str, str, str]) -> None:
    mysql_id = rds.made(wish(*data_net, password=encrypted(cloud_key(rds), PASSWORD)))
    assert api.cloud.store.require(MYSQLS, mysql_id).root_password == hashed(PASSWORD)
    weak = wish(*data_net, name="other", password=encrypted(cloud_key(rds), "password"))
    assert rds.order_refused("POST", ACCEPT, **weak).startswith("password is too weak: 8-32 printable characters")


def test_a_password_for_another_cloud(
    rds: Rds, api: Any, data_net: tuple[str, str, str], caplog: pytest.LogCaptureFixture
) -> None:
    foreign = rsa_key("foreign").public_key()
    body = wish(*data_net, password=encrypted(foreign, PASSWORD))
    assert "encrypt it with the key of getPublicKey" in rds.order_refused("POST", ACCEPT, **body)
    api.cloud.foreign_keys = True
    with caplog.at_level(logging.WARNING, "localcloud"):
        answer = rds.send("POST", ACCEPT, body)
    assert "root has a random one" in answer["message"] and "root has a random one" in caplog.text
    [mysql] = api.cloud.store.find(MYSQLS)
    assert mysql.root_password.startswith("*") and PASSWORD not in caplog.text


def test_refunded_then_destroyed(rds: Rds, api: Any, data_net: tuple[str, str, str]) -> None:
    mysql_id = rds.made(wish(*data_net))
    assert "this needs one that is refunded" in rds.order_refused("GET", f"{ORDER}/destroyOrder", instId=mysql_id)
    assert rds.order("GET", f"{ORDER}/refundOrder", instId=mysql_id)["submitted"] is True
    rds.until(mysql_id, lambda seen: seen["prodOrderStatus"] == 8, "the refund")
    assert "is refunded" in rds.order_refused("GET", f"{ORDER}/refundOrder", instId=mysql_id)
    rds.order("GET", f"{ORDER}/destroyOrder", instId=mysql_id)
    wait_until(lambda: "outerProdInstId not exist" in rds.ask("GET", "v1/open-api/instance", mysql_id)["message"], 10, "its end")
    api.ok(api.post("/v4/vpc/delete-subnet", regionID=REGION, subnetID=data_net[1]))
    api.ok(api.post("/v4/vpc/delete-security-group", regionID=REGION, securityGroupID=data_net[2]))


def test_what_an_instance_uses_is_not_deleted(rds: Rds, api: Any, data_net: tuple[str, str, str]) -> None:
    mysql_id = rds.made(wish(*data_net))
    for path, fields in (
        ("/v4/vpc/delete-subnet", {"subnetID": data_net[1]}),
        ("/v4/vpc/delete-security-group", {"securityGroupID": data_net[2]}),
    ):
        answer = api.post(path, regionID=REGION, **fields)
        assert f"MySQL instance {mysql_id} (data)" in answer["message"]
    assert "InUse" in api.post("/v4/vpc/delete", regionID=REGION, vpcID=data_net[0])["errorCode"]
    used = api.ok(api.get("/v4/vpc/list-used-ips", regionID=REGION, subnetID=data_net[1]))["usedIPs"]
    assert [entry["use"] for entry in used] == ["system", "rds", "rds", "rds"]


def test_foreign_keys_are_an_option_of_serve() -> None:
    assert _parser().parse_args(["serve", "--foreign-keys"]).foreign_keys is True
    assert _parser().parse_args(["serve"]).foreign_keys is False


def test_a_count_beyond_all_measure_is_a_problem_like_others(rds: Rds, data_net: tuple[str, str, str]) -> None:
    body = wish(*data_net)
    body["mysqlNodeInfoList"][0]["availabilityZoneInfo"][1]["availabilityZoneCount"] = 10**30
    assert "availabilityZoneCount is 1000" in rds.order_refused("POST", ACCEPT, **body)


def test_an_instance_is_enlarged_in_place(rds: Rds, api: Any, data_net: tuple[str, str, str]) -> None:
    """As clients send it: numbers as texts, and what they leave out as empty ones."""
    mysql_id, lives = rds.made(wish(*data_net)), api.cloud.databases
    empty = {"instId": mysql_id, "nodeType": "", "prodId": "", "diskVolume": "", "prodPerformanceSpec": ""}
    places = [{"availabilityZoneName": zone, "availabilityZoneCount": "1"} for zone in ZONES[:2]]
    for wanted, shown in (
        ({"prodPerformanceSpec": "4C8G", "azList": places}, {"machineSpec": "4C8G"}),
        ({"diskVolume": "200", "nodeType": "master"}, {"diskSize": 200}),
    ):
        lives.busy.add("upgrade")
        order = rds.order("POST", f"{ORDER}/upgrade", **(empty | wanted))
        assert rds.order("GET", f"{ORDER}/getInstState", instId=mysql_id) == 4
        assert "is being enlarged" in rds.order_refused("POST", f"{ORDER}/upgrade", instId=mysql_id, diskVolume=300)
        lives.busy.clear()
        asyncio.run(lives.carry_out(order["newOrderId"]))
        seen = rds.until(mysql_id, lambda seen: seen["prodRunningStatus"] == 0, "the order")
        assert shown.items() <= seen.items()
        assert api.ok(api.get("/v4/ecs/order/query-uuid", masterOrderID=order["newOrderId"]))["orderStatus"] == "3"


def test_a_single_one_becomes_a_pair(rds: Rds, data_net: tuple[str, str, str]) -> None:
    mysql_id = rds.made(wish(*data_net, SINGLE, (1,)))
    place = [{"availabilityZoneName": ZONES[1], "availabilityZoneCount": 1}]
    rds.order("POST", f"{ORDER}/upgrade", instId=mysql_id, prodId=PAIR, azList=place)
    seen = rds.until(mysql_id, lambda seen: seen["prodRunningStatus"] == 0, "the standby")
    assert (seen["prodId"], seen["prodType"]) == (PAIR, 1)
    assert [(node["role"], node["azName"]) for node in seen["azInfoList"]] == [("master", ZONES[0]), ("slave", ZONES[1])]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({}, "exactly one is needed"),
        ({"diskVolume": 200, "prodPerformanceSpec": "4C8G"}, "exactly one is needed"),
        ({"diskVolume": 100}, "has 100, and a disk can only grow"),
        ({"prodPerformanceSpec": "2C4G"}, "has 2C4G, and can only grow"),
        ({"prodPerformanceSpec": "3C3G"}, "'3C3G' is not a size here"),
        ({"prodId": SINGLE}, "no step up from a pair instance"),
        ({"prodId": REPLICA}, "is no product that"),
        ({"prodId": 10001102}, "two standbys"),
        ({"diskVolume": 200, "nodeType": "backup"}, "room for backups"),
        ({"diskVolume": 200, "azList": [{"availabilityZoneName": "x", "availabilityZoneCount": 1}]}, "'x', which is not a zone"),
    ],
)
def test_what_cannot_be_enlarged_is_refused(
    rds: Rds, data_net: tuple[str, str, str], wanted: dict[str, Any], sentence: str
) -> None:
    mysql_id = rds.made(wish(*data_net))
    assert sentence in rds.order_refused("POST", f"{ORDER}/upgrade", instId=mysql_id, **wanted)
    assert rds.detail(mysql_id)["prodRunningStatus"] == 0


@pytest.mark.parametrize("kind", ["SATA", "SAS", "SSD", "os", ""])
def test_an_order_with_the_values_of_the_product_page(rds: Rds, data_net: tuple[str, str, str], kind: str) -> None:
    """Each is a name; the room for backups is shown again."""
    body = wish(*data_net, product=SINGLE, zones=(1,), osType="11", backupStorageType=kind)
    body["mysqlNodeInfoList"][0] |= {"backupStorageType": kind, "backupStorageSpace": 200}
    assert rds.detail(rds.made(body))["backupDiskSize"] == 200
    assert "osType='99' is not modelled" in rds.order_refused("POST", f"{ORDER}/accept", **body | {"osType": "99"})
