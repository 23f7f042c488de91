"""Names as people type them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from drlab.errors import UserError
from drlab.names import Place, place_of, short_name, stack_of, stacks_hit

STAGES = ("single-host", "dual", "dual-active")


@dataclass(frozen=True)
class Seen:
    id: str
    name: str


ONE = [Seen("i-1", "single-host-web-01"), Seen("i-2", "single-host-jump-host")]
TWO = [*ONE, Seen("i-3", "dual-active-web-01")]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("web-01", Place("server:single-host-web-01", False)),
        ("single-host-web-01", Place("server:single-host-web-01", False)),
        ("single-host/web-01", Place("server:single-host-web-01", False)),
        ("server:web-01", Place("server:single-host-web-01", False)),
        ("i-2", Place("server:single-host-jump-host", False)),
        ("AZ1", Place("zone:AZ1", True)),
        ("zone:AZ1", Place("zone:AZ1", True)),
        ("zone:华东1/AZ2", Place("zone:华东1/AZ2", True)),
        ("region:华北2", Place("region:华北2", True)),
    ],
)
def test_what_a_name_means(text: str, place: Place) -> None:
    assert place_of(text, ONE, STAGES) == place


def test_an_ambiguous_name_lists_the_candidates() -> None:
    with pytest.raises(UserError, match=r"'web-01' may mean single-host/web-01 \(i-1\), dual-active/web-01 \(i-3\)"):
        place_of("web-01", TWO, STAGES)


@pytest.mark.parametrize("text", ["dual-active/web-01", "dual-active-web-01"])
def test_a_stack_makes_it_plain(text: str) -> None:
    assert place_of(text, TWO, STAGES).target == "server:dual-active-web-01"
    assert place_of("web-01", TWO, STAGES, stack="dual-active").target == "server:dual-active-web-01"


def test_the_id_is_used_where_a_name_stands_twice() -> None:
    twins = [Seen("i-1", "single-host-web-01"), Seen("i-9", "single-host-web-01")]
    assert place_of("i-9", twins, STAGES).target == "server:i-9"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("web-02", "There is no server or database node 'web-02'. There are: jump-host, web-01."),
        ("zone:1", "'zone:1' is no zone: zones are written zone:AZ1, or zone:REGION/AZ1 where two regions are up."),
        ("rack:7", "'rack:7' is no target: write a server's name, zone:AZ1 or region:NAME."),
    ],
)
def test_what_nothing_is_meant_by(text: str, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        place_of(text, ONE, STAGES)
    assert caught.value.message == sentence


@pytest.mark.parametrize(
    ("stack", "known"),
    [("single-host", "There are: jump-host, web-01."), ("dual-active", "There are: web-01."), ("dual", "None is up.")],
)
def test_a_stacks_own_servers_are_offered(stack: str, known: str) -> None:
    with pytest.raises(UserError, match=f"no server or database node 'db-9' in stack {stack}. {known}"):
        place_of(f"{stack}/db-9", TWO, STAGES)


def test_the_longest_stage_name_owns_a_server() -> None:
    assert stack_of("dual-active-web-01", STAGES) == "dual-active"
    assert short_name("dual-active-web-01", STAGES) == "web-01"
    assert short_name("made-by-hand", STAGES) == "made-by-hand"


def test_a_zone_fault_names_the_stacks_that_it_hits() -> None:
    hit = ["single-host-web-01", "dual-active-web-01", "dual-active-web-02", "made-by-hand"]
    assert stacks_hit(hit, STAGES) == {
        "single-host": ["web-01"],
        "dual-active": ["web-01", "web-02"],
        "no stack": ["made-by-hand"],
    }
