"""What people write to name the target of a fault: "server:web-01", "server:db-1" (a MySQL node), "zone:AZ2", "region:华北2"."""

from __future__ import annotations

from collections.abc import Sequence

from localcloud.controllers.faults.power import Scope
from localcloud.controllers.networks.nodes import Node, database_nodes
from localcloud.records.catalogue import REGIONS, Region
from localcloud.records.compute import INSTANCES, Fault, Instance
from localcloud.records.errors import LocalError
from localcloud.records.store import Store

GRAMMAR = "server:<name or id>, zone:<AZn>, zone:<region>/<AZn> or region:<region>"


def parse(text: str, store: Store, name_prefix: str = "") -> Scope:
    """The scope that `text` names; raises LocalError with what is wrong or ambiguous."""
    kind, _, rest = text.partition(":")
    if kind == "server" and rest:
        return Scope(instance=_server(rest, store, name_prefix).id)
    if kind == "zone" and rest:
        region_text, _, zone_text = rest.rpartition("/")
        region = _region(region_text) if region_text else _only_region(store)
        return Scope(region=region.id, zone=_zone(region, zone_text))
    if kind == "region" and rest:
        return Scope(region=_region(rest).id)
    raise LocalError(400, f"target {text!r} is not understood; write {GRAMMAR}")


def members(store: Store, scope: Scope, name_prefix: str = "") -> list[Instance]:
    """The servers in a scope whose names begin with the prefix."""
    return [server for server in store.find(INSTANCES) if scope.covers(server) and server.name.startswith(name_prefix)]


def nodes(store: Store, scope: Scope, name_prefix: str = "") -> list[Node]:
    """The MySQL nodes in a scope whose names begin with the prefix."""
    return [node for node in database_nodes(store) if scope.covers(node) and node.name.startswith(name_prefix)]


def alive(store: Store, fault: Fault) -> list[Instance]:
    """The servers hit that still exist."""
    return [server for id_ in fault.hit if (server := store.get(INSTANCES, id_))]


def databases(store: Store, fault: Fault) -> list[Node]:
    """The MySQL nodes hit that still exist."""
    return [node for node in database_nodes(store) if node.id in fault.hit]


def _server(text: str, store: Store, name_prefix: str) -> Instance | Node:
    everything: list[Instance | Node] = [*store.find(INSTANCES), *database_nodes(store)]
    found = [server for server in everything if text in (server.id, server.name, _shown_name(server))]
    found = found or [server for server in everything if name_prefix and server.name == name_prefix + text]
    if len(found) == 1:
        return found[0]
    if found:
        raise LocalError(409, f"{len(found)} servers are called {text!r}; name one by its id: {', '.join(s.id for s in found)}")
    raise LocalError(404, f"no server is called {text!r}; there are {_listed([server.name for server in everything])}")


def _shown_name(server: Instance | Node) -> str:
    return server.display_name if isinstance(server, Instance) else server.name


def _region(text: str) -> Region:
    for region in REGIONS.values():
        if text in (region.id, region.name):
            return region
    raise LocalError(404, f"{text!r} is not a region; there are {_listed([region.name for region in REGIONS.values()])}")


def _only_region(store: Store) -> Region:
    """The region that a zone without one means: the only region with servers, else the first of all."""
    used = {server.region for server in store.find(INSTANCES)} | {node.region for node in database_nodes(store)}
    if len(used) > 1:
        names = _listed([REGIONS[region].name for region in sorted(used)])
        raise LocalError(400, f"servers run in more than one region ({names}); write zone:<region>/<AZn>")
    return REGIONS[used.pop()] if used else next(iter(REGIONS.values()))


def _zone(region: Region, text: str) -> str:
    numbered = {region.zone_label(zone): zone for zone in region.zones}
    if text in region.zones:
        return text
    if text.upper() in numbered:
        return numbered[text.upper()]
    raise LocalError(404, f"{text!r} is not a zone of {region.name}; there are {_listed(list(numbered))}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"
