"""What the trainee sees in stage `dual-active` while nothing is broken, and what changes when the stack does."""

from __future__ import annotations

import asyncio
import json
import subprocess
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from support.lab import ROOT, Lab
from support.ports import is_silent
from support.secrets import in_the_clear
from support.visitors import api, curl, database, tunnel
from support.waiting import wait_until

from ctyun import Client, cloud_record

pytestmark = pytest.mark.stage

T = TypeVar("T")
REGION_ID = "bb9fdb42056f11eda1610242ac110002"
STAGE = "dual-active"
UPLOADS = "/var/www/html/upload"
SETTINGS = "/etc/hr/database.env"


def answering(url: str, sends: int = 12) -> set[tuple[str, str]]:
    """Who answers some requests: (server, zone)."""
    seen = [api(url) for _ in range(sends)]
    assert all(seen), f"some requests failed: {seen}"
    return {(one["server"], one["zone"]) for one in seen}


def on(lab: Lab, server: str, command: str) -> str:
    return lab.run("ssh", f"{STAGE}/{server}", "--", command).stdout.strip()


def resources(lab: Lab) -> dict[str, str]:
    """Id by logical name and kind."""
    listed = json.loads(lab.pulumi("stack", "export", "-s", STAGE).stdout)["deployment"]["resources"]
    return {f"{r['type'].split(':')[-1]} {r['urn'].split('::')[-1]}": r["id"] for r in listed if r.get("id")}


def test_the_outputs_say_what_is_where(dual_active: dict[str, Any]) -> None:
    assert [(s["name"], s["zone"]) for s in dual_active["webServers"]] == [("web-01", "AZ1"), ("web-02", "AZ2")]
    assert [(n["name"], n["zone"], n["role"]) for n in dual_active["databaseNodes"]] == [
        ("dual-active-db-1", "AZ1", "primary"),
        ("dual-active-db-2", "AZ2", "standby"),
    ]
    assert dual_active["imageId"] and dual_active["backupPolicyId"] and dual_active["jumpHostAddress"]
    assert dual_active["databaseHost"].startswith("192.168.1.")
    own = {server["url"] for server in dual_active["webServers"]}
    assert len(own) == 2 and dual_active["siteUrl"] not in own


def test_both_servers_answer_through_the_balancer_and_alone(dual_active: dict[str, Any]) -> None:
    both = {("web-01", "AZ1"), ("web-02", "AZ2")}
    wait_until(lambda: answering(dual_active["siteUrl"]) == both, 30, "both servers to be in the balancer")
    for server in dual_active["webServers"]:
        assert answering(server["url"], sends=2) == {(server["name"], server["zone"])}


def test_the_page_shows_which_database_answered(dual_active: dict[str, Any]) -> None:
    status, page = curl(dual_active["siteUrl"] + "/database.php")
    assert status == 200
    assert dual_active["databaseHost"] in page and "dual-active-db-1" in page


def test_a_row_written_on_one_server_is_read_on_the_other(dual_active: dict[str, Any]) -> None:
    first, second = (server["url"] + "/api.php" for server in dual_active["webServers"])
    row = f"test-{uuid.uuid4().hex[:12]}"
    assert curl("-d", f"id={row}", "-d", "text=a row", first)[0] == 201
    status, body = curl(f"{second}?id={row}")
    assert status == 200 and json.loads(body)["server"] == "web-01"


def test_a_server_from_the_image_has_an_identity_of_its_own(dual_lab: Lab, dual_active: dict[str, Any]) -> None:
    own = [{what: on(dual_lab, server, command) for what, command in IDENTITY.items()} for server in ("web-01", "web-02")]
    for what in IDENTITY:
        assert own[0][what] != own[1][what], f"the same {what}"
    assert [one["host name"] for one in own] == ["dual-active-web-01", "dual-active-web-02"]


IDENTITY = {"host name": "hostname", "machine id": "cat /etc/machine-id", "host key": "cat /etc/ssh/ssh_host_ed25519_key.pub"}


def test_uploads_lie_on_a_data_disk_and_came_along_with_the_image(dual_lab: Lab, dual_active: dict[str, Any]) -> None:
    for server in dual_active["webServers"]:
        assert on(dual_lab, server["name"], f"findmnt -n -o SOURCE,FSTYPE {UPLOADS}").split() == ["/dev/vdb", "ext4"]
        assert curl(server["url"] + "/upload/handbook.txt")[0] == 200


def test_no_database_runs_on_a_web_server(dual_lab: Lab) -> None:
    for server in ("web-01", "web-02"):
        assert on(dual_lab, server, "pgrep -c mariadbd || true") == "0"


def test_the_database_is_open_to_its_network_only(dual_lab: Lab, dual_active: dict[str, Any]) -> None:
    assert is_silent(dual_active["databasePublicAddress"], 3306, seconds=2)
    with tunnel(dual_lab, STAGE, dual_active["databaseHost"], 3306) as port, database(dual_active, port) as cursor:
        cursor.execute("SELECT COUNT(*) FROM employees")
        assert cursor.fetchall()[0][0] > 0
        cursor.execute("SELECT @@hostname, @@read_only")
        assert cursor.fetchall() == (("dual-active-db-1", 0),)


def test_nothing_to_do_the_second_time_and_git_stays_clean(dual_lab: Lab, dual_active: dict[str, Any]) -> None:
    git = ["git", "status", "--porcelain"]
    before = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    dual_lab.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "-s", STAGE)
    dual_lab.pulumi("refresh", "--yes", "--expect-no-changes", "-s", STAGE)
    assert subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout == before


def test_no_secret_in_the_clear(dual_lab: Lab, dual_active: dict[str, Any]) -> None:
    assert in_the_clear(dual_lab, dual_active) == []


def test_a_third_server_comes_from_the_image_and_replaces_nothing(dual_lab: Lab, dual_active: dict[str, Any]) -> None:
    """Also while one of the two is off, which is when it is needed."""
    before = resources(dual_lab)
    three = {("web-01", "AZ1"), ("web-02", "AZ2"), ("web-03", "AZ1")}
    dual_lab.run("power", "off", "web-02")
    try:
        dual_lab.run("up", STAGE, "-c", "drlab:webServers=3", timeout=300)
        wait_until(lambda: answering(dual_active["siteUrl"]) == three - {("web-02", "AZ2")}, 30, "the third one to replace it")
    finally:
        dual_lab.run("power", "on", "web-02")
    after = resources(dual_lab)
    assert before.items() <= after.items(), "something was replaced"
    wait_until(lambda: answering(dual_active["siteUrl"]) == three, 30, "the third server to carry traffic")
    dual_lab.run("up", STAGE, "-c", "drlab:webServers=2", "--allow-loss", "web-03", timeout=300)
    assert resources(dual_lab) == before
    assert answering(dual_active["siteUrl"]) <= three - {("web-03", "AZ1")}


def test_a_backup_comes_back_as_a_new_server_and_in_place(dual_lab: Lab, dual_active: dict[str, Any]) -> None:
    """The backup holds yesterday's password: in place it takes its server out of the balancer, until `up` mends it."""
    note, own = f"{UPLOADS}/note.txt", dual_active["webServers"][0]["url"]
    yesterdays = f"sed -i 's/^PHP_ENV_SQL_PASSWORD=.*/PHP_ENV_SQL_PASSWORD=yesterdays/' {SETTINGS}"
    on(dual_lab, "web-01", f"echo before > {note}; cp -p {SETTINGS} /root/todays; {yesterdays}; sync")
    made = json.loads(dual_lab.run("backup", "run", STAGE, "--json", timeout=300).stdout)
    assert {(one["server"], one["kind"]) for one in made} == {(f"{STAGE}-{server}", "FULL") for server in ("web-01", "web-02")}
    on(dual_lab, "web-01", f"echo after > {note}; cp -p /root/todays {SETTINGS}; sync")
    copy = json.loads(dual_lab.run("backup", "restore", "web-01", "--to", "copy", "--json", timeout=300).stdout)
    fetch = f"curl -s -m 3 http://{copy['privateAddress']}/upload/note.txt"
    wait_until(lambda: on(dual_lab, "jump-host", f"{fetch} || true") == "before", 60, "the new server to serve the old file")
    assert curl(f"{own}/upload/note.txt") == (200, "after\n")
    refused = dual_lab.run("backup", "restore", "web-01", check=False)
    assert refused.returncode == 1 and "cannot be undone" in refused.stderr, refused
    restored = json.loads(dual_lab.run("backup", "restore", "web-01", "--yes", "--json", timeout=300).stdout)
    assert f"web-01-site: {SETTINGS} on web-01" in restored["older"]
    wait_until(lambda: curl(f"{own}/upload/note.txt") == (200, "before\n"), 60, "web-01 to be as it was")
    assert (curl(f"{own}/health.php")[0], api(own)) == (503, {})
    assert answering(dual_active["siteUrl"]) == {("web-02", "AZ2")}, "a broken page passes the balancer's check"
    dual_lab.run("up", STAGE, timeout=300)
    assert api(own)
    both = {("web-01", "AZ1"), ("web-02", "AZ2")}
    wait_until(lambda: answering(dual_active["siteUrl"]) == both, 30, "web-01 to be back in the balancer")


def test_larger_ones_keep_what_they_hold_and_exchanged_zones_change_nothing(dual_lab: Lab, dual_active: dict[str, Any]) -> None:
    before, row, pages = resources(dual_lab), f"test-{uuid.uuid4().hex[:12]}", f"{dual_active['siteUrl']}/api.php"
    assert curl("-d", f"id={row}", "-d", "text=a row", pages)[0] == 201
    holds = asyncio.run(in_cloud(dual_lab, back_up))
    dual_lab.run("db", "switchover", STAGE)
    settings = [part for key, value in LARGER.items() for part in ("-c", f"{key}={value}")]
    dual_lab.run("up", STAGE, *settings, timeout=300)
    assert resources(dual_lab) == before, "something was replaced"
    assert asyncio.run(in_cloud(dual_lab, sizes)) == ("4C8G", 150, 120)
    assert asyncio.run(in_cloud(dual_lab, backups)) == holds
    wait_until(lambda: curl(f"{pages}?id={row}")[0] == 200, 30, "the row to be read")
    refused = dual_lab.run("up", STAGE, "-c", "databaseGib=100", check=False)
    assert refused.returncode == 1 and "is 100 GiB; it has 150 GiB" in refused.stderr, refused
    wait_until(lambda: pair(dual_lab)["inSync"], 60, "the standby to be in sync")
    if pair(dual_lab)["nodes"][0]["role"] != "primary":  # as it began: the disks' growth has switched them, too
        dual_lab.run("db", "switchover", STAGE)


def test_another_stage_beside_it_is_no_clash(dual_lab: Lab, dual_active: dict[str, Any]) -> None:
    dual_lab.run("up", "single-host", timeout=300)
    try:
        assert api(dual_lab.outputs("single-host")["siteUrl"])["zone"] == "AZ1"
        assert answering(dual_active["siteUrl"])
        names = [server["name"] for server in dual_lab.status()["servers"]]
        assert sorted(names) == sorted({*names}) and {"single-host-web-01", "dual-active-web-01"} <= set(names)
    finally:
        done = dual_lab.run("down", "single-host", timeout=240)
    assert "none" in done.stdout, done.stdout
    assert answering(dual_active["siteUrl"])


LARGER = {"databaseFlavor": "4C8G", "databaseGib": 150, "vaultGib": 120, "zone": "AZ2", "standbyZone": "AZ1"}


def pair(lab: Lab) -> dict[str, Any]:
    (only,) = json.loads(lab.run("db", "status", STAGE, "--json").stdout)
    return dict(only)


async def in_cloud(lab: Lab, work: Callable[[Client], Awaitable[T]]) -> T:
    async with Client.local(cloud_record(lab.state)) as client:
        return await work(client)


async def the_database(client: Client) -> str:
    (only,) = await client.mysqls.list(REGION_ID, name=f"{STAGE}-db")
    return only.id


async def back_up(client: Client) -> tuple[set[str], set[str]]:
    """The database's own; then all that there are."""
    await client.mysql_backups.create(REGION_ID, await the_database(client), name="before-it-grew", timeout=60)
    held = await backups(client)
    assert held[0]
    return held


async def backups(client: Client) -> tuple[set[str], set[str]]:
    """Of the database, and of the servers."""
    own = await client.mysql_backups.list(REGION_ID, await the_database(client))
    return {one.id for one in own}, {one.id for one in await client.server_backups.list(REGION_ID)}


async def sizes(client: Client) -> tuple[str, int, int]:
    database = await client.mysqls.get(REGION_ID, await the_database(client))
    (vault,) = await client.backup_vaults.list(REGION_ID)
    return database.flavor, database.storage_gib, vault.size
