"""The official SDK of the older generation as a client of load balancers.

Its quirks: one class per call, every field of a request must be given, answers stay dictionaries, a refusal raises nothing.
Its defects: header and signature read the clock twice (stopped here), old ids are sent as `iD`, which is not the API's name, so
that only the newer fields (`elbID`, `listenerID`, ...) are of use.
"""

from __future__ import annotations

import dataclasses
import datetime
import uuid
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from contract.pairs import certificate_for
from ctyunsdk_elb20220909.core import client as sdk_client  # type: ignore[import-untyped]
from ctyunsdk_elb20220909.core import signer as sdk_signer
from ctyunsdk_elb20220909.core.credential import Credential  # type: ignore[import-untyped]
from support.waiting import until

from ctyun import CloudRecord

APIS = "ctyunsdk_elb20220909.apis.ctelb_{}_api"
TIMEOUT = 60.0


class Sdk:
    """ask("show_listener", regionID=..., listenerID=...) calls CtelbShowListenerApi with a CtelbShowListenerRequest."""

    def __init__(self, record: CloudRecord, region: str) -> None:
        self._keys = Credential(record.credentials.access_key, record.credentials.secret_key)
        self._client, self._endpoint, self.region = sdk_client.CtyunClient(), record.url, region

    def call(self, name: str, /, **fields: Any) -> Any:
        module = import_module(APIS.format(name))
        api = next(value for key, value in vars(module).items() if key.startswith("Ctelb") and key.endswith("Api"))
        request = getattr(module, api.__name__.removesuffix("Api") + "Request")
        names = {field.name for field in dataclasses.fields(request)}
        given = {"regionID": self.region, "clientToken": str(uuid.uuid4())} | fields
        assert set(fields) <= names, f"{request.__name__} has no {', '.join(set(fields) - names)}"
        return api.do(self._keys, self._client, self._endpoint, request(**{key: given.get(key) for key in names}))

    def ask(self, name: str, /, **fields: Any) -> Any:
        """The answer's returnObj; the call must succeed."""
        answer = self.call(name, **fields)
        assert (answer.statusCode, answer.message) == (800, "success"), answer
        return getattr(answer, "returnObj", None)  # some answers are declared without

    def refused(self, name: str, /, **fields: Any) -> str:
        answer = self.call(name, **fields)
        assert answer.statusCode == 900 and answer.message, answer
        return str(answer.errorCode)


@pytest.fixture
def sdk(record: CloudRecord, region: str, monkeypatch: pytest.MonkeyPatch) -> Sdk:
    """With the clock stopped: a second that begins between its two looks at it makes a bad signature."""
    now = datetime.datetime.now()
    stopped = SimpleNamespace(datetime=SimpleNamespace(now=lambda: now))
    monkeypatch.setattr(sdk_client, "datetime", stopped)
    monkeypatch.setattr(sdk_signer, "datetime", stopped)
    return Sdk(record, region)


def settled(sdk: Sdk, name: str, key: str, wanted: str, /, **fields: Any) -> Any:
    """The same call again and again, as the API's documents say, until a field has the wanted value."""

    def look() -> Any:
        answer = sdk.ask(name, **fields)
        return answer[0] if isinstance(answer, list) else answer

    return until(look, TIMEOUT, f"{key} {wanted}", done=lambda seen: seen[key] == wanted)


def test_a_health_check(sdk: Sdk, make: Any) -> None:
    name = make.name("sdk")
    wish = {"protocol": "HTTP", "interval": 5, "timeout": 2, "maxRetry": 3, "httpMethod": "HEAD", "httpUrlPath": "/up"}
    check = sdk.ask("create_health_check", name=name, httpExpectedCodes=["http_2xx", "http_3xx"], **wish)["ID"]
    shown = sdk.ask("show_health_check", healthCheckID=check)
    assert {key: shown[key] for key in wish} == wish
    assert (shown["httpExpectedCodes"], shown["status"]) == ("http_2xx http_3xx", 1)
    assert shown["createTime"] == shown["createdTime"]
    assert sdk.refused("update_health_check", healthCheckID=check, interval=1) == "Openapi.Parameter.Error"
    sdk.ask("update_health_check", healthCheckID=check, interval=9, timeout=3)
    [listed] = sdk.ask("list_health_check", name=name)
    assert (listed["ID"], listed["interval"], listed["timeout"]) == (check, 9, 3)
    assert sdk.call("delete_health_check", healthCheckID=check).statusCode == 800
    assert sdk.refused("show_health_check", healthCheckID=check) == "Openapi.HealthCheck.NotFound"


def test_a_certificate(sdk: Sdk, make: Any) -> None:
    public, secret = certificate_for("site.test")
    other = certificate_for("site.test")[1]
    name = make.name("sdk")
    assert sdk.ask("check_server_cert", certificate=public, privateKey=secret) == {"isValid": True}
    assert sdk.ask("check_server_cert", certificate=public, privateKey=other) == {"isValid": False}
    refused = sdk.refused("create_certificate", name=name, type="Server", certificate=public, privateKey=other)
    assert refused == "Openapi.Parameter.Error"
    made = sdk.ask("create_certificate", name=name, type="Server", certificate=public, privateKey=secret)["ID"]
    shown = sdk.ask("show_certificate", certificateID=made)
    assert (shown["name"], shown["certificate"], shown["status"]) == (name, public, "ACTIVE")
    sdk.ask("update_certificate", certificateID=made, name=f"{name}-2")
    assert [found["ID"] for found in sdk.ask("list_certificate", name=f"{name}-2")] == [made]
    sdk.ask("delete_certificate", certificateID=made)
    assert sdk.refused("show_certificate", certificateID=made) == "Openapi.Certificate.AccessFailed"


def test_the_life_of_a_guaranteed_load_balancer(sdk: Sdk, make: Any, site: Any) -> None:
    eip, name = make.eip(), make.name("sdk")
    order = {
        "clientToken": str(uuid.uuid4()), "subnetID": site.subnet_id, "vpcID": site.vpc_id, "name": name, "eipID": eip.id,
        "slaName": "elb.s2.small", "resourceType": "external", "cycleType": "on_demand",
    }  # fmt: skip
    balancer = settled(sdk, "create_pgelb", "masterResourceStatus", "started", **order)["elbID"]
    refund = {"clientToken": str(uuid.uuid4()), "elbID": balancer}
    try:
        shown = settled(sdk, "show_load_balancer", "status", "ACTIVE", elbID=balancer)
        assert (shown["resourceType"], shown["eipInfo"][0]["eipID"]) == ("external", eip.id)
        assert shown["eipInfo"][0]["isTalkOrder"] is True
        sdk.ask("disassociate_eip_from_load_balancer", elbID=balancer, eipID=eip.id)
        assert sdk.ask("show_load_balancer", elbID=balancer)[0]["eipInfo"] == []
        sdk.ask("associate_eip_to_load_balancer", elbID=balancer, eipID=eip.id)
    finally:
        settled(sdk, "refund_pgelb", "masterResourceStatus", "refunded", **refund)
    assert sdk.refused("show_load_balancer", elbID=balancer) == "Openapi.LoadBalancer.NotFound"


def test_listeners_and_targets_of_a_classic_one(sdk: Sdk, make: Any, site: Any) -> None:
    server, name = make.server(site.wish(make.name("sdk"))), make.name("sdk")
    wish = {"subnetID": site.subnet_id, "name": name, "slaName": "elb.default", "resourceType": "internal"}
    balancer = sdk.ask("create_load_balancer", **wish)["ID"]
    sticky = {"sessionStickyMode": "SOURCE_IP", "cookieExpire": None, "rewriteCookieName": None, "sourceIpTimeout": 1000}
    [group] = sdk.ask("create_target_group", name=name, vpcID=site.vpc_id, algorithm="wrr", sessionSticky=sticky)
    goal = {"targetGroupID": group["ID"], "instanceType": "VM", "instanceID": server.id, "protocolPort": 80, "weight": 5}
    [target] = sdk.ask("create_target", **goal)
    action = {"type": "forward", "forwardConfig": {"targetGroups": [{"targetGroupID": group["ID"], "weight": 100}]}}
    listen = {"loadBalancerID": balancer, "name": name, "protocol": "TCP", "protocolPort": 80, "defaultAction": action}
    [listener] = sdk.ask("create_listener", **listen)
    try:
        settled(sdk, "show_load_balancer", "status", "ACTIVE", elbID=balancer)
        [shown] = sdk.ask("show_target_group", targetGroupID=group["ID"])
        assert shown["sessionSticky"] == {"sessionStickyMode": "SOURCE_IP", "sourceIpTimeout": 1000}
        assert sdk.refused("create_listener", **listen | {"name": f"{name}-2"}) == "Openapi.Listener.PortConflict"
        sdk.ask("stop_listener", listenerID=listener["ID"])
        assert sdk.ask("show_listener", listenerID=listener["ID"])[0]["status"] == "DOWN"
        sdk.ask("start_listener", listenerID=listener["ID"])
        sdk.ask("update_listener", listenerID=listener["ID"], name=f"{name}-3", defaultAction=action)
        [listed] = sdk.ask("list_listener", loadBalancerID=balancer)
        assert (listed["ID"], listed["status"], listed["protocolPort"]) == (listener["ID"], "ACTIVE", 80)
        assert listed["name"] == f"{name}-3"
        refused = sdk.refused("update_target_group", targetGroupID=group["ID"], algorithm="lc")
        assert refused == "Openapi.Parameter.Error"  # it keeps sessions
        off = dict.fromkeys(sticky) | {"sessionStickyMode": "CLOSE"}
        sdk.ask("update_target_group", targetGroupID=group["ID"], algorithm="lc", sessionSticky=off)
        [found] = sdk.ask("list_target_group", vpcID=site.vpc_id, name=name)
        assert (found["ID"], found["algorithm"], found["sessionSticky"]) == (group["ID"], "lc", {"sessionStickyMode": "CLOSE"})
        assert sdk.ask("show_target", targetID=target["ID"])["weight"] == 5
        sdk.ask("update_target", targetID=target["ID"], weight=7)
        sdk.ask("update_target", targetID=target["ID"], protocolPort=8080)
        [listed] = sdk.ask("list_target")
        assert (listed["weight"], listed["protocolPort"], listed["healthCheckStatus"]) == (7, 8080, "unknown")
        assert sdk.ask("list_load_balancer", name="no/such one") == []  # signed with the "/", sent without
        assert sdk.ask("update_load_balancer", elbID=balancer, name=f"{name}-2") == {"ID": balancer}
        assert [found["ID"] for found in sdk.ask("list_load_balancer", name=f"{name}-2")] == [balancer]
        assert sdk.refused("delete_load_balancer", elbID=balancer) == "Openapi.LoadBalancer.InUse"
    finally:
        sdk.ask("delete_listener", listenerID=listener["ID"])
        sdk.ask("delete_target", targetID=target["ID"])
        sdk.ask("delete_target_group", targetGroupID=group["ID"])
        sdk.ask("delete_load_balancer", elbID=balancer)
