"""An engine that was built here lacks what only clouds need, and says so; states in files and passphrases it has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.lab import Lab

from drlab.folders import Folders
from drlab.setup.engine_source import RECIPE_NAME
from drlab.setup.pulumi_engine import engine_folder

pytestmark = pytest.mark.stage


@pytest.fixture(scope="module")
def built(lab: Lab) -> Lab:
    """A lab whose engine was built by this recipe."""
    lab.run("preview", "single-host")
    if not (engine_folder(Folders.from_environment()) / RECIPE_NAME).exists():
        pytest.skip("this machine's engine is the vendor's, or older than the recipe: it can do all")
    return lab


@pytest.mark.parametrize("url", ["s3://bucket", "gs://bucket", "azblob://container", "postgres://user@127.0.0.1/base"])
def test_states_in_a_cloud_are_refused_by_name(built: Lab, url: str) -> None:
    elsewhere = replace(built, extra={**built.extra, "PULUMI_BACKEND_URL": url})
    done = elsewhere.pulumi("stack", "ls", check=False)
    assert done.returncode != 0
    assert f"the driver for {url.partition(':')[0]}:// is left out; install Pulumi's own release for it" in done.stderr


def test_keys_in_a_cloud_are_refused_by_name(built: Lab) -> None:
    done = built.pulumi("stack", "init", "in-a-cloud", "--secrets-provider", "awskms://alias/key?region=x", check=False)
    assert done.returncode != 0
    assert "the driver for awskms:// is left out; install Pulumi's own release for it" in done.stdout + done.stderr
    assert "in-a-cloud" not in built.pulumi("stack", "ls").stdout


def test_calls_to_pulumi_cloud_are_refused_by_name(built: Lab) -> None:
    done = built.pulumi("api", "list", check=False)
    assert done.returncode != 0
    assert "calls to Pulumi Cloud's API are left out" in done.stderr
