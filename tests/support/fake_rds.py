"""RDS for MySQL in a dictionary, as its two families of calls show it: what the client and the provider are tested against."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support.keys import rsa_key

Body = dict[str, Any]
EIP_ADDRESS = "198.18.0.9"
REGION = "bb9fdb42056f11eda1610242ac110002"


class Refused(Exception):
    """What the fake answers instead of success: code, sentence."""


@dataclass
class FakeRds:
    """`refuse` answers a call, by the end of its path, once with a code. `settle` is how many looks an order takes."""

    instances: dict[str, Body] = field(default_factory=dict)
    contents: dict[str, dict[str, Body]] = field(default_factory=dict)  # "database" | "account" | "list" -> "id/name" -> shown
    eips: dict[str, str] = field(default_factory=dict)  # eip id -> instance it is bound to
    refuse: dict[str, list[str]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    headers: list[httpx.Headers] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=dict)
    settle: int = 2
    fails: bool = False
    message: str = "success"
    after: dict[str, Callable[[], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = rsa_key()
        self.contents |= {"database": {}, "account": {}, "list": {}}

    async def answer(self, request: httpx.Request) -> httpx.Response:
        wanted = {**dict(request.url.params), **(json.loads(request.content) if request.content else {})}
        name = f"{request.method} {request.url.path.rpartition('/')[2]}"
        self.calls[name] += 1
        self.headers.append(request.headers)
        self.message = "success"
        success = 0 if request.url.path.startswith("/RDS2/") else 200 if request.url.path.startswith("/teledb") else 800
        try:
            if self.refuse.get(name):
                raise Refused(self.refuse[name].pop(0), "not now")
            body = self._table()[name](wanted)
        except Refused as refusal:
            code, message = refusal.args
            field_name = "errorCode" if success == 800 else "error"
            return httpx.Response(200, json={"statusCode": 900, field_name: code, "message": message})
        if name in self.after:
            self.after[name]()
        return httpx.Response(200, json={"statusCode": success, "returnObj": body, "message": self.message})

    def _table(self) -> dict[str, Callable[[Body], Any]]:
        return {
            "GET list-regions": lambda _: {"regionList": [{"regionID": REGION, "regionName": "华东1"}]},
            "GET get-zones": lambda _: {"zoneList": [{"name": f"zone-{n}"} for n in (1, 2, 3)]},
            "GET template": self.template,
            "GET getPublicKey": lambda _: {"data": self.public_key()},
            "POST accept": self.accept,
            "POST upgrade": self.upgrade,
            "GET getInstIdByOrderId": lambda w: {"data": self.ordered(w["newOrderId"].removeprefix("order-of-"))},
            "GET refundOrder": self.refund,
            "GET destroyOrder": self.destroy,
            "POST instance-list": self.listed,
            "GET instance": self.detail,
            "POST change": lambda w: self.found(w["instanceId"]).update(securityGroupId=w["newSecurityGroupId"]),
            "POST reset-root-password": self.root_password,
            "GET hamode-type": lambda w: {"hamode": self.detail(w)["hamode"]},
            "POST hamode-type": lambda w: self.change(w, hamode=w["hamode"]),
            "GET instance-ha-config": lambda w: {"syncMode": self.detail(w)["syncMode"]},
            "POST instance-sync-mode": lambda w: self.change(w, syncMode=w["syncMode"]),
            "GET describe-ha-switch-config": lambda w: {"switchConfig": self.detail(w)["switchType"]},
            "POST modify-ha-switch-config": lambda w: self.change(w, switchType=w["switchType"]),
            "POST switch-db-instance-ha": self.switch,
            "GET switch-instance-record": lambda w: {"list": self.detail(w)["switches"]},
            "GET task-center-events": lambda w: {"list": self.detail(w)["tasks"]},
            "POST database": lambda w: self.add("database", w, "dbName", grantSchema=w["dbName"], charsetName=w["charSetName"]),
            "GET schemas": lambda w: self.all("database", w),
            "DELETE database": lambda w: self.drop("database", w, "dbName"),
            "POST account": self.add_account,
            "GET account": lambda w: self.all("account", w),
            "DELETE account": lambda w: self.drop("account", w, "accountName"),
            "POST reset-password": lambda w: self.keep_password(w["accountName"], w["accountPassword"]),
            "POST operator-privilege-grant": self.grant,
            "POST operator-privilege-revoke": self.revoke,
            "POST rds-access-white-list": lambda w: self.add("list", w, "groupName", **_list(w)),
            "GET rds-access-white-list": lambda w: self.all("list", w),
            "PUT rds-access-white-list": lambda w: self.part("list", w, "groupName").update(_list(w)),
            "DELETE rds-access-white-list": lambda w: self.drop("list", w, "groupName"),
            "GET show": self.eip,
            "GET eips": lambda w: {"data": [_bound(id) for id, bound in self.eips.items() if bound == w["instId"]]},
            "POST bind": lambda w: self.eips.update({w["eipId"]: w["instId"]}),
            "POST unbind": lambda w: self.eips.update({w["eipId"]: ""}),
        }

    # -- instances

    def public_key(self) -> str:
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def template(self, wanted: Body) -> Body:
        zones = [f"zone-{n}" for n in (1, 2, 3)]
        specs = [{"prodPerformanceSpec": size, "generation": "S7", "cpuType": "30", "azList": zones} for size in ("2C4G", "4C8G")]
        ids = {"8.0": (10001103, 10001101, 10001105), "5.7": (10001003, 10001001, 10001005)}
        shown = [(version, id) for version, products in ids.items() for id in products]
        return {"data": [{"prodId": id, "prodVersion": version, "instSpecInfoList": specs} for version, id in shown]}

    def accept(self, wanted: Body) -> Body:
        if any(instance["prodInstName"] == wanted["name"] for instance in self.instances.values()):
            return {"data": {"submitted": False, "errorMessage": f"the name {wanted['name']} is taken"}}
        id = f"{len(self.calls):03}{self.calls['POST accept']:029}"
        node = wanted["mysqlNodeInfoList"][0]
        places = enumerate(node["availabilityZoneInfo"], 101)
        self.instances[id] = {
            "outerProdInstId": id,
            "prodInstName": wanted["name"],
            "prodId": wanted["prodId"],
            "newMysqlVersion": f"{wanted['prodVersion']}.36",
            "machineSpec": node["prodPerformanceSpec"],
            "prodOrderStatus": 3,
            "prodRunningStatus": 0,
            "vip": "192.168.1.50",
            "writePort": "3306",
            "diskSize": node["storageSpace"],
            "diskType": "3",
            "azInfoList": [{"resId": n, "role": zone["nodeType"], "azName": zone["availabilityZoneName"]} for n, zone in places],
            "hamode": "reliablity",
            "syncMode": "Semi_sync",
            "switchType": "auto",
            "switches": [],
            "tasks": [],
            "looks": 0,
            **{key: wanted[key] for key in ("vpcId", "subnetId", "securityGroupId")},
        }
        if "password" in wanted:
            clear = self.key.decrypt(base64.b64decode(wanted["password"]), PKCS1v15()).decode()
            self.passwords["root"] = clear
        return {"data": {"submitted": True, "newOrderId": f"order-of-{id}"}}

    def ordered(self, id: str) -> list[str]:
        self.message = "the zone is without power" if self.instances[id]["prodOrderStatus"] == 4 else "success"
        if self.instances[id].pop("no room", False):
            self.message = "no room"
            return []
        return [] if self.instances[id]["prodOrderStatus"] == 4 else [id]

    def upgrade(self, wanted: Body) -> Body:
        """Takes two looks, like an order for an instance; what is changed is seen at its end."""
        instance = self.found(wanted["instId"])
        if instance["prodRunningStatus"] != 0:
            raise Refused("Openapi.Mysql.StatusNotAllowed", "it is being enlarged")
        instance |= {"prodRunningStatus": 7, "looks": 0, "wanted": wanted}
        return {"data": {"submitted": True, "newOrderId": f"order-of-{wanted['instId']}"}}

    def _upgraded(self, instance: Body) -> None:
        wanted = instance.pop("wanted")
        instance["prodRunningStatus"] = 0
        if self.fails:
            instance["no room"] = True
            return
        if "prodPerformanceSpec" in wanted:
            instance["machineSpec"] = wanted["prodPerformanceSpec"]
        if "diskVolume" in wanted:
            instance["diskSize"] = wanted["diskVolume"]
        if "prodId" in wanted:
            instance["prodId"] = wanted["prodId"]
            [place] = wanted["azList"]
            instance["azInfoList"].append({"resId": 102, "role": "slave", "azName": place["availabilityZoneName"]})

    def found(self, id: str) -> Body:
        if id not in self.instances:
            raise Refused("", "outerProdInstId not exist")
        return self.instances[id]

    def detail(self, wanted: Body) -> Body:
        instance = self.found(wanted["outerProdInstId"])
        instance["looks"] += 1
        if instance["prodOrderStatus"] == 3 and instance["looks"] >= self.settle:
            instance["prodOrderStatus"] = 4 if self.fails else 0
        if "wanted" in instance and instance["looks"] >= self.settle:
            self._upgraded(instance)
        return instance

    def listed(self, wanted: Body) -> Body:
        shown = [one for one in self.instances.values() if wanted.get("prodInstName", "") in one["prodInstName"]]
        hidden = {"azInfoList", "subnetId", "securityGroupId"}
        page = shown[(wanted["pageNow"] - 1) * wanted["pageSize"] :][: wanted["pageSize"]]
        return {"list": [{k: v for k, v in one.items() if k not in hidden} for one in page], "total": len(shown)}

    def change(self, wanted: Body, **values: Any) -> None:
        self.found(wanted["outerProdInstId"]).update(values)

    def refund(self, wanted: Body) -> Body:
        self.found(wanted["instId"])["prodOrderStatus"] = 8
        return {"data": {"submitted": True, "newOrderId": "refund"}}

    def destroy(self, wanted: Body) -> Body:
        if self.found(wanted["instId"])["prodOrderStatus"] != 8:
            return {"data": {"submitted": False, "errorMessage": "it is not to be destroyed"}}
        del self.instances[wanted["instId"]]
        return {"data": {"submitted": True, "newOrderId": "destroy"}}

    def root_password(self, wanted: Body) -> None:
        self.found(wanted["outerProdInstId"])
        self.keep_password("root", wanted["rootPassword"])

    def switch(self, wanted: Body) -> None:
        instance = self.found(wanted["outerProdInstId"])
        instance["tasks"].append({"jobId": len(instance["tasks"]) + 1, "resultStatus": 2 if self.fails else 0, "message": "busy"})
        if not self.fails:
            for node in instance["azInfoList"]:
                node["role"] = "master" if node["resId"] == wanted["newMasterResId"] else "slave"

    # -- what is in them

    def _key(self, wanted: Body, name_key: str) -> str:
        self.found(wanted["outerProdInstId"])
        return f"{wanted['outerProdInstId']}/{wanted[name_key]}"

    def add(self, kind: str, wanted: Body, name_key: str, **shown: Any) -> None:
        key = self._key(wanted, name_key)
        if key in self.contents[kind]:
            raise Refused("Openapi.MysqlPart.NameDuplicated", f"{key} is taken")
        self.contents[kind][key] = shown

    def part(self, kind: str, wanted: Body, name_key: str) -> Body:
        return self.contents[kind][self._key(wanted, name_key)]

    def all(self, kind: str, wanted: Body) -> list[Body]:
        self.found(wanted["outerProdInstId"])
        return [shown for key, shown in self.contents[kind].items() if key.startswith(f"{wanted['outerProdInstId']}/")]

    def drop(self, kind: str, wanted: Body, name_key: str) -> None:
        del self.contents[kind][self._key(wanted, name_key)]

    def keep_password(self, name: str, encoded: str) -> None:
        self.passwords[name] = base64.b64decode(encoded).decode()

    def add_account(self, wanted: Body) -> None:
        name = wanted["accountName"]
        self.add("account", wanted, "accountName", accountName=name, schemaPrivilegeVOList=[*wanted["schemaPrivilegeVOList"]])
        self.keep_password(name, wanted["accountPassword"])

    def grant(self, wanted: Body) -> None:
        account, given = self.part("account", wanted, "accountName"), wanted["schemaPrivilegeVOList"]
        kept = [item for item in account["schemaPrivilegeVOList"] if all(item["grantSchema"] != g["grantSchema"] for g in given)]
        account["schemaPrivilegeVOList"] = kept + given

    def revoke(self, wanted: Body) -> None:
        account, taken = self.part("account", wanted, "accountName"), wanted["schemaPrivilegeVOList"]
        kept = [item for item in account["schemaPrivilegeVOList"] if all(item["grantSchema"] != t["grantSchema"] for t in taken)]
        account["schemaPrivilegeVOList"] = kept

    def eip(self, wanted: Body) -> Body:
        if wanted["eipID"] not in self.eips:
            raise Refused("Openapi.Eip.NotFound", "no such EIP")
        bound = self.eips[wanted["eipID"]]
        return {"ID": wanted["eipID"], "name": "db", "eipAddress": EIP_ADDRESS, "status": "DOWN", "associationID": bound or None}


def _list(wanted: Body) -> Body:
    return {"groupName": wanted["groupName"], "groupWhiteList": wanted["groupWhiteList"]}


def _bound(eip_id: str) -> Body:
    return {"eipId": eip_id, "eip": EIP_ADDRESS, "bindStatus": "1", "status": "ACTIVE"}
