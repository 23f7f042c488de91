"""Volumes in a real cloud: moved between running servers, snapshots and backups that bring content back, kills in between."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from contract.factories import Factory
from contract.own_cloud import OwnCloud, is_paused, own_site, shell
from support.waiting import until

from ctyun import ApiError, Client, CloudRecord, InUse, JobFailed, LocalCloud, NotFound, Volume
from ctyun.services.volume_backups import CREATE

MOUNT = "/srv/volume"
SECONDS = 120.0  # for a snapshot or a backup on a slow machine
BIG = 400_000_000  # bytes whose copy takes so long that it can be cut off
FORMAT = f"mkfs.ext4 -q /dev/vdb && mkdir -p {MOUNT}"
GO_ON = f"mkdir -p {MOUNT} && mount /dev/vdb {MOUNT}"


@pytest.fixture
def volume(client: Client, run: Any, make: Factory, region: str, site: Any, token: Any) -> Volume:
    return new_volume(client, run, make, region, site.zone_name, token())


def new_volume(client: Client, run: Any, make: Factory, region: str, zone: str, token: str, **more: Any) -> Volume:
    """It goes by its id, with its snapshots, after the server that may have it."""
    wish: dict[str, Any] = {"zone_name": zone, "name": make.name("volume"), "size": 10, "client_token": token}
    made: Volume = run(client.volumes.create(region, **wish | more))
    make.remove_later(lambda: client.volumes.delete(region, made.id, with_snapshots=True))
    return made


def test_a_volume_moves_between_running_servers_and_outlives_both(
    client: Client, record: CloudRecord, run: Any, make: Factory, region: str, site: Any, volume: Volume
) -> None:
    first, second = (make.server(site.wish(make.name(name))) for name in ("first", "second"))
    attached = run(client.volumes.attach(region, volume.id, first.id))
    assert (attached.status, attached.instance_id, attached.device) == ("in-use", first.id, "/dev/vdb")
    shell(record, first.id, f"{FORMAT}; mount /dev/vdb {MOUNT}; echo kept > {MOUNT}/note")
    with pytest.raises(InUse, match=first.id):
        run(client.volumes.attach(region, volume.id, second.id))
    with pytest.raises(InUse, match=first.id):
        run(client.volumes.delete(region, volume.id))
    with pytest.raises(JobFailed, match=f"mounted at {MOUNT}"):
        run(client.volumes.detach(region, volume.id, first.id))
    shell(record, first.id, f"umount {MOUNT}")
    assert run(client.volumes.detach(region, volume.id, first.id)).status == "available"
    run(client.volumes.attach(region, volume.id, second.id))
    assert shell(record, second.id, f"{GO_ON}; cat {MOUNT}/note") == "kept\n"
    run(client.servers.delete(region, second.id))
    left = run(client.volumes.get(region, volume.id))
    assert (left.status, left.instance_id) == ("available", "")


def test_a_volume_stays_with_its_server_when_that_is_stopped_and_started(
    client: Client, record: CloudRecord, run: Any, make: Factory, region: str, site: Any, volume: Volume
) -> None:
    server = make.server(site.wish(make.name("server")))
    run(client.volumes.attach(region, volume.id, server.id))
    shell(record, server.id, f"{FORMAT}; mount /dev/vdb {MOUNT}; echo kept > {MOUNT}/note")
    assert run(client.volumes.enlarge(region, volume.id, 20)).size == 20
    assert int(shell(record, server.id, "blockdev --getsize64 /dev/vdb")) == 20 << 30
    run(client.servers.stop(region, server.id))
    run(client.servers.start(region, server.id))
    assert shell(record, server.id, f"{GO_ON}; cat {MOUNT}/note") == "kept\n"
    with pytest.raises(ApiError, match="can only grow"):
        run(client.volumes.enlarge(region, volume.id, 15))


def test_a_snapshot_brings_back_what_was_there(
    client: Client, record: CloudRecord, run: Any, make: Factory, region: str, site: Any, volume: Volume, token: Any
) -> None:
    server = make.server(site.wish(make.name("server")))
    run(client.volumes.attach(region, volume.id, server.id))
    shell(record, server.id, f"{FORMAT}; mount /dev/vdb {MOUNT}; echo before > {MOUNT}/note")  # not synced
    snapshot = run(client.snapshots.create(region, volume.id, name="before"))
    shell(record, server.id, f"echo after > {MOUNT}/note; sync")
    later = run(client.snapshots.create(region, volume.id, name="after", days=1))
    assert (later.status, later.days, later.automatic) == ("available", 1, False)
    with pytest.raises(ApiError, match="stop the instance"):
        run(client.snapshots.roll_back(region, snapshot))
    run(client.servers.stop(region, server.id))
    run(client.snapshots.roll_back(region, snapshot))
    run(client.servers.start(region, server.id))
    assert shell(record, server.id, f"{GO_ON}; cat {MOUNT}/note") == "before\n"
    wish = {"name": make.name("copy"), "size": 12, "client_token": token()}
    copy = run(client.snapshots.new_volume(region, later.id, **wish))
    make.remove_later(lambda: client.volumes.delete(region, copy.id))
    attached = run(client.volumes.attach(region, copy.id, server.id))
    assert attached.device == "/dev/vdc"
    assert shell(record, server.id, "mkdir /copy; mount /dev/vdc /copy; cat /copy/note; umount /copy") == "after\n"
    run(client.volumes.detach(region, copy.id, server.id))
    run(client.snapshots.delete(region, snapshot))
    with pytest.raises(NotFound):
        run(client.snapshots.get(region, snapshot.id))
    shell(record, server.id, f"umount {MOUNT}")
    run(client.volumes.detach(region, volume.id, server.id))


def test_volume_backups_hold_what_differs_and_go_back_to_the_detached_disk(
    client: Client, record: CloudRecord, run: Any, make: Factory, region: str, site: Any, volume: Volume, token: Any
) -> None:
    backups = client.volume_backups
    vault = run(backups.create_vault(region, name=f"vault-{token()[:8]}", client_token=token()))
    make.remove_later(lambda: backups.delete_vault(region, vault.id))
    server = make.server(site.wish(make.name("server")))
    run(client.volumes.attach(region, volume.id, server.id))
    shell(record, server.id, f"{FORMAT}; mount /dev/vdb {MOUNT}; head -c 4000000 /dev/urandom > {MOUNT}/large")
    taken = []
    for name in ("one", "two", "three"):
        shell(record, server.id, f"echo {name} > {MOUNT}/note")
        backup = run(backups.create(region, volume.id, vault.id, name=name))
        make.remove_later(lambda id=backup.id: backups.delete(region, id))  # type: ignore[misc]
        taken.append(backup)
    assert [backup.is_full for backup in taken] == [True, False, False]
    assert taken[0].size > 4_000_000 > 2_000_000 > max(taken[1].size, taken[2].size) > 0
    with pytest.raises(InUse):
        run(backups.delete_vault(region, vault.id))
    with pytest.raises(ApiError, match="must be available"):
        run(backups.restore(region, taken[1]))
    shell(record, server.id, f"umount {MOUNT}")
    run(client.volumes.detach(region, volume.id, server.id))
    run(backups.delete(region, taken[0].id))  # the next one takes over what it needs
    assert run(backups.get(region, taken[1].id)).is_full
    run(backups.restore(region, taken[1]))
    run(client.volumes.attach(region, volume.id, server.id))
    assert shell(record, server.id, f"{GO_ON}; cat {MOUNT}/note; stat -c %s {MOUNT}/large; umount {MOUNT}") == "two\n4000000\n"
    copy = new_volume(client, run, make, region, site.zone_name, token(), backup_id=taken[2].id)
    run(client.volumes.detach(region, volume.id, server.id))
    run(client.volumes.attach(region, copy.id, server.id))
    assert shell(record, server.id, f"{GO_ON}; cat {MOUNT}/note; umount {MOUNT}") == "three\n"
    run(client.volumes.detach(region, copy.id, server.id))


def test_what_cannot_be_is_refused(client: Client, run: Any, make: Factory, region: str, site: Any, token: Any) -> None:
    elsewhere = run(client.regions.zone(region, "AZ2")).name
    volume = new_volume(client, run, make, region, elsewhere, token())
    server = make.server(site.wish(make.name("server")))
    with pytest.raises(ApiError, match="its zone only"):
        run(client.volumes.attach(region, volume.id, server.id))
    system = next(disk for disk in run(client.volumes.list(region)) if disk.is_system and disk.instance_id == server.id)
    with pytest.raises(ApiError, match="system disk"):
        run(client.volumes.detach(region, system.id, server.id))
    with pytest.raises(NotFound):
        run(client.volumes.get(region, "no-such-volume"))
    with pytest.raises(ApiError, match="diskSize is 5"):
        new_volume(client, run, make, region, elsewhere, token(), size=5)


def test_the_clock_and_a_kill(own_cloud: OwnCloud, run: Any, region: str, token: Any) -> None:
    """In a cloud of its own: its clock goes forward, and it is killed in the middle of a backup."""
    record = own_cloud.cloud.wait_until_ready(run)
    with ExitStack() as cleanup:
        client = Client.local(record)
        cleanup.callback(lambda: run(client.aclose()))
        make = Factory(client, run, region, cleanup)
        site = own_site(client, run, region, make)
        volume = new_volume(client, run, make, region, site.zone_name, token())
        server = make.server(site.wish(make.name("server")))
        run(client.volumes.attach(region, volume.id, server.id))
        shell(record, server.id, f"{FORMAT}; mount /dev/vdb {MOUNT}; echo kept > {MOUNT}/note")

        policies = client.snapshot_policies
        policy = run(policies.create(region, name="hourly", weekdays=range(7), hours=range(24), days=1))
        run(policies.apply(region, policy.id, [volume.id]))
        advance(run, record, 3600)
        until(lambda: names(client, run, region, "available") != [], SECONDS, "the policy's snapshot")
        [first] = names(client, run, region, "available")
        run(policies.switch(region, policy.id, enabled=False))
        advance(run, record, 24 * 3600)
        until(lambda: names(client, run, region) == [], SECONDS, f"snapshot {first} to go after its day")
        run(policies.delete(region, policy.id))

        backups = client.volume_backups
        vault = run(backups.create_vault(region, name="vault", client_token=token()))
        make.remove_later(lambda: backups.delete_vault(region, vault.id))
        shell(record, server.id, f"head -c {BIG} /dev/urandom > {MOUNT}/large; sync")
        begun = run(client.transport.send(CREATE, "", body={
            "regionID": region, "diskID": volume.id, "repositoryID": vault.id, "backupName": "cut-off",
        }))  # fmt: skip
        make.remove_later(lambda: backups.delete(region, begun.body["backupID"]))
        container = f"drlab-{record.id}-{server.id}"
        until(lambda: is_paused(container), SECONDS, "the server to be paused")
        own_cloud.kill()
        own_cloud.start()
        until(lambda: run(backups.get(region, begun.body["backupID"])).status == "available", SECONDS, "the backup")
        assert not is_paused(container)
        shell(record, server.id, f"echo more > {MOUNT}/note; sync; umount {MOUNT}")
        run(client.volumes.detach(region, volume.id, server.id))
        run(backups.restore(region, run(backups.get(region, begun.body["backupID"]))))
        run(client.volumes.attach(region, volume.id, server.id))
        assert (
            shell(record, server.id, f"{GO_ON}; cat {MOUNT}/note; stat -c %s {MOUNT}/large; umount {MOUNT}") == f"kept\n{BIG}\n"
        )
        run(client.volumes.detach(region, volume.id, server.id))


def names(client: Client, run: Any, region: str, *statuses: str) -> list[str]:
    found = run(client.snapshots.list(region))
    return [snapshot.name for snapshot in found if not statuses or snapshot.status in statuses]


def advance(run: Any, record: CloudRecord, seconds: int) -> None:
    async def go() -> None:
        async with LocalCloud(record) as local:
            await local.advance_clock(seconds)

    run(go())
