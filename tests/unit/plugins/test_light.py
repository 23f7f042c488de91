"""A light start leaves out what is seldom used, until it is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LAUNCH = ROOT / "plugins/language_python/launch.py"
LATER = ("dill", "urllib.request", "google.protobuf.text_format")  # what the modules that come later load in turn


def said(*command: str, **variables: str) -> list[str]:
    """Lines that a Python process prints."""
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=60, cwd=ROOT, env={**os.environ, **variables}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_is_seldom_used_comes_with_its_first_use() -> None:
    code = f"""
import sys
from pulumi_ctyun.kit.light import import_pulumi_lightly
import_pulumi_lightly()
import pulumi
print([name for name in {LATER} if name in sys.modules])
print(pulumi.dynamic.Resource.__name__, pulumi.automation.LocalWorkspace.__name__)
print([name for name in {LATER} if name in sys.modules])
"""
    assert said("-c", code) == ["[]", "Resource LocalWorkspace", "['dill', 'urllib.request']"]


def test_what_was_put_off_can_be_a_part_of_a_dynamic_resource() -> None:
    code = """
from pulumi_ctyun.kit.light import import_pulumi_lightly
import_pulumi_lightly()
from pulumi import dynamic
import dill
print(dill.loads(dill.dumps(dynamic)).ResourceProvider is dynamic.ResourceProvider)
"""
    assert said("-c", code) == ["True"]


def test_each_way_to_import_it_finds_it() -> None:
    code = """
from pulumi_ctyun.kit.light import import_pulumi_lightly
import_pulumi_lightly()
from pulumi.automation import Stack
import pulumi.dynamic.dynamic
from google.protobuf.internal import python_message
print(Stack.__name__, pulumi.dynamic.dynamic.Resource is pulumi.dynamic.Resource, python_message.GeneratedProtocolMessageType)
"""
    [line] = said("-c", code)
    assert line.startswith("Stack True <class")


@pytest.mark.parametrize(("setting", "shown"), [({"DRLAB_DEBUG_MESSAGES": "off"}, False), ({}, True)])
def test_debug_messages_of_a_program_stay_inside_where_nobody_wants_them(
    setting: dict[str, str], shown: bool, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text("""
from pulumi import log
log.get_engine = lambda: "engine"
log._log = lambda engine, severity, text, *more: print(text, flush=True)
log.debug("a step of the SDK")
log.info("for the user")
""")
    assert said(str(LAUNCH), str(os.getpid()), str(script), **setting) == ["a step of the SDK"] * shown + ["for the user"]
