"""Network cuts as rules: frames between two ports of a bridge, and packets that the router forwards, takes in or sends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from localcloud.engines.interface.engines import Cut, VpcNetwork
from localcloud.engines.naming import port_name
from localcloud.engines.network.nft_text import braces


@dataclass
class PacketDrops:
    """Rules for the three hooks of a router."""

    forward: list[str] = field(default_factory=list)
    input: list[str] = field(default_factory=list)
    output: list[str] = field(default_factory=list)


def bridge_drops(network: VpcNetwork) -> list[str]:
    """Frames that must not pass between two ports, ARP included."""
    rules = []
    for cut in network.cuts:
        sources, targets = _ports(network, cut.sources), _ports(network, cut.targets)
        if sources and targets:
            rules.append(f"iifname {braces(sources)} oifname {braces(targets)} drop")
        elif sources and cut.targets is None:
            rules.append(f"iifname {braces(sources)} oifname != {braces(sources)} drop")
        elif targets and cut.sources is None:
            rules.append(f"oifname {braces(targets)} iifname != {braces(targets)} drop")
    return rules


def packet_drops(network: VpcNetwork, public: Mapping[str, str]) -> PacketDrops:
    """The same for what is routed: between subnets, over EIPs, to the resolver. `public`: EIPs of other VPCs' NICs."""
    drops = PacketDrops()
    for cut in network.cuts:
        _add(drops, _addresses(network, cut.sources), _addresses(network, cut.targets), cut, public)
    return drops


def _add(drops: PacketDrops, sources: list[str], targets: list[str], cut: Cut, public: Mapping[str, str]) -> None:
    if cut.sources is None and targets:
        drops.forward.append(f"ip daddr {braces(targets)} ip saddr != {braces(targets)} drop")
        drops.output.append(f"ip daddr {braces(targets)} drop")
    elif cut.targets is None and sources:
        drops.forward.append(f"ip saddr {braces(sources)} ip daddr != {braces(sources)} drop")
        drops.input.append(f"ip saddr {braces(sources)} drop")
    elif cut.sources is not None and cut.targets is not None:
        beyond_targets = [public[nic] for nic in sorted(cut.targets) if nic in public]
        beyond_sources = [public[nic] for nic in sorted(cut.sources) if nic in public]
        pairs = ((sources, targets), (sources, beyond_targets), (beyond_sources, targets))
        drops.forward += [f"ip saddr {braces(a)} ip daddr {braces(b)} drop" for a, b in pairs if a and b]


def _ports(network: VpcNetwork, nics: Iterable[str] | None) -> list[str]:
    wanted = set(nics or ())
    return [f'"{port_name(nic.nic_id)}"' for nic in network.nics if nic.nic_id in wanted]


def _addresses(network: VpcNetwork, nics: Iterable[str] | None) -> list[str]:
    wanted = set(nics or ())
    return [address for nic, address in network.addresses() if nic.nic_id in wanted]
