"""Stacks that an earlier build made stay as they are: a preview of today's program against their states wants nothing.

The states in `states/` are those of the two stages, brought up with commit 901c919 and the few files of `states/site` in place of
the course's site, so that a change of the site is none here. The private keys in them were put in afterwards.
"""

from __future__ import annotations

import json
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.lab import Lab, write_project

pytestmark = pytest.mark.stage
STATES = Path(__file__).with_name("states")
PROGRAM = "import pulumi\nfrom stacks.table import stage\n\nstage(pulumi.get_stack())()\n"


def state_of(stage: str, salt: str) -> dict[str, Any]:
    """As the engine takes it today: with the stack's own secrets, and the default provider named after its package's version."""
    random = version("pulumi-random")
    text = (STATES / f"{stage}.json").read_text(encoding="utf-8")
    state = json.loads(text.replace("4_21_4", random.replace(".", "_")).replace('"4.21.4"', f'"{random}"'))
    state["deployment"]["secrets_providers"] = {"type": "passphrase", "state": {"salt": salt}}
    return dict(state)


@pytest.mark.parametrize("stage", ["single-host", "dual-active"])
def test_a_preview_of_a_stack_of_an_earlier_build_wants_nothing(lab: Lab, tmp_path: Path, stage: str) -> None:
    lab.run("preview", stage)  # sets up the engine; nothing here needs a cloud
    (project := tmp_path / "project").mkdir()
    write_project(project, "drlab", PROGRAM)
    shutil.copytree(STATES / "site", project / "docker/site")
    (backend := tmp_path / "backend").mkdir()
    apart = Lab(lab.state, {"PULUMI_BACKEND_URL": f"file://{backend}", "PULUMI_CONFIG_PASSPHRASE": "of-this-test"})
    here = ["-C", str(project), "-s", stage]
    apart.pulumi("stack", "init", *here)
    salt = yaml.safe_load((project / f"Pulumi.{stage}.yaml").read_text(encoding="utf-8"))["encryptionsalt"]
    (project / "state.json").write_text(json.dumps(state := state_of(stage, salt)), encoding="utf-8")
    apart.pulumi("stack", "import", "--file", str(project / "state.json"), *here)
    seen = json.loads(apart.pulumi("preview", "--json", *here).stdout)
    changes = {step["urn"].rpartition("::")[2]: (step["op"], step.get("detailedDiff")) for step in seen["steps"]}
    assert {name: change for name, change in changes.items() if change[0] != "same"} == {}
    assert seen["changeSummary"] == {"same": len([one for one in state["deployment"]["resources"] if is_shown(one)])}


def is_shown(resource: dict[str, Any]) -> bool:
    """Not the default providers."""
    return "::default_" not in resource["urn"]
