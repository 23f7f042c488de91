"""MySQL in the provider: adoption by name, changes in place, roles that are no drift, parts that come and go with an instance."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support.fake_rds import EIP_ADDRESS, FakeRds

from pulumi_ctyun.kit.serve import InitFailed, PluginError
from pulumi_ctyun.kit.values import to_plain
from pulumi_ctyun.provider import rds_parts
from pulumi_ctyun.provider.rds import zones_seen

INSTANCE, DATABASE, ACCOUNT = "ctyun:rds:MysqlInstance", "ctyun:rds:MysqlDatabase", "ctyun:rds:MysqlAccount"
WHITE_LIST, EIP = "ctyun:rds:MysqlWhiteList", "ctyun:rds:MysqlEip"
A_PAIR: dict[str, Any] = {
    "region": "华东1",
    "name": "dev-db",
    "vpcId": "vpc-0",
    "subnetId": "subnet-0",
    "securityGroupId": "sg-1",
    "zone": "AZ1",
    "standbyZone": "AZ2",
    "password": "Aa1!secret",
}
A_SINGLE = {key: value for key, value in A_PAIR.items() if key != "standbyZone"}


@pytest.fixture
def fake() -> FakeRds:
    return FakeRds(eips={"eip-1": ""})


@pytest.fixture
def pair(engine: Any, run: Any) -> tuple[str, Any]:
    """(id, state) of a pair that is ready."""
    made: tuple[str, Any] = run(engine.create(INSTANCE, A_PAIR))
    return made


def test_a_pair_is_made_when_it_can_be_used(fake: Any, pair: Any) -> None:
    id, state = pair
    outputs = to_plain(state)
    assert fake.instances[id]["prodOrderStatus"] == 0
    assert (outputs["instanceId"], outputs["address"], outputs["port"]) == (id, "192.168.1.50", 3306)
    assert outputs["nodes"] == [
        {"name": "dev-db-1", "zone": "AZ1", "role": "primary"},
        {"name": "dev-db-2", "zone": "AZ2", "role": "standby"},
    ]
    assert state["password"].is_secret


def test_its_rules_are_set_where_they_differ(engine: Any, fake: Any, run: Any) -> None:
    id, _ = run(engine.create(INSTANCE, {**A_PAIR, "failover": "manual", "haMode": "usability"}))
    shown = fake.instances[id]
    assert (shown["switchType"], shown["hamode"], shown["syncMode"]) == ("manual", "usability", "Semi_sync")
    assert fake.calls["POST instance-sync-mode"] == 0


def test_a_single_one_has_no_rules(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(INSTANCE, A_SINGLE))
    assert [node["role"] for node in to_plain(state)["nodes"]] == ["primary"]
    assert fake.calls["GET hamode-type"] == 0
    assert run(engine.read(INSTANCE, id, state, A_SINGLE)).properties == state


def test_a_preview_asks_nobody(engine: Any, fake: Any, run: Any) -> None:
    _, state = run(engine.create(INSTANCE, A_PAIR, preview=True))
    assert (repr(to_plain(state)["address"]), fake.calls.total()) == ("UNKNOWN", 0)


@pytest.mark.parametrize("cut_off", ["POST accept", "GET getInstIdByOrderId", "GET instance"])
def test_an_interrupted_create_is_adopted(make_engine: Any, fake: Any, run: Any, cut_off: str) -> None:
    """The API knows no clientToken here: name and stored token say that it is ours."""

    def stop() -> None:
        raise asyncio.CancelledError

    fake.after[cut_off] = stop
    with pytest.raises((asyncio.CancelledError, InitFailed, PluginError)):
        run(make_engine().create(INSTANCE, A_PAIR))
    fake.after.clear()
    id, _ = run(make_engine().create(INSTANCE, A_PAIR))
    assert (list(fake.instances), fake.calls["POST accept"]) == ([id], 1)


def test_somebody_elses_instance_is_left_alone(make_engine: Any, fake: Any, run: Any, pair: Any, tmp_path: Path) -> None:
    id, _ = pair
    with pytest.raises(PluginError, match=f"dev-db .*exists already, and no unfinished.*MysqlInstance thing 华东1/{id}"):
        run(make_engine(state=tmp_path / "other").create(INSTANCE, A_PAIR))
    assert id in fake.instances


def test_a_build_that_failed_is_removed_and_told(engine: Any, fake: Any, run: Any) -> None:
    fake.fails = True
    with pytest.raises(PluginError, match="dev-db failed: the zone is without power"):
        run(engine.create(INSTANCE, A_PAIR))
    assert fake.instances == {}
    fake.fails = False
    run(engine.create(INSTANCE, A_PAIR))


def test_a_failover_is_no_drift(engine: Any, fake: Any, run: Any, pair: Any) -> None:
    """Else the next `up` after a drill would replace the database."""
    id, state = pair
    for node in fake.instances[id]["azInfoList"]:
        node["role"] = "slave" if node["role"] == "master" else "master"
    seen = run(engine.read(INSTANCE, id, state, A_PAIR))
    assert [node["role"] for node in to_plain(seen.properties)["nodes"]] == ["standby", "primary"]
    assert not run(engine.diff(INSTANCE, id, seen.properties, A_PAIR)).changes


def test_another_zone_is_drift() -> None:
    nodes = [{"zone": "AZ3", "role": "standby"}, {"zone": "AZ1", "role": "primary"}]
    assert zones_seen(nodes, {"zone": "AZ1", "standbyZone": "AZ2"}) == {"zone": "AZ1", "standbyZone": "AZ3"}
    assert zones_seen(nodes, {}) == {"zone": "AZ1", "standbyZone": "AZ3"}
    assert zones_seen(nodes[1:], {"zone": "AZ1"}) == {}


def test_one_that_somebody_gave_back_is_replaced(engine: Any, fake: Any, run: Any, pair: Any) -> None:
    """It is there until it is destroyed, and of no use to anybody."""
    id, state = pair
    fake.instances[id]["prodOrderStatus"] = 8
    seen = run(engine.read(INSTANCE, id, state, A_PAIR))
    assert "zone" in run(engine.diff(INSTANCE, id, seen.properties, A_PAIR)).replaces
    run(engine.delete(INSTANCE, id, seen.properties))
    assert (fake.instances, fake.calls["GET refundOrder"]) == ({}, 0)


def test_rules_group_and_password_change_in_place(engine: Any, fake: Any, run: Any, pair: Any) -> None:
    id, state = pair
    wanted = {**A_PAIR, "failover": "manual", "syncMode": "Async", "securityGroupId": "sg-2", "password": "Bb2!secret"}
    diff = run(engine.diff(INSTANCE, id, state, wanted))
    assert not diff.replaces
    run(engine.update(INSTANCE, id, state, wanted))
    shown = fake.instances[id]
    assert (shown["switchType"], shown["syncMode"], shown["securityGroupId"]) == ("manual", "Async", "sg-2")
    assert fake.passwords["root"] == "Bb2!secret"


def test_one_change_after_the_other_waits_for_the_one_before(
    engine: Any, fake: Any, run: Any, pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While an instance changes its replication it takes no other change."""
    id, state = pair
    monkeypatch.setattr(rds_parts.when_idle, "__defaults__", (5.0, 0.01))
    changes = (
        "POST hamode-type",
        "POST instance-sync-mode",
        "POST modify-ha-switch-config",
        "POST change",
        "POST reset-root-password",
    )
    fake.refuse = {name: ["Openapi.Mysql.StatusNotAllowed"] for name in changes}
    wanted = {
        "haMode": "usability",
        "failover": "manual",
        "syncMode": "Async",
        "securityGroupId": "sg-2",
        "password": "Bb2!secret",
    }
    run(engine.update(INSTANCE, id, state, A_PAIR | wanted))
    shown = fake.instances[id]
    assert [shown[name] for name in ("hamode", "switchType", "syncMode", "securityGroupId")] == list(wanted.values())[:-1]
    assert fake.passwords["root"] == "Bb2!secret"


def test_a_password_cannot_be_taken_away(engine: Any, run: Any, pair: Any) -> None:
    id, state = pair
    without = {key: value for key, value in A_PAIR.items() if key != "password"}
    with pytest.raises(PluginError, match="password of root of dev-db cannot be taken away"):
        run(engine.update(INSTANCE, id, state, without))


def test_it_is_enlarged_in_place_one_order_after_the_other(engine: Any, fake: Any, run: Any, pair: Any) -> None:
    id, state = pair
    wanted = {**A_PAIR, "flavor": "4C8G", "storageGib": 200}
    diff = run(engine.diff(INSTANCE, id, state, wanted))
    assert (diff.changes, diff.replaces) == (True, [])
    after = run(engine.update(INSTANCE, id, state, wanted))
    shown = fake.instances[id]
    assert (shown["machineSpec"], shown["diskSize"], fake.calls["POST upgrade"]) == ("4C8G", 200, 2)
    assert list(fake.instances) == [id]
    assert not run(engine.diff(INSTANCE, id, run(engine.read(INSTANCE, id, after, wanted)).properties, wanted)).changes


def test_a_single_one_gets_its_standby_in_place_in_whatever_order_the_zones_are_said(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(INSTANCE, A_SINGLE))
    wanted = {**A_PAIR, "zone": "AZ3", "standbyZone": "AZ1"}
    assert run(engine.diff(INSTANCE, id, state, wanted)).replaces == []
    after = run(engine.update(INSTANCE, id, state, wanted))
    places = [(node["zone"], node["role"]) for node in to_plain(after)["nodes"]]
    assert (places, fake.instances[id]["prodId"]) == ([("AZ1", "primary"), ("AZ3", "standby")], 10001101)
    assert not run(engine.diff(INSTANCE, id, after, wanted)).changes
    assert run(engine.diff(INSTANCE, id, after, A_SINGLE)).replaces, "no call makes a pair single"


@pytest.mark.parametrize("switched", [True, False])
def test_zones_of_a_pair_are_where_its_nodes_stand(engine: Any, fake: Any, run: Any, pair: Any, switched: bool) -> None:
    """In either order, whoever leads: roles are changed by a switchover and not by a setting."""
    id, state = pair
    if switched:
        for node in fake.instances[id]["azInfoList"]:
            node["role"] = "slave" if node["role"] == "master" else "master"
        state = run(engine.read(INSTANCE, id, state, A_PAIR)).properties
    other = {**A_PAIR, "zone": "AZ2", "standbyZone": "AZ1"}
    assert not run(engine.diff(INSTANCE, id, state, other)).changes
    after = run(engine.update(INSTANCE, id, state, {**other, "failover": "manual"}))
    for inputs in (A_PAIR, other):
        wanted = {**inputs, "failover": "manual"}
        seen = run(engine.read(INSTANCE, id, after, wanted))
        assert not run(engine.diff(INSTANCE, id, seen.properties, wanted)).changes
    assert fake.calls["POST upgrade"] == 0


@pytest.mark.parametrize("cut_off", ["POST upgrade", "GET instance"])
def test_an_update_that_was_killed_carries_on(make_engine: Any, fake: Any, run: Any, pair: Any, cut_off: str) -> None:
    """What it has ordered comes to its end first, and nothing is ordered twice."""
    id, state = pair
    wanted = {**A_PAIR, "flavor": "4C8G"}

    def stop() -> None:
        if fake.calls["POST upgrade"]:
            raise asyncio.CancelledError

    fake.after[cut_off] = stop
    with pytest.raises((asyncio.CancelledError, InitFailed, PluginError)):
        run(make_engine().update(INSTANCE, id, state, wanted))
    fake.after.clear()
    run(make_engine().update(INSTANCE, id, state, wanted))
    assert (fake.instances[id]["machineSpec"], fake.calls["POST upgrade"]) == ("4C8G", 1)


@pytest.mark.parametrize(
    ("had", "change", "told"),
    [
        ("A_PAIR", {"flavor": "4C8G"}, "dev-db .* is 4C8G and cannot shrink to 2C4G. Set flavor to what it is"),
        ("A_PAIR", {"storageGib": 200}, "dev-db .* has 200 GiB and cannot shrink to 100. Set storageGib to what it has"),
        ("A_SINGLE", {"standbyZone": "AZ2"}, "dev-db .* has a standby, which no call takes away. Set standbyZone"),
    ],
)
def test_what_a_killed_update_has_ordered_is_not_passed_over_when_it_is_put_back(
    make_engine: Any, fake: Any, run: Any, had: str, change: dict[str, Any], told: str
) -> None:
    inputs = globals()[had]
    id, state = run(make_engine().create(INSTANCE, inputs))

    def stop() -> None:
        raise asyncio.CancelledError

    fake.after["POST upgrade"] = stop
    with pytest.raises((asyncio.CancelledError, InitFailed, PluginError)):
        run(make_engine().update(INSTANCE, id, state, {**inputs, **change}))
    fake.after.clear()
    assert run(make_engine().diff(INSTANCE, id, state, inputs)).changes
    for _ in range(2):
        with pytest.raises((InitFailed, PluginError), match=told):
            run(make_engine().update(INSTANCE, id, state, inputs))
    run(make_engine().update(INSTANCE, id, state, {**inputs, **change}))
    assert fake.calls["POST upgrade"] == 1


def test_a_change_that_the_cloud_could_not_make_is_told(engine: Any, fake: Any, run: Any, pair: Any) -> None:
    id, state = pair
    fake.fails = True
    with pytest.raises(PluginError, match="A change of MySQL instance dev-db failed: no room"):
        run(engine.update(INSTANCE, id, state, {**A_PAIR, "storageGib": 200}))


@pytest.mark.parametrize(("key", "value"), [("storageGib", 100), ("flavor", "2C4G"), ("flavor", "16C8G")])
def test_what_would_have_to_shrink_is_refused_before_anything_happens(engine: Any, run: Any, key: str, value: Any) -> None:
    had = {**A_PAIR, "storageGib": 200, "flavor": "4C16G"}
    [(name, reason)] = run(engine.failures(INSTANCE, {**had, key: value}, had))
    assert name == key and "it has" in reason
    assert run(engine.failures(INSTANCE, {**had, key: value, "version": "5.7"}, had)) == [], "that one is made anew"
    assert run(engine.failures(INSTANCE, {**had, key: value})) == []


def test_one_that_was_enlarged_by_somebody_else_does_not_shrink(engine: Any, fake: Any, run: Any, pair: Any) -> None:
    id, state = pair
    fake.instances[id]["diskSize"] = 300
    with pytest.raises(PluginError, match="has 300 GiB and cannot shrink to 100"):
        run(engine.update(INSTANCE, id, state, {**A_PAIR, "failover": "manual"}))


@pytest.mark.parametrize(("key", "value"), [("standbyZone", "AZ3"), ("version", "5.7"), ("zone", "AZ3")])
def test_what_else_changes_replaces(engine: Any, run: Any, pair: Any, key: str, value: Any) -> None:
    id, state = pair
    assert run(engine.diff(INSTANCE, id, state, {**A_PAIR, key: value})).replaces == [key]


def test_rules_that_drifted_are_seen_and_put_right(engine: Any, fake: Any, run: Any, pair: Any) -> None:
    id, state = pair
    fake.instances[id]["switchType"] = "manual"
    seen = run(engine.read(INSTANCE, id, state, A_PAIR))
    assert to_plain(seen.inputs)["failover"] == "manual"
    run(engine.update(INSTANCE, id, seen.properties, A_PAIR))
    assert fake.instances[id]["switchType"] == "auto"


def test_an_import_finds_everything_but_the_password(engine: Any, run: Any, pair: Any) -> None:
    id, _ = pair
    seen = run(engine.read(INSTANCE, id))
    without = {key: value for key, value in A_PAIR.items() if key != "password"}
    assert not run(engine.diff(INSTANCE, id, seen.properties, without)).changes


def test_delete_and_what_is_gone_already(engine: Any, fake: Any, run: Any, pair: Any) -> None:
    id, state = pair
    run(engine.delete(INSTANCE, id, state))
    assert fake.instances == {}
    run(engine.delete(INSTANCE, id, state))
    assert run(engine.read(INSTANCE, id, state, A_PAIR)).resource_id == ""


# -- parts


def parts(id: str) -> dict[str, dict[str, Any]]:
    inside = {"region": "华东1", "instanceId": id}
    grants = [{"database": "hr_db", "privilege": "readWrite"}]
    return {
        DATABASE: {**inside, "name": "hr_db"},
        ACCOUNT: {**inside, "name": "hr_app", "password": "Aa1!secret", "grants": grants},
        WHITE_LIST: {**inside, "name": "lab", "addresses": ["192.168.0.0/16", "10.0.0.7"]},
        EIP: {**inside, "eipId": "eip-1"},
    }


@pytest.mark.parametrize("type", parts(""))
def test_a_part_comes_is_read_and_goes(engine: Any, fake: Any, run: Any, pair: Any, type: str) -> None:
    inputs = parts(pair[0])[type]
    id, state = run(engine.create(type, inputs))
    assert id.startswith(f"{pair[0]}/")
    assert run(engine.read(type, id, state, inputs)).properties == state
    imported = run(engine.read(type, f"华东1/{id}"))
    assert to_plain(run(engine.read(type, id)).inputs) == to_plain(imported.inputs), "as the state has it, without the region"
    shown = {key: value for key, value in to_plain(imported.inputs).items() if key != "charset"}
    assert shown == {key: value for key, value in inputs.items() if key != "password"} or type == WHITE_LIST
    run(engine.delete(type, id, state))
    run(engine.delete(type, id, state))
    assert run(engine.read(type, id, state, inputs)).resource_id == ""


@pytest.mark.parametrize("type", parts(""))
def test_a_part_of_an_instance_that_is_gone_is_gone(engine: Any, fake: Any, run: Any, pair: Any, type: str) -> None:
    inputs = parts(pair[0])[type]
    id, state = run(engine.create(type, inputs))
    fake.instances.clear()
    fake.eips["eip-1"] = ""
    run(engine.delete(type, id, state))


@pytest.mark.parametrize("order_status", [8, 6])
def test_parts_of_an_instance_that_was_given_back_are_gone_and_of_a_stopped_one_not(
    engine: Any, fake: Any, run: Any, pair: Any, order_status: int
) -> None:
    inputs = parts(pair[0])[ACCOUNT]
    id, state = run(engine.create(ACCOUNT, inputs))
    fake.instances[pair[0]]["prodOrderStatus"] = order_status
    fake.refuse["GET account"] = ["Openapi.Mysql.StatusNotAllowed"]
    if order_status == 8:
        run(engine.delete(ACCOUNT, id, state))
        assert fake.calls["DELETE account"] == 0, "the cloud would refuse it for ever"
        assert run(engine.read(ACCOUNT, id, state, inputs)).resource_id == ""
    else:
        with pytest.raises(PluginError, match="not now"):
            run(engine.read(ACCOUNT, id, state, inputs))


def test_an_address_said_twice_is_no_drift(engine: Any, fake: Any, run: Any, pair: Any) -> None:
    inputs = {**parts(pair[0])[WHITE_LIST], "addresses": ["10.0.0.7", "10.0.0.7"]}
    id, state = run(engine.create(WHITE_LIST, inputs))
    fake.contents["list"][id]["groupWhiteList"] = ["10.0.0.7"]
    assert not run(engine.diff(WHITE_LIST, id, run(engine.read(WHITE_LIST, id, state, inputs)).properties, inputs)).changes


@pytest.mark.parametrize("type", [DATABASE, ACCOUNT, WHITE_LIST])
def test_a_part_that_this_stack_has_not_made_is_left_alone(
    make_engine: Any, run: Any, pair: Any, tmp_path: Path, type: str
) -> None:
    inputs = parts(pair[0])[type]
    run(make_engine().create(type, inputs))
    with pytest.raises(
        PluginError, match=f"exists already, and no unfinished update of this stack has made it.*{type} thing 华东1/{pair[0]}/"
    ):
        run(make_engine(state=tmp_path / "other").create(type, inputs))


def test_an_interrupted_account_is_adopted_with_its_password_only(make_engine: Any, fake: Any, run: Any, pair: Any) -> None:
    """The cloud does not show passwords: with another one nobody could log in."""

    def stop() -> None:
        raise asyncio.CancelledError

    inputs = parts(pair[0])[ACCOUNT]
    fake.after["POST account"] = stop
    with pytest.raises((asyncio.CancelledError, InitFailed, PluginError)):
        run(make_engine().create(ACCOUNT, inputs))
    fake.after.clear()
    with pytest.raises(PluginError, match="an update that was cut off has begun it with other settings"):
        run(make_engine().create(ACCOUNT, {**inputs, "password": "Bb2!secret"}))
    run(make_engine().create(ACCOUNT, inputs))
    assert (fake.calls["POST account"], fake.passwords["hr_app"]) == (1, "Aa1!secret")


def test_a_busy_instance_is_waited_for(engine: Any, fake: Any, run: Any, pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rds_parts.when_idle, "__defaults__", (5.0, 0.01))
    fake.refuse["POST database"] = ["Openapi.Mysql.StatusNotAllowed"] * 2
    run(engine.create(DATABASE, parts(pair[0])[DATABASE]))
    assert fake.calls["POST database"] == 3


def test_account_and_white_list_change_in_place(engine: Any, fake: Any, run: Any, pair: Any) -> None:
    account, white = parts(pair[0])[ACCOUNT], parts(pair[0])[WHITE_LIST]
    id, state = run(engine.create(ACCOUNT, account))
    wanted = {**account, "password": "Bb2!secret", "grants": [{"database": "other", "privilege": "readOnly"}]}
    assert not run(engine.diff(ACCOUNT, id, state, wanted)).replaces
    run(engine.update(ACCOUNT, id, state, wanted))
    assert fake.passwords["hr_app"] == "Bb2!secret"
    assert fake.contents["account"][id]["schemaPrivilegeVOList"] == [{"grantSchema": "other", "readOnly": True}]
    id, state = run(engine.create(WHITE_LIST, white))
    assert not run(engine.diff(WHITE_LIST, id, state, {**white, "addresses": white["addresses"][::-1]})).changes
    run(engine.update(WHITE_LIST, id, state, {**white, "addresses": ["10.0.0.8"]}))
    assert fake.contents["list"][id]["groupWhiteList"] == ["10.0.0.8"]


def test_a_public_address_of_another_is_not_taken(engine: Any, fake: Any, run: Any, pair: Any) -> None:
    fake.eips["eip-1"] = "i-7"
    with pytest.raises(PluginError, match=f"EIP {EIP_ADDRESS} .* is bound to i-7, .* two updates"):
        run(engine.create(EIP, parts(pair[0])[EIP]))


PROBLEMS: dict[str, tuple[str, dict[str, Any], str]] = {
    "standbyZone": (INSTANCE, {"standbyZone": "AZ1"}, "the primary's zone too"),
    "name": (INSTANCE, {"name": "db"}, "4-64 letters"),
    "password": (INSTANCE, {"password": "weak"}, "three of lower case"),
    "storageGib": (INSTANCE, {"storageGib": 50}, "100 to 32768 GiB"),
    "flavor": (INSTANCE, {"flavor": "large"}, "write 2C4G"),
    "failover": (INSTANCE, {"failover": "never"}, "auto, manual"),
    "haMode": (INSTANCE, {"haMode": "reliablity"}, "reliability, usability"),
}


@pytest.mark.parametrize("property", PROBLEMS)
def test_bad_input_is_refused_before_anything_is_made(engine: Any, run: Any, property: str) -> None:
    type, wrong, reason = PROBLEMS[property]
    found = run(engine.failures(type, {**A_PAIR, **wrong}))
    assert [name for name, _ in found] == [property if property != "password" else ""]  # else the engine would print its value
    assert reason in found[0][1]


def test_all_problems_come_at_once(engine: Any, run: Any) -> None:
    bad = {**A_PAIR, "standbyZone": "AZ1", "password": "weak", "name": "db"}
    assert {name for name, _ in run(engine.failures(INSTANCE, bad))} == {"standbyZone", "", "name"}


@pytest.mark.parametrize(
    ("type", "wrong", "reason"),
    [
        (DATABASE, {"name": "mysql"}, "server's own"),
        (DATABASE, {"name": "Hr"}, "lower-case"),
        (ACCOUNT, {"name": "root"}, "server's own"),
        (ACCOUNT, {"grants": [{"database": "hr_db", "privilege": "all"}]}, "readWrite, readOnly"),
        (ACCOUNT, {"grants": [{"database": "hr_db", "privilege": "dml"}] * 2}, "stands already in grants[0]"),
        (WHITE_LIST, {"addresses": []}, "at least one"),
        (WHITE_LIST, {"addresses": ["10.0.0.1/8"]}, "did you mean 10.0.0.0/8"),
        (WHITE_LIST, {"name": "my-list"}, "lower-case"),
    ],
)
def test_bad_parts_are_refused(engine: Any, run: Any, type: str, wrong: dict[str, Any], reason: str) -> None:
    found = run(engine.failures(type, {**parts("x")[type], **wrong}))
    assert len(found) == 1
    assert reason in found[0][1]
