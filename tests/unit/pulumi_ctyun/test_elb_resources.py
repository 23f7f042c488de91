"""Load balancers and what stands behind them: create, adopt, change in place; the real client, a cloud in a dictionary."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from unit.pulumi_ctyun.conftest import Body, FakeCloud

from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.kit.values import to_plain

BALANCER, CHECK, GROUP = "ctyun:elb:LoadBalancer", "ctyun:elb:HealthCheck", "ctyun:elb:TargetGroup"
TARGET, CERTIFICATE, LISTENER = "ctyun:elb:Target", "ctyun:elb:Certificate", "ctyun:elb:Listener"
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n"

A_BALANCER = {"region": "华东1", "name": "front", "vpcId": "vpc-1", "subnetId": "subnet-1", "type": "external", "eipId": "eip-1"}
A_CHECK = {"region": "华东1", "name": "alive", "protocol": "HTTP", "interval": 3, "path": "/health"}
A_GROUP = {"region": "华东1", "name": "web", "vpcId": "vpc-1", "healthCheckId": "hc-1"}
A_TARGET = {"region": "华东1", "targetGroupId": "tg-1", "instanceId": "i-1", "port": 80}
A_CERTIFICATE = {"region": "华东1", "name": "site", "certificate": PEM, "privateKey": KEY}
A_LISTENER = {
    "region": "华东1", "loadBalancerId": "lb-1", "name": "https", "protocol": "HTTPS", "port": 443, "targetGroupId": "tg-1",
    "certificateId": "cert-1", "forwardedFor": True,
}  # fmt: skip
ALL = [
    (BALANCER, A_BALANCER), (CHECK, A_CHECK), (GROUP, A_GROUP), (TARGET, A_TARGET), (CERTIFICATE, A_CERTIFICATE),
    (LISTENER, A_LISTENER),
]  # fmt: skip
ID_FIELDS = {
    "loadbalancer": "elbID", "health_check": "healthCheckID", "target_group": "targetGroupID", "target": "targetID",
    "certificate": "certificateID", "listener": "listenerID",
}  # fmt: skip
DEFAULTS: dict[str, Body] = {
    "health_check": {"httpMethod": "GET", "httpUrlPath": "/", "httpExpectedCodes": ["http_2xx"], "protocolPort": 0},
    "target_group": {"sessionSticky": {"sessionStickyMode": "CLOSE"}},
    "target": {"healthCheckStatus": "unknown"},
    "certificate": {"status": "ACTIVE"},
    "listener": {"status": "ACTIVE", "forwardedForEnabled": False},
}
CODES = {
    "loadbalancer": "LoadBalancer", "health_check": "HealthCheck", "target_group": "TargetGroup", "target": "Target",
    "certificate": "Certificate", "listener": "Listener",
}  # fmt: skip


@dataclass
class ElbCloud(FakeCloud):
    """All six kinds behave alike: what was sent is what is shown. `bound`: EIPs that something else has, and what."""

    bound: dict[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        verb, _, kind = name.removeprefix("do_").partition("_")
        if not name.startswith("do_") or kind not in ID_FIELDS:
            raise AttributeError(name)
        return lambda wanted: getattr(self, f"_{verb}")(kind, wanted)

    def _create(self, kind: str, wanted: Body) -> Any:
        id = self._new(kind, wanted, **DEFAULTS.get(kind, {}) | wanted)
        return {"ID": id} if kind in ("health_check", "certificate") else [{"ID": id}]

    def _show(self, kind: str, wanted: Body) -> Any:
        shown = self._shown(wanted[ID_FIELDS[kind]], self._get(wanted[ID_FIELDS[kind]], CODES[kind]))
        return shown if kind in ("health_check", "certificate", "target") else [shown]

    def _list(self, kind: str, wanted: Body) -> Any:
        return [self._shown(id, thing) for id, thing in self.things.items() if thing["kind"] == kind]

    def _shown(self, id: str, thing: Body) -> Body:
        shown = {**thing, "ID": id}
        if "httpExpectedCodes" in thing:
            shown["httpExpectedCodes"] = " ".join(thing["httpExpectedCodes"])
        return shown

    def _update(self, kind: str, wanted: Body) -> Any:
        self._get(wanted[ID_FIELDS[kind]], CODES[kind]).update(wanted)
        return [{"ID": wanted[ID_FIELDS[kind]]}]

    def _delete(self, kind: str, wanted: Body) -> Any:
        return [self._drop(wanted[ID_FIELDS[kind]], CODES[kind])]

    # a load balancer is ordered, and its public address is bound and unbound

    def do_create_pgelb(self, wanted: Body) -> Body:
        eips = [{"eipID": wanted["eipID"]}] if "eipID" in wanted else []
        more = {"status": "ACTIVE", "privateIpAddress": "192.168.1.4", "eipInfo": eips}
        return {
            "masterOrderID": "o-1",
            "masterResourceStatus": "started",
            "elbID": self._new("loadbalancer", wanted, **wanted, **more),
        }

    def do_refund_pgelb(self, wanted: Body) -> Body:
        self._drop(wanted["elbID"], "LoadBalancer")
        return {"masterOrderID": "o-2", "masterResourceStatus": "refunded"}

    def do_associate_eip_to(self, wanted: Body) -> list[Body]:
        self.things[wanted["elbID"]]["eipInfo"].append({"eipID": wanted["eipID"]})
        return []

    def do_disassociate_eip_from(self, wanted: Body) -> list[Body]:
        self.things[wanted["elbID"]]["eipInfo"].remove({"eipID": wanted["eipID"]})
        return []

    def do_show(self, wanted: Body) -> Body:
        """An EIP: bound to whichever load balancer has it, else to what `bound` says."""
        holders = [id for id, thing in self.things.items() if {"eipID": wanted["eipID"]} in thing.get("eipInfo", ())]
        holder = next(iter(holders), self.bound.get(wanted["eipID"]))
        return {"ID": wanted["eipID"], "eipAddress": "198.18.0.7", "status": "DOWN", "associationID": holder}


@pytest.fixture
def fake() -> Iterator[ElbCloud]:
    yield ElbCloud()


@pytest.mark.parametrize(("type_", "inputs"), ALL, ids=[type_ for type_, _ in ALL])
def test_made_then_looked_at_shows_no_change(engine: Any, fake: Any, run: Any, type_: str, inputs: Body) -> None:
    id, state = run(engine.create(type_, inputs))
    [thing] = fake.things.values()
    assert thing["description"].startswith("[drlab:")
    seen = run(engine.read(type_, id, state, inputs))
    assert run(engine.diff(type_, id, seen.properties, inputs)).changes is False
    assert to_plain(seen.properties) == to_plain(state)
    run(engine.delete(type_, id, state))
    assert fake.things == {}


@pytest.mark.parametrize(("type_", "inputs"), ALL, ids=[type_ for type_, _ in ALL])
def test_a_lost_answer_leads_to_adoption(make_engine: Any, fake: Any, run: Any, type_: str, inputs: Body) -> None:
    async def lost(_: Body) -> None:
        raise asyncio.CancelledError

    kind = {BALANCER: "create_pgelb"}.get(type_) or {
        CHECK: "create_health_check", GROUP: "create_target_group", TARGET: "create_target", CERTIFICATE: "create_certificate",
        LISTENER: "create_listener",
    }[type_]  # fmt: skip
    fake.after[kind] = lost
    with pytest.raises(asyncio.CancelledError):
        run(make_engine().create(type_, inputs))
    fake.after.clear()
    id, _ = run(make_engine().create(type_, inputs))
    assert list(fake.things) == [id]


CHANGES: list[tuple[str, Body, Body, Body]] = [
    (CHECK, A_CHECK, {"path": None, "maxRetry": 3}, {"httpUrlPath": "/", "maxRetry": 3, "interval": 3}),
    (CHECK, A_CHECK, {"port": 8080, "codes": ["http_2xx", "http_3xx"]}, {"protocolPort": 8080}),
    (GROUP, A_GROUP, {"algorithm": "lc", "healthCheckId": "hc-2"}, {"algorithm": "lc", "healthCheckID": "hc-2"}),
    (
        GROUP, A_GROUP, {"stickiness": {"mode": "SOURCE_IP", "seconds": 1000}},
        {"sessionSticky": {"sessionStickyMode": "SOURCE_IP", "sourceIpTimeout": 1000}},
    ),
    (TARGET, A_TARGET, {"weight": 1}, {"weight": 1}),
    (CERTIFICATE, A_CERTIFICATE, {"name": "site-2"}, {"name": "site-2"}),
    (
        LISTENER, A_LISTENER, {"certificateId": "cert-2", "forwardedFor": False},
        {"certificateID": "cert-2", "forwardedForEnabled": False},
    ),
    (BALANCER, A_BALANCER, {"name": "gate", "eipId": "eip-2"}, {"name": "gate", "eipInfo": [{"eipID": "eip-2"}]}),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "inputs", "change", "expected"), CHANGES)
def test_changes_in_place(engine: Any, fake: Any, run: Any, type_: str, inputs: Body, change: Body, expected: Body) -> None:
    id, state = run(engine.create(type_, inputs))
    wanted = {name: value for name, value in {**inputs, **change}.items() if value is not None}
    difference = run(engine.diff(type_, id, state, wanted))
    assert (difference.changes, difference.replaces) == (True, [])
    state = run(engine.update(type_, id, state, wanted))
    assert fake.things[id] | expected == fake.things[id]
    seen = run(engine.read(type_, id, state, wanted))
    assert run(engine.diff(type_, id, seen.properties, wanted)).changes is False


def test_stickiness_ends(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(GROUP, {**A_GROUP, "stickiness": {"mode": "INSERT", "seconds": 60}}))
    assert fake.things[id]["sessionSticky"] == {"sessionStickyMode": "INSERT", "cookieExpire": 60}
    run(engine.update(GROUP, id, state, A_GROUP))
    assert fake.things[id]["sessionSticky"] == {"sessionStickyMode": "CLOSE"}


def test_a_group_is_not_left_without_its_health_check(engine: Any, run: Any) -> None:
    id, state = run(engine.create(GROUP, A_GROUP))
    with pytest.raises(PluginError, match="cannot be left without a health check"):
        run(engine.update(GROUP, id, state, without(A_GROUP, "healthCheckId")))


def test_a_private_key_is_secret(engine: Any, run: Any) -> None:
    _, state = run(engine.create(CERTIFICATE, A_CERTIFICATE))
    assert state["privateKey"].is_secret


def without(inputs: Body, name: str) -> Body:
    return {key: value for key, value in inputs.items() if key != name}


PROBLEMS: list[tuple[str, Body, list[str]]] = [
    (CHECK, {**A_CHECK, "interval": 2, "timeout": 3}, ["interval is 2 s, shorter than timeout, which is 3 s"]),
    (
        CHECK, {**A_CHECK, "protocol": "TCP", "timeout": 1, "codes": ["200"]},
        ["timeout is 1 s; CTyun takes 2 to 60 s", "codes '200' is not one of", "path is for protocol", "codes is for protocol"],
    ),
    (BALANCER, {**A_BALANCER, "type": "internal"}, ["eipId is for type external"]),
    (BALANCER, without(A_BALANCER, "eipId"), ["eipId is needed for type external"]),
    (BALANCER, {**A_BALANCER, "sla": "large"}, ["sla 'large' is not one of elb.default, elb.s1.small, elb.s2.small"]),
    (GROUP, {**A_GROUP, "algorithm": "lc", "stickiness": {"mode": "REWRITE", "cookie": "x"}}, ["stickiness is for algorithm"]),
    (
        GROUP, {**A_GROUP, "stickiness": {"mode": "REWRITE", "seconds": 5}},
        ["stickiness.seconds is not for mode REWRITE", "stickiness.cookie is needed for mode REWRITE"],
    ),
    (
        LISTENER, {**A_LISTENER, "protocol": "TCP"},
        ["certificateId is for protocol HTTPS, not for TCP", "forwardedFor is for protocols"],
    ),
    (LISTENER, without(A_LISTENER, "certificateId"), ["certificateId is needed for protocol"]),
    (LISTENER, {**A_LISTENER, "port": 0}, ["port is 0; CTyun takes 1 to 65535"]),
    (
        CERTIFICATE, {**A_CERTIFICATE, "certificate": "x", "privateKey": "y"},
        ["certificate is no certificate in PEM form", "privateKey is no private key in PEM form"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "inputs", "expected"), PROBLEMS)
def test_problems_are_found_before_anything_is_made(engine: Any, run: Any, type_: str, inputs: Body, expected: list[str]) -> None:
    told = [f"{name} {reason}".strip() for name, reason in run(engine.failures(type_, inputs))]
    assert len(told) == len(expected), told
    for sentence in expected:
        assert any(line.startswith(sentence) for line in told), (sentence, told)


@pytest.mark.parametrize(("type_", "inputs"), ALL, ids=[type_ for type_, _ in ALL])
def test_what_is_imported_is_not_replaced(engine: Any, run: Any, type_: str, inputs: dict[str, Any]) -> None:
    """A certificate's key is not read back: the first update writes it into the state."""
    id, _ = run(engine.create(type_, inputs))
    seen = run(engine.read(type_, id))
    assert run(engine.diff(type_, id, seen.properties, inputs)).replaces == []
    state = run(engine.update(type_, id, seen.properties, inputs))
    assert not run(engine.diff(type_, id, state, inputs)).changes


def test_another_key_is_another_certificate(engine: Any, run: Any) -> None:
    id, state = run(engine.create(CERTIFICATE, A_CERTIFICATE))
    changed = A_CERTIFICATE | {"privateKey": KEY.replace("BBBB", "CCCC")}
    assert run(engine.diff(CERTIFICATE, id, state, changed)).replaces == ["privateKey"]


def test_an_eip_of_a_server_comes_to_a_balancer_in_two_updates(engine: Any, fake: Any, run: Any) -> None:
    fake.bound["eip-1"] = "i-7"
    with pytest.raises(PluginError, match=r"EIP 198\.18\.0\.7 \(eip-1\) is bound to i-7, .* two updates"):
        run(engine.create(BALANCER, A_BALANCER))
    assert fake.things == {} and not fake.calls["create_pgelb"]
    fake.bound.clear()
    id, state = run(engine.create(BALANCER, A_BALANCER))
    fake.bound["eip-2"] = "i-7"
    with pytest.raises(PluginError, match=r"\(eip-2\) is bound to i-7, .* two updates"):
        run(engine.update(BALANCER, id, state, {**A_BALANCER, "eipId": "eip-2"}))
    assert fake.things[id]["eipInfo"] == [{"eipID": "eip-1"}]


@pytest.mark.parametrize(
    ("type_", "inputs", "words"),
    [
        (LISTENER, A_LISTENER, r"Port 443 of load balancer lb-1 is listener https's \(listener-0\), .* two updates"),
        (TARGET, A_TARGET, r"Port 80 of server i-1 is in target group tg-1 already \(target-0\), .* two updates"),
    ],
)
def test_what_another_resource_has_is_not_asked_for(
    engine: Any, fake: Any, run: Any, type_: str, inputs: Body, words: str
) -> None:
    """As when a resource got another name in the program: the old one is removed only after the new one."""
    id, _ = run(engine.create(type_, inputs))
    fake.things[id]["description"] = "[drlab:another]"
    with pytest.raises(PluginError, match=words):
        run(engine.create(type_, inputs))
    assert list(fake.things) == [id]


@pytest.mark.parametrize(
    ("type_", "old", "new"),
    [
        (CERTIFICATE, A_CERTIFICATE, {**A_CERTIFICATE, "certificate": PEM.replace("AAAA", "CCCC")}),
        (CHECK, A_CHECK, {"region": "华东1", "name": "alive", "protocol": "TCP", "interval": 3}),
    ],
)
def test_a_new_one_comes_beside_the_one_in_use_and_is_renamed_by_nobody(
    engine: Any, fake: Any, run: Any, type_: str, old: Body, new: Body
) -> None:
    """The cloud takes a name once, so the new one has an ending of its own, which is no drift."""
    id, state = run(engine.create(type_, old))
    assert run(engine.diff(type_, id, state, new)).delete_before_replace is False
    new_id, new_state = run(engine.create(type_, new))
    names = [fake.things[i]["name"] for i in (id, new_id)]
    assert names[0] == old["name"] and names[1].startswith(f"{old['name']}-") and len(names[1]) == len(old["name"]) + 7
    run(engine.delete(type_, id, state))
    seen = run(engine.read(type_, new_id, new_state, new))
    assert run(engine.diff(type_, new_id, seen.properties, new)).changes is False
    assert list(fake.things) == [new_id]


def test_a_forced_replacement_that_was_cut_off_before_it_began_takes_not_the_old_one(
    make_engine: Any, fake: Any, run: Any
) -> None:
    """The next one, of which the engine does not say what it replaces: else the old one is the new one, and goes as the old."""
    id, _ = run((first := make_engine()).create(CHECK, A_CHECK))
    first.provider.end()

    async def lost(_: Body) -> None:
        raise asyncio.CancelledError

    forced = make_engine()
    run(forced.read(CHECK, id, run(first.read(CHECK, id)).properties, A_CHECK))
    fake.before["create_health_check"] = lost
    with pytest.raises(asyncio.CancelledError):
        run(forced.create(CHECK, A_CHECK))
    fake.before.clear()
    new_id, _ = run(make_engine().create(CHECK, A_CHECK))
    assert new_id != id and set(fake.things) == {id, new_id}
