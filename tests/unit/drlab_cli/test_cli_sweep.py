"""What `./lab down` removes besides a stack: what no stack holds and would be left, or would hold something that is to go."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from ctyun.errors import NotFound
from ctyun.services.mysql_values import MysqlInstance
from ctyun.services.target_groups import Target, TargetGroup
from drlab import sweep
from drlab.kinds import KINDS, Kind, Thing
from drlab.lab import Lab

OF_THE_STAGE = frozenset({"tg-1", "lb-1", "pair-1", "vault-1"})


class FakeClient:
    """A region whose things are what the tests' kinds say."""

    @classmethod
    def local(cls, record: object) -> FakeClient:
        return cls()

    async def __aenter__(self) -> FakeClient:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    @property
    def regions(self) -> FakeClient:
        return self

    async def list(self) -> list[Any]:
        return [type("Region", (), {"id": "r-1"})]


class Api:
    """Of the local cloud: only its record is asked for."""

    record = None


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> Any:
    """swept(stage, things, owned=...): the ids that went, in that order."""

    def run(
        stage: str, things: Sequence[Thing], owned: frozenset[str] = OF_THE_STAGE, kept: frozenset[str] = frozenset()
    ) -> list[str]:
        gone: list[str] = []

        async def listed(client: Any, region: str) -> Sequence[Thing]:
            return things

        async def remove(client: Any, region: str, thing: Thing) -> None:
            await asyncio.sleep(0)
            if thing.id.startswith("expired"):
                raise NotFound("delete", thing.id, "", "gone")
            gone.append(thing.id)

        monkeypatch.setattr(sweep, "Client", FakeClient)
        monkeypatch.setattr(sweep, "KINDS", (Kind("listener", listed, remove),))
        monkeypatch.setattr(sweep, "owned_ids", lambda folders: owned)
        monkeypatch.setattr(sweep, "ids_of", lambda folders, stage: OF_THE_STAGE)
        lab = Lab.open()
        monkeypatch.setattr(type(lab.cloud), "api", lambda self: Api)
        sweep.sweep(lab, sweep.strays(lab, stage, kept))
        return gone

    return run


def test_what_would_hold_something_of_the_stage_goes_whatever_its_name(swept: Any) -> None:
    things = [
        Thing("listener", "li-1", "by-hand", uses="lb-1"),
        Thing("listener", "li-2", "by-hand", uses="lb-of-another"),
        Thing("server backup", "b-1", "by-hand", holder="vault-1"),
        Thing("server", "i-1", "dual-active-extra"),
        Thing("server", "i-2", "by-hand"),
    ]
    assert swept("dual-active", things) == ["li-1", "b-1", "i-1"]


def test_what_the_stack_holds_is_left_to_the_engine(swept: Any) -> None:
    assert swept("dual-active", [Thing("target group", "tg-1", "dual-active-web")]) == []


def test_what_another_stack_holds_stays(swept: Any) -> None:
    there = [Thing("listener", "li-9", "dual-active-x", uses="lb-1")]
    assert swept("dual-active", there, OF_THE_STAGE | {"li-9"}) == []


def test_what_the_engine_will_not_delete_stays_with_all_that_is_in_it(swept: Any) -> None:
    """`retain_on_delete`: before the engine has let go of it, and afterwards, when no stack holds it any more."""
    things = [
        Thing("server backup", "b-1", "dual-active-web-01", holder="vault-1"),
        Thing("listener", "li-1", "by-hand", uses="lb-1"),
        Thing("backup vault", "vault-1", "dual-active-vault"),
    ]
    assert swept("dual-active", things, kept=frozenset({"vault-1"})) == ["li-1"]
    assert swept("dual-active", things, frozenset(), kept=frozenset({"vault-1", "lb-1"})) == []
    assert swept("", things, frozenset(), kept=frozenset({"vault-1"})) == ["li-1"]


def test_what_went_by_itself_meanwhile_is_no_trouble(swept: Any) -> None:
    things = [Thing("server backup", "expired-1", "dual-active-b"), Thing("server backup", "b-2", "dual-active-b")]
    assert swept("dual-active", things) == ["b-2"]


@pytest.mark.parametrize(("in_turn", "most"), [(True, 1), (False, 2)])
def test_kinds_whose_things_rest_upon_each_other_go_one_after_the_other(in_turn: bool, most: int) -> None:
    working: list[int] = [0]
    peaks: list[int] = []

    async def remove(client: Any, region: str, thing: Thing) -> None:
        working[0] += 1
        peaks.append(working[0])
        await asyncio.sleep(0)
        working[0] -= 1

    kind = Kind("server backup", lambda client, region: asyncio.sleep(0, ()), remove, in_turn)
    things = [Thing("server backup", str(number), "b") for number in range(2)]
    asyncio.run(sweep.remove(FakeClient(), "r-1", kind, things))  # type: ignore[arg-type]
    assert max(peaks) == most


def test_backups_go_one_after_the_other() -> None:
    """Of two at once the older one could be merged into the newer one while that goes."""
    assert [kind.word for kind in KINDS if kind.in_turn] == ["server backup"]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("read replica", "database"),
        ("listener", "load balancer"),
        ("target", "target group"),
        ("target group", "health check"),
        ("backup policy", "backup vault"),
        ("server backup", "backup vault"),
        ("listener", "certificate"),
        ("database", "security group"),
        ("load balancer", "EIP"),
    ],
)
def test_what_holds_another_goes_first(first: str, then: str) -> None:
    words = [kind.word for kind in KINDS]
    assert words.index(first) < words.index(then)


def test_targets_and_read_replicas_say_what_they_hold() -> None:
    by_word = {kind.word: kind for kind in KINDS}

    class Cloud:
        target_groups = mysqls = property(lambda self: self)

        async def targets(self, region: str, group_id: str) -> list[Target]:
            return [Target("t-1", group_id, "i-1", 80, 100, "online")]

        def __init__(self, found: list[Any]) -> None:
            self.found = found

        async def list(self, region: str) -> list[Any]:
            return self.found

    def things(word: str, *found: Any) -> Sequence[Thing]:
        return asyncio.run(by_word[word].things(Cloud(list(found)), "r-1"))  # type: ignore[arg-type]

    assert things("target", TargetGroup("tg-1", "web", "vpc", "wrr")) == [Thing("target", "t-1", "i-1:80 of web", uses="tg-1")]
    shown = {"outerProdInstId": "r", "prodInstName": "copy", "parentOuterProdInstId": "pair-1"}
    replica, pair = MysqlInstance.from_api(shown), MysqlInstance.from_api({"outerProdInstId": "pair-1", "prodInstName": "db"})
    assert things("read replica", replica, pair) == [Thing("read replica", "r", "copy", uses="pair-1")]
    assert things("database", replica, pair) == [Thing("database", "pair-1", "db")]
