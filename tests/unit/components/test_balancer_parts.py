"""What a balancer listens to and what stands behind it: any servers, any ports, HTTPS with a certificate."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi import Output

from components.balancer import Balancer, BalancerArgs
from components.balancer_parts import ListenerArgs, TargetArgs
from components.network import NetworkIds

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
SERVERS = (TargetArgs("one", "i-1", 8080), TargetArgs("two", "i-2", 8080, weight=50))
HTTPS = ListenerArgs("https", "HTTPS", 443, certificate=CERTIFICATE, private_key=KEY)


def network() -> NetworkIds:
    return NetworkIds("华东1", "shop", "vpc-1", "subnet-1", "10.0.0.0/16")


def urls_of(build: Any, *listeners: ListenerArgs) -> list[str]:
    found: list[str] = []

    def program() -> None:
        Balancer("web", BalancerArgs(network(), SERVERS, listeners=listeners)).url.apply(found.append)

    build(program)
    return found


def test_any_servers_stand_behind_https_and_http(build: Any) -> None:
    def program() -> None:
        listeners = (ListenerArgs("http", "HTTP", forwarded_for=True), HTTPS)
        Balancer("web", BalancerArgs(network(), SERVERS, "/ready", listeners=listeners, algorithm="lc"))

    recorder = build(program)
    assert recorder.problems == []
    assert recorder.seen["Certificate", "web-https"] == {
        "region": "华东1", "name": "shop-web-https", "certificate": CERTIFICATE, "privateKey": KEY,
    }  # fmt: skip
    https, http = recorder.seen["Listener", "web-https"], recorder.seen["Listener", "web-http"]
    assert (https["protocol"], https["port"], https["certificateId"]) == ("HTTPS", 443, "web-https-id")
    assert (http["protocol"], http["port"], http["forwardedFor"]) == ("HTTP", 80, True) and "certificateId" not in http
    assert https["targetGroupId"] == http["targetGroupId"] == "web-group-id"
    behind = {
        name: (i["instanceId"], i["port"], i.get("weight")) for (kind, name), i in recorder.seen.items() if kind == "Target"
    }
    assert behind == {"web-one": ("i-1", 8080, None), "web-two": ("i-2", 8080, 50)}


def test_a_certificate_that_is_in_the_cloud_already_is_given_by_its_id(build: Any) -> None:
    listener = ListenerArgs("https", "HTTPS", 443, certificate_id="cert-1")
    recorder = build(lambda: Balancer("web", BalancerArgs(network(), SERVERS, listeners=[listener])) and None)
    assert recorder.problems == []
    assert recorder.seen["Listener", "web-https"]["certificateId"] == "cert-1"
    assert not [kind for kind, _ in recorder.seen if kind == "Certificate"]


def test_the_url_is_the_https_listeners_if_there_is_one(build: Any) -> None:
    assert urls_of(build, ListenerArgs("http"), HTTPS) == ["https://198.18.0.9"]
    assert urls_of(build, ListenerArgs("http")) == ["http://198.18.0.9"]
    assert urls_of(build, ListenerArgs("http", "HTTP", 8000), ListenerArgs("other")) == ["http://198.18.0.9:8000"]


@pytest.mark.parametrize(
    ("listeners", "problems"),
    [
        ([], ["listeners"]),
        ([ListenerArgs("a"), ListenerArgs("a", port=81)], ["listeners"]),
        ([ListenerArgs("a"), ListenerArgs("b")], ["listeners"]),
        ([ListenerArgs("a", "UDP", 70000)], ["listeners[a].protocol", "listeners[a].port"]),
        ([ListenerArgs("a", "HTTPS")], ["listeners[a].certificate"]),
        ([ListenerArgs("a", "HTTP", certificate_id="cert-1")], ["listeners[a].certificate_id"]),
        ([ListenerArgs("a", "HTTPS", certificate=CERTIFICATE)], ["listeners[a].private_key"]),
        ([ListenerArgs("a", "HTTPS", 1, KEY, CERTIFICATE)], ["listeners[a].certificate", "listeners[a].private_key"]),
        ([ListenerArgs("a", "HTTPS", 1, CERTIFICATE, KEY, "cert-1")], ["listeners[a].certificate_id"]),
        ([ListenerArgs("a", forwarded_for=True)], ["listeners[a].forwarded_for"]),
    ],
)  # fmt: skip
def test_all_problems_of_listeners_are_reported(listeners: list[ListenerArgs], problems: list[str]) -> None:
    found = list(BalancerArgs(network(), SERVERS, listeners=listeners).problems())
    assert [problem.key for problem in found] == problems
    assert "AAAA" not in str(found), "nothing shows a key"


def test_servers_have_names_of_their_own_and_ports_that_exist() -> None:
    twice = [TargetArgs("one", "i-1", 0), TargetArgs("one", "i-2", weight=300)]
    assert [problem.key for problem in BalancerArgs(network(), twice).problems()] == [
        "servers", "servers[one].port", "servers[one].weight",
    ]  # fmt: skip


def test_what_is_known_only_later_is_left_to_the_provider(build: Any) -> None:
    def program() -> None:
        later = Output.from_input
        listener = ListenerArgs("web", later("HTTPS"), later(443), later(CERTIFICATE), later(KEY))
        url = Balancer("web", BalancerArgs(network(), [TargetArgs("one", later("i-1"), later(80))], listeners=[listener])).url
        pulumi.export("url", url)
        url.apply(found.append)

    found: list[str] = []
    assert build(program).problems == []
    assert found == ["https://198.18.0.9"]
