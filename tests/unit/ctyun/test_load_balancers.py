"""Load balancers: orders that are posted again, answers that are lists, and a delete that fits the kind."""

# ruff: noqa: S106 (a clientToken is no password)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ctyun import NotFound, OrderFailed

Run = Callable[..., Any]
CREATE, SHOW, REFUND = "/v4/elb/create-pgelb", "/v4/elb/show-loadbalancer", "/v4/elb/refund-pgelb"


def shown(status: str, sla: str = "elb.s2.small") -> list[dict[str, Any]]:
    return [{"ID": "lb-1", "name": "front", "status": status, "slaName": sla, "eipInfo": [{"eipID": "eip-1"}]}]


def order(status: str) -> dict[str, Any]:
    return {"masterOrderID": "o-1", "masterResourceStatus": status, "elbID": "lb-1" if status == "started" else None}


def test_the_same_order_is_posted_until_it_is_started(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({CREATE: [ok(order("in_progress")), ok(order("started"))], SHOW: [ok(shown("DOWN")), ok(shown("ACTIVE"))]})
    made = run(cloud.client().load_balancers.create(region, name="front", subnet_id="subnet-1", eip_id="eip-1", client_token="t"))
    assert (made.id, made.status, made.eip_id, made.is_classic) == ("lb-1", "ACTIVE", "eip-1", False)
    first, second = cloud.bodies()
    assert first == second
    assert (first["resourceType"], first["cycleType"], first["clientToken"]) == ("external", "on_demand", "t")


def test_an_order_that_fails_is_told(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({CREATE: [ok(order("failed"))]})
    with pytest.raises(OrderFailed, match="order o-1 ended as failed"):
        run(cloud.client().load_balancers.create(region, name="front", subnet_id="subnet-1", client_token="t"))


def test_each_kind_has_its_own_end(scripted: Any, ok: Any, run: Run, region: str) -> None:
    cloud = scripted({SHOW: [ok(shown("ACTIVE"))], REFUND: [ok(order("started")), ok(order("refunded"))]})
    run(cloud.client().load_balancers.delete(region, "lb-1", client_token="t"))
    assert [request.url.path for request in cloud.requests] == [SHOW, REFUND, REFUND]
    classic = scripted({SHOW: [ok(shown("ACTIVE", "elb.default"))], "/v4/elb/delete-loadbalancer": [ok([{"ID": "lb-1"}])]})
    run(classic.client().load_balancers.delete(region, "lb-1"))
    assert classic.requests[-1].url.path == "/v4/elb/delete-loadbalancer"


def test_an_empty_list_means_that_it_is_gone(scripted: Any, ok: Any, run: Run, region: str) -> None:
    with pytest.raises(NotFound):
        run(scripted({SHOW: [ok([])]}).client().load_balancers.get(region, "lb-1"))


@pytest.mark.parametrize("empty", [[], {}, None])
@pytest.mark.parametrize(
    ("path", "look"),
    [
        ("show-listener", lambda client, region: client.listeners.get(region, "x")),
        ("show-target-group", lambda client, region: client.target_groups.get(region, "x")),
        ("show-target", lambda client, region: client.target_groups.get_target(region, "x")),
        ("show-health-check", lambda client, region: client.health_checks.get(region, "x")),
        ("show-certificate", lambda client, region: client.certificates.get(region, "x")),
    ],
)
def test_an_empty_answer_means_that_it_is_gone(
    scripted: Any, ok: Any, run: Run, region: str, path: str, look: Any, empty: Any
) -> None:
    """Else a refresh would fail on what somebody has deleted."""
    with pytest.raises(NotFound, match="the answer is empty"):
        run(look(scripted({f"/v4/elb/{path}": [ok(empty)]}).client(), region))


def test_a_target_shows_its_health(scripted: Any, ok: Any, run: Run, region: str) -> None:
    target = {"ID": "target-1", "targetGroupID": "tg-1", "instanceID": "i-1", "protocolPort": 80, "healthCheckStatus": "online"}
    cloud = scripted({"/v4/elb/show-target": [ok(target)], "/v4/elb/create-target": [ok([{"ID": "target-1"}])]})
    groups = cloud.client().target_groups
    assert run(groups.get_target(region, "target-1")).health == "online"
    added = run(cloud.client().target_groups.add_target(region, "tg-1", instance_id="i-1", port=80, client_token="t"))
    assert added == "target-1"
