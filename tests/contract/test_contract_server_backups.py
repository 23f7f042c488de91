"""Server backups on real servers: what changed is kept, it comes back in place and as new servers, by hand and by the clock."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from contract.factories import Factory, Site
from contract.own_cloud import MOUNT, PREPARE, OwnCloud, booted, is_paused, is_running, own_site, shell
from support.waiting import until

from ctyun import ApiError, Client, CloudRecord, DiskWish, LocalCloud, NotFound, Server
from ctyun.services.backup_policies import Rules
from ctyun.services.backup_vaults import Vault
from ctyun.services.backups import FULL, INCREMENT, NewServerFromBackup, ServerBackup

CHINA = timezone(timedelta(hours=8))
SECONDS = 120.0  # for a backup or a restore on a slow machine
BIG = 20_000_000  # bytes that do not compress away
READ = f"cat /srv/file {MOUNT}/file"


@dataclass
class Backups:
    """A vault, and what is kept in it; all of it goes at the end."""

    client: Client
    run: Any
    region: str
    make: Factory
    vault: Vault

    def of(self, server: Server, **more: Any) -> ServerBackup:
        name = self.make.name("backup")
        begun = self.run(self.client.server_backups.create(self.region, server.id, vault_id=self.vault.id, name=name, **more))
        return self.done(begun.id)

    def done(self, backup_id: str) -> ServerBackup:
        done: ServerBackup = self.run(self.client.server_backups.wait(self.region, backup_id, timeout=SECONDS))
        return done

    def all(self) -> list[ServerBackup]:
        return list(self.run(self.client.server_backups.list(self.region, vault_id=self.vault.id)))

    def restore(self, backup: ServerBackup) -> None:
        self.run(self.client.server_backups.restore(self.region, backup.id, timeout=SECONDS))

    def delete(self, backup: ServerBackup) -> None:
        self.run(self.client.server_backups.delete(self.region, backup.id, timeout=SECONDS))


def a_vault(client: Client, run: Any, region: str, make: Factory) -> Backups:
    vault = run(client.backup_vaults.create(region, name=make.name("vault"), client_token=str(uuid.uuid4())))
    backups = Backups(client, run, region, make, vault)

    async def remove() -> None:
        for backup in reversed(await client.server_backups.list(region, vault_id=vault.id)):
            await client.server_backups.delete(region, backup.id, timeout=SECONDS)
        await client.backup_vaults.delete(region, vault.id)

    make.remove_later(remove)
    return backups


@pytest.fixture
def backups(client: Client, run: Any, region: str, make: Factory) -> Backups:
    return a_vault(client, run, region, make)


def source_server(record: CloudRecord, make: Factory, site: Site) -> Server:
    """A running server with a file on each of its two disks, and much else on its data disk."""
    server = make.server(site.wish(make.name("source"), data_disks=(DiskWish("SSD", 10),)))
    booted(record, server.id)
    shell(record, server.id, f"{PREPARE} && head -c {BIG} /dev/urandom > {MOUNT}/big")
    write(record, server, "one")
    return server


def write(record: CloudRecord, server: Server, text: str) -> None:
    shell(record, server.id, f"echo {text} > /srv/file && echo {text} > {MOUNT}/file")


def mounted(record: CloudRecord, server_id: str) -> str:
    """Both files of a server that has booted."""
    shell(record, server_id, "cloud-init status --wait >/dev/null || test $? = 2")
    return shell(record, server_id, f"mkdir -p {MOUNT}; mountpoint -q {MOUNT} || mount /dev/vdb {MOUNT}; {READ}")


def test_full_incremental_and_back_in_place(
    client: Client, record: CloudRecord, run: Any, make: Factory, region: str, site: Site, backups: Backups
) -> None:
    server = source_server(record, make, site)
    identity = booted(record, server.id)
    first = backups.of(server)
    write(record, server, "two")
    second = backups.of(server)
    assert (first.kind, second.kind) == (FULL, INCREMENT)
    assert first.used > BIG > second.used  # what did not change is not kept again

    write(record, server, "lost")
    backups.restore(first)
    after = run(client.servers.get(region, server.id))
    assert (after.status, after.name, after.private_address) == ("running", server.name, server.private_address)
    assert after.volume_ids == server.volume_ids
    assert mounted(record, server.id).split() == ["one", "one"]
    assert booted(record, server.id) == identity  # the same server: no new keys, no new machine id
    assert int(shell(record, server.id, f"stat -c %s {MOUNT}/big")) == BIG

    backups.delete(first)  # the second takes over what it needs
    assert [(backup.id, backup.kind) for backup in backups.all()] == [(second.id, FULL)]
    backups.restore(second)
    assert mounted(record, server.id).split() == ["two", "two"]
    shell(record, server.id, f"echo on > {MOUNT}/more && sync {MOUNT}/more")


def test_a_new_server_from_an_incremental_backup_of_one_that_is_gone(
    client: Client, record: CloudRecord, run: Any, make: Factory, region: str, site: Site, backups: Backups
) -> None:
    server = source_server(record, make, site)
    identity = booted(record, server.id)
    backups.of(server)
    write(record, server, "two")
    run(client.servers.stop(region, server.id))
    second = backups.of(server)  # of a server that is off
    run(client.servers.delete(region, server.id))

    with pytest.raises(NotFound):
        backups.restore(second)
    wish = NewServerFromBackup(make.name("copy"), site.flavor_id, site.vpc_id, site.subnet_id, (site.group_id,))
    order = run(client.server_backups.create_server(region, second.id, wish, client_token=str(uuid.uuid4())))
    copy = run(client.servers.created(region, order, what=wish.name, timeout=SECONDS))
    make.remove_server_later(copy.id)
    assert mounted(record, copy.id).split() == ["two", "two"]
    twin = booted(record, copy.id)
    assert twin[2] == wish.name and not set(identity) & set(twin)

    with pytest.raises(ApiError, match="still used by backup"):
        run(client.backup_vaults.delete(region, backups.vault.id))


def test_a_policy_by_the_clock(
    client: Client, record: CloudRecord, run: Any, make: Factory, region: str, site: Site, backups: Backups
) -> None:
    server = source_server(record, make, site)
    rules = Rules("day", (20,), keep_count=2, full_interval=-1)
    policy = run(client.backup_policies.create(region, name=make.name("nightly"), rules=rules))
    make.remove_later(lambda: client.backup_policies.delete(region, policy))
    run(client.backup_policies.bind(region, policy, instance_ids=[server.id], vault_id=backups.vault.id))
    seen = run(client.backup_policies.get(region, policy))
    assert (seen.rules.hours, seen.rules.keep_count, seen.instance_ids) == ((20,), 2, (server.id,))

    for text in ("one", "two", "three"):
        write(record, server, text)
        evening(run, record, backups)
    assert [backup.kind for backup in backups.all()] == [FULL, INCREMENT]  # the first of three has gone into the second
    newest = backups.all()[-1]
    write(record, server, "lost")
    backups.restore(newest)
    assert mounted(record, server.id).split() == ["three", "three"]
    run(client.backup_policies.run(region, policy, full=True))
    settled(backups, lambda found: found[-1].kind == FULL and found[-1].id != newest.id)


def evening(run: Any, record: CloudRecord, backups: Backups) -> None:
    """Advance the clock to one o'clock past 20:00 in China, and wait until the backup that is due then is made."""
    before = {task.id for task in run(backups.client.server_backups.tasks(backups.region))}

    async def advance() -> None:
        async with LocalCloud(record) as cloud:
            now = datetime.fromisoformat((await cloud.clock())["now"]).astimezone(CHINA)
            moment = now.replace(hour=20, minute=0, second=1, microsecond=0)
            await cloud.advance_clock(int((moment + timedelta(days=moment <= now) - now).total_seconds()) + 1)

    run(advance())
    until(lambda: bool(made_since(backups, before)), SECONDS, "the policy's backup to be made")
    settled(backups, lambda found: len(found) <= 2)


def made_since(backups: Backups, before: set[str]) -> list[str]:
    tasks = backups.run(backups.client.server_backups.tasks(backups.region))
    assert not [task.problem for task in tasks if task.problem]
    return [task.id for task in tasks if task.id not in before and task.kind == "create" and task.status == "successed"]


def settled(backups: Backups, done: Callable[[list[ServerBackup]], bool]) -> None:
    def look() -> bool:
        found = backups.all()
        return done(found) and all(backup.status == "ACTIVE" for backup in found)

    until(look, SECONDS, "the backups to be as they should")


@pytest.fixture
def own_client(own_cloud: OwnCloud, run: Any) -> Iterator[Client]:
    client = Client.local(own_cloud.cloud.wait_until_ready(run))
    yield client
    run(client.aclose())


@pytest.mark.parametrize("kind", ["backup", "restore"])
def test_a_daemon_killed_in_the_middle_carries_it_on(
    own_cloud: OwnCloud, own_client: Client, run: Any, region: str, kind: str
) -> None:
    record = own_cloud.cloud.wait_until_ready(run)
    with ExitStack() as cleanup:
        make = Factory(own_client, run, region, cleanup)
        site = own_site(own_client, run, region, make)
        backups = a_vault(own_client, run, region, make)
        server = source_server(record, make, site)
        shell(record, server.id, f"head -c 200000000 /dev/urandom > {MOUNT}/bigger")
        container = f"drlab-{record.id}-{server.id}"
        first = backups.of(server) if kind == "restore" else None
        write(record, server, "two")
        if first is None:
            name = make.name("backup")
            first = run(own_client.server_backups.create(region, server.id, vault_id=backups.vault.id, name=name))
            until(lambda: is_paused(container), SECONDS, "the server to be paused")
            wanted = "two"
        else:
            run(own_client.server_backups.begin_restore(region, first.id))
            until(lambda: not is_running(container), SECONDS, "the server to be switched off")
            wanted = "one"
        own_cloud.kill()
        own_cloud.start()
        assert backups.done(first.id).kind == FULL
        assert not is_paused(container)
        if kind == "backup":
            write(record, server, "lost")
            backups.restore(first)
        until(lambda: run(own_client.servers.get(region, server.id)).status == "running", SECONDS, "the server to run")
        assert mounted(record, server.id).split() == [wanted, wanted]
