"""HAProxy's configuration and runtime commands as pure functions of what a balancer shall be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from localcloud.engines.interface.engines import (
    BalancerSpec,
    Certificate,
    HealthCheck,
    Listener,
    MovingAddress,
    Nic,
    Pool,
    Stickiness,
    Subnet,
    Target,
    VpcNetwork,
)
from localcloud.engines.naming import port_name
from localcloud.engines.network import haproxy_text
from localcloud.engines.network.firewall import script
from localcloud.engines.network.haproxy_text import busy, changes, configuration, for_next_worker, health, leaving, structure

CHECK = HealthCheck("HTTP", 5, 2, 3, path="/up", codes="23")
ONE, TWO = Target("target-1", "192.168.1.10", 80, 100), Target("target-2", "192.168.1.11", 80, 50)
POOL = Pool("tg-1", "http", "wrr", (ONE, TWO), CHECK)
SPEC = BalancerSpec("lb-1", "region", "vpc-1", (), (Listener("listener-1", 80, "http", "tg-1", True),), (POOL,))
HEADER = "1\n# be_id be_name srv_id srv_name srv_admin_state srv_uweight srv_addr srv_port\n"
IN = "enable server tg-1.http/target-2; enable health tg-1.http/target-2; set server tg-1.http/target-2 health down"
STATE = f"{HEADER}4 tg-1.http 1 target-1 0 100 192.168.1.10 80\n4 tg-1.http 2 target-9 0 5 192.168.1.18 80\n"


def test_a_listener_leads_to_its_group() -> None:
    text = configuration(SPEC, "lb-1-1")
    assert "frontend listener-1\n    mode http\n    bind :80\n    option forwardfor\n" in text
    assert "    option idle-close-on-response\n    default_backend tg-1.http\n" in text
    tcp = replace(SPEC, listeners=(replace(SPEC.listeners[0], mode="tcp"),), pools=(replace(POOL, mode="tcp"),))
    assert "idle-close" not in configuration(tcp, "lb-1-1")
    assert "backend tg-1.http\n    mode http\n    balance roundrobin\n" in text
    host = "'%[bc_dst]%[bc_dst_port,regsub(^,:),regsub(^:80$,)]'"  # in double quotes the $ would be a variable
    assert f"http-check send meth GET uri /up ver HTTP/1.1 hdr Host {host}\n    http-check expect rstatus ^[23]\n" in text


def test_an_https_listener_ends_tls_with_its_certificate() -> None:
    https = Listener("listener-2", 443, "http", "tg-1", certificate_id="cert-1")
    spec = replace(SPEC, listeners=(https,), certificates=(Certificate("cert-1", "PEM"),))
    text = configuration(spec, "lb-1-1")
    assert "frontend listener-2\n    mode http\n    bind :443 ssl crt /run/drlab/cert-1.pem ssl-min-ver TLSv1.2\n" in text
    assert "PEM" not in text and "PEM" not in repr(spec)
    assert structure(spec) != structure(replace(spec, listeners=(replace(https, certificate_id="cert-2"),)))


def test_sessions_by_address_are_told_to_the_other_node_and_to_the_next_worker() -> None:
    pool = replace(POOL, mode="tcp", sticky=Stickiness("source", 1000))
    text = configuration(replace(SPEC, pools=(pool,), listeners=(), peers=("lb-1-1", "lb-1-2")), "lb-1-2")
    assert "localpeer lb-1-2\n" in text
    assert "peers nodes\n    peer lb-1-1 unix@/run/drlab-peers/lb-1-1.sock\n    peer lb-1-2 unix@" in text
    assert "stick-table type ip size 100k expire 1000s peers nodes\n    stick on src\n" in text
    assert "peers" not in configuration(SPEC, "lb-1-2").replace("localpeer", "")


def test_sessions_by_cookie_name_targets_alike_on_both_nodes() -> None:
    pool = replace(POOL, sticky=Stickiness("insert", 60))
    spec = replace(SPEC, pools=(pool,))
    first, second = (configuration(spec, node).replace(node, "") for node in ("lb-1-1", "lb-1-2"))
    assert first == second
    assert "dynamic-cookie-key tg-1\n    cookie ctelb insert indirect nocache httponly dynamic maxidle 60\n" in first
    later = [command for command in changes(spec, STATE) if command.startswith("enable server")]
    assert later == [f"{IN}; enable dynamic-cookie backend tg-1.http"]
    own = replace(POOL, sticky=Stickiness("rewrite", cookie="JSESSIONID"))
    assert "cookie JSESSIONID rewrite dynamic\n" in configuration(replace(SPEC, pools=(own,)), "lb-1-1")


def test_a_silent_server_is_noticed_after_interval_times_retries_and_one_timeout() -> None:
    """A check that timed out took 2 s already: the next one follows 3 s later, so that they begin 5 s apart."""
    [line] = [line for line in configuration(SPEC, "lb-1-1").splitlines() if "server target-1" in line]
    assert "inter 5s fastinter 3000ms" in line and "fall 3" in line
    assert "on-marked-down shutdown-sessions" in line
    assert "timeout check 2s" in configuration(SPEC, "lb-1-1") and "timeout connect 2s" in configuration(SPEC, "lb-1-1")


def test_targets_and_weights_need_no_reload_but_everything_else_does() -> None:
    fewer = replace(SPEC, pools=(replace(POOL, targets=(replace(ONE, weight=1),)),))
    assert structure(fewer) == structure(SPEC)
    assert structure(replace(SPEC, listeners=())) != structure(SPEC)
    assert structure(replace(SPEC, pools=(replace(POOL, algorithm="lc"),))) != structure(SPEC)
    assert structure(replace(SPEC, pools=(replace(POOL, check=None),))) != structure(SPEC)


def test_a_newer_way_of_writing_reaches_a_balancer_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    before = structure(SPEC)
    monkeypatch.setattr(haproxy_text, "_HOST", "another")
    assert structure(SPEC) != before


def test_running_backends_are_brought_to_what_is_wanted() -> None:
    heavier = replace(SPEC, pools=(replace(POOL, targets=(replace(ONE, weight=7), TWO)),))
    commands = list(changes(heavier, STATE))
    assert commands[0] == "set weight tg-1.http/target-1 7"
    assert commands[1].startswith("add server tg-1.http/target-2 192.168.1.11:80 weight 50 ")
    assert commands[2] == IN  # checked before anybody is sent to it
    assert commands[3:] == ["set server tg-1.http/target-9 state drain"]
    assert list(changes(replace(SPEC, pools=()), HEADER)) == list(changes(replace(SPEC, pools=()), "")) == []


def test_a_target_gets_another_port_in_its_place_and_is_checked_anew() -> None:
    moved = replace(SPEC, pools=(replace(POOL, targets=(replace(ONE, port=8080),)),))
    there = f"{HEADER}4 tg-1.http 1 target-1 0 100 192.168.1.10 80\n"
    at = "set server tg-1.http/target-1"
    assert list(changes(moved, there)) == [f"{at} addr 192.168.1.10 port 8080; {at} health down"]
    unchecked = replace(moved, pools=(replace(moved.pools[0], check=None),))
    assert list(changes(unchecked, there)) == [f"{at} addr 192.168.1.10 port 8080"]
    assert structure(moved) == structure(SPEC)


def test_whoever_goes_is_waited_for() -> None:
    gone = leaving(SPEC, STATE)
    assert gone == ["tg-1.http/target-9"]
    statistics = "# pxname,svname,scur\ntg-1.http,target-1,3\ntg-1.http,target-9,{}\ntg-1.http,BACKEND,3\n"
    assert (busy(statistics.format(1), gone), busy(statistics.format(0), gone)) == (gone, [])
    again = (
        f"{HEADER}4 tg-1.http 1 target-1 0 100 192.168.1.10 80\n4 tg-1.http 2 target-2 0 50 192.168.1.11 80\n"
        "4 tg-1.http 3 target-9 1 5 192.168.1.18 80\n"
    )
    assert leaving(SPEC, again) == gone and list(changes(SPEC, again)) == []  # nobody new comes to it already


def test_the_next_worker_learns_of_health_and_not_of_check_ports() -> None:
    header = "1\n# be_id be_name srv_name srv_op_state srv_check_port srv_check_addr"
    assert for_next_worker(f"{header}\n4 b one 2 8081 -\n4 b two 0 0 -\n\n") == f"{header}\n4 b one 2 0 -\n4 b two 0 0 -\n\n"
    assert for_next_worker(f"{header}\n") == f"{header}\n"


def test_a_target_that_was_added_and_not_enabled_is_enabled() -> None:
    """A daemon may be killed between the two commands; until somebody enables it HAProxy keeps it in maintenance."""
    state = f"{HEADER}4 tg-1.http 1 target-1 0 100 192.168.1.10 80\n4 tg-1.http 2 target-2 1 50 192.168.1.11 80\n"
    assert list(changes(SPEC, state)) == [IN]


def test_health_is_what_the_checks_say() -> None:
    rows = [
        "b,FRONTEND,OPEN,",
        "b,up,UP,L7OK",
        "b,going,UP 1/3,L4TOUT",
        "b,down,DOWN,L4CON",
        "b,new,UP 0/1,INI",
        "b,none,no check,",
    ]
    found = health("# pxname,svname,status,check_status\n" + "\n".join(rows) + "\n")
    assert found == {"up": "online", "going": "online", "down": "offline", "new": "unknown", "none": "unknown"}


def test_a_moving_address_is_let_through_at_one_port_only() -> None:
    cards = [
        Nic(f"n{i}", f"lb-1-{i}", f"02:00:00:00:00:0{i}", f"192.168.1.{i}", 24, "192.168.1.1", ("balancers",)) for i in (4, 5)
    ]
    network = VpcNetwork("vpc-1", "region", (Subnet("s", "192.168.1.0/24", "192.168.1.1"),), tuple(cards), {"balancers": ()})
    text = script(replace(network, moving=(MovingAddress("192.168.1.3", "n5"),)))
    assert f'"{port_name("n5")}" . 02:00:00:00:00:05 . 192.168.1.3' in text
    assert f'"{port_name("n4")}" . 02:00:00:00:00:04 . 192.168.1.3' not in text
    assert f"192.168.1.3 : jump ingress_{port_name('n5')}" in text
