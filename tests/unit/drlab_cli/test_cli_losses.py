"""Before `./lab up` changes anything: what would be lost, whether somebody has agreed to that, and when nothing need be asked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from drlab import looking_ahead
from drlab.cloud import Cloud
from drlab.errors import UserError
from drlab.folders import Folders
from drlab.lab import Lab
from drlab.losses import losses
from drlab.output import Output
from drlab.previews import Planned, Preview
from drlab.pulumi_cli import Engine
from drlab.settings import Target
from drlab.stack_state import Resource, StackState
from drlab.unchanged import is_unchanged, remember
from pulumi_ctyun.resources.declarations import RESOURCES


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:s::drlab::{type_}::{name}"


def step(op: str, type_: str, name: str, *changed: str) -> Planned:
    return Planned(op, type_.rpartition(":")[2], name, changed, urn(type_, name), type_)


def state(*resources: Resource) -> StackState:
    return StackState("s", resources)


def there(type_: str, name: str, *, retained: bool = False, deleted_with: str = "") -> Resource:
    return Resource(urn(type_, name), type_, f"id-{name}", {}, {}, True, retained=retained, deleted_with=deleted_with)


SERVER, MYSQL, DATABASE, EIP = "ctyun:ecs:Instance", "ctyun:rds:MysqlInstance", "ctyun:rds:MysqlDatabase", "ctyun:eip:Eip"


def test_what_holds_data_is_declared() -> None:
    assert {token for token, resource in RESOURCES.items() if resource.data} == {
        SERVER,
        MYSQL,
        DATABASE,
        "ctyun:ebs:Volume",
        "ctyun:image:Image",
        "ctyun:csbs:BackupVault",
    }


def test_each_thing_that_holds_data_and_goes_is_a_sentence() -> None:
    planned = [
        step("delete-replaced", MYSQL, "db"),
        step("replace", MYSQL, "db", "version"),
        step("create-replacement", MYSQL, "db", "version"),
        step("delete", SERVER, "web-03"),
        step("delete-replaced", "ctyun:image:Image", "image"),
        step("create-replacement", "ctyun:image:Image", "image"),
        step("delete", EIP, "web-03-eip"),
        step("update", SERVER, "web-01", "name"),
    ]
    assert [loss.sentence() for loss in losses(planned, state())] == [
        "db (MysqlInstance) would be made anew, for another version: "
        "all its databases, with its own backups, would be lost for good",
        "web-03 (Instance) would be removed, as the program has it no more: "
        "everything on its disks (a database, uploads) would be lost for good",
        "image (Image) would be made anew, with what it hangs on: this copy of its server would be lost for good",
    ]


def test_what_goes_with_something_that_is_named_is_not_named_again() -> None:
    planned = [step("delete-replaced", MYSQL, "db"), step("delete-replaced", DATABASE, "hr")]
    within = state(there(MYSQL, "db"), there(DATABASE, "hr", deleted_with=urn(MYSQL, "db")))
    assert [loss.name for loss in losses(planned, within)] == ["db"]
    assert [loss.name for loss in losses(planned[1:], within)] == ["hr"], "its instance stays"


def test_what_the_engine_only_forgets_is_no_loss() -> None:
    planned = [step("delete", "ctyun:ebs:Volume", "data"), step("discard", "ctyun:ebs:Volume", "foreign")]
    assert losses(planned, state(there("ctyun:ebs:Volume", "data", retained=True))) == []


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    folders = Folders(tmp_path / "root", tmp_path / "state", tmp_path)
    (folders.root / "stacks").mkdir(parents=True)
    (folders.root / "stacks/one.py").write_text("program")
    folders.stack_file("s").parent.mkdir(parents=True)
    folders.stack_file("s").write_text(json.dumps({"checkpoint": {"latest": {"resources": [UP]}}}))
    return Lab(folders, Output(), Engine(folders), Cloud(folders))


UP = {"urn": "urn:pulumi:s::drlab::ctyun:vpc:Vpc::vpc", "type": "ctyun:vpc:Vpc", "id": "vpc-1", "custom": True}


def test_a_loss_is_refused_with_the_words_that_allow_it(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    planned = Preview("s", [step("delete", SERVER, "web-01"), step("delete", SERVER, "web 2")])
    with pytest.raises(UserError) as refused:
        looking_ahead.refuse_loss(lab, "s", planned, ["zone=AZ2"], ["web-01", "vpc"])
    assert [line.partition(" (")[0] for line in refused.value.message.splitlines()] == [
        "Data would be lost, so nothing of s was changed:",
        "  • web 2",
    ]
    assert str(refused.value.hint).endswith("./lab up s -c zone=AZ2 --allow-loss web-01 --allow-loss 'web 2'")
    assert "nothing of vpc would be lost" in capsys.readouterr().out
    looking_ahead.refuse_loss(lab, "s", planned, [], ["web-01", "web 2"])


def test_a_name_that_is_nobodys_is_said_even_when_nothing_changes(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    looking_ahead.refuse_loss(lab, "s", None, [], ["vcp", "vpc"])
    assert capsys.readouterr().out.splitlines() == [
        "note: --allow-loss vcp: s has nothing of that name; did you mean vpc?",
        "note: nothing of vpc would be lost; --allow-loss vpc was not needed",
    ]


def test_a_preview_with_problems_ends_the_update(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Preview("s", problems=["vpc: no"], failed=True)
    monkeypatch.setattr(looking_ahead, "preview", lambda lab, stage, arguments: bad)
    with pytest.raises(UserError, match=r"found 1 problem, so nothing was changed:\n  • vpc: no"):
        looking_ahead.look_ahead(lab, "s", {}, Target())


def test_nobody_looks_ahead_where_there_is_nothing_to_lose(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def preview(lab: Lab, stage: str, arguments: object) -> Preview:
        looked.append(stage)
        return Preview(stage)

    monkeypatch.setattr(looking_ahead, "preview", preview)
    assert looking_ahead.look_ahead(lab, "never-up", {}, Target()) is None
    looking_ahead.look_ahead(lab, "s", {}, Target())
    remember(lab.folders, "s")
    assert looking_ahead.look_ahead(lab, "s", {}, Target()) is None
    assert looked == ["s"]


@pytest.mark.parametrize("changed", ["program", "new file", "state", "settings of the call", "settings", "packages"])
def test_any_change_ends_what_was_settled(lab: Lab, changed: str) -> None:
    folders, given = lab.folders, {"drlab:zone": "AZ1"}
    folders.settings_file("s").write_text("config: {'drlab:zone': AZ1}")
    packages = folders.root / ".venv/lib/python3/site-packages"
    packages.mkdir(parents=True)
    remember(folders, "s")
    assert is_unchanged(folders, "s", given)
    if changed == "program":
        os.utime(folders.root / "stacks/one.py", ns=(1, 1))
    elif changed == "new file":
        (folders.root / "stacks/two.py").touch()
    elif changed == "state":
        os.utime(folders.stack_file("s"), ns=(1, 1))
    elif changed == "settings":
        os.utime(folders.settings_file("s"), ns=(1, 1))
    elif changed == "packages":
        os.utime(packages, ns=(1, 1))
    else:
        given = {"drlab:zone": "AZ2"}
    assert not is_unchanged(folders, "s", given)
