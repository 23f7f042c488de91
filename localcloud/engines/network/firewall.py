"""Pure function from a VPC's wanted network to the nftables script of its router.

Three tables, replaced as a whole in one transaction. `ip`: EIPs as 1:1 NAT. `bridge`, stateless: each port may only send with its
own hardware and IP address; frames of dead NICs are dropped in both directions, ARP included. `inet`: security groups, in the
forward hook, which sees routed packets and, through br_netfilter, frames between two ports of the bridge. A server's address can
be trusted there because the bridge table has pinned it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network

from localcloud.engines.interface.engines import Nic, Rule, VpcNetwork
from localcloud.engines.naming import port_name
from localcloud.engines.network.cuts import bridge_drops, packet_drops
from localcloud.engines.network.nft_text import Table, braces, chain, elements, mapping

UPLINK, BRIDGE = "eth0", "br0"


def script(network: VpcNetwork, public: Mapping[str, str] | None = None) -> str:
    """The whole rule set. `public`: EIP by NIC id for NICs of other VPCs, which cuts may name."""
    tables = (_nat(network), _bridge(network), _filter(network, public or {}))
    return "".join(table.text() for table in tables)


def _nat(network: VpcNetwork) -> Table:
    to_private = [f"{eip.address} : {eip.private_address}" for eip in network.eips]
    # Of several EIPs on one server the first is what it calls others with.
    first = {eip.private_address: eip.address for eip in reversed(network.eips)}
    to_public = [f"{private} : {public}" for private, public in first.items()]
    return Table(
        "ip",
        (
            mapping("to_private", "ipv4_addr : ipv4_addr", to_private),
            mapping("to_public", "ipv4_addr : ipv4_addr", to_public),
            chain("prerouting", "type nat hook prerouting priority -100; policy accept;", ["dnat to ip daddr map @to_private"]),
            chain(
                "postrouting",
                "type nat hook postrouting priority 100; policy accept;",
                [
                    f'oifname "{UPLINK}" snat to ip saddr map @to_public',
                    # A server that calls a neighbour by its EIP: the answer must come back this way.
                    f'oifname "{BRIDGE}" ct status dnat snat to ip saddr map @to_public',
                ],
            ),
        ),
    )


def _bridge(network: VpcNetwork) -> Table:
    own = [f'"{port_name(nic.nic_id)}" . {nic.mac} . {address}' for nic, address in network.addresses()]
    cards = [f'"{port_name(nic.nic_id)}" . {nic.mac}' for nic in network.nics]
    dead = [f'"{port_name(nic.nic_id)}"' for nic in network.nics if nic.nic_id in network.dead_nics]
    pinned = [
        "iifname @dead drop",
        "ether type ip iifname . ether saddr . ip saddr @own accept",
        "ether type arp iifname . ether saddr . arp saddr ip @own iifname . arp saddr ether @cards accept",
    ]
    return Table(
        "bridge",
        (
            elements("own", "ifname . ether_addr . ipv4_addr", own),
            elements("cards", "ifname . ether_addr", cards),
            elements("dead", "ifname", dead),
            chain("prerouting", "type filter hook prerouting priority -300; policy drop;", pinned),
            chain("forward", "type filter hook forward priority -300; policy accept;", bridge_drops(network)),
            chain("postrouting", "type filter hook postrouting priority 300; policy accept;", ["oifname @dead drop"]),
        ),
    )


def _filter(network: VpcNetwork, public: Mapping[str, str]) -> Table:
    cuts = packet_drops(network, public)
    nics = network.nics
    groups = {rule.peer_group for rules in (network.groups or {}).values() for rule in rules if rule.peer_group}
    return Table(
        "inet",
        (
            elements("current", "ipv4_addr . ipv4_addr", [f"{eip.address} . {eip.private_address}" for eip in network.eips]),
            elements("public", "ipv4_addr", [eip.private_address for eip in network.eips]),
            elements("inside", "ipv4_addr; flags interval; auto-merge", [subnet.cidr for subnet in network.subnets]),
            *(elements(_group_set(group), "ipv4_addr", _members(nics, group)) for group in sorted(groups)),
            *_lists(nics),
            *(chain(_chain_name(nic, way), "", _nic_rules(nic, way, network)) for nic in nics for way in ("egress", "ingress")),
            chain("former", "", _former_eips()),
            chain("forward", "type filter hook forward priority 0; policy drop;", [*cuts.forward, *_forward(network)]),
            chain("input", "type filter hook input priority 0; policy drop;", [*cuts.input, *_input()]),
            chain("output", "type filter hook output priority 0; policy accept;", cuts.output),
        ),
    )


def _forward(network: VpcNetwork) -> list[str]:
    out = [f"{address} : jump {_chain_name(nic, 'egress')}" for nic, address in network.addresses()]
    into = [f"{address} : jump {_chain_name(nic, 'ingress')}" for nic, address in network.addresses()]
    return [
        f'iifname "{UPLINK}" ip saddr @inside drop',  # nobody outside has an address from inside
        *_listed_only(network),  # before what is established: connections that are not allowed any more end
        "ct state established jump former",
        "ct state established,related accept",
        "ct state invalid drop",
        f'iifname "{UPLINK}" ct status & dnat != dnat drop',  # from outside, private addresses are reached through EIPs only
        *([f"ip saddr vmap {braces(out)}"] if out else []),
        f'oifname "{UPLINK}" ip saddr @public accept',
        f'oifname "{UPLINK}" drop',
        *([f"ip daddr vmap {braces(into)}"] if into else []),
        # Everything else falls to the policy, such as addresses behind a server (containers, pods).
    ]


def _listed_only(network: VpcNetwork) -> list[str]:
    """Ports that only listed addresses get through to, whatever the groups say; in both directions of a connection."""
    rules = []
    for nic, address in network.addresses():
        if nic.only_from is None:
            continue
        listed = f"@{_list_name(nic)}"
        rules += [
            f"ct direction original ip daddr {address} tcp dport {nic.only_port} ip saddr != {listed} drop",
            f"ct direction reply ip saddr {address} tcp sport {nic.only_port} ip daddr != {listed} drop",
        ]
    return rules


def _lists(nics: Iterable[Nic]) -> Iterable[str]:
    for nic in nics:
        if nic.only_from is not None:
            cidrs = [str(IPv4Network(cidr, strict=False)) for cidr in nic.only_from]
            yield elements(_list_name(nic), "ipv4_addr; flags interval; auto-merge", cidrs)


def _former_eips() -> list[str]:
    """Connections over an EIP that has been unbound, or bound elsewhere, end with it."""
    return [
        f'iifname "{UPLINK}" ct direction original ct original ip daddr . ip daddr != @current drop',
        f'iifname "{UPLINK}" ct direction reply ct reply ip daddr . ip daddr != @current drop',
        f'oifname "{UPLINK}" ct direction original ct reply ip daddr . ip saddr != @current drop',
        f'oifname "{UPLINK}" ct direction reply ct original ip daddr . ip saddr != @current drop',
    ]


def _input() -> list[str]:
    """The router itself: a resolver and a gateway that answers pings."""
    return [
        'iifname "lo" accept',
        "ct state established,related accept",
        f'iifname "{BRIDGE}" udp dport 53 accept',
        f'iifname "{BRIDGE}" tcp dport 53 accept',
        f'iifname "{BRIDGE}" icmp type echo-request accept',
    ]


def _nic_rules(nic: Nic, way: str, network: VpcNetwork) -> list[str]:
    """All rules of the NIC's groups in one direction, smallest priority number first, drop before accept."""
    if not nic.groups:
        return ["return"] if way == "egress" else ["drop"]
    # What may leave goes on to the other side's chain; what may come in is through.
    verdicts = {"accept": "return" if way == "egress" else "accept", "drop": "drop"}
    rules = [rule for group in nic.groups for rule in (network.groups or {}).get(group, ()) if rule.direction == way]
    rules.sort(key=lambda rule: (rule.priority, rule.action == "accept"))
    lines = [f"{' '.join([*_match(rule), verdicts[rule.action]])}" for rule in rules if _is_ipv4(rule)]
    return [*dict.fromkeys(lines), "drop"]


def _is_ipv4(rule: Rule) -> bool:
    """Rules for IPv6 have nothing to match: a VPC has IPv4 only, everything else is dropped at the port."""
    return rule.peer_cidr is None or ":" not in rule.peer_cidr


def _match(rule: Rule) -> list[str]:
    return [*_peer(rule), *_protocol(rule)]


def _peer(rule: Rule) -> list[str]:
    side = "ip saddr" if rule.direction == "ingress" else "ip daddr"
    if rule.peer_group:
        return [f"{side} @{_group_set(rule.peer_group)}"]
    if rule.peer_cidr and IPv4Network(rule.peer_cidr, strict=False).prefixlen:
        return [f"{side} {IPv4Network(rule.peer_cidr, strict=False)}"]
    return []


def _protocol(rule: Rule) -> list[str]:
    protocol = rule.protocol.lower()
    if rule.ports is None or protocol == "icmp":
        return [] if protocol == "any" else [f"meta l4proto {protocol}"]
    ports = str(rule.ports[0]) if rule.ports[0] == rule.ports[1] else f"{rule.ports[0]}-{rule.ports[1]}"
    if protocol == "any":
        return [f"meta l4proto {{ tcp, udp }} th dport {ports}"]
    return [f"{protocol} dport {ports}"]


def _members(nics: Iterable[Nic], group: str) -> list[str]:
    return [nic.address for nic in nics if group in nic.groups]


def _chain_name(nic: Nic, way: str) -> str:
    return f"{way}_{port_name(nic.nic_id)}"


def _list_name(nic: Nic) -> str:
    return f"only_{port_name(nic.nic_id)}"


def _group_set(group: str) -> str:
    return "group_" + re.sub(r"[^A-Za-z0-9_]", "_", group)
