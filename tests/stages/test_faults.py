"""Faults that hurt and can be undone, on the running stage `single-host`."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.lab import Lab
from support.ports import is_silent, knock
from support.waiting import wait_until

pytestmark = pytest.mark.stage

PATIENCE = 60  # seconds for a site to be back: how long it takes is no claim of these tests


@pytest.fixture(autouse=True)
def undone(lab: Lab) -> Iterator[None]:
    """What a failed test has broken is mended for the tests after it."""
    yield
    if json.loads(lab.run("fault", "list", "--json").stdout):
        lab.run("fault", "undo", "--all")


def web_eip(lab: Lab) -> str:
    return str(next(s for s in lab.status()["servers"] if s["name"].endswith("web-01"))["eip"])


def fault(lab: Lab, *arguments: str) -> dict[str, Any]:
    return dict(json.loads(lab.run("fault", *arguments, "--json").stdout))


def site_answers(outputs: dict[str, Any]) -> bool:
    command = ["curl", "-s", "-o", "/dev/null", "-m", "10", "-w", "%{http_code}", outputs["siteUrl"] + "/api.php"]
    return subprocess.run(command, capture_output=True, text=True).stdout == "200"


def test_a_power_off_is_silent_and_can_be_undone(lab: Lab, single_host: dict[str, Any]) -> None:
    eip = web_eip(lab)
    with socket.create_connection((eip, 80), timeout=5) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: site\r\n")  # an unfinished request: the server waits for the rest
        off = fault(lab, "power-off", "web-01")
        assert off["landed"] and off["hit"] == ["single-host-web-01"]
        peer.settimeout(5)
        with pytest.raises(TimeoutError):
            peer.recv(1)  # neither data nor FIN nor RST for 5 s
    assert is_silent(eip, 80, seconds=2)
    assert [f["id"] for f in json.loads(lab.run("fault", "list", "--json").stdout)] == [off["id"]]
    power = {s["name"]: s["power"] for s in lab.status()["servers"]}
    assert power["single-host-web-01"] == "stopped"
    lab.run("fault", "undo", off["id"])
    wait_until(lambda: site_answers(single_host), PATIENCE, "the site to be back after power-on")
    assert json.loads(lab.run("fault", "list", "--json").stdout) == []


def test_a_zone_without_power_stays_off_during_up(lab: Lab, single_host: dict[str, Any]) -> None:
    lab.run("power", "off", "zone:AZ1")
    try:
        lab.run("up", "single-host", check=False, timeout=120)  # says that the site does not answer
        assert {s["power"] for s in lab.status()["servers"]} == {"stopped"}, "up repaired a drill"
        assert not site_answers(single_host)
    finally:
        lab.run("power", "on", "zone:AZ1")
    wait_until(lambda: site_answers(single_host), PATIENCE, "the site to be back with its zone")


def test_a_server_cut_from_the_rest_is_silent_but_runs(lab: Lab, single_host: dict[str, Any]) -> None:
    eip = web_eip(lab)
    cut = fault(lab, "cut", "web-01")
    assert cut["landed"] and is_silent(eip, 80, seconds=2)
    assert {s["power"] for s in lab.status()["servers"]} == {"running"}
    lab.run("fault", "undo", cut["id"])
    wait_until(lambda: site_answers(single_host), PATIENCE, "the site to be back after the cut")


def test_a_killed_process_is_really_gone(lab: Lab, single_host: dict[str, Any]) -> None:
    killed = fault(lab, "kill", "web-01", "--process", "mariadbd")
    assert killed["landed"]
    # systemd restarts the database by itself, as on any server: that is the recovery to be seen.
    wait_until(lambda: site_answers(single_host), PATIENCE, "the database to be started again by systemd")


def test_filling_the_system_disk_is_refused_with_the_reason(lab: Lab, single_host: dict[str, Any]) -> None:
    """Servers without a data disk share the machine's disk; data disks are filled in the contract tests."""
    refused = lab.run("fault", "disk-full", "web-01", "--path", "/var", check=False)
    assert refused.returncode == 1 and "data disk" in refused.stdout + refused.stderr


def test_a_restarted_local_cloud_finds_its_servers_again(lab: Lab, single_host: dict[str, Any]) -> None:
    lab.call("kill", "-9", str(lab.record()["pid"]), timeout=5, check=True)
    assert site_answers(single_host), "servers live on without the API"
    begin = time.monotonic()
    lab.run("cloud", "start")
    assert time.monotonic() - begin < 10
    assert {s["power"] for s in lab.status()["servers"]} == {"running"}
    lab.pulumi("refresh", "--yes", "--expect-no-changes", "-s", "single-host")
    assert knock(web_eip(lab), 80, seconds=2) == "open"


def test_a_container_removed_behind_its_back_is_seen_and_made_anew(lab: Lab, single_host: dict[str, Any]) -> None:
    lab.call("docker", "rm", "-f", "-v", lab.container("single-host-web-01"), timeout=30, check=True)
    lab.pulumi("refresh", "--yes", "-s", "single-host")
    listed = json.loads(lab.pulumi("stack", "export", "-s", "single-host").stdout)["deployment"]["resources"]
    servers = [r["urn"].split("::")[-1] for r in listed if r["type"] == "ctyun:ecs:Instance"]
    assert len(servers) == 1, f"refresh still believes in {servers}"
    lab.run("up", "single-host", timeout=120)
    assert curl_ok(lab)


def curl_ok(lab: Lab) -> bool:
    return site_answers(lab.outputs("single-host"))
