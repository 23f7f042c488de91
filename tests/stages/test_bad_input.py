"""A user's mistakes: one message with all problems, nothing created, no traceback."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lab import ROOT, Lab, end, make_lab, write_project
from support.machine import assert_as_before, snapshot

pytestmark = pytest.mark.stage

STAGE = "single-host"

# name: (settings, words that must all stand in the one message). Each single mistake is a case of tests/unit/stacks.
MISTAKES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "several at once": (
        {"drlab:vpcCidr": "300.0.0.0/8", "drlab:zone": "north", "drlab:webFlavor": "huge"},
        ("vpcCidr", "zone", "webFlavor"),
    ),
    "the real cloud without confirmation": ({"drlab:target": "ctyun"}, ("confirmBilling",)),
}
UNKNOWN = (  # stage, settings: names that only the cloud knows
    (STAGE, {"drlab:webFlavor": "64C1G", "drlab:webImage": "centos-5"}),
    ("dual-active", {"drlab:databaseFlavor": "64C2G"}),
)


@pytest.fixture(scope="module")
def fresh_lab(clean_machine: None) -> Iterator[Lab]:
    """A lab without any cloud running: mistakes must not even start one."""
    lab = make_lab()
    try:
        lab.run("preview", STAGE)  # makes the state folder and the stacks
        yield lab
    finally:
        end(lab)


@pytest.fixture
def settings(fresh_lab: Lab) -> Iterator[dict[str, str]]:
    """Settings of the stack; removed again afterwards."""
    wanted: dict[str, str] = {}
    yield wanted
    for key in wanted:
        fresh_lab.pulumi("config", "rm", key, "-s", STAGE)


@pytest.mark.parametrize(("mistake", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_gets_one_clear_message(
    fresh_lab: Lab, settings: dict[str, str], mistake: dict[str, str], words: tuple[str, ...]
) -> None:
    before = snapshot()
    for key, value in mistake.items():
        settings[key] = value
        fresh_lab.pulumi("config", "set", key, value, "-s", STAGE)
    done = fresh_lab.pulumi("preview", "-s", STAGE, check=False)
    shown = done.stdout + done.stderr
    assert done.returncode != 0
    assert [word for word in words if word not in shown] == [], shown
    assert "Traceback" not in shown, shown
    assert_as_before(before)


def test_unknown_names_create_nothing(own_lab: Lab) -> None:
    for stage, names in UNKNOWN:
        given = [part for name in names.items() for part in ("-c", "=".join(name))]
        try:
            done = own_lab.run("up", stage, *given, check=False)
            shown = done.stdout + done.stderr
            assert done.returncode != 0 and [name for name in names.values() if name not in shown] == [], shown
            assert "Traceback" not in shown
            assert own_lab.status()["servers"] == []
            exported = json.loads(own_lab.pulumi("stack", "export", "-s", stage).stdout)
            kinds = {r["type"] for r in exported["deployment"].get("resources", [])}
            assert not any(kind.startswith("ctyun:") for kind in kinds), kinds
        finally:
            for key in names:
                own_lab.pulumi("config", "rm", key, "-s", stage)


LATER_MISTAKE = """
from pulumi_ctyun.resources import Volume, Vpc
Vpc("net", region="华东1", name="own-vpc", cidr="10.0.0.0/16")
Volume("data", region="华东1", zone="AZ1", name="1", size_gib=5)
"""


def test_a_mistake_further_down_in_a_program_creates_nothing_of_it(own_lab: Lab, tmp_path: Path) -> None:
    """Without a preview, where the engine would check the volume once the VPC was there."""
    own_lab.run("cloud", "start")
    write_project(tmp_path, "mistaken", LATER_MISTAKE)
    own_lab.pulumi("stack", "init", "mistaken", "-C", str(tmp_path))
    done = own_lab.pulumi("up", "--yes", "--skip-preview", "-s", "mistaken", "-C", str(tmp_path), check=False)
    shown = done.stdout + done.stderr
    assert done.returncode != 0 and "2 problems, nothing was created" in shown and "sizeGib: is 5 GiB" in shown, shown
    assert "Traceback" not in shown and "ctyun:vpc:Vpc" not in shown, shown
    assert "vpc" not in own_lab.pulumi("stack", "export", "-s", "mistaken", "-C", str(tmp_path)).stdout
    own_lab.pulumi("stack", "rm", "--yes", "mistaken", "-C", str(tmp_path))


def test_an_unknown_stage_names_those_that_exist(fresh_lab: Lab) -> None:
    done = fresh_lab.run("up", "single-hots", check=False)
    assert done.returncode != 0 and STAGE in done.stdout + done.stderr


# What another project may have left in a shell. Port 9 of the loopback refuses.
FOREIGN_SHELL = {
    "PULUMI_BACKEND_URL": "file:///nowhere",
    "PULUMI_CONFIG_PASSPHRASE": "another",
    "PULUMI_DIY_BACKEND_GZIP": "1",
    "PULUMI_HOME": "/nowhere",
    "PULUMI_STACK": "another",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "PYTHONHOME": "/nowhere",
    "PYTHONPATH": "/nowhere",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONIOENCODING": "ascii",
    "LC_ALL": "C",
}


def test_what_a_shell_has_set_decides_nothing(fresh_lab: Lab, settings: dict[str, str]) -> None:
    """A backend, passphrase, home or proxy of somebody else's, and a terminal that shows ASCII alone."""
    fresh_lab.pulumi("stack", "rm", "--yes", "--preserve-config", STAGE)
    foreign = Lab(fresh_lab.state, FOREIGN_SHELL)
    (preview,) = json.loads(foreign.run("preview", STAGE, "--json").stdout)
    assert preview["problems"] == [] and len(preview["planned"]) > 10
    settings["drlab:region"] = "华东9"
    fresh_lab.pulumi("config", "set", "drlab:region", "华东9", "-s", STAGE)
    mistaken = foreign.run("preview", STAGE, check=False)
    assert mistaken.returncode == 1 and "drlab:region: '??9' is not one of ??1, ??2" in mistaken.stdout
    assert (fresh_lab.state / f"pulumi/.pulumi/stacks/drlab/{STAGE}.json").exists()


def test_a_program_that_proxies_keep_from_the_engine_runs_under_plain_pulumi_too(fresh_lab: Lab) -> None:
    proxied = Lab(fresh_lab.state, {name: FOREIGN_SHELL[name] for name in ("http_proxy", "https_proxy")})
    assert "create" in proxied.pulumi("preview", "-s", STAGE).stdout


def test_the_engines_own_sentence_is_shown(fresh_lab: Lab) -> None:
    """Said before there are any events, so in plain text."""
    passphrase = fresh_lab.state / "passphrase"
    right = passphrase.read_bytes()
    passphrase.write_bytes(b"another\n")
    try:
        done = fresh_lab.run("preview", STAGE, check=False)
        assert done.returncode == 1 and "incorrect passphrase" in done.stdout + done.stderr
    finally:
        passphrase.write_bytes(right)


def test_the_preview_needs_no_network(fresh_lab: Lab) -> None:
    """In a network namespace with nothing but loopback."""
    alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    done = subprocess.run(
        [*alone, str(ROOT / ".venv/bin/pulumi"), "preview", "--non-interactive", "-s", STAGE],
        cwd=ROOT,
        env=fresh_lab.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_taken_port_is_said_or_gone_round(own_lab: Lab) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = own_lab.run("cloud", "start", "--port", str(port), check=False)
        assert done.returncode != 0 and str(port) in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
    own_lab.run("cloud", "start")
    assert own_lab.run("cloud", "status").returncode == 0
