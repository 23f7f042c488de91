"""Interrupted work: the next run carries on or cleans up, nothing twice, nothing left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support.lab import Lab, end, make_lab
from support.machine import assert_as_before, content, snapshot, working_on
from support.visitors import api
from support.waiting import wait_until

pytestmark = pytest.mark.stage

STAGE = "single-host"
SERVERS = Counter({"single-host-jump-host": 1, "single-host-web-01": 1})
ROUNDS = int(os.environ.get("DRLAB_KILL_ROUNDS", "3"))


def pulumi_processes(lab: Lab) -> list[int]:
    """The engine's processes that work on this lab's state."""
    needle = f"PULUMI_BACKEND_URL=file://{lab.state}".encode()
    return [
        pid for pid in numbered_processes() if needle in content(pid, "environ") and content(pid, "comm").strip() == b"pulumi"
    ]


def numbered_processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def servers_by_name(lab: Lab) -> Counter[str]:
    return Counter(server["name"] for server in lab.local_api("/_local/servers"))


@pytest.fixture(scope="module")
def second_lab(single_host: dict[str, object]) -> Iterator[Lab]:
    """A lab beside the one in which `single-host` is up; what is interrupted in it leaves nothing on the machine."""
    before = snapshot()
    lab = make_lab()
    try:
        yield lab
    finally:
        end(lab)
    assert_as_before(before)


@pytest.fixture
def idle_lab(second_lab: Lab) -> Lab:
    """It, with its cloud and nothing in it."""
    second_lab.run("cloud", "start")
    if servers_by_name(second_lab):
        second_lab.run("down", STAGE)
    assert servers_by_name(second_lab) == Counter()
    return second_lab


@contextmanager
def begun(lab: Lab, *settings: str) -> Iterator[subprocess.Popen[str]]:
    """`./lab up` while it is under way; a test that fails does not leave it behind."""
    up = lab.start("up", STAGE, *settings)
    try:
        yield up
    finally:
        if up.poll() is None:
            os.killpg(up.pid, signal.SIGKILL)
            up.communicate()


def kill_in_the_middle(lab: Lab, after: float) -> None:
    """kill -9 of the engine `after` seconds into `up`; everything of it must be gone 3 s later."""
    with begun(lab) as up:
        wait_until(lambda: pulumi_processes(lab) or up.poll() is not None, 60, "the engine to start")
        try:
            up.wait(after)
        except subprocess.TimeoutExpired:
            for pid in pulumi_processes(lab):
                with suppress(ProcessLookupError):  # it ended by itself at this very moment
                    os.kill(pid, signal.SIGKILL)
        up.communicate(timeout=120)
    wait_until(lambda: not working_on(lab.state), 3, "plugins and language host to end with their engine")


def test_a_change_that_was_killed_and_is_taken_back_leaves_a_server_that_runs(lab: Lab, single_host: dict[str, object]) -> None:
    """It was stopped for another flavour; of that the state knows nothing, so its flavour is no change."""

    def web() -> tuple[str, str]:
        (server,) = (one for one in lab.status()["servers"] if one["name"] == "single-host-web-01")
        return server["power"], server["flavor"]

    before = web()
    with begun(lab, "-c", "webFlavor=1C2G") as up:
        wait_until(lambda: is_off(lab, "single-host-web-01") or up.poll() is not None, 60, "the server to be stopped", pause=0.02)
        for pid in [*working_on(lab.state), *pulumi_processes(lab)]:
            with suppress(ProcessLookupError):  # it ended by itself at this very moment
                os.kill(pid, signal.SIGKILL)
        up.communicate(timeout=120)
    lab.run("up", STAGE, "-c", "webFlavor=1C1G")
    assert web() == before
    assert api(str(single_host["siteUrl"]))


def is_off(lab: Lab, name: str) -> bool:
    return any(server["name"] == name and server["power"] != "running" for server in lab.local_api("/_local/servers"))


def test_killed_at_random_moments_then_up_then_down(idle_lab: Lab) -> None:
    moments = random.Random(os.environ.get("DRLAB_SEED"))  # noqa: S311 - moments, not secrets
    for _ in range(ROUNDS):
        after = moments.uniform(0.2, 6)
        kill_in_the_middle(idle_lab, after)
        found = servers_by_name(idle_lab)
        assert all(count == 1 for count in found.values()), f"killed after {after:.2f} s: {found}"
        idle_lab.run("up", STAGE, timeout=180)
        assert servers_by_name(idle_lab) == SERVERS, f"killed after {after:.2f} s"
        idle_lab.run("down", STAGE, timeout=180)
        assert servers_by_name(idle_lab) == Counter()


def test_ctrl_c_leaves_a_state_from_which_down_goes_on(idle_lab: Lab) -> None:
    with begun(idle_lab) as up:
        wait_until(lambda: servers_by_name(idle_lab) or up.poll() is not None, 120, "the first server to be asked for")
        up.send_signal(signal.SIGINT)
        shown, _ = up.communicate(timeout=120)
    assert up.returncode == 130, shown
    assert "Traceback" not in shown
    idle_lab.run("down", STAGE)
    assert servers_by_name(idle_lab) == Counter()


def test_the_local_cloud_killed_in_the_middle_of_up(idle_lab: Lab) -> None:
    with begun(idle_lab) as up:
        wait_until(lambda: servers_by_name(idle_lab) or up.poll() is not None, 120, "the first server to be asked for")
        os.kill(idle_lab.record()["pid"], signal.SIGKILL)
        shown, _ = up.communicate(timeout=180)
    assert "Traceback" not in shown
    idle_lab.run("up", STAGE)
    assert servers_by_name(idle_lab) == SERVERS


def test_of_two_ups_at_once_the_second_waits_and_another_lab_does_not_see_them(
    lab: Lab, single_host: dict[str, object], idle_lab: Lab
) -> None:
    with begun(idle_lab) as first:
        wait_until(lambda: pulumi_processes(idle_lab), 60, "the first engine to start")
        second = idle_lab.run("up", STAGE, timeout=240)
        assert "wait" in (second.stdout + second.stderr).lower()
        first.communicate(timeout=60)
    assert first.returncode == 0
    assert servers_by_name(idle_lab) == SERVERS
    assert idle_lab.record()["id"] != lab.record()["id"]
    idle_lab.run("down", "--all")
    done = subprocess.run(
        ["curl", "-s", "-m", "3", "-o", "/dev/null", "-w", "%{http_code}", str(single_host["siteUrl"])], capture_output=True
    )
    assert done.stdout == b"200", "the other lab's site went away"
    assert lab.local_api("/_local/health")["ready"] is True
