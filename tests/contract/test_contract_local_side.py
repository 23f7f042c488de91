"""`/_local/` as its callers use it: faults land, are listed, and are undone; and what they do to the API's orders."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from ctyun import Client, CloudRecord, FlavorWish, LocalCloud, LocalCloudError, LocalServer, OrderFailed, verify

T = TypeVar("T")
Ask = Callable[[Callable[[LocalCloud], Awaitable[Any]]], Any]


@pytest.fixture
def ask(record: CloudRecord, run: Any) -> Ask:
    """ask(lambda cloud: cloud.servers()) -> the answer."""

    async def with_cloud(call: Callable[[LocalCloud], Awaitable[T]]) -> T:
        async with LocalCloud(record) as cloud:
            return await call(cloud)

    return lambda call: run(with_cloud(call))


def seen(ask: Ask, instance_id: str) -> LocalServer:
    servers: list[LocalServer] = ask(lambda cloud: cloud.servers())
    [server] = [server for server in servers if server.id == instance_id]
    return server


def test_health_needs_no_key_and_names_the_cloud(ask: Ask, record: CloudRecord) -> None:
    health = ask(lambda cloud: cloud.health())
    assert (health.id, health.ready) == (record.id, True)
    assert health.version


def test_a_power_fault_lands_is_listed_and_is_undone(
    ask: Ask, client: Client, run: Any, make: Any, region: str, site: Any
) -> None:
    server = make.server(site.wish(make.name("web")))
    before = datetime.now(UTC)
    fault = ask(lambda cloud: cloud.put_fault("power-off", f"server:{server.name}"))
    assert (fault.kind, fault.landed, fault.hit, fault.undone) == ("power-off", True, (server.name,), None)
    assert fault.proof
    assert before - timedelta(seconds=1) < datetime.fromisoformat(fault.at) < datetime.now(UTC)
    assert fault.id in [item.id for item in ask(lambda cloud: cloud.faults())]
    assert seen(ask, server.id).power == "stopped"
    assert run(client.servers.get(region, server.id)).status == "stopped"

    ask(lambda cloud: cloud.undo_fault(fault.id))
    assert fault.id not in [item.id for item in ask(lambda cloud: cloud.faults())]
    [past] = [item for item in ask(lambda cloud: cloud.faults(include_undone=True)) if item.id == fault.id]
    assert past.undone
    assert (seen(ask, server.id).power, run(client.servers.get(region, server.id)).status) == ("running", "running")


def test_power_on_brings_back_what_a_power_fault_took(ask: Ask, make: Any, site: Any) -> None:
    server = make.server(site.wish(make.name("web")))
    fault = ask(lambda cloud: cloud.put_fault("power-off", "zone:华东1/AZ1", name_prefix=server.name))
    assert seen(ask, server.id).power == "stopped"
    with pytest.raises(LocalCloudError, match=fault.id):  # the zone's fault is larger than the server
        ask(lambda cloud: cloud.power_on(f"server:{server.name}"))
    ask(lambda cloud: cloud.power_on("zone:华东1/AZ1", name_prefix=server.name))
    assert seen(ask, server.id).power == "running"
    assert ask(lambda cloud: cloud.faults()) == []


def test_a_dead_zone_takes_no_new_server_but_lets_old_ones_go(
    ask: Ask, client: Client, run: Any, make: Any, region: str, site: Any
) -> None:
    server = make.server(site.wish(make.name("old")))
    fault = ask(lambda cloud: cloud.put_fault("power-off", "zone:华东1/AZ1"))
    try:
        wish = site.wish(make.name("new"))
        order = run(client.servers.create(region, wish, client_token=str(uuid.uuid4())))
        with pytest.raises(OrderFailed, match=f"order of {wish.name} failed: order {order.id} ended as 5"):
            run(client.servers.created(region, order, what=wish.name, timeout=30))
        run(client.servers.delete(region, server.id))
        assert run(client.servers.find(region, server.id)) is None
    finally:
        ask(lambda cloud: cloud.undo_fault(fault.id))


@pytest.mark.parametrize("target", ["server:nobody", "zone:AZ9", "region:nowhere", "planet:earth", ""])
def test_a_target_that_is_not_there(ask: Ask, target: str) -> None:
    with pytest.raises(LocalCloudError) as caught:
        ask(lambda cloud: cloud.put_fault("power-off", target))
    assert 400 <= caught.value.status < 500
    assert str(caught.value)


def test_a_fault_that_is_not_there(ask: Ask) -> None:
    with pytest.raises(LocalCloudError) as caught:
        ask(lambda cloud: cloud.undo_fault("f-nothere"))
    assert caught.value.status == 404


def test_an_unknown_kind_of_fault(ask: Ask) -> None:
    with pytest.raises(LocalCloudError, match="earthquake"):
        ask(lambda cloud: cloud.put_fault("earthquake", "region:华东1"))


def test_verify_lists_all_unknown_names_of_this_cloud(client: Client, run: Any) -> None:
    problems = run(
        verify(
            client,
            region="华北2",
            zones=["AZ1", "AZ4"],
            flavors=[FlavorWish("AZ2", "2C4G"), FlavorWish("AZ2", "2C5G"), FlavorWish("AZ3", "s7.small.1")],
            images=["debian-12", "debian-12-lamp", "debian-13"],
        )
    )
    assert len(problems) == 3
    for name, problem in zip(["'AZ4'", "'2C5G'", "'debian-13'"], problems, strict=True):
        assert name in problem
    assert run(verify(client, region="nowhere"))[0].endswith("There are: 华东1, 华北2.")
