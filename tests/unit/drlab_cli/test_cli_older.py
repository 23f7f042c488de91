"""What `./lab backup restore` says of a server that has gone back to an earlier time."""

from __future__ import annotations

import json
import subprocess
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from drlab import older, ssh
from drlab.errors import UserError
from drlab.older import find_older, login_problem
from drlab.previews import Planned, Preview
from drlab.stack_state import SECRET_MARK, Resource, StackState

SERVER = Resource("urn::web-01", "ctyun:ecs:Instance", "i-1", {}, {}, True)
NEW, OLD = ({"/etc/hr/database.env": password, "/var/www/html/index.html": "h"} for password in ("today", "yesterday"))


def kept(type_: str, server: str = "web-01") -> Resource:
    return Resource(f"urn::{type_}::{server}-site", f"ctyun:ssh:{type_}", "id", {}, {}, True, deleted_with=f"urn::{server}")


FILES, SCRIPT, ELSEWHERE = kept("RemoteFiles"), kept("RemoteCommand"), kept("RemoteFiles", "web-02")


def exported(hashes: dict[str, str], secret: bool) -> str:
    """A stack's export with the secrets shown."""
    value = {SECRET_MARK: "1b47061264138c4ac30d75fd1eb44270", "plaintext": json.dumps(hashes)} if secret else hashes
    return json.dumps({"deployment": {"resources": [{"urn": FILES.urn, "type": FILES.type, "outputs": {"hashes": value}}]}})


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the stack has, the files' hashes before and after the refresh, a preview, and what was asked of the engine."""
    found = SimpleNamespace(has=(SERVER, FILES, SCRIPT, ELSEWHERE), hashes=[NEW, NEW], preview=Preview("dual-active"), asked=[])

    def refresh(lab: Any, operation: str, stage: str, *rest: str) -> None:
        found.asked.append((operation, *rest))
        found.hashes.pop(0)

    monkeypatch.setattr(older, "read_stack", lambda file, stage: StackState(stage, found.has))
    monkeypatch.setattr(older, "await_login", lambda *_: found.asked.append("login"))
    monkeypatch.setattr(older, "prepare_stack", lambda *_: None)
    monkeypatch.setattr(older, "run_engine", refresh)
    monkeypatch.setattr(older, "preview", lambda lab, stage: found.preview)
    engine = SimpleNamespace(query=lambda *_: exported(found.hashes[0], secret=len(found.hashes) > 1))
    found.lab = SimpleNamespace(folders=SimpleNamespace(stack_file=lambda stage: stage), engine=engine)
    return found


def due(*resources: Resource) -> Preview:
    return Preview("dual-active", [Planned("update", one.kind, one.name, (), one.urn, one.type) for one in resources])


def test_files_and_scripts_of_this_server_are_compared_and_named(world: Any) -> None:
    world.hashes, world.preview = [NEW, OLD], due(FILES, SCRIPT, ELSEWHERE)
    assert find_older(world.lab, "dual-active", "i-1") == [
        "web-01-site: /etc/hr/database.env on web-01",
        "web-01-site: its script is to run on web-01 again",
    ]
    assert world.asked == ["login", ("refresh", "--target", FILES.urn, "--target", SCRIPT.urn)], "login first, no more than these"


def test_a_second_restore_before_an_up_still_says_that_files_are_older(world: Any) -> None:
    world.hashes, world.preview = [OLD, OLD], due(FILES)
    assert find_older(world.lab, "dual-active", "i-1") == ["web-01-site: files on web-01"]


def test_nothing_is_older_where_an_update_would_do_nothing(world: Any) -> None:
    assert find_older(world.lab, "dual-active", "i-1") == []


def test_a_server_of_which_the_stage_keeps_nothing_is_not_asked(world: Any) -> None:
    world.has = (SERVER, ELSEWHERE)
    assert find_older(world.lab, "dual-active", "i-1") == world.asked == []


def test_what_could_not_be_found_out_says_how_to(world: Any) -> None:
    world.preview = Preview("dual-active", problems=["webZones: is wrong"], failed=True)
    with pytest.raises(UserError, match=r"What \./lab up dual-active would do is not known: 1 problem"):
        find_older(world.lab, "dual-active", "i-1")


@pytest.mark.parametrize(
    ("script", "problem"), [("exit 0", None), ("echo first >&2; echo refused >&2; exit 255", "refused"), ("exit 1", "nothing")]
)
def test_why_nobody_can_log_in_is_what_ssh_said_last(script: str, problem: str | None) -> None:
    assert login_problem(["sh", "-c", script]) == problem


def test_a_login_that_never_comes_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    lab: Any = SimpleNamespace(folders=None, out=SimpleNamespace(busy=lambda text: nullcontext()))
    monkeypatch.setattr(ssh, "access_files", lambda lab, stage: ())
    monkeypatch.setattr(ssh, "command_line", lambda *_: ["sh", "-c", "echo no route >&2; exit 255"])
    with pytest.raises(UserError, match="Waited 0 s for a login on web-01; ssh said last: no route"):
        older.await_login(lab, "dual-active", "web-01", seconds=0.0)
    monkeypatch.setattr(subprocess, "run", _silent)
    assert login_problem(["ssh"]) == "nothing for 30 s"


def _silent(*_: Any, **__: Any) -> None:
    raise subprocess.TimeoutExpired("ssh", 30)
