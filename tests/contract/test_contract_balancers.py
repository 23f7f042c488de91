"""Load balancers through our client: HAProxy really spreads requests, drops the dead, and its address moves by itself."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest
from contract.factories import Factory
from contract.pairs import BIG, INTERVAL, PORT, RETRIES, TIMEOUT, Pair, active_node, get, health, make_pair, shell, token
from support.waiting import seconds_until, until

from ctyun import Client, CloudRecord, CtyunError, InUse, LocalCloud, NotFound, ParameterError

pytestmark = pytest.mark.timing

NOTICE = INTERVAL * RETRIES + TIMEOUT + 1.5  # seconds from a server's silence to its end in the balancer


@pytest.fixture(scope="module")
def pair(client: Client, run: Any, region: str, site: Any, record: CloudRecord) -> Iterator[Pair]:
    with ExitStack() as cleanup:
        yield make_pair(client, run, region, site, record, Factory(client, run, region, cleanup))


async def put(record: CloudRecord, kind: str, target: str) -> Any:
    async with LocalCloud(record) as cloud:
        return await cloud.put_fault(kind, target)


async def undo(record: CloudRecord, fault: Any) -> None:
    async with LocalCloud(record) as cloud:
        await cloud.undo_fault(fault.id)


def spread(pair: Pair, requests: int = 20) -> Counter[str]:
    return Counter(get(pair.url) for _ in range(requests))


def test_requests_are_spread_over_both_servers(pair: Pair, client: Client, run: Any, region: str) -> None:
    assert spread(pair) == {server.name: 10 for server in pair.servers}
    seen = run(client.load_balancers.get(region, pair.balancer.id))
    assert (seen.status, seen.eip_id, seen.resource_type) == ("ACTIVE", pair.eip.id, "external")
    bound = run(client.eips.get(region, pair.eip.id))
    assert (bound.instance_id, bound.instance_kind, bound.private_address) == (
        pair.balancer.id, "LOADBALANCER", pair.balancer.private_address,
    )  # fmt: skip


def test_checks_name_whom_they_ask(pair: Pair, record: CloudRecord) -> None:
    """As a client would; a strict server, as these are, answers nobody else."""
    for server in pair.servers:
        named = shell(record, server, "journalctl -u page -o cat | sed -n 's/.*Host: //p' | sort -u").split()
        assert f"{server.private_address}:{PORT}" in named, named


def test_a_silent_server_leaves_and_comes_back(pair: Pair, client: Client, run: Any, region: str, record: CloudRecord) -> None:
    dead, alive = pair.servers
    fault = run(put(record, "power-off", f"server:{dead.name}"))
    began = time.time()
    since = began - fault_time(fault)
    until(lambda: health(client, run, region, pair) == ["offline", "online"], NOTICE - since + 0.2, "the target to be offline")
    assert set(spread(pair, 6)) == {alive.name}
    run(undo(record, fault))
    until(lambda: health(client, run, region, pair) == ["online", "online"], 30, "the target to be online again")
    assert set(spread(pair, 6)) == {dead.name, alive.name}


def fault_time(fault: Any) -> float:
    return datetime.fromisoformat(fault.at).timestamp()


def test_the_address_moves_when_haproxy_is_killed(pair: Pair, client: Client, run: Any, region: str, record: CloudRecord) -> None:
    first = active_node(record, pair)
    assert first
    subprocess.run(["docker", "kill", first], check=True, capture_output=True, timeout=20)
    until(lambda: bool(get(pair.url, 0.5)), 6, "an answer after the move")
    assert active_node(record, pair) not in ("", first)
    assert set(spread(pair, 6)) == {server.name for server in pair.servers}

    def runs() -> bool:
        shown = subprocess.run(
            ["docker", "inspect", "-f", "{{.State.Running}}", first], capture_output=True, text=True, timeout=10
        )
        return shown.stdout.strip() == "true"

    until(runs, 20, "the killed process to be the standby")


def test_the_address_moves_in_the_middle_of_a_change(
    pair: Pair, client: Client, run: Any, region: str, record: CloudRecord
) -> None:
    """The process with the address falls silent, and a change waits for it: the takeover must not."""
    first = active_node(record, pair)

    async def work() -> float:
        add = client.listeners.create(
            region, balancer_id=pair.balancer.id, name="meanwhile", protocol="TCP", port=8082, target_group_id=pair.group_id,
            client_token=token(),
        )  # fmt: skip
        change = asyncio.create_task(add)
        outage = await asyncio.to_thread(seconds_until, lambda: bool(get(pair.url, 0.5)), 20, "an answer after the move")
        await client.listeners.delete(region, await change)
        return outage

    subprocess.run(["docker", "pause", first], check=True, capture_output=True, timeout=20)
    try:
        outage = run(work())
    finally:
        subprocess.run(["docker", "unpause", first], check=True, capture_output=True, timeout=20)
    assert outage < 8, "it took as long as the change waits for a process"
    until(lambda: health(client, run, region, pair) == ["online", "online"], 20, "both targets")


def test_the_address_moves_out_of_a_dead_zone(pair: Pair, client: Client, run: Any, region: str, record: CloudRecord) -> None:
    until(lambda: bool(get(pair.url, 0.5)), 20, "an answer")
    zone = run(client.load_balancers.get(region, pair.balancer.id)).zone_name
    label = next(zone_.label for zone_ in run(client.regions.zones(region)) if zone_.name == zone)
    servers_there = pair.servers[0].zone_name == zone
    fault = run(put(record, "power-off", f"zone:华东1/{label}"))
    try:
        if not servers_there:
            until(lambda: bool(get(pair.url, 0.5)), 8, "an answer from the other zone")
        until(lambda: run(client.load_balancers.get(region, pair.balancer.id)).zone_name not in ("", zone), 8, "the other zone")
        gone = f"drlab-{record.id}-{pair.balancer.id}-{label[-1]}"
        assert subprocess.run(["docker", "inspect", gone], capture_output=True, timeout=10).returncode != 0
    finally:
        run(undo(record, fault))
    # The checks may not have noticed yet that the servers were away: what counts is who answers.
    until(lambda: set(spread(pair, 6)) == {server.name for server in pair.servers}, 30, "both servers")
    until(lambda: health(client, run, region, pair) == ["online", "online"], 30, "all targets")


async def slow_download(address: str, began: asyncio.Event, changed: asyncio.Event) -> int:
    """Bytes of the big file, read slowly until everything has changed."""
    reader, writer = await asyncio.open_connection(address, 80)
    writer.write(b"GET /big HTTP/1.0\r\nHost: big\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    began.set()
    total = 0
    while chunk := await reader.read(1 << 16):
        total += len(chunk)
        await asyncio.sleep(0 if changed.is_set() else 0.05)
    writer.close()
    return total


def test_a_download_goes_on_while_targets_come_and_go(pair: Pair, client: Client, run: Any, region: str) -> None:
    keep, change = pair.targets[1], pair.servers[0]
    groups = client.target_groups

    async def work() -> int:
        await groups.remove_target(region, pair.targets[0])
        began, changed = asyncio.Event(), asyncio.Event()
        download = asyncio.create_task(slow_download(pair.eip.address, began, changed))  # from the only target
        await began.wait()
        for weight in (10, 200):
            fresh = await groups.add_target(region, pair.group_id, instance_id=change.id, port=PORT, client_token=token())
            await groups.set_weight(region, keep, weight)
            await groups.remove_target(region, fresh)
        other = await client.listeners.create(
            region, balancer_id=pair.balancer.id, name="another", protocol="TCP", port=8081, target_group_id=pair.group_id,
            client_token=token(),
        )  # fmt: skip
        await client.listeners.delete(region, other)
        assert not download.done(), f"the download ended too early, after {download.result()} of {BIG} bytes"
        changed.set()
        received = await download
        await groups.set_weight(region, keep, 100)
        pair.targets[0] = await groups.add_target(region, pair.group_id, instance_id=change.id, port=PORT, client_token=token())
        return received

    try:
        assert run(work()) == BIG
        until(lambda: health(client, run, region, pair)[-1] == "online" and len(spread(pair, 6)) == 2, 15, "both targets")
    finally:
        for target in run(groups.targets(region, pair.group_id)):
            if target.id != keep:
                run(groups.remove_target(region, target.id))


def test_a_listener_stops_and_starts(pair: Pair, client: Client, run: Any, region: str) -> None:
    run(client.listeners.stop(region, pair.listener_id))
    assert run(client.listeners.get(region, pair.listener_id)).status == "DOWN"
    assert get(pair.url, 0.5) == ""
    run(client.listeners.start(region, pair.listener_id))
    assert get(pair.url) != ""


def test_what_is_wrong_is_refused(pair: Pair, client: Client, run: Any, make: Any, region: str, site: Any) -> None:
    with pytest.raises(ParameterError, match="interval is 2; it must not be shorter than timeout, which is 3"):
        run(client.health_checks.create(region, name="short", interval=2, timeout=3, client_token=token()))
    with pytest.raises(CtyunError, match=r"Port 80 of load balancer \S+ is already taken"):
        run(
            client.listeners.create(
                region, balancer_id=pair.balancer.id, name="second", protocol="TCP", port=80, target_group_id=pair.group_id,
                client_token=token(),
            )
        )  # fmt: skip
    for protocol, sentence in (("HTTPS", "certificateID is required for HTTPS"), ("UDP", "UDP listeners are not modelled")):
        with pytest.raises(CtyunError, match=sentence):
            run(
                client.listeners.create(
                    region, balancer_id=pair.balancer.id, name="other", protocol=protocol, port=443,
                    target_group_id=pair.group_id, client_token=token(),
                )
            )  # fmt: skip
    outside = make.vpc(cidr="10.0.0.0/16")
    group = run(client.target_groups.create(region, name=make.name("far"), vpc_id=outside, client_token=token()))
    make.remove_later(lambda: client.target_groups.delete(region, group))
    with pytest.raises(CtyunError, match=f"is in VPC {site.vpc_id}, but target group"):
        run(client.target_groups.add_target(region, group, instance_id=pair.servers[0].id, port=80, client_token=token()))
    with pytest.raises(InUse):
        run(client.health_checks.delete(region, pair.check_id))
    with pytest.raises(InUse):
        run(client.target_groups.delete(region, pair.group_id))
    with pytest.raises(InUse):
        run(client.load_balancers.delete(region, pair.balancer.id))
    with pytest.raises(InUse):
        run(client.eips.delete(region, pair.eip.id))
    with pytest.raises(NotFound):
        run(client.load_balancers.get(region, "lb-none"))


def test_a_classic_one_comes_and_goes(client: Client, run: Any, make: Any, region: str, site: Any) -> None:
    balancer = run(
        client.load_balancers.create(
            region, name=make.name("lb"), subnet_id=site.subnet_id, sla="elb.default", client_token=token(), timeout=30
        )
    )
    assert (balancer.status, balancer.resource_type, balancer.is_classic) == ("ACTIVE", "internal", True)
    run(client.load_balancers.delete(region, balancer.id))
    with pytest.raises(NotFound):
        run(client.load_balancers.get(region, balancer.id))
