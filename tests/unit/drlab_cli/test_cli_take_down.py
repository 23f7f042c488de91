"""`./lab down` asks everybody who may refuse before anything is destroyed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from drlab import take_down
from drlab.cloud import Cloud
from drlab.engine_run import Run
from drlab.errors import UserError
from drlab.folders import Folders
from drlab.kinds import KINDS, Thing
from drlab.lab import Lab
from drlab.output import Output
from drlab.pulumi_cli import Engine
from drlab.sweep import Stray

Down = Callable[..., list[str]]


def resource(stage: str, type_: str, name: str, id: str, **more: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:{stage}::drlab::{type_}::{name}", "type": type_, "id": id, "custom": True, **more}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    folders = Folders(tmp_path, tmp_path, tmp_path)
    return Lab(folders, Output(), Engine(folders), Cloud(folders))


@pytest.fixture
def down(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Down:
    """down(stacks, strays, engine refuses): what was done, in that order; a refusal comes last."""

    def run(stacks: dict[str, list[dict[str, Any]]], found: Sequence[Stray] = (), refusal: str = "") -> list[str]:
        done: list[str] = []
        for stage, resources in stacks.items():
            path = lab.folders.stack_file(stage)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}))

        def try_destroy(lab: Lab, stage: str) -> None:
            done.append(f"ask engine about {stage}")
            if refusal:
                raise UserError(refusal)

        def destroy(lab: Lab, operation: str, stage: str, *arguments: str) -> Run:
            done.append(f"{operation} {stage}")
            return Run({}, 1, 1.0)

        monkeypatch.setattr(take_down, "start_cloud_again", lambda lab: None)
        monkeypatch.setattr(take_down, "strays", lambda lab, stage="", kept=frozenset(): found)
        monkeypatch.setattr(take_down, "try_destroy", try_destroy)
        monkeypatch.setattr(take_down, "sweep", lambda lab, found: done.extend(f"sweep {s.thing.name}" for s in found))
        monkeypatch.setattr(take_down, "run_engine", destroy)
        monkeypatch.setattr(take_down, "find_leftovers", lambda lab, up, kept: done.extend([f"keep {sorted(kept)}"]))
        try:
            take_down.take_down(lab, list(stacks), stop_cloud=False)
        except UserError as error:
            done.append(f"{error.message} -> {error.hint}")
        return done

    return run


def stray(word: str, name: str, holder: str = "") -> Stray:
    return Stray("r-1", next(kind for kind in KINDS if kind.word == word), Thing(word, f"id-{name}", name, holder))


def test_one_protected_thing_of_one_stage_keeps_all_stages_whole(down: Down) -> None:
    stacks = {
        "single-host": [resource("single-host", "ctyun:vpc:Vpc", "vpc", "vpc-1")],
        "dual-active": [
            resource("dual-active", "ctyun:rds:MysqlInstance", "db", "db-1", protect=True),
            resource("dual-active", "ctyun:csbs:BackupVault", "backup-vault", "v-1", protect=True),
        ],
    }
    assert down(stacks, [stray("server backup", "b", "v-1")]) == [
        "Nothing was destroyed, since this is protected:\n"
        "  • dual-active: db (MysqlInstance)\n"
        "  • dual-active: backup-vault (BackupVault) "
        "-> .venv/bin/pulumi state unprotect --all --yes --stack dual-active, and `protect` out of the program"
    ]


def test_a_vault_that_keeps_its_backups_keeps_all_whole(down: Down) -> None:
    vault = resource("s", "ctyun:csbs:BackupVault", "vault", "v-1", inputs={"deleteBackups": False})
    (refusal,) = down({"s": [vault]}, [stray("server backup", "b", "v-1")])
    assert refusal.startswith(
        "Nothing was destroyed, since this is to be kept:\n  • vault holds 1 backup, and its deleteBackups is"
    )
    assert down({"s": [vault]}) == ["destroy s", "keep []"]


def test_what_is_in_the_way_goes_when_the_engine_agrees(down: Down) -> None:
    stacks = {"s": [resource("s", "ctyun:vpc:Vpc", "vpc", "vpc-1")]}
    assert down(stacks, [stray("server", "s-extra")]) == ["ask engine about s", "sweep s-extra", "destroy s", "keep []"]
    assert down(stacks) == ["destroy s", "keep []"], "nothing is in the way: no question is needed"


def test_an_engine_that_refuses_costs_nothing(down: Down) -> None:
    stacks = {"s": [resource("s", "ctyun:vpc:Vpc", "vpc", "vpc-1")]}
    assert down(stacks, [stray("server backup", "s-b")], "incorrect passphrase") == [
        "ask engine about s",
        "incorrect passphrase -> None",
    ]


def test_what_the_engine_only_forgets_is_no_leftover(down: Down, capsys: pytest.CaptureFixture[str]) -> None:
    stacks = {"s": [resource("s", "ctyun:ebs:Volume", "data", "vol-1", retainOnDelete=True)]}
    assert down(stacks) == ["destroy s", "keep ['vol-1']"]
    assert "kept data (Volume vol-1): retain_on_delete" in capsys.readouterr().out
