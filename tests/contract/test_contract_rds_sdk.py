"""The official SDK package of RDS as a client, where its defects allow.

Old generation: one class per call with a static `do`, every field of a request a required argument, answers left as plain
dictionaries, the clock read twice (header and signature), and everything printed to stdout.
"""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import fields
from typing import Any

import pytest
from contract.factories import Factory
from contract.running_cloud import Run
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from rds_220220714.core.client import CtyunClient  # type: ignore[import-untyped]
from rds_220220714.core.credential import Credential  # type: ignore[import-untyped]
from support.waiting import until

from ctyun import Client, CloudRecord

SECONDS = 120.0
PASSWORD, SINGLE, PAIR = "Right-2026!", 10001103, 10001101  # prodId
SIGNATURE = "10009"  # the gateway's number for one that is not right

pytestmark = pytest.mark.timeout(400)


class Sdk:
    """Calls by the names of the SDK's modules: `ask("instance.rds2_restart_d_b_instance_v4", outerProdInstId=...)`."""

    def __init__(self, record: CloudRecord, region: str) -> None:
        keys = record.credentials
        self._credential, self._client, self._url = Credential(keys.access_key, keys.secret_key), CtyunClient(), record.url
        self._region = region

    def ask(self, module: str, **given: Any) -> Any:
        """The whole answer; fields that are not given are null. A signature of a second ago is the SDK's fault: again."""
        found = importlib.import_module(f"rds_220220714.apis.{module}_api")
        name = "".join(word.capitalize() for word in module.rpartition(".")[2].split("_"))
        api, request = getattr(found, f"{name}Api"), getattr(found, f"{name}Request")
        known = {"projectId": "0", "regionId": self._region, "instId": given.get("outerProdInstId")} | given
        for _ in range(5):
            wanted = request(**{field.name: known.get(field.name) for field in fields(request)})
            answer = api.do(self._credential, self._client, self._url, wanted)
            if getattr(answer, "error", "") != SIGNATURE:
                return answer
        raise AssertionError(f"{module}: five signatures in a row were refused")

    def ok(self, module: str, **given: Any) -> Any:
        """`returnObj` of a success, of either family."""
        answer = self.ask(module, **given)
        assert answer.statusCode in (0, 200), vars(answer)
        return getattr(answer, "returnObj", None)

    def refused(self, module: str, **given: Any) -> str:
        answer = self.ask(module, **given)
        assert answer.statusCode not in (0, 200) and answer.error, vars(answer)
        return str(answer.message)


@pytest.fixture(scope="module")
def sdk(record: CloudRecord, region: str) -> Sdk:
    return Sdk(record, region)


def ready(sdk: Sdk, mysql_id: str) -> dict[str, Any]:
    def is_ready(shown: dict[str, Any]) -> bool:
        return (shown["prodOrderStatus"], shown["prodRunningStatus"]) == (0, 0)

    return until(lambda: detail(sdk, mysql_id), SECONDS, f"instance {mysql_id}", done=is_ready)


def detail(sdk: Sdk, mysql_id: str) -> dict[str, Any]:
    return dict(sdk.ok("instance.rds2_get_instance_detail_v4", outerProdInstId=mysql_id))


def encrypted(sdk: Sdk, password: str) -> str:
    key = load_der_public_key(base64.b64decode(sdk.ok("common.rds2_get_public_key")["data"]))
    assert isinstance(key, RSAPublicKey)
    return base64.b64encode(key.encrypt(password.encode(), PKCS1v15())).decode()


@pytest.fixture(scope="module")
def mysql_id(sdk: Sdk, client: Client, run: Run, region: str) -> Iterator[str]:
    """A single instance, ordered, refunded and destroyed by the SDK."""
    with ExitStack() as cleanup:
        make = Factory(client, run, region, cleanup)
        vpc_id = make.vpc()
        zone = sdk.ok("common.rds2_availability_zone_v2")["data"][0]["availabilityZoneName"]
        node = {
            "nodeType": "master", "instSpec": "1", "storageType": "SSD", "storageSpace": 100, "prodPerformanceSpec": "2C4G",
            "disks": 1, "backupStorageType": "SATA", "backupStorageSpace": 100,
            "availabilityZoneInfo": [{"availabilityZoneName": zone, "availabilityZoneCount": 1, "nodeType": "master"}],
        }  # fmt: skip
        wish = {
            "billMode": "2", "prodVersion": "8.0", "vpcId": vpc_id, "hostType": "S7", "subnetId": make.subnet(vpc_id),
            "securityGroupId": make.group(vpc_id), "name": make.name("sdk"), "password": encrypted(sdk, PASSWORD), "period": 1,
            "count": 1, "autoRenewStatus": 0, "osType": "11", "prodId": SINGLE, "mysqlNodeInfoList": [node],
        }  # fmt: skip
        order_id = sdk.ok("common.rds2_accept_v2", **wish, instId=None)["data"]["newOrderId"]
        [found] = sdk.ok("common.rds2_get_inst_id_by_order_id", newOrderId=order_id)["data"]
        cleanup.callback(destroyed, sdk, found)
        ready(sdk, found)
        yield found


def destroyed(sdk: Sdk, mysql_id: str) -> None:
    ready(sdk, mysql_id)
    assert sdk.ok("common.rds2_refund_order_v2", instId=mysql_id)["data"]["submitted"] is True
    until(lambda: detail(sdk, mysql_id)["prodOrderStatus"] == 8, SECONDS, "the refund")
    assert sdk.ok("common.rds2_destroy_order", instId=mysql_id)["data"]["submitted"] is True
    module = "instance.rds2_check_instance_exist_v4"
    until(lambda: not sdk.ok(module, outerProdInstId=mysql_id)["isExistInstance"], SECONDS, "the end")


def test_products_and_sizes(sdk: Sdk) -> None:
    query = {"prodType": "1", "prodCode": "MYSQL", "instanceType": "1"}
    products = {product["prodId"]: product for product in sdk.ok("common.rds2_template_v2", **query)["data"]}
    assert "2C4G" in [spec["prodPerformanceSpec"] for spec in products[SINGLE]["instSpecInfoList"]]


def test_an_instance_is_listed_and_shown(sdk: Sdk, mysql_id: str) -> None:
    shown = detail(sdk, mysql_id)
    query = {"pageNow": 1, "pageSize": 10, "prodInstName": shown["prodInstName"]}
    listed = sdk.ok("instance.rds2_get_instance_list_v4", **query)
    assert [item["outerProdInstId"] for item in listed["list"]] == [mysql_id] and listed["total"] == 1
    assert ([node["role"] for node in shown["azInfoList"]], shown["backupDiskSize"]) == (["master"], 100)
    name = f"{shown['prodInstName']}-2"
    sdk.ok("instance.rds2_modify_d_b_instance_description_v4", outerProdInstId=mysql_id, instanceDescription=name)
    assert detail(sdk, mysql_id)["prodInstName"] == name
    assert sdk.ok("common.rds2_get_inst_state", instId=mysql_id) == {"data": 2}
    assert "MYSQL_10002" in sdk.refused("instance.rds2_get_instance_detail_v4", outerProdInstId="0" * 32)
    [node] = sdk.ok("instance.rds2_query_node_infos_v4", outerProdInstId=mysql_id)
    assert (node["role"], node["cpu"], node["memory"]) == ("m", "2", "4")


def test_databases_and_accounts(sdk: Sdk, mysql_id: str) -> None:
    own = {"outerProdInstId": mysql_id}
    sdk.ok("database.rds2_create_database_v4", **own, dbName="sdk_db", charSetName="utf8mb4")
    secret = base64.b64encode(PASSWORD.encode()).decode()
    grant = {"grantSchema": "sdk_db", "readAndWrite": True}
    account = {"accountName": "sdk_user", "accountPassword": secret, "schemaPrivilegeVOList": [grant]}
    sdk.ok("account.rds2_create_account_v4", **own, **account)
    [found] = sdk.ask("account.rds2_get_user_account_v4", **own).returnObj
    assert (found.accountName, [item.readAndWrite for item in found.schemaPrivilegeVOList]) == ("sdk_user", [True])
    sdk.ok("account.rds2_reset_password_v4", **own, accountName="sdk_user", accountPassword=secret)
    taken = [{"grantSchema": "sdk_db", "dmlPrivilege": False, "ddlPrivilege": True}]
    sdk.ok("account.rds2_revoke_operator_privilege_v4", **own, accountName="sdk_user", schemaPrivilegeVOList=taken)
    [found] = sdk.ask("account.rds2_get_user_account_v4", **own).returnObj
    assert [(item.dmlPrivilege, item.ddlPrivilege) for item in found.schemaPrivilegeVOList] == [(True, False)]
    schemas = sdk.ok("database.rds2_query_schema_by_prod_id_v4", **own)
    assert [schema["grantSchema"] for schema in schemas] == ["sdk_db"]
    sdk.ok("account.rds2_delete_account_v4", **own, accountName="sdk_user")
    sdk.ok("database.rds2_delete_database_v4", **own, dbName="sdk_db")
    assert "dbName not exist" in sdk.refused("database.rds2_delete_database_v4", **own, dbName="sdk_db")


def test_white_lists(sdk: Sdk, mysql_id: str) -> None:
    own = {"outerProdInstId": mysql_id, "groupName": "sdk"}
    sdk.ok("security.rds2_create_rds_access_white_list", **own, groupWhiteList=["192.168.0.0/16"])
    sdk.ok("security.rds2_modify_rds_access_white_list", **own, groupWhiteList=["192.168.1.*"])
    [found] = sdk.ok("security.rds2_get_rds_access_white_list", outerProdInstId=mysql_id)
    assert (found["groupName"], found["groupWhiteList"], found["groupWhiteListCount"]) == ("sdk", ["192.168.1.*"], 1)
    sdk.ok("security.rds2_delete_rds_access_white_list", **own)


def test_restart_and_backup(sdk: Sdk, mysql_id: str) -> None:
    own = {"outerProdInstId": mysql_id}
    sdk.ok("instance.rds2_restart_d_b_instance_v4", **own)
    ready(sdk, mysql_id)
    tasks = sdk.ok("instance.rds2_get_task_center_events_v4", **own, taskName="RestartInstance", pageNow=1, pageSize=10)
    assert [task["resultStatus"] for task in tasks["list"]] == [0]
    sdk.ok("backup.v2.rds2_create_manual_backup", **own, backupName="by-sdk")
    query = {"pageNow": 1, "pageSize": 10, "backupName": "by-sdk"}

    def look() -> Any:
        [block] = sdk.ok("backup.v2.rds2_get_backup_list", **own, **query)["list"]
        return block["records"][0]

    signed_otherwise = {"pageNow": 1, "pageSize": 10, "backupName": "a+b,c/d"}  # than it is sent
    assert sdk.ok("backup.v2.rds2_get_backup_list", **own, **signed_otherwise)["list"] == []
    done = until(look, SECONDS, "the backup", done=lambda record: record["taskStatus"] in (1, -1))
    assert done["taskStatus"] == 1 and int(done["backedUpDataSize"]) > 0
    ready(sdk, mysql_id)
    assert sdk.ok("backup.v2.rds2_get_backup", id=done["backupRecordId"])["backupName"] == "by-sdk"
    sdk.ok("backup.v2.rds2_delete_backup_file", **own, blockId=done["backupRecordId"])


def test_roles_need_a_standby(sdk: Sdk, mysql_id: str) -> None:
    own = {"outerProdInstId": mysql_id}
    assert sdk.ok("instance.rds2_get_hamode_type", **own) == {"hamode": "reliablity"}
    assert "is a single instance" in sdk.refused("instance.rds2_modify_hamode_type", **own, hamode="usability")
    [node] = detail(sdk, mysql_id)["azInfoList"]
    assert "is a single instance" in sdk.refused("instance.rds2_switch_d_b_instance_h_a_v4", **own, newMasterResId=node["resId"])
    assert sdk.ok("instance.rds2_switch_instance_record_v4", **own, pageNow=1, pageSize=10)["list"] == []


def test_it_is_enlarged_in_place_and_gets_a_standby(sdk: Sdk, mysql_id: str) -> None:
    """As the package's own example sends it: what is not changed is an empty text, and numbers are texts."""
    zones = [zone["availabilityZoneName"] for zone in sdk.ok("common.rds2_availability_zone_v2")["data"]]
    unsaid = {"instId": mysql_id, "nodeType": "", "prodId": "", "diskVolume": "", "prodPerformanceSpec": ""}
    for wanted, zone, shown in (
        ({"prodPerformanceSpec": "4C8G"}, zones[0], {"machineSpec": "4C8G"}),
        ({"diskVolume": "200", "nodeType": "master"}, zones[0], {"diskSize": 200}),
        ({"prodId": str(PAIR), "nodeType": "master"}, zones[1], {"prodId": PAIR, "prodType": 1}),
    ):
        place = [{"availabilityZoneName": zone, "availabilityZoneCount": "1"}]
        order_id = sdk.ok("common.rds2_upgrade_v2", **(unsaid | wanted), azList=place)["data"]["newOrderId"]
        state = sdk.ok("common.rds2_get_inst_state", instId=mysql_id)["data"]
        assert state == 4 or (state == 2 and "diskVolume" in wanted), "what takes a moment may be over"
        assert shown.items() <= ready(sdk, mysql_id).items(), sdk.ask("common.rds2_get_inst_id_by_order_id", newOrderId=order_id)
    assert [node["role"] for node in detail(sdk, mysql_id)["azInfoList"]] == ["master", "slave"]
    assert "can only grow" in sdk.refused("common.rds2_upgrade_v2", **(unsaid | {"prodPerformanceSpec": "2C4G"}), azList=None)


def test_all_problems_of_an_order_at_once(sdk: Sdk) -> None:
    problems = sdk.refused("common.rds2_accept_v2", billMode="2", name="1", prodId=1, prodVersion="9", mysqlNodeInfoList=[])
    for part in ("prodVersion is '9'", "prodId 1 is not a product", "name '1' is not allowed", "vpcId is required"):
        assert part in problems


def test_what_the_sdk_prints_is_its_own_affair(sdk: Sdk, mysql_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints headers and bodies, passwords included; this is why it is no run-time dependency."""
    secret = base64.b64encode(b"weak").decode()
    body = {"outerProdInstId": mysql_id, "accountName": "someone", "accountPassword": secret}
    assert "accountPassword is too weak" in sdk.refused("account.rds2_create_account_v4", **body)
    assert secret in json.dumps(capsys.readouterr().out)
