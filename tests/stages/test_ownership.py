"""A create through the real engine takes nothing and deletes nothing that is another's; another cloud is asked about nothing."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.lab import Lab, write_project

pytestmark = pytest.mark.stage

PROGRAM = """
import json, pathlib, pulumi
from pulumi_ctyun.resources import HealthCheck, Vpc
for name, (cidr, options) in json.loads(pathlib.Path("wanted.json").read_text()).items():
    opts = pulumi.ResourceOptions(**options)
    if name == "health":
        HealthCheck(name, region="华东1", name="owned-check", protocol="TCP", opts=opts)
    else:
        Vpc(name, region="华东1", name="owned-vpc", cidr=cidr, opts=opts)
"""


@dataclass(frozen=True)
class Program:
    """A project of VPCs, by their resource names, in a folder of its own."""

    lab: Lab
    folder: Path

    def pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.lab.pulumi(*arguments, "-C", str(self.folder), check=check)

    def up(self, stack: str, check: bool = True, **wanted: Any) -> subprocess.CompletedProcess[str]:
        (self.folder / "wanted.json").write_text(json.dumps(wanted))
        return self.pulumi("up", "--yes", "--skip-preview", "-s", stack, check=check)

    def state(self, stack: str) -> str:
        return self.pulumi("stack", "export", "-s", stack).stdout

    def ids(self, stack: str) -> dict[tuple[str, str], str]:
        """By type and name."""
        resources = json.loads(self.state(stack))["deployment"].get("resources", [])
        return {(r["type"], r["urn"].split("::")[-1]): r["id"] for r in resources if r["type"].startswith("ctyun:")}

    def vpcs(self, stack: str) -> dict[str, str]:
        return {name: id for (kind, name), id in self.ids(stack).items() if kind == "ctyun:vpc:Vpc"}


@pytest.fixture
def program(lab: Lab, tmp_path: Path) -> Iterator[Program]:
    lab.run("cloud", "start")
    write_project(tmp_path, "owned", PROGRAM)
    made = Program(lab, tmp_path)
    made.pulumi("stack", "init", "old")
    try:
        yield made
    finally:
        listed = json.loads(made.pulumi("stack", "ls", "--json").stdout)
        for stack in (stack["name"] for stack in listed):
            made.pulumi("destroy", "--yes", "--skip-preview", "-s", stack)
            made.pulumi("stack", "rm", "--yes", stack)


def refusal_of(run: Callable[[], subprocess.CompletedProcess[str]]) -> str:
    done = run()
    assert done.returncode != 0, done.stdout
    return done.stdout + done.stderr


def test_a_name_that_was_given_away_brings_nobody_down(program: Program) -> None:
    """By an alias, by a renamed stack; and a state is of use in its own cloud alone."""
    program.up("old", a=["10.81.0.0/16", {}])
    program.up("old", b=["10.81.0.0/16", {"aliases": ["urn:pulumi:old::owned::ctyun:vpc:Vpc::a"]}])
    (vpc,) = program.vpcs("old").values()
    said = refusal_of(lambda: program.up("old", False, b=["10.81.0.0/16", {}], a=["10.82.0.0/16", {}]))
    assert f"pulumi import ctyun:vpc:Vpc a 华东1/{vpc} -s old" in said

    program.pulumi("stack", "rename", "renamed", "-s", "old")
    program.pulumi("stack", "init", "old")
    assert vpc in refusal_of(lambda: program.up("old", False, a=["10.81.0.0/16", {}]))

    own = program.state("renamed")
    foreign = program.folder / "foreign.json"
    foreign.write_text(re.sub(r'"cloud": "\w+"', '"cloud": "another"', own), encoding="utf-8")
    program.pulumi("stack", "import", "--file", str(foreign), "-s", "renamed")
    said = refusal_of(lambda: program.pulumi("refresh", "--yes", "--skip-preview", "-s", "renamed", check=False))
    assert "it is in the local cloud another" in said
    assert program.vpcs("renamed") == {"b": vpc}
    (program.folder / "own.json").write_text(own, encoding="utf-8")
    program.pulumi("stack", "import", "--file", str(program.folder / "own.json"), "-s", "renamed")
    program.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", "renamed")


def test_a_forced_replacement_and_a_lost_state(program: Program) -> None:
    """What is made before the old one goes needs to be told which one that is; what no state holds is taken over by import."""
    wanted: dict[str, Any] = {"vpc": ["10.83.0.0/16", {}], "health": ["", {}]}
    program.up("old", **wanted)
    first, urn = program.ids("old"), "urn:pulumi:old::owned::ctyun:elb:HealthCheck::health"
    forced = ("up", "--yes", "--skip-preview", "-s", "old", "--replace", urn)
    assert "say --refresh beside it" in refusal_of(lambda: program.pulumi(*forced, check=False))
    program.pulumi(*forced, "--refresh")
    there = program.ids("old")
    assert {key for key in there if there[key] != first[key]} == {("ctyun:elb:HealthCheck", "health")}

    program.pulumi("stack", "rm", "--force", "--yes", "old")
    program.pulumi("stack", "init", "old")
    said = refusal_of(lambda: program.up("old", False, **wanted))
    for (kind, name), id in there.items():
        assert f"pulumi import {kind} {name} 华东1/{id} -s old" in said
    resources = [{"type": kind, "name": name, "id": f"华东1/{id}"} for (kind, name), id in there.items()]
    (program.folder / "import.json").write_text(json.dumps({"resources": resources}), encoding="utf-8")
    file = str(program.folder / "import.json")
    program.pulumi("import", "--file", file, "--yes", "--protect=false", "--skip-preview", "-s", "old")
    program.up("old", **wanted)
    assert program.ids("old") == there
