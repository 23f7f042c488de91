"""Create that adopts, read that sees drift, update in place, patient delete: the real client, a cloud in a dictionary."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from unit.pulumi_ctyun.conftest import new_disk

from pulumi_ctyun.kit.serve import InitFailed, PluginError
from pulumi_ctyun.kit.values import to_plain, to_property
from pulumi_ctyun.provider import cloud_handler, exclusive
from pulumi_ctyun.provider import eip as provider_eip

VPC = "ctyun:vpc:Vpc"
SUBNET = "ctyun:vpc:Subnet"
GROUP = "ctyun:vpc:SecurityGroup"
EIP = "ctyun:eip:Eip"
BINDING = "ctyun:eip:EipAssociation"
KEY = "ctyun:ecs:KeyPair"
SERVER = "ctyun:ecs:Instance"

A_VPC = {"region": "华东1", "name": "dev-vpc", "cidr": "192.168.0.0/16"}
AN_EIP = {"region": "华东1", "name": "dev-eip"}
A_KEY = {"region": "华东1", "name": "dev-key"}
SSH = {"direction": "ingress", "action": "accept", "protocol": "TCP", "ports": "22", "cidr": "0.0.0.0/0"}
WEB = {**SSH, "ports": "80"}
A_GROUP = {"region": "华东1", "vpcId": "vpc-0", "name": "dev-web", "rules": [SSH, WEB]}
A_SERVER: dict[str, Any] = {
    "region": "华东1",
    "zone": "AZ2",
    "name": "dev-web-01",
    "flavor": "1C1G",
    "image": "debian-12",
    "vpcId": "vpc-0",
    "subnetId": "subnet-0",
    "securityGroupIds": ["sg-1", "sg-2"],
    "userData": "#cloud-config\n",
    "labels": {"role": "web"},
}


BIGGER = {**A_SERVER, "flavor": "1C2G"}


async def killed(_: dict[str, Any]) -> None:
    raise asyncio.CancelledError


def test_create_marks_and_outputs_the_id(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(VPC, {**A_VPC, "description": "course"}))
    assert to_plain(state)["vpcId"] == id
    assert fake.things[id]["description"].startswith("course [drlab:")


def test_preview_calls_nobody_and_answers_unknowns(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(SERVER, A_SERVER, preview=True))
    assert (id, repr(to_plain(state)["instanceId"]), fake.calls.total()) == ("", "UNKNOWN", 0)
    assert state["userData"].is_secret


def test_a_lost_answer_leads_to_adoption_and_no_second_vpc(make_engine: Any, fake: Any, run: Any) -> None:
    fake.after["create"] = killed
    with pytest.raises(asyncio.CancelledError):
        run(make_engine().create(VPC, A_VPC))
    fake.after.clear()
    id, _ = run(make_engine().create(VPC, A_VPC))
    assert [thing["name"] for thing in fake.of("vpc")] == ["dev-vpc"]
    assert id in fake.things


def test_an_unfinished_create_is_sent_again_with_its_own_token(make_engine: Any, fake: Any, run: Any) -> None:
    """The request of the killed run may arrive after the next run has looked: the cloud must see one wish, not two."""
    seen: list[str] = []

    async def note(wanted: dict[str, Any]) -> None:
        if "CIDR" in wanted:
            seen.append(wanted["clientToken"])
            if len(seen) == 1:
                raise asyncio.CancelledError

    fake.before["create"] = note
    with pytest.raises(asyncio.CancelledError):
        run(make_engine().create(VPC, A_VPC))
    run(make_engine().create(VPC, A_VPC))
    assert len(seen) == 2
    assert len(set(seen)) == 1


def test_after_a_delete_the_same_wish_gets_a_new_token(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(VPC, A_VPC))
    run(engine.delete(VPC, id, state))
    again, _ = run(engine.create(VPC, A_VPC))
    assert list(fake.things) == [again]


def test_after_something_vanished_the_same_wish_gets_a_new_token(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(VPC, A_VPC))
    del fake.things[id]
    assert run(engine.read(VPC, id, state, A_VPC)).resource_id == ""
    again, _ = run(engine.create(VPC, A_VPC))
    assert list(fake.things) == [again]


def test_drift_shows_in_state_and_inputs(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(VPC, A_VPC))
    fake.things[id]["name"] = "renamed"
    seen = run(engine.read(VPC, id, state, A_VPC))
    assert to_plain(seen.properties)["name"] == to_plain(seen.inputs)["name"] == "renamed"
    assert "description" not in seen.inputs


def test_drift_in_what_the_program_keeps_secret_is_secret(engine: Any, fake: Any, run: Any) -> None:
    wish = {**A_VPC, "name": to_property("dev-hidden", secret=True)}
    id, state = run(engine.create(VPC, wish))
    fake.things[id]["name"] = "renamed"
    seen = run(engine.read(VPC, id, state, wish))
    assert to_plain(seen.properties)["name"] == "renamed"
    assert seen.properties["name"].is_secret and seen.inputs["name"].is_secret


def test_what_the_program_keeps_secret_is_in_no_error(engine: Any, fake: Any, run: Any) -> None:
    fake.refuse["create"] = "Openapi.Vpc.QuotaExceeded"
    with pytest.raises(PluginError, match=r"Could not create VPC \[secret\]: Openapi.Vpc.QuotaExceeded"):
        run(engine.create(VPC, {**A_VPC, "name": to_property("dev-hidden", secret=True)}))


def test_without_drift_nothing_changes(engine: Any, run: Any) -> None:
    id, state = run(engine.create(SERVER, A_SERVER))
    seen = run(engine.read(SERVER, id, state, A_SERVER))
    assert seen.properties == state
    assert seen.inputs["userData"].is_secret


@pytest.mark.parametrize("prefix", ["", "华东1/", "bb9fdb42056f11eda1610242ac110002/"])
def test_import_by_id_finds_the_region(engine: Any, run: Any, prefix: str) -> None:
    id, _ = run(engine.create(VPC, {**A_VPC, "description": "old"}))
    seen = run(engine.read(VPC, prefix + id))
    assert seen.resource_id == id
    region = prefix.rstrip("/") or "华东1"
    assert to_plain(seen.inputs) == {**A_VPC, "region": region, "description": "old"}
    assert not run(engine.diff(VPC, id, seen.properties, {**A_VPC, "description": "old"})).changes


@pytest.mark.parametrize("id", ["vpc-404", "华东1/vpc-404"])
def test_import_of_nothing_is_an_error(engine: Any, run: Any, id: str) -> None:
    with pytest.raises(PluginError, match=f"There is no {VPC} with the id {id}"):
        run(engine.read(VPC, id))


def test_delete_waits_until_the_network_lets_go(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(VPC, A_VPC))
    fake.in_use[id] = 1
    run(engine.delete(VPC, id, state))
    assert fake.things == {}


def test_deleting_what_is_gone_succeeds(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(VPC, A_VPC))
    fake.things.clear()
    run(engine.delete(VPC, id, state))


def test_a_refusal_is_a_sentence_and_costs_no_token(engine: Any, fake: Any, run: Any, tmp_path: Path) -> None:
    fake.refuse["create"] = "Openapi.Vpc.QuotaExceeded"
    with pytest.raises(PluginError, match="Could not create VPC dev-vpc"):
        run(engine.create(VPC, A_VPC))
    assert list((tmp_path / "tokens").iterdir()) == []


def test_subnet_has_a_gateway(engine: Any, run: Any) -> None:
    inputs = {"region": "华东1", "vpcId": "vpc-0", "name": "dev-subnet", "cidr": "192.168.1.0/24"}
    _, state = run(engine.create(SUBNET, inputs))
    assert to_plain(state)["gateway"] == "192.168.1.1"


def test_a_group_gets_its_rules_and_keeps_the_clouds_egress(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(GROUP, A_GROUP))
    rules = fake.things[id]["securityGroupRuleList"]
    assert [(rule["direction"], rule.get("range")) for rule in rules] == [("egress", None), ("ingress", "22"), ("ingress", "80")]
    assert to_plain(run(engine.read(GROUP, id, state, A_GROUP)).properties)["rules"] == to_plain(state)["rules"]


def test_a_rule_names_its_own_group_by_self_or_by_the_id_that_it_has_got(engine: Any, fake: Any, run: Any) -> None:
    inside = {"direction": "ingress", "action": "accept", "protocol": "ANY", "groupId": "self"}
    wished = {**A_GROUP, "rules": [SSH, inside]}
    id, state = run(engine.create(GROUP, wished))
    assert fake.things[id]["securityGroupRuleList"][-1]["remoteSecurityGroupID"] == id
    assert to_plain(state)["rules"][1]["groupId"] == "self"
    by_id = {**A_GROUP, "rules": [{**inside, "groupId": id}, SSH]}
    later = run(engine.update(GROUP, id, state, by_id))
    for known, inputs in ((state, wished), (later, by_id)):
        assert to_plain(run(engine.read(GROUP, id, known, inputs)).properties)["rules"] == to_plain(known)["rules"]
        assert not run(engine.diff(GROUP, id, known, wished)).changes
        assert not run(engine.diff(GROUP, id, known, by_id)).changes
        assert run(engine.diff(GROUP, id, known, A_GROUP)).changes
    imported = to_plain(run(engine.read(GROUP, id)).inputs)["rules"]
    assert [rule.get("groupId") for rule in imported if rule["direction"] == "ingress"] == [None, "self"]
    assert len(fake.things[id]["securityGroupRuleList"]) == 3, "the same rule in other words was not made again"


def test_changed_rules_are_added_before_old_ones_go(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(GROUP, A_GROUP))
    order: list[str] = []

    async def added(_: dict[str, Any]) -> None:
        order.append("add")

    async def removed(_: dict[str, Any]) -> None:
        order.append("remove")

    fake.before.update(create_security_group_ingress=added, revoke_security_group_ingress=removed)
    wanted = {**A_GROUP, "rules": [SSH, {**WEB, "ports": "8080"}]}
    assert run(engine.diff(GROUP, id, state, wanted)).replaces == []
    run(engine.update(GROUP, id, state, wanted))
    assert order == ["add", "remove"]
    assert [rule.get("range") for rule in fake.things[id]["securityGroupRuleList"]] == [None, "22", "8080"]


def test_rules_are_exchanged_in_turns_where_the_group_has_no_room_for_both(engine: Any, fake: Any, run: Any) -> None:
    """Thirty for thirty others of fifty that a group may hold; each old one makes room for the new one that is most like it."""
    quota, counts = 50, list[int]()
    before = [{**WEB, "ports": str(port), "cidr": "10.0.0.0/8"} for port in range(8000, 8030)]
    after = [{**rule, "cidr": "172.16.0.0/12"} for rule in before[1:]] + [{**WEB, "ports": "9000"}]
    id, state = run(engine.create(GROUP, {**A_GROUP, "rules": before}))

    async def within_quota(wanted: dict[str, Any]) -> None:
        counts.append(len(fake.things[id]["securityGroupRuleList"]))
        if counts[-1] + len(wanted["securityGroupRules"]) > quota:
            raise fake.refusal("Openapi.Quota.Exceeded")

    fake.before["create_security_group_ingress"] = within_quota
    run(engine.update(GROUP, id, state, {**A_GROUP, "rules": after}))
    kept = [(rule["range"], rule["destCidrIp"]) for rule in fake.things[id]["securityGroupRuleList"] if rule.get("range")]
    assert sorted(kept) == sorted((rule["ports"], rule["cidr"]) for rule in after)
    assert min(counts) == 30  # never more than one rule short


def test_rules_beyond_the_quota_are_refused_and_the_old_ones_stay(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(GROUP, A_GROUP))

    async def full(_: dict[str, Any]) -> None:
        raise fake.refusal("Openapi.Quota.Exceeded")

    fake.before["create_security_group_ingress"] = full
    with pytest.raises(PluginError, match=r"Openapi\.Quota\.Exceeded"):
        run(engine.update(GROUP, id, state, {**A_GROUP, "rules": [SSH, WEB, {**WEB, "ports": "8080"}]}))
    assert len(fake.things[id]["securityGroupRuleList"]) == 3


def test_rules_in_another_order_are_no_change(engine: Any, run: Any) -> None:
    id, state = run(engine.create(GROUP, A_GROUP))
    assert not run(engine.diff(GROUP, id, state, {**A_GROUP, "rules": [WEB, SSH]})).changes


def test_eip_of_that_name_that_we_did_not_make_is_left_alone(engine: Any, fake: Any, run: Any) -> None:
    fake.things["eip-7"] = {"kind": "eip", "name": "dev-eip", "bandwidth": 5, "eipAddress": "198.18.0.7", "status": "DOWN"}
    with pytest.raises(PluginError, match=r"dev-eip \(eip-7\) exists already.*pulumi import ctyun:eip:Eip thing 华东1/eip-7"):
        run(engine.create(EIP, AN_EIP))
    assert list(fake.things) == ["eip-7"]


def test_eip_is_bound_and_its_unbinding_is_drift(engine: Any, fake: Any, run: Any) -> None:
    eip, _ = run(engine.create(EIP, AN_EIP))
    wish = {"region": "华东1", "eipId": eip, "instanceId": "server-1"}
    id, state = run(engine.create(BINDING, wish))
    assert (id, to_plain(state)["privateAddress"]) == (eip, "192.168.1.10")
    fake.things[eip]["associationID"] = None
    assert run(engine.read(BINDING, id, state, wish)).resource_id == ""
    run(engine.delete(BINDING, id, state))


def test_binding_leaves_an_eip_that_serves_another_server(engine: Any, fake: Any, run: Any) -> None:
    eip, _ = run(engine.create(EIP, AN_EIP))
    wish = {"region": "华东1", "eipId": eip, "instanceId": "server-1"}
    id, state = run(engine.create(BINDING, wish))
    fake.things[eip]["associationID"] = "server-2"
    run(engine.delete(BINDING, id, state))
    assert fake.things[eip]["associationID"] == "server-2"


def test_an_eip_that_is_taken_is_waited_for_and_the_error_names_two_updates(
    engine: Any, fake: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    eip, _ = run(engine.create(EIP, AN_EIP))
    wish = {"region": "华东1", "eipId": eip, "instanceId": "server-1"}
    fake.things[eip]["associationID"] = "lb-1"
    with pytest.raises(PluginError, match=r"EIP 198\S+ \(eip-0\) is bound to lb-1, .* two updates"):
        run(engine.create(BINDING, wish))
    assert fake.things[eip]["associationID"] == "lb-1"

    async def freed(_: dict[str, Any]) -> None:  # by a change of the balancer, in the same update
        if fake.calls["show"] == looks + 3:
            fake.things[eip]["associationID"] = None

    monkeypatch.setattr(exclusive, "FREE_SECONDS", 30)
    looks, fake.before["show"] = fake.calls["show"], freed
    assert run(engine.create(BINDING, wish))[0] == eip


def test_a_binding_that_was_not_seen_to_take_effect_is_looked_at_by_the_next_update(
    engine: Any, fake: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state has it without its output; the engine calls update, which must not take it for done."""

    async def later(wanted: dict[str, Any]) -> None:
        fake.things[wanted["eipID"]]["privateIpAddress"] = None

    fake.after["associate"] = later
    monkeypatch.setattr(provider_eip, "BIND_SECONDS", 0.2)
    (eip, _), wish = run(engine.create(EIP, AN_EIP)), {"region": "华东1", "instanceId": "server-1"}
    with pytest.raises(InitFailed, match=r"Waited 0\.2 s for EIP") as caught:
        run(engine.create(BINDING, {**wish, "eipId": eip}))
    fake.things[eip]["privateIpAddress"] = "192.168.1.10"
    state = run(engine.update(BINDING, caught.value.resource_id, caught.value.properties, {**wish, "eipId": eip}))
    assert to_plain(state["privateAddress"]) == "192.168.1.10"


def test_generated_key_is_secret_and_an_interrupted_one_is_made_anew(make_engine: Any, fake: Any, run: Any) -> None:
    async def lost(_: dict[str, Any]) -> None:
        raise asyncio.CancelledError

    fake.after["create_keypair"] = lost
    with pytest.raises(asyncio.CancelledError):
        run(make_engine().create(KEY, A_KEY))
    fake.after.clear()
    id, state = run(make_engine().create(KEY, A_KEY))
    assert id == "dev-key"
    assert state["privateKey"].is_secret
    assert not state["publicKey"].is_secret
    assert fake.calls["delete"] == 1


def test_generated_public_key_is_no_change_later(engine: Any, run: Any) -> None:
    id, state = run(engine.create(KEY, A_KEY))
    assert not run(engine.diff(KEY, id, state, A_KEY)).changes


def test_another_key_pair_of_the_same_name_is_not_ours(engine: Any, fake: Any, run: Any) -> None:
    """Servers made with it would not let in whoever holds the private half in the state."""
    id, state = run(engine.create(KEY, A_KEY))
    fake.things[id]["keyPairID"] = "kp-another"
    assert run(engine.read(KEY, id, state, A_KEY)).resource_id == ""
    with pytest.raises(PluginError, match=r"dev-key .* exists already"):
        run(engine.create(KEY, A_KEY))


def test_server_runs_and_shows_its_addresses(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(SERVER, A_SERVER))
    assert to_plain(state)["privateAddress"] == "192.168.1.10"
    assert to_plain(state)["zoneName"] == fake.things[id]["azName"] == "zone-2"
    assert "status" not in state


def test_server_changes_name_labels_and_groups_in_place(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(SERVER, A_SERVER))
    wanted = {**A_SERVER, "name": "dev-web-02", "labels": {"tier": "1"}, "securityGroupIds": ["sg-2", "sg-3"]}
    change = run(engine.diff(SERVER, id, state, wanted))
    assert (sorted(change.diffs), change.replaces) == (["labels", "name", "securityGroupIds"], [])
    run(engine.update(SERVER, id, state, wanted))
    thing = fake.things[id]
    assert (thing["name"], thing["groups"]) == ("dev-web-02", ["sg-2", "sg-3"])
    assert sorted(thing["labels"]) == ["drlab-mark", "tier"]


@pytest.mark.parametrize("status", ["running", "stopped"])
def test_a_server_gets_another_flavour_in_place_and_its_power_back(engine: Any, fake: Any, run: Any, status: str) -> None:
    id, state = run(engine.create(SERVER, A_SERVER))
    fake.things[id]["status"] = status
    wanted = {**A_SERVER, "flavor": "1C2G"}
    assert run(engine.diff(SERVER, id, state, wanted)).replaces == []
    after = run(engine.update(SERVER, id, state, wanted))
    assert (fake.things[id]["status"], fake.things[id]["flavor"]["flavorID"]) == (status, "f-2")
    assert not run(engine.diff(SERVER, id, run(engine.read(SERVER, id, after, wanted)).properties, wanted)).changes
    run(engine.update(SERVER, id, after, {**wanted, "flavor": "s7.medium.2"}))
    assert fake.calls["update_flavor_spec"] == 1, "another spelling is no other flavour"


@pytest.fixture(params=["before", "after"])
def when(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["stop_instance", "update_flavor_spec", "start_instance", "query_uuid"])
def half_way(make_engine: Any, fake: Any, run: Any, request: pytest.FixtureRequest, when: str) -> tuple[str, dict[str, Any]]:
    """A server whose change of flavour was killed before or after one call; its id, and its state, which has not heard of it."""
    id, state = run(make_engine().create(SERVER, A_SERVER))
    getattr(fake, when)[request.param] = killed
    with pytest.raises((asyncio.CancelledError, InitFailed, PluginError)):
        run(make_engine().update(SERVER, id, state, BIGGER))
    getattr(fake, when).clear()
    return id, state


def test_a_change_of_flavour_that_was_killed_is_carried_on_to_a_running_server(
    make_engine: Any, fake: Any, run: Any, half_way: Any
) -> None:
    id, state = half_way
    run(make_engine().update(SERVER, id, state, BIGGER))
    assert (fake.things[id]["status"], fake.things[id]["flavor"]["flavorID"]) == ("running", "f-2")


def test_a_change_of_flavour_that_was_killed_and_put_back_leaves_a_running_server(
    make_engine: Any, fake: Any, run: Any, half_way: Any
) -> None:
    """The state has never heard of it, so nothing is changed by its inputs."""
    id, state = half_way
    change = run(make_engine().diff(SERVER, id, state, A_SERVER))
    assert (change.changes, change.replaces) == (True, [])
    last = make_engine()
    after = run(last.update(SERVER, id, state, A_SERVER))
    assert (fake.things[id]["status"], fake.things[id]["flavor"]["flavorID"]) == ("running", "f-1")
    last.provider.end()
    assert not run(make_engine().diff(SERVER, id, after, A_SERVER)).changes


def test_a_flavour_that_is_not_there_stops_no_server_for_good(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(SERVER, A_SERVER))
    with pytest.raises(PluginError, match="9C9G"):
        run(engine.update(SERVER, id, state, {**A_SERVER, "flavor": "9C9G"}))
    assert fake.calls["stop_instance"] == 0
    fake.refuse["update_flavor_spec"] = "Ecs.Flavor.SoldOut"
    with pytest.raises(PluginError, match="SoldOut"):
        run(engine.update(SERVER, id, state, {**A_SERVER, "flavor": "1C2G"}))
    assert (fake.things[id]["status"], fake.calls["stop_instance"]) == ("running", 1)


DISKS = [{"type": "SATA", "size": 10}, {"type": "SSD", "size": 20}]


def with_disks(*sizes: int) -> dict[str, Any]:
    return {**A_SERVER, "dataDisks": [{**disk, "size": size} for disk, size in zip(DISKS, sizes, strict=True)]}


def test_data_disks_grow_in_place(engine: Any, fake: Any, run: Any) -> None:
    """Those that the program names: its image brought one that stands before them, and another one was attached later."""
    id, state = run(engine.create(SERVER, with_disks(10, 20)))
    disks = fake.things[id]["disks"]
    disks.insert(0, new_disk("SATA", 10))
    disks.append(new_disk("SATA", 10, packaged=False))
    assert run(engine.diff(SERVER, id, state, with_disks(30, 20))).replaces == []
    state = run(engine.update(SERVER, id, state, with_disks(30, 20)))
    assert [disk["diskSize"] for disk in disks] == [10, 30, 20, 10]
    assert to_plain(state)["dataDisks"] == with_disks(30, 20)["dataDisks"] and fake.calls["stop_instance"] == 0
    [(name, reason)] = run(engine.failures(SERVER, with_disks(10, 5 + 5), with_disks(30, 20)))
    assert name == "dataDisks" and "[0].size is 10 GiB; it has 30 GiB" in reason and "[1].size is 10 GiB" in reason


@pytest.mark.parametrize(
    "disks", [DISKS[:1], [*DISKS, DISKS[0]], DISKS[::-1], None], ids=["fewer", "more", "another kind", "none"]
)
def test_other_data_disks_are_another_server(engine: Any, run: Any, disks: Any) -> None:
    id, state = run(engine.create(SERVER, with_disks(10, 20)))
    assert run(engine.diff(SERVER, id, state, {**A_SERVER, "dataDisks": disks})).replaces == ["dataDisks"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_growing_disks_that_were_killed_are_carried_on_with_one_order_each(
    make_engine: Any, fake: Any, run: Any, when: str
) -> None:
    async def killed(_: dict[str, Any]) -> None:
        raise asyncio.CancelledError

    id, state = run(make_engine().create(SERVER, with_disks(10, 20)))
    getattr(fake, when)["resize_ebs"] = killed
    with pytest.raises((asyncio.CancelledError, InitFailed, PluginError)):
        run(make_engine().update(SERVER, id, state, with_disks(30, 40)))
    getattr(fake, when).clear()
    if when == "after":
        with pytest.raises(PluginError, match=r"dataDisks\[0\] of server dev-web-01 .* has 30 GiB and cannot shrink to 10"):
            run(make_engine().update(SERVER, id, state, with_disks(10, 20)))
    run(make_engine().update(SERVER, id, state, with_disks(30, 40)))
    assert [disk["diskSize"] for disk in fake.things[id]["disks"]] == [30, 40]
    assert fake.calls["enlarged"] == 2


@pytest.mark.parametrize("gone", [True, False], ids=["one was taken off", "another kind"])
def test_disks_that_cannot_be_told_apart_are_left_alone(engine: Any, fake: Any, run: Any, gone: bool) -> None:
    id, state = run(engine.create(SERVER, with_disks(10, 20)))
    disks = fake.things[id]["disks"]
    disks[0] |= {"isPackaged": False} if gone else {"diskType": "SAS"}
    with pytest.raises(PluginError, match=r"its dataDisks are cannot be told; ordered with it were .*/dev/vdc, SSD, 20 GiB"):
        run(engine.update(SERVER, id, state, with_disks(30, 40)))
    assert fake.calls["enlarged"] == 0


@pytest.mark.parametrize("moment", ["create_instance", "instance_details"], ids=["its order is open", "it boots"])
def test_cancel_keeps_a_server_that_exists(engine: Any, fake: Any, run: Any, moment: str) -> None:
    """Ctrl-C: the engine is told the server's id, so that the next update goes on and a destroy removes it."""
    fake.status_after_order = "creating"

    booting = asyncio.Event()

    async def looked(_: dict[str, Any]) -> None:
        booting.set()

    fake.after[moment] = looked

    async def stop() -> None:
        waiting = asyncio.ensure_future(engine.create(SERVER, A_SERVER))
        await booting.wait()
        await engine.provider.cancel()
        await waiting

    with pytest.raises(InitFailed, match="the update was cancelled") as caught:
        run(asyncio.wait_for(stop(), 5))
    assert caught.value.resource_id in fake.things
    assert to_plain(caught.value.inputs)["name"] == "dev-web-01"
    with pytest.raises(PluginError, match="the update was cancelled"):
        run(engine.create(VPC, A_VPC))


def test_cancel_waits_for_an_order_that_never_ends_only_for_a_while(
    engine: Any, fake: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud_handler, "ID_SECONDS", 0.1)
    ordered = asyncio.Event()

    async def never(_: dict[str, Any]) -> None:
        ordered.set()
        await asyncio.Event().wait()

    fake.before["query_uuid"] = never

    async def stop() -> None:
        waiting = asyncio.ensure_future(engine.create(SERVER, A_SERVER))
        await ordered.wait()
        await engine.provider.cancel()
        await waiting

    with pytest.raises(PluginError, match="the update was cancelled"):
        run(asyncio.wait_for(stop(), 5))


def test_full_disk_below_the_state_folder_is_a_sentence(engine: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pulumi_ctyun.provider.tokens.write_private", full)
    with pytest.raises(PluginError, match="No space left on device"):
        run(engine.create(VPC, A_VPC))


def test_update_completes_a_server_that_was_still_booting(make_engine: Any, fake: Any, run: Any) -> None:
    engine = make_engine()
    id, state = run(engine.create(SERVER, A_SERVER))
    fake.things[id]["status"] = "creating"

    async def boots(_: dict[str, Any]) -> None:
        if fake.calls["instance_details"] > 5:
            fake.things[id]["status"] = "running"

    fake.before["instance_details"] = boots
    run(engine.update(SERVER, id, state, A_SERVER))
    assert fake.things[id]["status"] == "running"


def test_server_that_came_up_broken_is_not_kept(engine: Any, fake: Any, run: Any) -> None:
    fake.status_after_order = "error"
    with pytest.raises(PluginError, match="came up in state error") as caught:
        run(engine.create(SERVER, A_SERVER))
    assert not isinstance(caught.value, InitFailed)
    fake.status_after_order = "running"
    run(engine.create(SERVER, A_SERVER))
    assert [server["status"] for server in fake.of("server")] == ["running"]


def test_servers_are_made_at_the_same_time(engine: Any, fake: Any, run: Any) -> None:
    """Every order waits until three have been placed: one after the other would never end."""
    placed = asyncio.Event()

    async def together(_: dict[str, Any]) -> None:
        if fake.calls["create_instance"] == 3:
            placed.set()
        await placed.wait()

    fake.before["create_instance"] = together

    async def three() -> None:
        from pulumi.provider.experimental import provider as sdk

        checked = await engine.checked(SERVER, A_SERVER)
        urns = [engine.urn(SERVER, f"server-{n}") for n in range(3)]
        await asyncio.gather(*(engine.provider.create(sdk.CreateRequest(urn, checked, 0, False)) for urn in urns))

    run(asyncio.wait_for(three(), 10))
    assert len(fake.of("server")) == 3


def test_verify_names_every_unknown_name(engine: Any, run: Any) -> None:
    from pulumi.provider.experimental import provider as sdk

    from pulumi_ctyun.kit.values import to_properties

    wanted = {"region": "华东1", "zones": ["AZ7"], "flavors": [{"zone": "AZ1", "flavor": "9C9G"}], "images": ["nope"]}
    with pytest.raises(PluginError) as caught:
        run(engine.provider.invoke(sdk.InvokeRequest("ctyun:index:verify", to_properties(wanted))))
    text = str(caught.value)
    assert all(name in text for name in ("AZ7", "9C9G", "nope"))
    good = {"region": "华东1", "zones": ["AZ1"], "images": ["debian-12"]}
    answer = run(engine.provider.invoke(sdk.InvokeRequest("ctyun:index:verify", to_properties(good))))
    assert to_plain(answer.return_value) == {"regionId": "bb9fdb42056f11eda1610242ac110002"}


IMAGE = "ctyun:image:Image"
AN_IMAGE = {"region": "华东1", "name": "dev-web", "instanceId": "server-0"}


def test_an_image_is_marked_waited_for_and_removed(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(IMAGE, {**AN_IMAGE, "description": "web"}))
    assert to_plain(state)["imageId"] == id and to_plain(state)["wholeMachine"] is True
    assert fake.things[id]["description"].startswith("web [drlab:")
    assert run(engine.diff(IMAGE, id, state, {**AN_IMAGE, "description": "other"})).replaces == ["description"]
    run(engine.delete(IMAGE, id, state))
    assert fake.of("image") == []


def test_an_image_whose_answer_was_lost_is_adopted(make_engine: Any, fake: Any, run: Any) -> None:
    async def lost(_: dict[str, Any]) -> None:
        raise asyncio.CancelledError

    fake.after["create_from_ecs"] = lost
    with pytest.raises(asyncio.CancelledError):
        run(make_engine().create(IMAGE, AN_IMAGE))
    fake.after.clear()
    id, _ = run(make_engine().create(IMAGE, AN_IMAGE))
    assert list(fake.things) == [id]


def test_an_image_that_failed_is_removed_and_made_again(make_engine: Any, fake: Any, run: Any) -> None:
    fake.image_status = "error"
    with pytest.raises(Exception, match="could not be made"):
        run(make_engine().create(IMAGE, AN_IMAGE))
    fake.image_status = "active"
    id, _ = run(make_engine().create(IMAGE, AN_IMAGE))
    assert [thing["imageStatus"] for thing in fake.of("image")] == ["active"] and id in fake.things
