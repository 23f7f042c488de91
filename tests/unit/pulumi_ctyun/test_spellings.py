"""What only the cloud can tell to be the same thing: the state keeps what a server's flavour and image are called."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_ctyun.kit.values import to_plain, to_property
from pulumi_ctyun.provider.about import KEY

SERVER = "ctyun:ecs:Instance"
A_SERVER: dict[str, Any] = {
    "region": "华东1", "zone": "AZ2", "name": "dev-web-01", "flavor": "1C1G", "image": "debian-12", "vpcId": "vpc-0",
    "subnetId": "subnet-0", "securityGroupIds": ["sg-1"], "userData": "#cloud-config\n", "password": "Aa1!secret",
    "systemDisk": {"type": "SSD", "size": 60},
}  # fmt: skip
RESPELT = [{"flavor": "s7.small.1"}, {"image": "img-1"}, {"region": "bb9fdb42056f11eda1610242ac110002"}]


@pytest.mark.parametrize("change", RESPELT, ids=["flavour", "image", "region"])
@pytest.mark.parametrize("there_and_back", [False, True])
def test_another_word_for_the_same_is_no_change(engine: Any, fake: Any, run: Any, change: Any, there_and_back: bool) -> None:
    """The diff asks nobody: it goes by what the state says."""
    one, other = ({**A_SERVER, **change}, A_SERVER) if there_and_back else (A_SERVER, {**A_SERVER, **change})
    id, state = run(engine.create(SERVER, one))
    calls = fake.calls.total()
    assert not run(engine.diff(SERVER, id, state, other)).changes
    assert fake.calls.total() == calls
    assert to_plain(run(engine.read(SERVER, id, state, one)).inputs) == to_plain(run(engine.checked(SERVER, one)))


@pytest.mark.parametrize("change", [{"flavor": "2C4G"}, {"flavor": "s7.large.2"}, {"image": "debian-12-lamp"}])
def test_another_one_is_a_change(engine: Any, run: Any, change: Any) -> None:
    """A flavour's is made in place, an image's is another server."""
    id, state = run(engine.create(SERVER, A_SERVER))
    diff = run(engine.diff(SERVER, id, state, {**A_SERVER, **change}))
    assert (diff.diffs, diff.replaces) == (list(change), [name for name in change if name == "image"])


@pytest.mark.parametrize("by", ["read", "update"])
def test_a_state_of_an_earlier_version_learns_the_words(engine: Any, run: Any, by: str) -> None:
    id, state = run(engine.create(SERVER, A_SERVER))
    older = {name: value for name, value in state.items() if name != KEY}
    answer = run(getattr(engine, by)(SERVER, id, older, A_SERVER))
    assert not run(engine.diff(SERVER, id, answer.properties if by == "read" else answer, {**A_SERVER, "image": "img-1"})).changes


def test_an_imported_server_is_kept_however_the_program_says_it(engine: Any, run: Any) -> None:
    """Nobody can see its user data, password and disk: the first update writes down what the program says."""
    id, _ = run(engine.create(SERVER, A_SERVER))
    imported = run(engine.read(SERVER, id)).properties
    diff = run(engine.diff(SERVER, id, imported, A_SERVER))
    assert (sorted(diff.diffs), diff.replaces) == (["password", "systemDisk", "userData"], [])
    state = run(engine.update(SERVER, id, imported, A_SERVER))
    assert not run(engine.diff(SERVER, id, state, A_SERVER)).changes
    assert run(engine.diff(SERVER, id, state, {**A_SERVER, "userData": "#cloud-config\n# other\n"})).replaces == ["userData"]


def test_a_refresh_before_the_first_update_leaves_it_imported(engine: Any, run: Any) -> None:
    id, _ = run(engine.create(SERVER, A_SERVER))
    imported = run(engine.read(SERVER, id)).properties
    refreshed = run(engine.provider.read(_request(engine, id, imported))).properties
    assert run(engine.diff(SERVER, id, refreshed, A_SERVER)).replaces == []


def _request(engine: Any, id: str, state: dict[str, Any]) -> Any:
    from pulumi.provider.experimental import provider as sdk

    return sdk.ReadRequest(engine.urn(SERVER), id, state, {})


def test_a_name_that_is_secret_is_secret_among_the_words_too(engine: Any, run: Any) -> None:
    _, state = run(engine.create(SERVER, {**A_SERVER, "image": to_property("debian-12", secret=True)}))
    assert state[KEY].is_secret
