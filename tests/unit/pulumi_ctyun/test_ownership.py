"""A mark and a name are no ownership: a create takes what its own unfinished token accounts for, and deletes nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_ctyun.kit.serve import PluginError

VPC, SERVER, KEY = "ctyun:vpc:Vpc", "ctyun:ecs:Instance", "ctyun:ecs:KeyPair"
A_VPC = {"region": "华东1", "name": "dev-vpc", "cidr": "192.168.0.0/16"}
A_KEY = {"region": "华东1", "name": "dev-key"}
A_SERVER: dict[str, Any] = {
    "region": "华东1", "zone": "AZ2", "name": "dev-web-01", "flavor": "1C1G", "image": "debian-12", "vpcId": "vpc-0",
    "subnetId": "subnet-0", "securityGroupIds": ["sg-1"], "userData": "#cloud-config\n",
}  # fmt: skip
OTHER_CIDR, OTHER_DATA = {**A_VPC, "cidr": "10.0.0.0/16"}, {**A_SERVER, "userData": "#cloud-config\n# other\n"}
KINDS = pytest.mark.parametrize(
    ("type", "inputs", "other"), [(VPC, A_VPC, OTHER_CIDR), (SERVER, A_SERVER, OTHER_DATA)], ids=["a VPC", "a server"]
)
HOW = "pulumi import {type} thing 华东1/{id} -s dev"


async def lost(_: dict[str, Any]) -> None:
    raise asyncio.CancelledError


@pytest.fixture
def interrupted(make_engine: Callable[..., Any], fake: Any, run: Any) -> Callable[..., str]:
    """Cut off after the cloud has made it and before anybody knows; its id."""

    def begin(type: str, inputs: dict[str, Any]) -> str:
        calls = {VPC: "create", SERVER: "create_instance", KEY: "create_keypair"}
        fake.after[calls[type]] = lost
        with pytest.raises(asyncio.CancelledError):
            run(make_engine().create(type, inputs))
        fake.after.clear()
        return str(list(fake.things)[-1])

    return begin


@KINDS
@pytest.mark.parametrize("same", [True, False], ids=["as it was", "with one setting different"])
def test_after_a_lost_state_nothing_is_taken_and_nothing_deleted(
    make_engine: Any, fake: Any, run: Any, type: Any, inputs: Any, other: Any, same: Any
) -> None:
    """Also for another resource that gets a name given up by an alias, and a new stack with a renamed one's old name."""
    first = make_engine()
    id, _ = run(first.create(type, inputs))
    first.provider.end()
    with pytest.raises(PluginError, match=f"Could not create {type} thing: .*{id}.* exists already") as refused:
        run(make_engine().create(type, inputs if same else other))
    assert HOW.format(type=type, id=id) in str(refused.value)
    assert list(fake.things) == [id]


@KINDS
def test_in_an_account_another_labs_things_are_left_alone(
    make_engine: Any, fake: Any, run: Any, tmp_path: Path, type: Any, inputs: Any, other: Any
) -> None:
    """Same project, stack and names, another state folder."""
    id, _ = run(make_engine("ctyun", tmp_path / "first").create(type, inputs))
    with pytest.raises(PluginError, match="exists already, and no unfinished update of this stack has made it"):
        run(make_engine("ctyun", tmp_path / "second").create(type, inputs))
    assert list(fake.things) == [id]


@KINDS
def test_a_killed_create_is_adopted_with_its_own_settings_only(
    make_engine: Any, fake: Any, run: Any, interrupted: Any, type: Any, inputs: Any, other: Any
) -> None:
    id = interrupted(type, inputs)
    with pytest.raises(PluginError, match=f"{id}.* cut off has begun it with other settings. Set them as they were"):
        run(make_engine().create(type, other))
    assert list(fake.things) == [id]
    assert run(make_engine().create(type, inputs))[0] == id


def test_an_answer_that_the_killed_engine_did_not_record_is_adopted(make_engine: Any, fake: Any, run: Any) -> None:
    """The plugin dies with its engine and cannot tell: only an orderly end, or the id in the engine's mouth, says that it is."""
    id, _ = run(make_engine().create(VPC, A_VPC))
    assert run(make_engine().create(VPC, A_VPC))[0] == id


@pytest.mark.parametrize("seen_by", ["diff", "read", "update"])
def test_what_the_engine_names_is_its_own_from_then_on(make_engine: Any, fake: Any, run: Any, seen_by: str) -> None:
    """Then a `stack rename`: the new stack of the old name has the same marks."""
    id, state = run(make_engine().create(VPC, A_VPC))
    run(getattr(make_engine(), seen_by)(VPC, id, state, A_VPC))
    with pytest.raises(PluginError, match="exists already, and no unfinished update of this stack has made it"):
        run(make_engine().create(VPC, A_VPC))


def test_what_was_changed_meanwhile_is_put_right_or_refused(make_engine: Any, fake: Any, run: Any, interrupted: Any) -> None:
    id = interrupted(VPC, A_VPC)
    fake.things[id]["CIDR"] = "10.9.0.0/16"
    with pytest.raises(PluginError, match=f"{id}.* has been changed since"):
        run(make_engine().create(VPC, A_VPC))
    fake.things[id] |= {"CIDR": A_VPC["cidr"], "name": "by-hand"}
    assert run(make_engine().create(VPC, A_VPC))[0] == id
    assert [vpc["name"] for vpc in fake.of("vpc")] == ["dev-vpc"]


def test_a_replacement_that_comes_first_leaves_the_old_one_to_the_engine(make_engine: Any, fake: Any, run: Any) -> None:
    first = make_engine()
    old, state = run(first.create(SERVER, A_SERVER))
    first.provider.end()
    engine = make_engine()
    run(engine.diff(SERVER, old, state, OTHER_DATA))
    new, _ = run(engine.create(SERVER, OTHER_DATA))
    assert list(fake.things) == [old, new]
    run(engine.delete(SERVER, old, state))
    assert list(fake.things) == [new]


def test_a_replacement_that_comes_first_and_is_cut_off_is_found_again(
    make_engine: Any, fake: Any, run: Any, interrupted: Any
) -> None:
    """The old one has the same mark and stands in the state."""
    first = make_engine()
    old, state = run(first.create(SERVER, A_SERVER))
    first.provider.end()
    engine = make_engine()
    run(engine.diff(SERVER, old, state, OTHER_DATA))
    fake.after["create_instance"] = lost
    with pytest.raises(asyncio.CancelledError):
        run(engine.create(SERVER, OTHER_DATA))
    fake.after.clear()
    again = make_engine()
    run(again.diff(SERVER, old, state, OTHER_DATA))
    new, _ = run(again.create(SERVER, OTHER_DATA))
    assert list(fake.things) == [old, new]


AN_RSA_KEY = "AAAAB3NzaC1yc2EAAAADAQABAAAAgH9/" + "f39/" * 42  # as long as one of 1024 bits


def test_one_whose_name_must_be_free_is_refused_before_the_old_one_goes(make_engine: Any, fake: Any, run: Any) -> None:
    engine = make_engine()
    old, state = run(engine.create(KEY, A_KEY))
    run(engine.diff(KEY, old, state, {**A_KEY, "publicKey": f"ssh-rsa {AN_RSA_KEY} x"}))
    with pytest.raises(PluginError, match="The old one must go first: leave out delete_before_replace=False"):
        run(engine.create(KEY, A_KEY))
    assert list(fake.things) == [old]


def test_a_failed_attempt_of_its_own_is_cleared_away_with_any_settings(make_engine: Any, fake: Any, run: Any) -> None:
    fake.status_after_order = "error"
    with pytest.raises(PluginError, match="came up in state error"):
        run(make_engine().create(SERVER, A_SERVER))
    fake.status_after_order = "running"
    run(make_engine().create(SERVER, OTHER_DATA))
    assert [server["status"] for server in fake.of("server")] == ["running"]


def test_a_broken_server_of_somebody_else_is_left_alone(make_engine: Any, fake: Any, run: Any) -> None:
    first = make_engine()
    id, _ = run(first.create(SERVER, A_SERVER))
    first.provider.end()
    fake.things[id]["status"] = "error"
    with pytest.raises(PluginError, match="exists already"):
        run(make_engine().create(SERVER, A_SERVER))
    assert list(fake.things) == [id]


def test_a_name_that_is_secret_is_in_no_refusal(make_engine: Any, run: Any, tmp_path: Path) -> None:
    from pulumi_ctyun.kit.values import to_property

    wish = {**A_VPC, "name": to_property("dev-hidden", secret=True)}
    run(make_engine().create(VPC, wish))
    with pytest.raises(PluginError) as refused:
        run(make_engine(state=tmp_path / "other").create(VPC, wish))
    assert "dev-hidden" not in str(refused.value) and "exists already" in str(refused.value)
