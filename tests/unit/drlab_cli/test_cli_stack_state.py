"""Pulumi's state of a stack, as its file backend writes it."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from drlab.engine_run import unfinished_creations
from drlab.errors import UserError
from drlab.folders import Folders
from drlab.stack_state import PendingOperation, parse_stack, read_stack, type_of
from pulumi_ctyun.resources.declarations import RESOURCES

ROOT_URN = "urn:pulumi:single-host::drlab::pulumi:pulumi:Stack::drlab-single-host"
SERVER_URN = "urn:pulumi:single-host::drlab::drlab:web:WebServer$ctyun:ecs:Instance::web-01"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}


def checkpoint(*pending: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": 3,
        "checkpoint": {
            "stack": "organization/drlab/single-host",
            "latest": {
                "manifest": {"time": "2026-11-21T08:46:33.038694786Z"},
                "resources": [
                    {
                        "urn": ROOT_URN,
                        "type": "pulumi:pulumi:Stack",
                        "custom": False,
                        "outputs": {"siteUrl": "http://198.18.0.1", "databasePassword": SECRET},
                    },
                    {"urn": SERVER_URN, "type": "ctyun:ecs:Instance", "custom": True, "id": "i-1", "outputs": {"zone": "AZ1"}},
                ],
                "pending_operations": list(pending),
            },
        },
    }


def test_what_a_stack_has() -> None:
    stack = parse_stack(checkpoint(), "single-host")
    assert stack.is_up
    assert stack.outputs == {"siteUrl": "http://198.18.0.1"}, "secrets are left out"
    (server,) = stack.of_type("ctyun:ecs:Instance")
    assert (server.name, server.kind, server.id) == ("web-01", "Instance", "i-1")


def test_a_compressed_state_is_read_and_the_newest_counts(tmp_path: Path) -> None:
    """Plain `pulumi` writes it so where PULUMI_DIY_BACKEND_GZIP is set."""
    folders = Folders(root=tmp_path, state=tmp_path, cache=tmp_path)
    plain = folders.stack_file("single-host")
    plain.parent.mkdir(parents=True)
    assert plain.name == "single-host.json"
    compressed = plain.with_name("single-host.json.gz")
    compressed.write_bytes(gzip.compress(json.dumps(checkpoint()).encode()))
    assert folders.stack_file("single-host") == compressed
    assert read_stack(compressed, "single-host").is_up
    plain.write_text("{}")
    os.utime(compressed, (1, 1))
    assert folders.stack_file("single-host") == plain


@pytest.mark.parametrize(("ending", "content"), [(".gz", b"{}"), (".gz", gzip.compress(b"{}" * 99)[:-9]), (".zst", b"(/")])
def test_a_compressed_state_that_cannot_be_read_is_an_error(tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"single-host.json{ending}"
    path.write_bytes(content)
    with pytest.raises(UserError, match="Pulumi's state of stack single-host"):
        read_stack(path, "single-host")


def test_a_stack_that_was_only_made_is_empty() -> None:
    stack = parse_stack({"version": 3, "checkpoint": {"stack": "organization/drlab/single-host"}}, "single-host")
    assert stack.is_empty
    assert not stack.is_up


def test_creations_that_were_cut_off_are_looked_for_again_unless_they_lie_inside_a_server() -> None:
    vpc = "urn:pulumi:single-host::drlab::drlab:network:Network$ctyun:vpc:Vpc::vpc"
    files = "urn:pulumi:single-host::drlab::ctyun:ssh:RemoteFiles::site"
    pending = [
        {"type": "creating", "resource": {"urn": vpc, "type": "ctyun:vpc:Vpc"}},
        {"type": "creating", "resource": {"urn": files, "type": "ctyun:ssh:RemoteFiles"}},
        {"type": "deleting", "resource": {"urn": SERVER_URN, "type": "ctyun:ecs:Instance"}},
    ]
    stack = parse_stack(checkpoint(*pending), "single-host")
    assert [p.kind for p in stack.pending] == ["creating", "creating", "deleting"]
    assert unfinished_creations(stack.pending) == [vpc]


@pytest.mark.parametrize(
    "type_", [token for token in RESOURCES if token.split(":")[1] != "ssh" and not token.startswith("ctyun:rds:Mysql")]
)
def test_whatever_exists_in_the_cloud_by_itself_is_looked_for(type_: str) -> None:
    assert unfinished_creations([PendingOperation("creating", f"urn:{type_}", type_)]) == [f"urn:{type_}"]


def test_a_database_is_looked_for_and_what_is_in_it_goes_with_it() -> None:
    types = [token for token in RESOURCES if token.startswith("ctyun:rds:")]
    pending = [PendingOperation("creating", type_, type_) for type_ in types]
    assert unfinished_creations(pending) == ["ctyun:rds:MysqlInstance"]


def test_no_file_is_an_empty_stack(tmp_path: Path) -> None:
    assert read_stack(tmp_path / "none.json", "single-host").is_empty


@pytest.mark.parametrize("text", ["{", "[]", '{"checkpoint": {"latest": {"resources": [{}]}}}'])
def test_a_damaged_file_is_said_with_its_place(tmp_path: Path, text: str) -> None:
    path = tmp_path / "single-host.json"
    path.write_text(text)
    with pytest.raises(UserError, match=rf"state of stack single-host in {path} cannot be read"):
        read_stack(path, "single-host")


def test_the_type_of_a_resource_inside_components() -> None:
    assert type_of(SERVER_URN) == "ctyun:ecs:Instance"
    assert json.dumps(type_of(ROOT_URN)) == '"pulumi:pulumi:Stack"'


def test_the_target_is_that_of_the_provider_in_the_state() -> None:
    document = checkpoint()
    assert parse_stack(document, "single-host").target is None
    urn = "urn:pulumi:single-host::drlab::pulumi:providers:ctyun::ctyun"
    provider = {"urn": urn, "type": "pulumi:providers:ctyun", "custom": True, "id": "x", "inputs": {"target": "ctyun"}}
    document["checkpoint"]["latest"]["resources"].append(provider)
    assert parse_stack(document, "single-host").target == "ctyun"
