"""The wheel in an environment elsewhere, with plain `pulumi`: preview without a cloud, up and destroy against a local one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
from support.elsewhere import Elsewhere, build_wheel, install, readme_project
from support.lab import ROOT, Lab
from support.waiting import wait_until

pytestmark = pytest.mark.stage

EXAMPLE = ROOT / "examples/static_pages"
WHERE = "\nimport drlab.components, pulumi_ctyun\npulumi.export('modules', [drlab.components.__file__, pulumi_ctyun.__file__])\n"


@pytest.fixture(scope="module")
def elsewhere(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    """The README's project, with the example's program and pages; previews come before there is a cloud."""
    lab.run("preview", "single-host")  # sets up the engine; makes no cloud
    folder = tmp_path_factory.mktemp("elsewhere")
    print("dependencies of the wheel come from the", install(build_wheel(tmp_path_factory.mktemp("wheel")), folder / "venv"))
    (folder / "Pulumi.yaml").write_text(readme_project(), encoding="utf-8")
    program = (EXAMPLE / "__main__.py").read_text(encoding="utf-8")
    (folder / "__main__.py").write_text(program + WHERE, encoding="utf-8")
    shutil.copytree(EXAMPLE / "pages", folder / "pages")
    there = Elsewhere(folder, folder / "no-cloud-here")
    there.pulumi("stack", "init")
    return there


def test_a_preview_needs_no_cloud(elsewhere: Elsewhere) -> None:
    said = elsewhere.pulumi("preview")
    assert "ctyun:ecs:Instance web create" in said and "drlab:network:Network network create" in said, said
    assert "warning" not in said, said
    assert not elsewhere.state.exists()


def test_an_active_environment_needs_no_settings(elsewhere: Elsewhere) -> None:
    """Then the engine finds plugin and interpreter as the shell does, and names the plugin."""
    folder = elsewhere.folder
    project = (folder / "Pulumi.yaml").read_text(encoding="utf-8")
    path = os.pathsep.join([str(folder / "venv/bin"), elsewhere.environment["PATH"]])
    active = Elsewhere(folder, elsewhere.state, {"VIRTUAL_ENV": str(folder / "venv"), "PATH": path})
    try:
        active.without("plugins", "runtime")
        with (folder / "Pulumi.yaml").open("a", encoding="utf-8") as file:
            file.write("runtime: python\n")
        said = active.pulumi("preview")
        assert f"pulumi-resource-ctyun from $PATH at {folder}/venv/bin" in said and "ctyun:ecs:Instance web create" in said, said
    finally:
        (folder / "Pulumi.yaml").write_text(project, encoding="utf-8")


def test_up_and_destroy_against_a_running_local_cloud(elsewhere: Elsewhere, lab: Lab) -> None:
    lab.run("cloud", "start")
    there = Elsewhere(elsewhere.folder, lab.state)
    try:
        there.pulumi("up", "--yes", "--skip-preview")
        outputs = json.loads(there.pulumi("stack", "output", "--json"))
        assert [path.startswith(str(there.folder / "venv")) for path in outputs["modules"]] == [True, True], outputs
        page = (EXAMPLE / "pages/index.html").read_text(encoding="utf-8")
        fetch = ["curl", "-s", "-m", "3", outputs["url"]]
        wait_until(lambda: subprocess.run(fetch, capture_output=True, text=True).stdout == page, 60, "the program's page")
        assert "24 unchanged" in there.pulumi("up", "--yes", "--skip-preview")
    finally:
        there.pulumi("destroy", "--yes", "--skip-preview")
    assert [server["name"] for server in lab.local_api("/_local/servers") if server["name"].startswith("pages-")] == []
