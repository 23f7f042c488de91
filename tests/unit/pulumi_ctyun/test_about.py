"""A state belongs to a cloud: another one is asked nothing of what is in it, and says nothing about it."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.kit.values import to_plain
from pulumi_ctyun.provider.about import KEY

VPC = "ctyun:vpc:Vpc"
A_VPC = {"region": "华东1", "name": "dev-vpc", "cidr": "192.168.0.0/16"}


@pytest.fixture
def made(make_engine: Any, run: Any) -> tuple[str, dict[str, Any]]:
    result: tuple[str, dict[str, Any]] = run(make_engine().create(VPC, A_VPC))
    return result


@pytest.mark.parametrize("doing", ["read", "update", "delete"])
def test_another_cloud_is_an_error(make_engine: Any, fake: Any, run: Any, made: Any, doing: str) -> None:
    """Else a refresh would empty the state, since it finds nothing there."""
    (id, state), calls = made, fake.calls.total()
    things, fake.things = dict(fake.things), {}
    other = getattr(make_engine(cloud="ffff0000"), doing)
    with pytest.raises(
        PluginError, match=f"Could not {doing} {VPC} thing .{id}.: it is in the local cloud 0a1b2c3d, and the one"
    ):
        run(other(VPC, id, state) if doing == "delete" else other(VPC, id, state, A_VPC))
    assert fake.calls.total() == calls
    fake.things = things
    run(make_engine().delete(VPC, id, state))


def test_ctyun_is_another_cloud_than_a_local_one(make_engine: Any, fake: Any, run: Any, made: Any) -> None:
    id, state = made
    with pytest.raises(PluginError, match="the one that answers is CTyun"):
        run(make_engine("ctyun", cloud="ctyun").delete(VPC, id, state))


@pytest.mark.parametrize("by", ["read", "update"])
def test_a_state_of_an_earlier_version_gets_its_cloud(make_engine: Any, run: Any, made: Any, by: str) -> None:
    """Without being replaced, or even changed, before."""
    id, state = made
    older = {name: value for name, value in state.items() if name != KEY}
    engine = make_engine()
    assert not run(engine.diff(VPC, id, older, A_VPC)).changes
    answer = run(getattr(engine, by)(VPC, id, older, A_VPC))
    assert to_plain(answer.properties if by == "read" else answer) == to_plain(state)


def test_what_is_imported_gets_its_cloud(make_engine: Any, run: Any, made: Any) -> None:
    id, state = made
    assert to_plain(run(make_engine().read(VPC, id)).properties)[KEY]["cloud"] == to_plain(state)[KEY]["cloud"] == "0a1b2c3d"


def test_a_preview_of_a_change_keeps_it(make_engine: Any, run: Any, made: Any) -> None:
    from pulumi.provider.experimental import provider as sdk

    id, state = made
    engine = make_engine()
    checked = run(engine.checked(VPC, {**A_VPC, "name": "dev-other"}))
    shown = run(engine.provider.update(sdk.UpdateRequest(engine.urn(VPC), id, state, checked, 0, [], preview=True)))
    assert shown.properties[KEY] == state[KEY]
