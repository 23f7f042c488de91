"""The engine as `./lab` runs it, with a script in its place: what it is given, and what becomes of what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drlab.errors import UserError
from drlab.events import Event, Message
from drlab.folders import Folders
from drlab.pulumi_cli import Ended, Engine

FOREIGN = {
    "PULUMI_BACKEND_URL": "s3://mine",
    "PULUMI_DIY_BACKEND_GZIP": "1",
    "PULUMI_CONFIG_PASSPHRASE": "mine",
    "PULUMI_STACK": "mine",
    "PULUMI_HOME": "/mine",
    "DRLAB_LANGUAGE_EXEC": "/mine",
    "DRLAB_HA_INTERVAL": "9",
    "http_proxy": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "grpc_proxy": "http://127.0.0.1:9",
    "PYTHONPATH": "/mine",
    "PYTHONWARNINGS": "error",
    "LD_PRELOAD": "",
    "GODEBUG": "",
}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    folders = Folders(root=tmp_path / "project", state=tmp_path / "state", cache=tmp_path / "cache")
    folders.pulumi.parent.mkdir(parents=True)
    folders.ensure_state()
    return Engine(folders)


def be(engine: Engine, script: str) -> None:
    engine.folders.pulumi.write_text(f"#!/bin/sh\n{script}\n")
    engine.folders.pulumi.chmod(0o755)


def work(engine: Engine) -> tuple[Ended, list[Event]]:
    seen: list[Event] = []
    return engine.work(["up"], "s-up", seen.append, lambda: None, lambda number: None), seen


def test_nothing_of_a_foreign_shell_reaches_the_engine(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    for name in ("CTYUN_AK", "CTYUN_SK", "CTYUN_EOP_TIME", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "wanted")
    be(engine, "env")
    seen = dict(line.split("=", 1) for line in engine.query().splitlines())
    assert set(seen).isdisjoint(FOREIGN)
    assert {"CTYUN_AK", "CTYUN_SK", "CTYUN_EOP_TIME", "HTTPS_PROXY", "PATH", "HOME"} <= set(seen)
    assert (seen["DRLAB_STATE"], seen["DRLAB_CACHE"]) == (str(engine.folders.state), str(engine.folders.cache))
    ended, said = work(engine)
    assert ended.status == 0
    names = {message.text.partition("=")[0] for message in said if isinstance(message, Message)}
    assert names - set(seen) == {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW"}


def test_what_is_no_event_and_what_the_program_said_is_kept(engine: Engine) -> None:
    event = {"diagnosticEvent": {"message": "Traceback:\n  错误 \u001b[0m\n", "severity": "info#err"}}
    be(engine, f"cat <<'END'\n{json.dumps(event)}\nerror: 密码 incorrect passphrase\n  second line\nEND\nexit 255")
    ended, _ = work(engine)
    assert (ended.status, ended.plain) == (255, ("error: 密码 incorrect passphrase", "  second line"))
    assert ended.output == ("Traceback:", "  错误 \x1b[0m")
    assert ended.log is not None and "second line" in ended.log.read_text(encoding="utf-8")


def test_a_question_that_fails_is_answered_with_the_engines_own_words(engine: Engine) -> None:
    be(engine, "printf 'error: incorrect \\316 passphrase\\n' >&2; exit 1")
    with pytest.raises(UserError, match=r"`pulumi stack ls` failed:\nerror: incorrect . passphrase"):
        engine.query("stack", "ls")
