"""A cloud in a dictionary: answers the client's real requests, so that the provider is tested through the real client."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from ctyun.client import Client
from ctyun.credentials import Credentials
from ctyun.endpoints import Endpoints
from pulumi_ctyun.kit.values import to_plain, to_property
from pulumi_ctyun.provider import exclusive
from pulumi_ctyun.provider.cloud import Cloud, Settings
from pulumi_ctyun.provider.plugin import CtyunProvider

REGION = "bb9fdb42056f11eda1610242ac110002"
Body = dict[str, Any]


@pytest.fixture(autouse=True)
def no_other_update_frees_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken is waited for only for a moment here."""
    monkeypatch.setattr(exclusive, "FREE_SECONDS", 0.05)
    monkeypatch.setattr(exclusive, "PAUSE_SECONDS", 0.01)


class Refused(Exception):
    """What the fake answers instead of success."""


@dataclass
class FakeCloud:
    """Holds things by id; counts calls; `before` may interfere with a call (raise, sleep) by its path."""

    things: dict[str, Body] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    before: dict[str, Callable[[Body], Coroutine[Any, Any, None]]] = field(default_factory=dict)
    after: dict[str, Callable[[Body], Coroutine[Any, Any, None]]] = field(default_factory=dict)
    refuse: dict[str, str] = field(default_factory=dict)  # call -> code
    status_after_order: str = "running"
    image_status: str = "active"
    in_use: dict[str, int] = field(default_factory=dict)  # id -> how many deletions are refused

    refusal: ClassVar = Refused  # for a `before` to raise, with a code

    async def answer(self, request: httpx.Request) -> httpx.Response:
        wanted = json.loads(request.content) if request.content else dict(request.url.params)
        name = request.url.path.rpartition("/")[2].replace("-", "_")
        self.calls[name] += 1
        try:
            if wanted.get("regionID", REGION) != REGION:  # all things are in one region
                raise Refused("Openapi.Common.NotFound")
            if name in self.refuse:
                raise Refused(self.refuse[name])
            if name in self.before:
                await self.before[name](wanted)
            body = getattr(self, f"do_{name}")(wanted)
            if name in self.after:
                await self.after[name](wanted)
        except Refused as refusal:
            return httpx.Response(200, json={"statusCode": 900, "errorCode": str(refusal), "message": "no"})
        return httpx.Response(200, json={"statusCode": 800, "returnObj": body})

    def of(self, kind: str) -> list[Body]:
        return [thing for thing in self.things.values() if thing["kind"] == kind]

    def _new(self, kind: str, wanted: Body, **more: Any) -> str:
        """Idempotent by clientToken, as the real API."""
        token = wanted.get("clientToken")
        if token in self.tokens:
            return self.tokens[token]
        id = f"{kind}-{len(self.tokens) + len(self.things)}"
        self.things[id] = {"kind": kind, **more}
        if token:
            self.tokens[token] = id
        return id

    def _get(self, id: str, code: str) -> Body:
        if id not in self.things:
            raise Refused(f"Openapi.{code}.NotFound")
        return self.things[id]

    def _drop(self, id: str, code: str) -> Body:
        self._get(id, code)
        if self.in_use.get(id, 0) > 0:
            self.in_use[id] -= 1
            raise Refused(f"Openapi.{code}.InUse")
        del self.things[id]
        return {}

    # regions, images, flavours

    def do_get_zones(self, wanted: Body) -> Body:
        return {"zoneList": [{"name": f"zone-{n}"} for n in (1, 2, 3)]}

    def do_list_regions(self, wanted: Body) -> Body:
        return {"regionList": [{"regionID": "200000001852", "regionName": "华北2"}, {"regionID": REGION, "regionName": "华东1"}]}

    def do_list(self, wanted: Body) -> Body:
        if "imageVisibilityCode" in wanted:
            if wanted["imageVisibilityCode"] == "0":
                found = [{**thing, "imageID": id} for id, thing in self.things.items() if thing["kind"] == "image"]
                return {"images": found, "totalCount": len(found)}
            images = [{"imageID": "img-1", "imageName": "debian-12", "imageVisibilityCode": 1}]
            return {"images": images if wanted["imageVisibilityCode"] == "1" else [], "totalCount": 1}
        if "instanceID" in wanted:
            data = [{"diskID": f"{wanted['instanceID']}.{n}"} for n, _ in enumerate(self.things[wanted["instanceID"]]["disks"])]
            return {"results": [{"diskID": "boot", "isSystemVolume": True}, *data], "totalCount": 1 + len(data)}
        sizes = {"f-1": ("s7.small.1", 1, 1), "f-2": ("s7.medium.2", 1, 2)}
        return {"flavorList": [
            {"flavorID": id, "flavorName": name, "flavorCPU": cpus, "flavorRAM": memory, "available": True}
            for id, (name, cpus, memory) in sizes.items()
        ]}  # fmt: skip

    def do_create_from_ecs(self, wanted: Body) -> Body:
        shown = {key: wanted.get(key) for key in ("imageName", "description")}
        source = {"sourceServerID": wanted["instanceID"], "imageType": "full_ecs_image", "imageVisibilityCode": 0}
        return {"images": [{"imageID": self._new("image", wanted, imageStatus=self.image_status, **shown, **source)}]}

    def do_detail(self, wanted: Body) -> Body:
        return {"images": [{**self._get(wanted["imageID"], "Image"), "imageID": wanted["imageID"]}]}

    # VPCs and subnets

    def do_create(self, wanted: Body) -> Body:
        if "CIDR" in wanted:
            shown = {key: wanted.get(key) for key in ("name", "CIDR", "description")}
            return {"vpcID": self._new("vpc", wanted, **shown)}
        id = self._new("eip", wanted, name=wanted["name"], bandwidth=wanted["bandwidth"], eipAddress="198.18.0.9", status="DOWN")
        return {"masterOrderID": "o-eip", "masterResourceStatus": "started", "eipID": id}

    def do_query(self, wanted: Body) -> Body:
        return {**self._get(wanted["vpcID"], "Vpc"), "vpcID": wanted["vpcID"]}

    def do_new_list(self, wanted: Body) -> Body:
        kind, key, id_key = ("eip", "eips", "ID") if "clientToken" in wanted else ("vpc", "vpcs", "vpcID")
        found = [{**thing, id_key: id} for id, thing in self.things.items() if thing["kind"] == kind]
        return {key: found, "totalCount": len(found)}

    def do_update(self, wanted: Body) -> Body:
        if "labelList" in wanted:
            labels = self._get(wanted["instanceID"], "Instance")["labels"]
            for label in wanted["labelList"]:
                if wanted["action"] == "DELETE":
                    labels.pop(label["labelKey"], None)
                else:
                    labels[label["labelKey"]] = label["labelValue"]
            return {}
        self._get(wanted["vpcID"], "Vpc").update({key: wanted[key] for key in ("name", "description") if key in wanted})
        return {}

    def do_delete(self, wanted: Body) -> Body:
        if "keyPairName" in wanted:
            return self._drop(wanted["keyPairName"], "Keypair")
        for key, code in (("eipID", "Eip"), ("imageID", "Image")):
            if key in wanted:
                return self._drop(wanted[key], code)
        return self._drop(wanted["vpcID"], "Vpc")

    def do_create_subnet(self, wanted: Body) -> Body:
        shown = {key: wanted.get(key) for key in ("vpcID", "name", "CIDR", "description", "dnsList")}
        return {"subnetID": self._new("subnet", wanted, gatewayIP="192.168.1.1", **shown)}

    def do_query_subnet(self, wanted: Body) -> Body:
        return {**self._get(wanted["subnetID"], "Subnet"), "subnetID": wanted["subnetID"]}

    def do_new_list_subnet(self, wanted: Body) -> Body:
        found = [{**thing, "subnetID": id} for id, thing in self.things.items() if thing["kind"] == "subnet"]
        return {"subnets": found, "totalCount": len(found)}

    # security groups

    def do_create_security_group(self, wanted: Body) -> Body:
        shown = {"securityGroupName": wanted["name"], "vpcID": wanted["vpcID"], "description": wanted.get("description")}
        default = {"id": "rule-default", "direction": "egress", "action": "accept", "protocol": "ANY", "priority": 100}
        return {"securityGroupID": self._new("sg", wanted, securityGroupRuleList=[default], **shown)}

    def do_new_query_security_groups(self, wanted: Body) -> Body:
        found = [{**thing, "id": id} for id, thing in self.things.items() if thing["kind"] == "sg"]
        return {"securityGroups": found, "totalCount": len(found)}

    def do_describe_security_group_attribute(self, wanted: Body) -> Body:
        return {**self._get(wanted["securityGroupID"], "SecurityGroup"), "id": wanted["securityGroupID"]}

    def do_create_security_group_ingress(self, wanted: Body) -> Body:
        rules = self._get(wanted["securityGroupID"], "SecurityGroup")["securityGroupRuleList"]
        ids = [f"rule-{self.calls.total()}-{index}" for index, _ in enumerate(wanted["securityGroupRules"])]
        rules += [{"id": id, **rule} for id, rule in zip(ids, wanted["securityGroupRules"], strict=True)]
        return {"sgRuleIDs": ids}

    do_create_security_group_egress = do_create_security_group_ingress

    def do_revoke_security_group_ingress(self, wanted: Body) -> Body:
        group = self._get(wanted["securityGroupID"], "SecurityGroup")
        rules = group["securityGroupRuleList"]
        group["securityGroupRuleList"] = [rule for rule in rules if rule["id"] != wanted["securityGroupRuleID"]]
        return {}

    do_revoke_security_group_egress = do_revoke_security_group_ingress

    def do_join_security_group(self, wanted: Body) -> Body:
        self._get(wanted["instanceID"], "Instance")["groups"].append(wanted["securityGroupID"])
        return {}

    def do_leave_security_group(self, wanted: Body) -> Body:
        self._get(wanted["instanceID"], "Instance")["groups"].remove(wanted["securityGroupID"])
        return {}

    # EIPs

    def do_show(self, wanted: Body) -> Body:
        return {**self._get(wanted["eipID"], "Eip"), "ID": wanted["eipID"]}

    def do_associate(self, wanted: Body) -> Body:
        bound = {"associationID": wanted["associationID"], "privateIpAddress": "192.168.1.10", "status": "ACTIVE"}
        self._get(wanted["eipID"], "Eip").update(bound)
        return {}

    def do_disassociate(self, wanted: Body) -> Body:
        self._get(wanted["eipID"], "Eip").update(associationID=None, privateIpAddress=None, status="DOWN")
        return {}

    # key pairs

    def do_create_keypair(self, wanted: Body) -> Body:
        name = wanted["keyPairName"]
        if name in self.things:
            raise Refused("Ecs.Keypair.NameDuplicated")
        body = {"keyPairID": f"kp-{name}", "keyPairName": name, "publicKey": "ssh-rsa AAAA made"}
        self.things[name] = {"kind": "keypair", **body}
        return {**body, "privateKey": "-----BEGIN RSA PRIVATE KEY-----\nxyz\n-----END RSA PRIVATE KEY-----\n"}

    def do_import_keypair(self, wanted: Body) -> Body:
        name = wanted["keyPairName"]
        self.things[name] = {"kind": "keypair", "keyPairID": f"kp-{name}", "keyPairName": name, "publicKey": wanted["publicKey"]}
        return {}

    def do_details(self, wanted: Body) -> Body:
        found = [thing for thing in self.of("keypair") if wanted.get("keyPairName") in (None, thing["keyPairName"])]
        return {"results": found, "totalCount": len(found)}

    # servers

    def do_create_instance(self, wanted: Body) -> Body:
        id = self._new(
            "server",
            wanted,
            status=self.status_after_order,
            name=wanted["instanceName"],
            azName=wanted["azName"],
            vpcID=wanted["vpcID"],
            subnet=wanted["networkCardList"][0]["subnetID"],
            groups=list(wanted["secGroupList"]),
            labels={label["labelKey"]: label["labelValue"] for label in wanted.get("labelList", [])},
            flavor={"flavorID": "f-1", "flavorName": "s7.small.1"},
            disks=[new_disk(disk["diskType"], disk["diskSize"]) for disk in wanted.get("dataDiskList") or ()],
        )
        return {"masterOrderID": f"order-of-{id}"}

    def do_query_uuid(self, wanted: Body) -> Body:
        return {"orderStatus": "3", "instanceIDList": [wanted["masterOrderID"].removeprefix("order-of-")]}

    def _server(self, id: str) -> Body:
        thing = self._get(id, "Instance")
        return {
            "instanceID": id,
            "instanceName": thing["name"],
            "instanceStatus": thing["status"],
            "azName": thing["azName"],
            "vpcID": thing["vpcID"],
            "privateIP": "192.168.1.10",
            "subnetIDList": [thing["subnet"]],
            "secGroupList": [{"securityGroupID": group} for group in thing["groups"]],
            "flavor": thing["flavor"],
            "image": {"imageID": "img-1", "imageName": "debian-12"},
            "labelList": [{"labelKey": key, "labelValue": value} for key, value in thing["labels"].items()],
        }

    def do_stop_instance(self, wanted: Body) -> Body:
        return self._switch(wanted, "running", "stopped")

    def do_start_instance(self, wanted: Body) -> Body:
        return self._switch(wanted, "stopped", "running")

    def _switch(self, wanted: Body, before: str, after: str) -> Body:
        thing = self._get(wanted["instanceID"], "Instance")
        if thing["status"] != before:
            raise Refused(f"Ecs.Instance.StatusNot{before.title()}")
        thing["status"] = after
        return {"jobID": "job-1"}

    def do_info(self, wanted: Body) -> Body:
        return {"jobID": wanted["jobID"], "status": 1, "jobStatus": "success"}

    def do_update_flavor_spec(self, wanted: Body) -> Body:
        thing = self._get(wanted["instanceID"], "Instance")
        if thing["status"] != "stopped":
            raise Refused("Ecs.Instance.StatusNotStopped")
        names = {"f-1": "s7.small.1", "f-2": "s7.medium.2"}
        if wanted["flavorID"] not in names:
            raise Refused("Openapi.Parameter.Error")
        thing["flavor"] = {"flavorID": wanted["flavorID"], "flavorName": names[wanted["flavorID"]]}
        return {"masterOrderID": "order-of-flavor"}

    def do_info_ebs(self, wanted: Body) -> Body:
        """A disk's id says where it is: SERVER.NUMBER."""
        id, _, number = wanted["diskID"].partition(".")
        disk = self._get(id, "Instance")["disks"][int(number)]
        device = f"/dev/vd{'bcdefghi'[int(number)]}"
        return {**disk, "diskID": wanted["diskID"], "attachments": [{"instanceID": id, "device": device}]}

    def do_resize_ebs(self, wanted: Body) -> Body:
        id, _, number = wanted["diskID"].partition(".")
        disk = self._get(id, "Instance")["disks"][int(number)]
        if len(wanted["clientToken"]) > 64:
            raise Refused("Openapi.Parameter.Error")
        if wanted["clientToken"] not in self.tokens:
            self.tokens[wanted["clientToken"]] = id
            self.calls["enlarged"] += 1
            disk["diskSize"] = wanted["diskSize"]
        return {"masterOrderID": f"order-of-{id}"}

    def do_instance_details(self, wanted: Body) -> Body:
        return self._server(wanted["instanceID"])

    def do_list_instances(self, wanted: Body) -> Body:
        found = [self._server(id) for id, thing in self.things.items() if thing["kind"] == "server"]
        return {"results": found, "totalCount": len(found)}

    def do_update_instance(self, wanted: Body) -> Body:
        self._get(wanted["instanceID"], "Instance")["name"] = wanted["instanceName"]
        return {}

    def do_unsubscribe_instance(self, wanted: Body) -> Body:
        self._drop(wanted["instanceID"], "Instance")
        return {"masterOrderID": "order-of-removal"}


def new_disk(kind: str, size: int, *, packaged: bool = True) -> Body:
    shown = {"diskName": "", "diskStatus": "in-use", "azName": "zone-1", "isSystemVolume": False}
    return {**shown, "diskType": kind, "diskSize": size, "isPackaged": packaged}


class Engine:
    """What the Pulumi engine does with one resource: check, create, and so on, with plain values outside."""

    def __init__(self, provider: CtyunProvider, stack: str = "dev") -> None:
        self.provider, self._stack = provider, stack

    def urn(self, type_: str, name: str = "thing") -> str:
        return f"urn:pulumi:{self._stack}::lab::{type_}::{name}"

    async def checked(self, type_: str, inputs: Body) -> dict[str, PropertyValue]:
        request = sdk.CheckRequest(self.urn(type_), {}, _wrapped(inputs), b"")
        answer = await self.provider.check(request)
        assert not answer.failures, [failure.reason for failure in answer.failures]
        assert answer.inputs is not None
        return answer.inputs

    async def failures(self, type_: str, inputs: Body, old: Body | None = None) -> list[tuple[str, str]]:
        """`old`: the inputs of a resource that is there."""
        before = await self.checked(type_, old) if old else {}
        answer = await self.provider.check(sdk.CheckRequest(self.urn(type_), before, _wrapped(inputs), b""))
        return [(failure.property, failure.reason) for failure in answer.failures or []]

    async def create(self, type_: str, inputs: Body, preview: bool = False) -> tuple[str, dict[str, PropertyValue]]:
        checked = await self.checked(type_, inputs)
        made = await self.provider.create(sdk.CreateRequest(self.urn(type_), checked, 0, preview))
        return made.resource_id or "", made.properties

    async def diff(self, type_: str, id: str, state: dict[str, PropertyValue], inputs: Body) -> sdk.DiffResponse:
        checked = await self.checked(type_, inputs)
        return await self.provider.diff(sdk.DiffRequest(self.urn(type_), id, state, checked, []))

    async def update(self, type_: str, id: str, state: dict[str, PropertyValue], inputs: Body) -> dict[str, PropertyValue]:
        checked = await self.checked(type_, inputs)
        request = sdk.UpdateRequest(self.urn(type_), id, state, checked, 0, [], preview=False)
        return (await self.provider.update(request)).properties

    async def read(
        self, type_: str, id: str, state: dict[str, PropertyValue] | None = None, inputs: Body | None = None
    ) -> sdk.ReadResponse:
        known = {} if inputs is None else await self.checked(type_, inputs)
        return await self.provider.read(sdk.ReadRequest(self.urn(type_), id, state or {}, known))

    async def delete(self, type_: str, id: str, state: dict[str, PropertyValue]) -> None:
        await self.provider.delete(sdk.DeleteRequest(self.urn(type_), id, state, 0))


def _wrapped(inputs: Body) -> dict[str, PropertyValue]:
    return {name: to_property(value) for name, value in inputs.items()}


def plain(values: dict[str, PropertyValue]) -> Body:
    result: Body = to_plain(values)
    return result


@pytest.fixture
def fake() -> FakeCloud:
    return FakeCloud()


@pytest.fixture
def make_engine(fake: FakeCloud, tmp_path: Path) -> Callable[..., Engine]:
    """Each call is a new plugin process of the same stack: nothing is remembered but the state folder."""

    def make(target: str = "local", state: Path = tmp_path, cloud: str = "0a1b2c3d") -> Engine:
        def client(_: Settings) -> Client:
            keys = Credentials("a" * 32, "s" * 32)
            return Client(Endpoints.at("http://cloud.test"), keys, cloud=cloud, http=httpx.MockTransport(fake.answer))

        return Engine(CtyunProvider(lambda settings: Cloud(Settings(target, state), client)))

    return make


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    return make_engine()


@pytest.fixture
def run() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Runs a coroutine on one event loop per test."""
    with asyncio.Runner() as runner:
        yield runner.run
