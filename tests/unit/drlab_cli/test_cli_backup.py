"""`./lab backup`: which backup is meant, whose network a restored server shares, what is asked before."""

from __future__ import annotations

import asyncio
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest

from ctyun.services.backups import ServerBackup
from drlab import backups
from drlab.backups import Plan, chosen, must_live, plan_of, restore_to_new, source_of
from drlab.commands.backup import confirm
from drlab.errors import UserError
from drlab.stack_state import Resource, StackState


def backup(id_: str, server: str, name: str = "nightly", status: str = "ACTIVE") -> ServerBackup:
    return ServerBackup(
        id_, name, status, "FULL", f"i-{server}", f"dual-active-{server}", "vault", created="2026-11-21T02:00:00Z"
    )


BACKUPS = [
    backup("b-1", "web-01"),
    backup("b-2", "web-02"),
    backup("b-3", "web-01", "later"),
    backup("b-4", "web-01", "x", "ERROR"),
]


@pytest.mark.parametrize(
    ("wanted", "id_"), [("b-2", "b-2"), ("later", "b-3"), ("web-01", "b-3"), ("dual-active-web-02", "b-2"), ("b-4", "b-4")]
)
def test_a_backup_is_meant_by_id_by_name_or_as_the_newest_of_a_server(wanted: str, id_: str) -> None:
    assert chosen(BACKUPS, wanted, "dual-active").id == id_


def test_a_name_of_two_and_of_none_is_refused_with_what_there_is() -> None:
    with pytest.raises(
        UserError, match=r"2 backups are called 'nightly': b-1 \(dual-active-web-01\), b-2 \(dual-active-web-02\)"
    ):
        chosen(BACKUPS, "nightly", "dual-active")
    with pytest.raises(UserError, match="no backup 'db-1'; it has backups of dual-active-web-01, dual-active-web-02"):
        chosen(BACKUPS, "db-1", "dual-active")
    with pytest.raises(UserError, match="There is no backup of dual-active yet"):
        chosen([], "web-01", "dual-active")


def test_a_restored_server_is_ordered_like_its_source_or_like_another_of_the_policy() -> None:
    plan = Plan("dual-active", True, "华东1", "policy", "vault", ("i-web-01", "i-web-02"))

    def stack(*ids: str) -> StackState:
        return StackState("dual-active", tuple(Resource("urn", "ctyun:ecs:Instance", i, {"name": i}, {}, True) for i in ids))

    def source(*ids: str) -> Any:
        return source_of(stack(*ids), plan, backup("b", "web-01"))["name"]

    assert source("i-jump", "i-web-02", "i-web-01") == "i-web-01"
    assert source("i-jump", "i-web-02") == "i-web-02"
    with pytest.raises(UserError, match="no server whose network"):
        source("i-jump")


class Regions:
    async def resolve(self, wanted: str) -> Any:
        return SimpleNamespace(id=wanted)


def test_nothing_is_restored_over_a_server_that_took_another_ones_place() -> None:
    """The stack has replaced web-01: one of that name lives, but not the one that the backup is of."""

    class Servers:
        async def find(self, region_id: str, instance_id: str) -> Any:
            return {"i-web-02": "alive"}.get(instance_id)

    client: Any = SimpleNamespace(servers=Servers(), regions=Regions())
    plan = Plan("dual-active", True, "华东1", "policy", "vault", ())
    asyncio.run(must_live(client, plan, backup("b-2", "web-02")))
    with pytest.raises(UserError, match="dual-active-web-01 that nightly was made of is gone") as refusal:
        asyncio.run(must_live(client, plan, backup("b-1", "web-01")))
    assert "restore b-1 --to NAME" in str(refusal.value.hint)


def test_a_new_server_gets_no_name_that_there_is_already() -> None:
    class Servers:
        async def list(self, region_id: str, *, name: str) -> list[Any]:
            return [SimpleNamespace(name=name, status="running")]

    client: Any = SimpleNamespace(servers=Servers(), regions=Regions())  # anything else that is asked for fails
    plan = Plan("dual-active", True, "华东1", "policy", "vault", ())
    with pytest.raises(UserError, match="There is a server dual-active-web-02 already; nothing was restored"):
        asyncio.run(restore_to_new(client, plan, backup("b-1", "web-01"), "dual-active-web-02", {}))


@pytest.mark.parametrize(("up", "words"), [(True, "it has no backup policy"), (False, "is not up")])
def test_why_a_stage_makes_no_backups(up: bool, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Resource("urn", "ctyun:ecs:Instance", "i-1", {}, {}, True)
    monkeypatch.setattr(backups, "read_stack", lambda file, stage: StackState(stage, (made,) if up else ()))
    lab: Any = SimpleNamespace(folders=SimpleNamespace(stack_file=lambda stage: stage))
    with pytest.raises(UserError, match=words):
        plan_of(lab, "single-host")


def test_a_restore_in_place_is_not_begun_without_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())
    with pytest.raises(UserError, match=r"throws away everything .* since 2026-11-21T02:00:00Z.*cannot be undone"):
        confirm(backup("b-1", "web-01"))
