"""The rule set of a router as a pure function of what the VPC shall be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from localcloud.engines.interface.engines import Cut, EipBinding, MovingAddress, Nic, Rule, Subnet, VpcNetwork
from localcloud.engines.naming import port_name
from localcloud.engines.network.firewall import script

ONE = Nic("nic-1", "ecs-1", "02:00:00:00:00:01", "192.168.1.10", 24, "192.168.1.1", ("sg-1",))
TWO = Nic("nic-2", "ecs-2", "02:00:00:00:00:02", "192.168.1.11", 24, "192.168.1.1")
P1, P2 = port_name("nic-1"), port_name("nic-2")
NETWORK = VpcNetwork("vpc-1", "region", (Subnet("subnet-1", "192.168.1.0/24", "192.168.1.1"),), (ONE, TWO), {"sg-1": ()})


def chain(text: str, name: str, table: str = "inet") -> list[str]:
    """The rules of a chain, without its hook."""
    body = text.split(f"table {table} drlab {{\n", 1)[1].split("\n}\n", 1)[0]
    inner = body.split(f"  chain {name} {{\n", 1)[1].split("  }", 1)[0]
    return [line.strip() for line in inner.splitlines() if not line.strip().startswith("type ")]


def with_rules(*rules: Rule) -> str:
    return script(replace(NETWORK, groups={"sg-1": rules}))


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (Rule("ingress", "accept", "TCP", 1, (22, 22), "0.0.0.0/0"), "tcp dport 22 accept"),
        (Rule("ingress", "accept", "UDP", 1, (8000, 9000), "10.0.0.0/8"), "ip saddr 10.0.0.0/8 udp dport 8000-9000 accept"),
        (Rule("ingress", "accept", "TCP", 1, None, "10.1.2.3/32"), "ip saddr 10.1.2.3/32 meta l4proto tcp accept"),
        (Rule("ingress", "drop", "ICMP", 1, None, "0.0.0.0/0"), "meta l4proto icmp drop"),
        (Rule("ingress", "accept", "ANY", 1, None, "0.0.0.0/0"), "accept"),
        (Rule("ingress", "accept", "ANY", 1, (53, 53), None), "meta l4proto { tcp, udp } th dport 53 accept"),
        (Rule("ingress", "accept", "ANY", 1, None, None, "sg-1"), "ip saddr @group_sg_1 accept"),
        (Rule("ingress", "accept", "ANY", 1, None, "10.0.0.1/8"), "ip saddr 10.0.0.0/8 accept"),
    ],
)
def test_a_rule_becomes_one_line(rule: Rule, line: str) -> None:
    assert chain(with_rules(rule), f"ingress_{P1}") == [line, "drop"]


def test_an_egress_rule_looks_at_the_destination_and_goes_on_to_the_other_side() -> None:
    text = with_rules(Rule("egress", "accept", "TCP", 1, (443, 443), "10.0.0.0/8"))
    assert chain(text, f"egress_{P1}") == ["ip daddr 10.0.0.0/8 tcp dport 443 return", "drop"]


def test_smaller_priority_numbers_stand_first_and_drop_before_accept() -> None:
    late = Rule("ingress", "accept", "TCP", 9, (1, 1))
    drop, accept = Rule("ingress", "drop", "TCP", 5, (2, 2)), Rule("ingress", "accept", "TCP", 5, (3, 3))
    text = with_rules(late, accept, drop)
    assert chain(text, f"ingress_{P1}") == ["tcp dport 2 drop", "tcp dport 3 accept", "tcp dport 1 accept", "drop"]


def test_without_a_group_nothing_comes_in_and_everything_goes_out() -> None:
    text = script(NETWORK)
    assert chain(text, f"ingress_{P2}") == ["drop"]
    assert chain(text, f"egress_{P2}") == ["return"]


def test_a_group_without_rules_lets_nothing_through() -> None:
    text = script(NETWORK)
    assert chain(text, f"ingress_{P1}") == chain(text, f"egress_{P1}") == ["drop"]


def test_rules_for_ipv6_have_nothing_to_match() -> None:
    assert chain(with_rules(Rule("ingress", "accept", "ANY", 1, None, "::/0")), f"ingress_{P1}") == ["drop"]


def test_a_group_as_peer_is_the_set_of_its_members() -> None:
    text = with_rules(Rule("ingress", "accept", "ANY", 1, None, None, "sg-1"))
    assert "set group_sg_1 { type ipv4_addr; elements = { 192.168.1.10 }; }" in text


def test_a_port_for_listed_addresses_only_is_closed_to_others_before_anything_is_let_through() -> None:
    listed = replace(ONE, only_from=("192.168.1.0/25", "10.1.2.3"), only_port=3306)
    text = script(replace(NETWORK, nics=(listed, TWO), moving=(MovingAddress("192.168.1.200", "nic-1"),)))
    rules = chain(text, "forward")
    own = [rule for rule in rules if "3306" in rule]
    assert own == [
        rule
        for address in ("192.168.1.10", "192.168.1.200")
        for rule in (
            f"ct direction original ip daddr {address} tcp dport 3306 ip saddr != @only_{P1} drop",
            f"ct direction reply ip saddr {address} tcp sport 3306 ip daddr != @only_{P1} drop",
        )
    ]
    assert rules.index(own[-1]) < rules.index("ct state established,related accept"), "open connections end too"
    assert (
        f"set only_{P1} {{ type ipv4_addr; flags interval; auto-merge; elements = {{ 192.168.1.0/25, 10.1.2.3/32 }}; }}" in text
    )


def test_an_empty_list_lets_nobody_through() -> None:
    text = script(replace(NETWORK, nics=(replace(ONE, only_from=(), only_port=3306),)))
    assert f"set only_{P1} {{ type ipv4_addr; flags interval; auto-merge; }}" in text
    assert "only_" not in script(NETWORK)


def test_eips_translate_one_to_one_and_alone_give_a_way_out() -> None:
    text = script(replace(NETWORK, eips=(EipBinding("198.18.8.1", "192.168.1.10"),)))
    assert "map to_private { type ipv4_addr : ipv4_addr; elements = { 198.18.8.1 : 192.168.1.10 }; }" in text
    assert "map to_public { type ipv4_addr : ipv4_addr; elements = { 192.168.1.10 : 198.18.8.1 }; }" in text
    assert "set public { type ipv4_addr; elements = { 192.168.1.10 }; }" in text
    assert chain(text, "forward")[-3:-1] == ['oifname "eth0" ip saddr @public accept', 'oifname "eth0" drop']


def test_of_two_eips_the_first_is_the_way_out() -> None:
    eips = (EipBinding("198.18.8.1", "192.168.1.10"), EipBinding("198.18.8.2", "192.168.1.10"))
    text = script(replace(NETWORK, eips=eips))
    assert "elements = { 192.168.1.10 : 198.18.8.1 }" in text


def test_ports_are_pinned_to_card_and_address() -> None:
    text = script(NETWORK)
    assert f'"{P1}" . 02:00:00:00:00:01 . 192.168.1.10' in text
    assert "policy drop;" in text.split("table bridge drlab {")[1].split("chain forward")[0]


def test_frames_of_dead_servers_are_dropped_both_ways_before_anything_else() -> None:
    text = script(replace(NETWORK, dead_nics=frozenset({"nic-2"})))
    assert f'set dead {{ type ifname; elements = {{ "{P2}" }}; }}' in text
    assert chain(text, "prerouting", "bridge")[0] == "iifname @dead drop"
    assert chain(text, "postrouting", "bridge") == ["oifname @dead drop"]


@pytest.mark.parametrize(
    ("cut", "bridge", "packets"),
    [
        pytest.param(
            Cut(frozenset({"nic-1"}), frozenset({"nic-2"})),
            [f'iifname {{ "{P1}" }} oifname {{ "{P2}" }} drop'],
            ["ip saddr { 192.168.1.10 } ip daddr { 192.168.1.11 } drop"],
            id="one from another",
        ),
        pytest.param(
            Cut(frozenset({"nic-1"}), None),
            [f'iifname {{ "{P1}" }} oifname != {{ "{P1}" }} drop'],
            ["ip saddr { 192.168.1.10 } ip daddr != { 192.168.1.10 } drop"],
            id="one to the rest",
        ),
        pytest.param(
            Cut(None, frozenset({"nic-1"})),
            [f'oifname {{ "{P1}" }} iifname != {{ "{P1}" }} drop'],
            ["ip daddr { 192.168.1.10 } ip saddr != { 192.168.1.10 } drop"],
            id="the rest to one",
        ),
        pytest.param(
            Cut(frozenset({"nic-1"}), frozenset({"far"})),
            [],
            ["ip saddr { 192.168.1.10 } ip daddr { 198.18.9.9 } drop"],
            id="to another VPC",
        ),
        pytest.param(
            Cut(frozenset({"far"}), frozenset({"nic-1"})),
            [],
            ["ip saddr { 198.18.9.9 } ip daddr { 192.168.1.10 } drop"],
            id="from another VPC",
        ),
        pytest.param(Cut(frozenset({"far"}), frozenset({"farther"})), [], [], id="elsewhere"),
    ],
)
def test_a_cut_drops_one_direction_before_connections_are_looked_at(cut: Cut, bridge: list[str], packets: list[str]) -> None:
    text = script(replace(NETWORK, cuts=(cut,)), {"far": "198.18.9.9"})
    assert chain(text, "forward", "bridge") == bridge
    assert chain(text, "forward")[: len(packets) + 1] == [*packets, 'iifname "eth0" ip saddr @inside drop']


def test_a_cut_from_the_rest_includes_the_router() -> None:
    nic = frozenset({"nic-1"})
    text = script(replace(NETWORK, cuts=(Cut(nic, None), Cut(None, nic))))
    assert chain(text, "input")[0] == "ip saddr { 192.168.1.10 } drop"
    assert chain(text, "output") == ["ip daddr { 192.168.1.10 } drop"]


def test_the_whole_of_each_table_is_replaced() -> None:
    text = script(VpcNetwork("vpc-1", "region"))
    for family in ("ip", "bridge", "inet"):
        assert f"add table {family} drlab\ndelete table {family} drlab\ntable {family} drlab {{\n" in text
    assert "{  }" not in text, "nftables refuses empty sets of elements"
