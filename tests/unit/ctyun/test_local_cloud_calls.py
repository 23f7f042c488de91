"""`/_local/`: the key goes along, refusals become sentences."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

import httpx
import pytest

from ctyun import CloudRecord, Credentials, LocalCloud, LocalCloudError, NoAnswer

T = TypeVar("T")
RECORD = CloudRecord("k3f9a2", "http://127.0.0.1:8750", Credentials("A" * 32, "S" * 32), "L" * 40, pid=1)
FAULT = {
    "id": "f-1",
    "kind": "power-off",
    "target": "zone:AZ1",
    "at": "2026-01-22T09:30:15.000001Z",
    "landed": True,
    "proof": "no frame passes",
    "hit": ["web-01"],
    "undone": None,
}


def ask(answer: httpx.Response, call: Callable[[LocalCloud], Any]) -> tuple[Any, httpx.Request]:
    """What the call makes of the answer, and the request it sent."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer

    async def run() -> Any:
        async with LocalCloud(RECORD, http=httpx.MockTransport(handler)) as cloud:
            return await call(cloud)

    return asyncio.run(run()), seen[0]


def test_a_fault_goes_out_with_the_key_and_comes_back_as_a_value() -> None:
    fault, request = ask(
        httpx.Response(201, json=FAULT),
        lambda cloud: cloud.put_fault("power-off", "zone:AZ1", name_prefix="single-host-"),
    )
    assert (fault.id, fault.landed, fault.hit, fault.undone) == ("f-1", True, ("web-01",), None)
    assert request.headers["X-Drlab-Key"] == "L" * 40
    assert json.loads(request.content) == {"kind": "power-off", "target": "zone:AZ1", "namePrefix": "single-host-"}


def test_a_promotion_is_given_the_time_that_the_controller_gives_it() -> None:
    """A standby may have to apply for a minute what it has received; whoever hangs up earlier never hears what came of it."""
    _, request = ask(httpx.Response(200, json={"detail": "done"}), lambda cloud: cloud.promote("m-1", accept_loss=True))
    assert (request.url.path, json.loads(request.content)) == ("/_local/databases/m-1/promote", {"acceptLoss": True})
    assert request.extensions["timeout"]["read"] >= 120


def test_a_one_way_cut() -> None:
    _, request = ask(
        httpx.Response(201, json=FAULT), lambda cloud: cloud.put_fault("cut", "zone:AZ1", to="zone:AZ2", one_way=True)
    )
    assert json.loads(request.content) == {"kind": "cut", "target": "zone:AZ1", "to": "zone:AZ2", "oneWay": True}


def test_a_refusal_is_the_sentence_of_the_cloud() -> None:
    with pytest.raises(LocalCloudError, match=r"^A killed process cannot be undone\.$") as caught:
        ask(httpx.Response(409, json={"error": "A killed process cannot be undone."}), lambda cloud: cloud.undo_fault("f-1"))
    assert caught.value.status == 409


def test_servers_with_wanted_and_seen_power() -> None:
    body = {
        "instanceId": "i-1",
        "name": "single-host-web-01",
        "region": "华东1",
        "regionId": "bb9f",
        "zone": "AZ1",
        "power": "stopped",
        "desired": "on",
        "privateAddress": "10.0.1.4",
        "eip": None,
        "vpcId": "vpc-1",
        "image": "debian-12",
        "flavor": "s7.small.1",
        "labels": {"a": "b"},
    }
    [server], _ = ask(httpx.Response(200, json=[body]), lambda cloud: cloud.servers())
    assert (server.power, server.desired, server.eip, server.labels) == ("stopped", "on", None, {"a": "b"})


def test_nothing_listens() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    async def run() -> None:
        async with LocalCloud(RECORD, http=httpx.MockTransport(refuse)) as cloud:
            await cloud.health()

    with pytest.raises(NoAnswer, match=r"http://127\.0\.0\.1:8750 gave no answer to GET /_local/health \(Connection refused\)"):
        asyncio.run(run())


def test_the_clock_is_advanced() -> None:
    shown = {"now": "2026-01-22T09:30:15.000001+00:00", "offset": 60.0}
    answer, request = ask(httpx.Response(200, json=shown), lambda cloud: cloud.advance_clock(60))
    assert (answer, json.loads(request.content)) == (shown, {"advanceSeconds": 60})
    answer, request = ask(httpx.Response(200, json=shown), lambda cloud: cloud.clock())
    assert (answer["offset"], request.method) == (60.0, "GET")


def test_a_call_without_tls_loads_no_list_of_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("certificates were read for a plain connection")

    monkeypatch.setattr(ssl, "create_default_context", refuse)
    LocalCloud(RECORD)
