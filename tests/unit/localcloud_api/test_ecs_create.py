"""Servers are ordered, made in the background, shown and released."""

from __future__ import annotations

from typing import Any


def test_an_order_makes_a_running_server(api: Any) -> None:
    vpc = api.vpc()
    subnet = api.subnet(vpc)
    server = api.server(vpc, subnet, labelList=[{"labelKey": "a", "labelValue": "b"}])
    details = api.ok(api.details(server))
    assert details["instanceStatus"] == "running"
    assert details["privateIP"] == "192.168.1.2"
    assert details["labelList"] == [{"labelKey": "a", "labelValue": "b"}]
    assert api.engines.specs[server].image == "drlab/debian:t"
    order = api.ok(api.post("/v4/ecs/unsubscribe-instance", regionID="bb9fdb42056f11eda1610242ac110002", instanceID=server))
    assert api.finished(order["masterOrderID"])["orderStatus"] == "3"
    assert api.details(server)["errorCode"] == "Ecs.Instance.NotFound"
    assert api.engines.networks[vpc].nics == ()
