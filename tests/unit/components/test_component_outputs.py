"""What every component is: its outputs are declared and registered, its arguments may be known only later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import Input, Output
from pulumi.runtime.stack import Stack

from components.backup import Backup, BackupArgs
from components.balancer import Balancer, BalancerArgs
from components.balancer_parts import ListenerArgs, TargetArgs
from components.base import Component, camel, outputs_of
from components.checks import InvalidArguments
from components.database import Database, DatabaseArgs
from components.inputs import applied, is_known, joined
from components.jump_host import JumpHost, JumpHostArgs
from components.network import Network, NetworkArgs, NetworkIds
from components.server import LoginKey, Server, ServerArgs
from components.sites import StaticSite
from components.web_pair import WebPair, WebPairArgs
from components.web_server import WebServer, WebServerArgs

PAGES = str(Path(__file__).parents[3] / "examples/static_pages/pages")
PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
COMPONENTS = (Backup, Balancer, Database, JumpHost, Network, Server, WebPair, WebServer)
Later = Callable[[Any], Input[Any]]


def lab(later: Later, public: bool = True, labels: Mapping[str, str] | None = None) -> None:
    """One of each; `later` is done to every argument that may be known only later."""
    network = Network("net", NetworkArgs(later("华东1"), later("lab"), subnets={"one": later("192.168.1.0/24")}))
    key = LoginKey(later("key-1"), later(PEM))
    jump = JumpHost("jump", JumpHostArgs(network, key, later("AZ1"), later("2C4G"), later("debian-12")))
    server = ServerArgs(network, key, later("AZ1"), later("1C1G"), later("debian-12-lamp"), public=public, labels=labels)
    pair = WebPair("web", WebPairArgs(WebServerArgs(server, jump, StaticSite(PAGES)), [later("AZ1"), later("AZ2")]))
    Database("db", DatabaseArgs(network, later("AZ1"), later("AZ2"), later("data"), later("app"), later("Secret1234")))
    Balancer("lb", BalancerArgs(network, pair.servers, later("/"), interval=later(3), public=public))
    Backup("keep", BackupArgs(network, later([one.instance_id for one in pair.servers]), hours=later([3])))


def test_every_output_that_is_annotated_is_registered(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    registered: dict[type, set[str]] = {}
    monkeypatch.setattr(
        pulumi.ComponentResource, "register_outputs", lambda self, outputs: registered.update({type(self): set(outputs)})
    )
    assert build(lambda: lab(Output.from_input)).problems == []
    del registered[Stack]
    assert registered == {kind: set(map(camel, outputs_of(kind))) for kind in COMPONENTS}
    assert all(registered.values())


def test_no_component_takes_over_what_is_pulumis(build: Any) -> None:
    def program() -> None:
        network = Network("net", NetworkArgs("华东1", "lab"))
        assert (network.pulumi_resource_name, network.pulumi_resource_type) == ("net", "drlab:network:Network")

    build(program)
    for kind in COMPONENTS:
        inner = set(vars(pulumi.Resource)) | set(vars(pulumi.ComponentResource))
        assert not {name for name in vars(kind) if not name.startswith("__")} & inner


def test_what_is_asked_for_is_the_same_whether_it_is_known_at_once_or_later(build: Any) -> None:
    at_once, later = build(lambda: lab(lambda value: value)), build(lambda: lab(Output.from_input))
    assert at_once.problems == later.problems == []
    assert at_once.seen == later.seen


def test_a_server_without_a_public_address_is_reached_through_the_jump_host(build: Any) -> None:
    recorder = build(lambda: lab(lambda value: value, public=False))
    assert recorder.problems == []
    assert {name for kind, name in recorder.seen if kind in ("Eip", "EipAssociation")} == {"jump-eip"}
    assert recorder.seen["Host", "web-01"]["address"] == "192.168.1.10"
    balancer = recorder.seen["LoadBalancer", "lb"]
    assert balancer["type"] == "internal" and "eipId" not in balancer


def test_labels_reach_the_servers(build: Any) -> None:
    labels = {"owner": "me"}
    recorder = build(lambda: lab(lambda value: value, labels=labels))
    given = {name: inputs.get("labels") for (kind, name), inputs in recorder.seen.items() if kind == "Instance"}
    assert given == {"jump": None, "web-01": labels, "web-02": labels}


def test_parts_of_another_program_are_given_by_their_ids(build: Any) -> None:
    def program() -> None:
        network = NetworkIds("华东1", "mine", "vpc-1", "subnet-1", "10.0.0.0/16", web_group_ids=["sg-1"])
        key = LoginKey("key-1", PEM)
        way: Any = {"address": "10.0.0.4", "hostKey": "ssh-ed25519 " + HOST_KEY}
        server = ServerArgs(network, key, "AZ1", "1C1G", "debian-12-lamp", public=False)
        WebServer("web", WebServerArgs(server, way, StaticSite(PAGES)))
        Database("db", DatabaseArgs(network, "AZ1", "AZ2", "data", "app", "Secret1234"))
        Balancer("lb", BalancerArgs(network, [TargetArgs("old", "i-1", 8080)], listeners=[ListenerArgs("http", "HTTP", 8000)]))

    recorder = build(program)
    assert recorder.problems == []
    assert recorder.seen["Instance", "web"]["securityGroupIds"] == ["sg-1"]
    assert recorder.seen["Host", "web"]["jump"]["address"] == "10.0.0.4"
    into_database = [rule["groupId"] for rule in recorder.seen["SecurityGroup", "db-group"]["rules"] if "groupId" in rule]
    assert into_database == ["sg-1"]
    target = recorder.seen["Target", "lb-old"]
    assert (target["instanceId"], target["port"]) == ("i-1", 8080)


HOST_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIGpVb2tq0Q9J9m7dJm0vP3b0t2zX2C1q0n9s8r7q6p5o"


def test_known_values_are_checked_beside_unknown_ones(build: Any) -> None:
    def program() -> None:
        unknown = Output.from_input("nowhere")
        network = NetworkIds("华东1", unknown, "vpc-1", "subnet-1", "10.0.0.0/16")
        server = ServerArgs(network, LoginKey(unknown, unknown), unknown, "large", "", labels={"": "x"})
        assert [problem.key for problem in (*server.name_problems("x" * 99), *server.problems())] == ["flavor", "image", "labels"]
        database = DatabaseArgs(network, "AZ1", unknown, "mysql", unknown, unknown, reachable_from=["all", unknown])
        assert [problem.key for problem in database.problems()] == ["schema", "reachable_from"]
        wide = NetworkArgs("华东1", "lab", unknown, {"one": "10.0.0.0/8", "two": unknown})
        assert [problem.key for problem in wide.problems()] == ["subnets[one]"]

    build(program)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda args: Server("one", args), "security_group_ids: is empty; a server is a member of at least one"),
        (lambda args: JumpHost("one", args), "public: is False; administrators reach a jump host at its public address"),
    ],
    ids=["server", "jump host"],
)
def test_what_a_server_cannot_do_without(build: Any, make: Callable[[ServerArgs], Component], problem: str) -> None:
    network = NetworkIds("华东1", "lab", "vpc-1", "subnet-1", "10.0.0.0/16")
    args = ServerArgs(network, LoginKey("key-1", PEM), "AZ1", "1C1G", "debian-12", public=False)
    with pytest.raises(InvalidArguments) as refused:
        build(lambda: make(args) and None)
    assert [str(found) for found in refused.value.problems] == [problem]


def test_values_stay_plain_as_long_as_all_are_known(build: Any) -> None:
    assert joined("lab", "-web") == "lab-web"
    assert applied(lambda first, second: first + second, 1, 2) == 3
    for known in ("x", ["x"], {"x": "y"}):
        assert is_known(known)

    def program() -> None:
        for part in (Output.from_input("x"), ["x", Output.from_input("x")], {"x": {"y": Output.from_input("x")}}):
            assert not is_known(part)
            assert isinstance(applied(str, part), Output)

    build(program)
