"""Servers, their orders and jobs, and EIPs bound to them, through our client. Each server really boots."""

from __future__ import annotations

import asyncio
import subprocess
import uuid
from typing import Any

import pytest

from ctyun import (
    Client,
    CloudRecord,
    DiskWish,
    InUse,
    LocalCloud,
    NotFound,
    OrderRef,
    ParameterError,
    Rule,
    Server,
    WrongState,
)

USER_DATA = b"#!/bin/sh\ntouch /root/user-data-ran\n"


def test_the_life_of_a_server(client: Client, run: Any, make: Any, region: str, site: Any) -> None:
    pair = make.key_pair()
    wish = site.wish(
        make.name("web"),
        key_pair_id=pair.id,
        user_data=USER_DATA,
        data_disks=(DiskWish("SSD", 10),),
        fixed_address="192.168.1.77",
        labels={"drlab-mark": "abc", "role": "web"},
    )
    server = make.server(wish)
    assert (server.name, server.status, server.zone_name, server.vpc_id) == (
        wish.name,
        "running",
        site.zone_name,
        site.vpc_id,
    )
    assert (server.private_address, server.eip_address) == ("192.168.1.77", None)
    assert (server.subnet_ids, server.security_group_ids) == ((site.subnet_id,), (site.group_id,))
    assert (server.flavor_id, server.image_id, server.image_name) == (site.flavor_id, site.image_id, "debian-12")
    assert server.key_pair_name == pair.name
    assert server.labels == {"drlab-mark": "abc", "role": "web"}
    disks = run(client.servers.disks(region, server.id))
    assert sorted((disk.is_system, disk.size) for disk in disks) == [(False, 10), (True, 40)]
    assert run(client.key_pairs.find(region, pair.name)).server_count == 1

    assert run(client.servers.stop(region, server.id)).status == "stopped"
    with pytest.raises(WrongState):
        run(client.servers.stop(region, server.id))
    assert run(client.servers.statuses(region, [server.id])) == {server.id: "stopped"}
    larger = run(client.flavors.find(region, site.zone_name, "2C4G"))
    run(client.servers.resize(region, server.id, larger.id, client_token=str(uuid.uuid4())))
    assert run(client.servers.start(region, server.id)).status == "running"
    assert memory_of(server.id) == larger.memory << 30
    with pytest.raises(WrongState):
        run(client.servers.resize(region, server.id, site.flavor_id, client_token=str(uuid.uuid4())))
    with pytest.raises(WrongState):
        run(client.servers.start(region, server.id))
    assert run(client.servers.reboot(region, server.id)).status == "running"
    assert run(client.servers.get(region, server.id)).private_address == "192.168.1.77"

    run(client.servers.delete(region, server.id))
    assert run(client.servers.find(region, server.id)) is None
    with pytest.raises(NotFound):
        run(client.servers.delete(region, server.id))


def memory_of(instance_id: str) -> int:
    """What its container may use, as Docker has it."""
    listed = ["docker", "ps", "-q", "--filter", f"label=drlab.resource={instance_id}"]
    container = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.strip()
    shown = ["docker", "inspect", "--format", "{{.HostConfig.Memory}}", container]
    return int(subprocess.run(shown, capture_output=True, text=True, check=True).stdout)


def test_a_forced_stop_is_a_power_cut(client: Client, run: Any, make: Any, region: str, site: Any) -> None:
    server = make.server(site.wish(make.name("web")))
    assert run(client.servers.stop(region, server.id, force=True)).status == "stopped"


def test_labels_and_names_change_in_place(client: Client, run: Any, make: Any, region: str, site: Any) -> None:
    server = make.server(site.wish(make.name("web"), labels={"a": "1", "b": "2"}))
    run(client.servers.set_labels(region, server.id, {"a": "one", "c": "3"}))
    run(client.servers.remove_labels(region, server.id, {"b": "2"}))
    run(client.servers.update(region, server.id, name=f"{server.name}-2", description="changed"))
    changed = run(client.servers.get(region, server.id))
    assert changed.labels == {"a": "one", "c": "3"}
    assert (changed.name, changed.description) == (f"{server.name}-2", "changed")


def test_servers_are_found_by_name_label_and_vpc(client: Client, run: Any, make: Any, region: str, site: Any) -> None:
    mark = uuid.uuid4().hex[:16]
    server = make.server(site.wish(make.name("web"), labels={"drlab-mark": mark}))
    find = client.servers.list
    for found in (
        run(find(region, labels={"drlab-mark": mark})),
        run(find(region, name=server.name)),
        run(find(region, vpc_id=site.vpc_id)),
        run(find(region, instance_ids=[server.id])),
    ):
        assert [item.id for item in found] == [server.id]
    assert run(find(region, labels={"drlab-mark": "other"})) == []
    assert run(find(region, name="web")) == []


def test_an_eip_is_bound_and_unbound(client: Client, run: Any, make: Any, region: str, site: Any) -> None:
    run(client.security_groups.add_rules(region, site.group_id, [Rule("ingress", "accept", "TCP", ports="22")]))
    server, eip = make.server(site.wish(make.name("jump"))), make.eip()
    bound = run(client.eips.associate(region, eip.id, server.id))
    make.remove_later(lambda: unbind(client, region, eip.id))
    assert (bound.status, bound.instance_id, bound.instance_kind) == ("ACTIVE", server.id, "INSTANCE")
    assert bound.private_address == server.private_address
    assert run(client.servers.get(region, server.id)).eip_address == eip.address
    assert run(banner(eip.address)).startswith(b"SSH-2.0-")
    with pytest.raises(InUse):
        run(client.eips.delete(region, eip.id))
    run(client.eips.disassociate(region, eip.id))
    assert run(client.eips.get(region, eip.id)).status == "DOWN"
    assert run(client.servers.get(region, server.id)).eip_address is None
    with pytest.raises(OSError):
        run(banner(eip.address, seconds=1))


async def unbind(client: Client, region: str, eip_id: str) -> None:
    if (await client.eips.get(region, eip_id)).status == "ACTIVE":
        await client.eips.disassociate(region, eip_id)


async def banner(address: str, seconds: float = 15) -> bytes:
    """What sshd says first, through the EIP."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                reader, writer = await asyncio.open_connection(address, 22)
            except ConnectionRefusedError:  # sshd is still starting
                await asyncio.sleep(0.1)
                continue
            line = await reader.readline()
            writer.close()
            await writer.wait_closed()
            return line


def test_what_a_server_uses_cannot_go(client: Client, run: Any, make: Any, region: str, site: Any) -> None:
    server = make.server(site.wish(make.name("web")))
    with pytest.raises(InUse):
        run(client.subnets.delete(region, site.subnet_id))
    with pytest.raises(InUse):
        run(client.security_groups.delete(region, site.group_id))
    with pytest.raises(InUse):
        run(client.vpcs.delete(region, site.vpc_id))
    assert run(client.servers.get(region, server.id)).status == "running"


def test_groups_are_joined_and_left(client: Client, run: Any, make: Any, region: str, site: Any) -> None:
    second = make.group(site.vpc_id)
    server = make.server(site.wish(make.name("web")))
    run(client.security_groups.join(region, second, server.id))
    assert set(run(client.servers.get(region, server.id)).security_group_ids) == {site.group_id, second}
    run(client.security_groups.leave(region, second, server.id))
    assert run(client.servers.get(region, server.id)).security_group_ids == (site.group_id,)


def test_a_batch_is_one_order_of_several_servers(client: Client, run: Any, make: Any, region: str, site: Any) -> None:
    stem = make.name("batch")
    order = run(client.servers.create_batch(region, site.wish(f"{stem}-{{R:1}}"), 3, client_token=str(uuid.uuid4())))
    done = run(client.orders.wait(order.id, what="three servers", timeout=60))
    for instance_id in done.resource_ids:
        make.remove_server_later(instance_id)
        run(client.servers.wait_for_state(region, instance_id, {"running"}, timeout=60))
    servers = [run(client.servers.get(region, instance_id)) for instance_id in done.resource_ids]
    assert sorted(server.name for server in servers) == [f"{stem}-{number}" for number in (1, 2, 3)]
    assert len({server.private_address for server in servers}) == 3


def test_servers_created_at_the_same_time(client: Client, run: Any, make: Any, region: str, site: Any) -> None:
    zones = run(client.regions.zones(region))

    async def order_all() -> list[Server]:
        orders = []
        for zone in zones:
            flavor = await client.flavors.find(region, zone.name, "1C1G")
            wish = site.wish(make.name("web"), zone_name=zone.name, flavor_id=flavor.id)
            orders.append(client.servers.create(region, wish, client_token=str(uuid.uuid4())))
        placed = await asyncio.gather(*orders)
        return list(await asyncio.gather(*(client.servers.created(region, order, timeout=90) for order in placed)))

    servers = run(order_all())
    for server in servers:
        make.remove_server_later(server.id)
    assert [server.zone_name for server in servers] == [zone.name for zone in zones]
    assert {server.status for server in servers} == {"running"}
    assert len({server.private_address for server in servers}) == len(servers)


def test_the_same_token_is_the_same_order(client: Client, run: Any, make: Any, region: str, site: Any) -> None:
    wish, token = site.wish(make.name("web")), str(uuid.uuid4())

    async def order_twice() -> list[OrderRef]:
        calls = (client.servers.create(region, wish, client_token=token) for _ in range(5))
        return list(await asyncio.gather(*calls))

    orders = run(order_twice())
    assert len({order.id for order in orders}) == 1
    server = run(client.servers.created(region, orders[0], timeout=60))
    make.remove_server_later(server.id)
    assert [item.id for item in run(client.servers.list(region, name=wish.name))] == [server.id]


BAD_WISHES: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown zone": ({"zone_name": "no-such-zone"}, "azName"),
    "an unknown flavour": ({"flavor_id": "no-such-flavour"}, "flavorID"),
    "a disk that is too small": ({"system_disk": DiskWish("SATA", 1)}, "bootDiskSize"),
    "an unknown kind of disk": ({"data_disks": (DiskWish("TAPE", 10),)}, "diskType"),
    "an address of another network": ({"fixed_address": "10.9.9.9"}, "fixedIP"),
    "the gateway's address": ({"fixed_address": "192.168.1.1"}, "fixedIP"),
    "user data that is too long": ({"user_data": b"#" * 17000}, "userData"),
}


@pytest.mark.parametrize(("wrong", "field"), BAD_WISHES.values(), ids=BAD_WISHES.keys())
def test_what_a_server_cannot_be(
    client: Client, run: Any, make: Any, region: str, site: Any, wrong: dict[str, Any], field: str
) -> None:
    name = make.name("bad")
    with pytest.raises(ParameterError, match=field):
        run(client.servers.create(region, site.wish(name, **wrong), client_token=str(uuid.uuid4())))
    assert run(client.servers.list(region, name=name)) == []


BAD_REFERENCES: dict[str, dict[str, Any]] = {
    "an unknown image": {"image_id": "no-such-image"},
    "an unknown VPC": {"vpc_id": "vpc-nothere"},
    "an unknown subnet": {"subnet_id": "subnet-nothere"},
    "an unknown group": {"security_group_ids": ("sg-nothere",)},
    "an unknown key pair": {"key_pair_id": "no-such-key"},
}


@pytest.mark.parametrize("wrong", BAD_REFERENCES.values(), ids=BAD_REFERENCES.keys())
def test_what_a_server_refers_to_must_exist(
    client: Client, run: Any, make: Any, region: str, site: Any, wrong: dict[str, Any]
) -> None:
    name = make.name("bad")
    with pytest.raises((NotFound, ParameterError)):
        run(client.servers.create(region, site.wish(name, **wrong), client_token=str(uuid.uuid4())))
    assert run(client.servers.list(region, name=name)) == []


def test_orders_and_jobs_that_are_not_there(client: Client, run: Any, region: str) -> None:
    with pytest.raises(NotFound):
        run(client.orders.get("no-such-order"))
    with pytest.raises(NotFound):
        run(client.jobs.get(region, "no-such-job"))
    with pytest.raises(NotFound):
        run(client.servers.start(region, "no-such-server"))


def test_the_local_side_sees_what_the_api_made(run: Any, make: Any, site: Any, record: CloudRecord) -> None:
    server = make.server(site.wish(make.name("web")))

    async def look() -> list[Any]:
        async with LocalCloud(record) as cloud:
            return await cloud.servers()

    [seen] = [item for item in run(look()) if item.id == server.id]
    assert (seen.name, seen.region, seen.zone, seen.power, seen.desired) == (server.name, "华东1", "AZ1", "running", "on")
    assert (seen.private_address, seen.image, seen.flavor) == (server.private_address, "debian-12", server.flavor_name)
