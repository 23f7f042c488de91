"""`./lab db`: who is meant, what is asked first, what is shown; the local cloud is a function."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from ctyun import CloudRecord, Credentials
from ctyun.errors import CtyunError
from ctyun.local import LocalCloud
from ctyun.local_databases import LocalDatabase
from drlab import databases, overview
from drlab.cloud import Cloud
from drlab.commands import db
from drlab.errors import UserError
from drlab.lab import Lab
from drlab.local_api import LocalApi
from drlab.names import place_of
from drlab.node_views import with_roles
from drlab.output import Output
from drlab.stack_state import StackState

RECORD = CloudRecord("k3f9a2", "http://127.0.0.1:8750", Credentials("A" * 32, "S" * 32), "L" * 40, pid=1)


def node(number: int, role: str, power: str = "running", **more: Any) -> dict[str, Any]:
    on = power == "running"
    return {
        "id": f"n-{number}", "name": f"dual-active-db-{number}", "zone": f"AZ{number}", "role": role, "resId": number,
        "power": power, "reachable": on, "gtid": "0-1-7", "behind": 0.0 if on else None, "receiving": on, "applying": on,
        "problem": "", **more,
    }  # fmt: skip


def shown(name: str = "dual-active-db", kind: str = "pair", **more: Any) -> dict[str, Any]:
    return {
        "id": f"id-of-{name}", "name": name, "region": "华东1", "regionId": "r-1", "kind": kind, "address": "192.168.1.50",
        "port": 3306, "eip": "198.18.0.4", "primary": "dual-active-db-1", "inSync": True,
        "haMode": "reliability", "syncMode": "Semi_sync",
        "switchType": "auto", "failoverStep": "", "verdict": "The primary serves.", "orderStatus": 0, "runningStatus": 0,
        "nodes": [node(1, "primary"), node(2, "standby")], "switches": [], **more,
    }  # fmt: skip


FAILED_OVER: dict[str, Any] = {
    "primary": "dual-active-db-2",
    "inSync": False,
    "nodes": [node(1, "fenced", "off"), node(2, "primary")],
    "switches": [
        {
            "reason": "failover", "state": "done", "before": "dual-active-db-1", "after": "dual-active-db-2",
            "detail": "db-1 was silent for 3 looks.",
            "begun": "2026-11-21T09:20:34.1+00:00", "ended": "2026-11-21T09:20:38.1+00:00",
        }
    ],
}  # fmt: skip


def parsed(**more: Any) -> LocalDatabase:
    return LocalDatabase.from_json(shown(**more))


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[httpx.Request]]:
    """cloud([look, look, ...], ...): each look at the databases takes the next, the last is repeated; returns what was asked."""

    def start(*looks: list[dict[str, Any]], promoted: httpx.Response | None = None) -> list[httpx.Request]:
        asked: list[httpx.Request] = []
        left = list(looks)

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            if request.method == "POST":
                return promoted or httpx.Response(200, json={})
            return httpx.Response(200, json=left.pop(0) if len(left) > 1 else left[0])

        monkeypatch.setattr(Cloud, "api", lambda self: LocalApi(RECORD))
        original = LocalCloud.__init__
        replaced = lambda self, record: original(self, record, http=httpx.MockTransport(answer))  # noqa: E731
        monkeypatch.setattr(LocalCloud, "__init__", replaced)
        return asked

    return start


def test_the_pair_is_found_without_a_stage(cloud: Any) -> None:
    cloud([shown("dual-active-db"), shown("single-host-db", "single")])
    assert databases.the_pair(Lab.open(), None).name == "dual-active-db"


@pytest.mark.parametrize(
    ("there", "stage", "sentence"),
    [
        ([], None, "There is no database with a standby."),
        ([shown()], "single-host", "There is no database with a standby in single-host."),
        ([shown("dual-active-db", "single")], "dual-active", "dual-active-db is a single one."),
        ([shown(), shown("other-db")], None, "several databases with a standby: dual-active-db, other-db"),
    ],
)
def test_whoever_is_not_meant_clearly_is_a_sentence(cloud: Any, there: list[Any], stage: str | None, sentence: str) -> None:
    cloud(there)
    with pytest.raises(UserError, match=re.escape(sentence)):
        databases.the_pair(Lab.open(), stage)


@pytest.mark.parametrize("wanted", [None, "db-2", "dual-active-db-2", "dual-active/db-2", "n-2", "AZ2"])
def test_the_new_primary_by_any_of_its_names(wanted: str | None) -> None:
    assert databases.new_primary(parsed(), wanted).id == "n-2"


def test_nobody_hands_over_to_itself_or_to_a_stranger() -> None:
    with pytest.raises(UserError, match="dual-active-db-1 is the primary of dual-active-db already; nothing was changed"):
        databases.new_primary(parsed(), "db-1")
    with pytest.raises(UserError, match=re.escape("no node 'db-7'. There are db-1 (AZ1, primary), db-2 (AZ2, standby).")):
        databases.new_primary(parsed(), "db-7")


def test_status_reads_well(capsys: pytest.CaptureFixture[str]) -> None:
    databases.render([parsed(**FAILED_OVER, verdict="db-1 is without power; it is rebuilt when it is back.")], Output())
    assert capsys.readouterr().out == (
        "dual-active-db  pair at 192.168.1.50:3306, 198.18.0.4 from outside\n"
        "  the standby is OUT OF SYNC; reliability, Semi_sync, failover auto\n"
        "  db-1 is without power; it is rebuilt when it is back.\n"
        "  NODE  ZONE  ROLE     POWER  REACHABLE  BEHIND\n"
        "  db-1  AZ1   fenced   off    no         -\n"
        "  db-2  AZ2   primary  on     yes        -\n"
        "  2026-11-21 09:20:34  failover done, db-1 -> db-2: db-1 was silent for 3 looks.\n"
    )


def test_a_standby_that_is_to_lag_is_no_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    asynchronous = parsed(inSync=False, syncMode="Async", haMode="usability")
    assert databases.state_lines(asynchronous)[0] == "the standby may lack the latest writes; usability, Async, failover auto"
    db.report(Lab.open(), asynchronous, 1.0)
    assert capsys.readouterr().out.endswith("is the primary (1.0 s); the standby may lack the latest writes\n")


def test_a_nodes_trouble_stands_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    databases.render([parsed(nodes=[node(1, "primary"), node(2, "standby", problem="disk full", behind=2.5)])], Output())
    assert capsys.readouterr().out.endswith("  db-2  AZ2   standby  on     yes        2.5 s\n  db-2: disk full\n")


def test_status_as_a_document_is_what_the_cloud_says(cloud: Any, capsys: pytest.CaptureFixture[str]) -> None:
    cloud([shown()])
    db.status(json=True)
    assert json.loads(capsys.readouterr().out) == [shown()]


def test_outputs_have_the_roles_of_now_and_others_are_left_alone() -> None:
    before = [
        {"name": "dual-active-db-1", "zone": "AZ1", "role": "primary"},
        {"name": "gone-db-1", "zone": "AZ2", "role": "standby"},
    ]
    outputs = {"siteUrl": "http://198.18.0.1", "databaseNodes": before}
    after = with_roles(outputs, [parsed(**FAILED_OVER)])
    assert after == {**outputs, "databaseNodes": [{**before[0], "role": "fenced"}, before[1]]}
    assert with_roles(outputs, []) == outputs, "nobody was asked"
    assert with_roles({"siteUrl": "x"}, [parsed()]) == {"siteUrl": "x"}


def test_status_shows_a_stacks_nodes_as_they_are(cloud: Any) -> None:
    cloud([shown(**FAILED_OVER)])
    node_before = {"name": "dual-active-db-2", "zone": "AZ2", "role": "standby"}
    stack = StackState("dual-active", outputs={"databaseNodes": [node_before]})
    view = overview.stack_view(Lab.open(), stack, LocalApi(RECORD).databases())
    assert view.outputs["databaseNodes"] == [{**node_before, "role": "primary"}]


def test_promote_waits_until_the_new_primary_serves(cloud: Any, capsys: pytest.CaptureFixture[str]) -> None:
    dead = shown(nodes=[node(1, "primary", "off"), node(2, "standby")])
    asked = cloud([dead], [dead], [{**dead, "failoverStep": "promote", "verdict": "db-2 has all."}], [shown(**FAILED_OVER)])
    db.promote()
    posted = [request for request in asked if request.method == "POST"]
    assert [request.url.path for request in posted] == ["/_local/databases/id-of-dual-active-db/promote"]
    assert json.loads(posted[0].content) == {"acceptLoss": False}
    out = capsys.readouterr().out
    assert "  db-2 has all.\n" in out
    assert "dual-active-db: db-2 in AZ2 is the primary" in out


def test_what_the_controller_refuses_is_passed_on(cloud: Any) -> None:
    refusal = httpx.Response(409, json={"error": "The standby lacks 3 writes: say that their loss is accepted."})
    cloud([shown()], promoted=refusal)
    with pytest.raises(CtyunError, match="lacks 3 writes"):
        db.promote()


def test_a_loss_is_not_accepted_without_a_question(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = cloud([shown(inSync=False)])
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(UserError, match=r"may LACK acknowledged writes.*There is nobody to answer") as refused:
        db.promote(accept_loss=True)
    assert refused.value.hint == "say --yes"
    assert [request for request in asked if request.method == "POST"] == []


def test_yes_answers_the_question(cloud: Any) -> None:
    asked = cloud([shown(inSync=False)], [shown(**FAILED_OVER)])
    db.promote(accept_loss=True, yes=True)
    posted = [request for request in asked if request.method == "POST"]
    assert json.loads(posted[0].content) == {"acceptLoss": True}


def test_faults_and_power_take_the_names_of_nodes(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud([shown()])
    monkeypatch.setattr(LocalApi, "servers", lambda self: [])
    there = Lab.open().cloud.api().named()
    for name in ("db-1", "dual-active-db-1", "dual-active/db-1"):
        assert place_of(name, there, ["dual-active", "single-host"]).target == "server:dual-active-db-1"
