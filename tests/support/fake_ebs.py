"""Volumes and snapshot policies in dictionaries: answers the client's real requests, by path."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import httpx

Body = dict[str, Any]
REGION = "bb9fdb42056f11eda1610242ac110002"


class Refused(Exception):
    """What the fake answers instead of success: code, sentence."""


@dataclass
class FakeEbs:
    """`cut_off`: a call whose answer gets lost once, as when the update is killed. `job_problem`: why moves fail."""

    volumes: dict[str, Body] = field(default_factory=dict)
    policies: dict[str, Body] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)  # by clientToken
    cut_off: str = ""
    job_problem: str = ""
    calls: list[str] = field(default_factory=list)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        wanted = json.loads(request.content) if request.content else dict(request.url.params)
        name = request.url.path.rpartition("/")[2].removesuffix("-ebs").removesuffix("-ebs-snap").replace("-", "_")
        self.calls.append(name)
        try:
            body = getattr(self, f"do_{name}")(wanted)
        except Refused as refusal:
            code, message = refusal.args
            return httpx.Response(200, json={"statusCode": 900, "errorCode": code, "message": message})
        if name == self.cut_off:
            self.cut_off = ""
            raise asyncio.CancelledError
        message = self.job_problem if name == "info" and "jobID" in wanted and self.job_problem else "success"
        return httpx.Response(200, json={"statusCode": 800, "returnObj": body, "message": message})

    def do_list_regions(self, wanted: Body) -> Body:
        return {"regionList": [{"regionID": REGION, "regionName": "华东1"}]}

    def do_get_zones(self, wanted: Body) -> Body:
        return {"zoneList": [{"name": f"zone-{number}"} for number in (1, 2, 3)]}

    # volumes
    def do_new(self, wanted: Body) -> Body:
        token = wanted["clientToken"]
        if token not in self.orders:
            shown = ("diskName", "diskSize", "diskType", "azName", "labels")
            id = f"disk-{len(self.volumes)}"
            self.volumes[id] = {name: wanted.get(name) for name in shown} | {"diskID": id, "diskStatus": "available"}
            self.orders[token] = id
        return {"masterOrderID": f"order-of-{self.orders[token]}"}

    def do_query_uuid(self, wanted: Body) -> Body:
        return {"orderStatus": "3", "instanceIDList": [wanted["masterOrderID"].removeprefix("order-of-")]}

    def do_info(self, wanted: Body) -> Body:
        if "jobID" in wanted:
            return {"jobID": wanted["jobID"], "status": 2 if self.job_problem else 1}
        return self._volume(wanted["diskID"])

    def do_list(self, wanted: Body) -> Body:
        found = list(self.volumes.values())
        return {"diskList": found, "totalCount": len(found)}

    def do_update_attr(self, wanted: Body) -> Body:
        self._volume(wanted["diskID"])["diskName"] = wanted["diskName"]
        return {}

    def do_resize(self, wanted: Body) -> Body:
        self._volume(wanted["diskID"])["diskSize"] = wanted["diskSize"]
        return {"masterOrderID": f"order-of-{wanted['diskID']}"}

    def do_refund(self, wanted: Body) -> Body:
        self._volume(wanted["diskID"])
        del self.volumes[wanted["diskID"]]
        return {"masterOrderID": f"order-of-{wanted['diskID']}"}

    def do_attach(self, wanted: Body) -> Body:
        attachment = {"instanceID": wanted["instanceID"], "device": "/dev/vdb"}
        self._volume(wanted["diskID"]).update(diskStatus="in-use", attachments=[attachment])
        return {"diskRequestID": "job-1"}

    def do_detach(self, wanted: Body) -> Body:
        if not self.job_problem:
            self._volume(wanted["diskID"]).update(diskStatus="available", attachments=[])
        return {"diskRequestID": "job-2"}

    def _volume(self, id: str) -> Body:
        if id not in self.volumes:
            raise Refused("ebs.ebsInfo.notExists", f"Disk {id} does not exist.")
        return self.volumes[id]

    # policies
    def do_create_policy(self, wanted: Body) -> Body:
        if any(policy["snapshotPolicyName"] == wanted["snapshotPolicyName"] for policy in self.policies.values()):
            raise Refused("ebs.snapshotPolicy.nameDuplicated", "The name is taken.")
        id = f"policy-{len(self.policies)}"
        status = "activated" if wanted["isEnabled"] else "deactivated"
        self.policies[id] = {"snapshotPolicyID": id, "snapshotPolicyStatus": status, **_rules(wanted)}
        return {"snapshotPolicyID": id}

    def do_query_policy(self, wanted: Body) -> Body:
        found = [
            policy
            for policy in self.policies.values()
            if wanted.get("snapshotPolicyID") in (None, policy["snapshotPolicyID"])
            and wanted.get("snapshotPolicyName") in (None, policy["snapshotPolicyName"])
        ]
        return {"snapshotPolicyList": found}

    def do_modify_policy(self, wanted: Body) -> Body:
        self.policies[wanted["snapshotPolicyID"]].update(_rules(wanted))
        return {}

    def do_modify_policy_status(self, wanted: Body) -> Body:
        status = "activated" if wanted["targetStatus"] == "activated" else "deactivated"
        self.policies[wanted["snapshotPolicyID"]]["snapshotPolicyStatus"] = status
        return {}

    def do_delete_policy(self, wanted: Body) -> Body:
        if self.policies.pop(wanted["snapshotPolicyID"], None) is None:
            raise Refused("ebs.snapshotPolicy.notExists", "It does not exist.")
        return {}

    def do_apply_policy(self, wanted: Body) -> Body:
        for id in wanted["targetDiskIDs"].split(","):
            self._volume(id)["snapshotPolicyID"] = wanted["snapshotPolicyID"]
        return {}

    def do_cancel_policy(self, wanted: Body) -> Body:
        for id in wanted["targetDiskIDs"].split(","):
            self._volume(id)["snapshotPolicyID"] = None
        return {}


def _rules(wanted: Body) -> Body:
    return {name: wanted[name] for name in ("snapshotPolicyName", "repeatWeekdays", "repeatTimes", "retentionTime")}
