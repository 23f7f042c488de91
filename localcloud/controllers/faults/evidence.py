"""Proofs: looks from inside the servers that tell whether a fault has landed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from localcloud.controllers.faults.power import Scope
from localcloud.controllers.networks.nodes import Node, database_nodes
from localcloud.engines.interface.engines import EngineError, Engines
from localcloud.records.compute import EIPS, INSTANCES, SUBNETS, Fault, Instance
from localcloud.records.store import Store

FULL_BELOW = 64 * 1024  # bytes that a file system may still show when nothing more fits
MOST_PAIRS = 8  # a zone cut need not be probed between all its servers
SECONDS = 1.0

# Any answer counts: a connection, a refusal, an echo; silence and "no route" (no ARP answer) do not. Run by the server itself.
_REACH = f"""
import json, socket, subprocess, sys
def echoes(address):
    return subprocess.run(["ping", "-c", "1", "-W", "1", address], capture_output=True).returncode == 0
def answers(address):
    s = socket.socket(); s.settimeout({SECONDS})
    try: s.connect((address, 22)); return True
    except ConnectionRefusedError: return True
    except OSError: return echoes(address)
    finally: s.close()
print(json.dumps({{a: answers(a) for a in sys.argv[1:]}}))
"""
_FREE = "import os, sys; s = os.statvfs(sys.argv[1]); print(s.f_bavail * s.f_frsize)"

# What a MySQL node looks with; it has no Python.
_KNOCK = ["timeout", str(SECONDS), "bash", "-c", "exec 3<>/dev/tcp/$0/$1"]

Pair = tuple[str, str, str]  # instance id and name of the one that looks, address (of a MySQL node with port) that it looks at


def pairs(store: Store, fault: Fault) -> list[Pair]:
    """Who looks at whom to see a cut: each side's servers, or the gateway where a server is cut from everything."""
    near = [server for id_ in fault.hit if (server := store.get(INSTANCES, id_)) and server.status == "running"]
    found = _between_databases(store, fault)
    if fault.to_scope is None:
        found += [(server.id, server.name, store.require(SUBNETS, server.subnet_id).gateway) for server in near]
        return found[:MOST_PAIRS]
    far = [server for server in store.find(INSTANCES, status="running") if Scope(**fault.to_scope).covers(server)]
    found += [(a.id, a.name, address) for a in near for b in far if a.id != b.id and (address := _address(store, a, b))]
    return found[:MOST_PAIRS]


def _between_databases(store: Store, fault: Fault) -> list[Pair]:
    """Nodes of one MySQL instance on both sides: their security group lets them through, so that silence proves the cut."""
    everyone = database_nodes(store)
    near: list[Node] = [node for node in everyone if node.id in fault.hit]
    far = [node for node in everyone if node not in near and (fault.to_scope is None or Scope(**fault.to_scope).covers(node))]
    return [(a.id, a.name, f"{b.address}:{b.port}") for a in near for b in far if a.mysql_id == b.mysql_id]


def _address(store: Store, one: Instance, other: Instance) -> str:
    """Where `one` can reach `other`: privately in the same VPC, else by EIP when both have one."""
    if one.vpc_id == other.vpc_id:
        return other.address
    eip = next(iter(store.find(EIPS, instance_id=other.id)), None)
    return eip.address if eip and store.count(EIPS, instance_id=one.id) else ""


async def reach(engines: Engines, wanted: list[Pair]) -> dict[str, bool]:
    """ "web-01 -> 192.168.1.3": did anything answer? Pairs whose server cannot look are left out."""
    results = await asyncio.gather(*(_one(engines, *pair) for pair in wanted))
    return {name: answered for name, answered in results if answered is not None}


async def _one(engines: Engines, instance_id: str, name: str, address: str) -> tuple[str, bool | None]:
    try:
        if ":" in address:
            status, _ = await engines.databases.inside.run(instance_id, [*_KNOCK, *address.split(":")])
            return f"{name} -> {address}", status == 0
        status, output = await engines.inside.run(instance_id, ["python3", "-c", _REACH, address])
        return f"{name} -> {address}", json.loads(output)[address] if status == 0 else None
    except (EngineError, ValueError, KeyError):
        return f"{name} -> {address}", None


def cut_sentence(before: Mapping[str, bool], after: Mapping[str, bool]) -> str:
    """What the looks before and after a cut prove."""
    if not after:
        return "the routers have the rules; no server could be asked to look"
    heard, silent = [way for way, answered in after.items() if answered], [way for way in after if not after[way]]
    if heard:
        return f"still answered: {', '.join(heard)}"
    was_open = [way for way in silent if before.get(way)]
    note = "" if was_open else " (and was silent before the cut: a security group hides it)"
    return f"no answer any more: {', '.join(was_open or silent)}{note}"


def join_sentence(after: Mapping[str, bool]) -> str:
    """What the looks after the end of a cut prove."""
    heard = [way for way, answered in after.items() if answered]
    return f"answers again: {', '.join(heard)}" if heard else "the cut's rules are gone; nothing that may be reached answered"


async def free_bytes(engines: Engines, instance_id: str, path: str) -> int:
    """Free space at a path inside a server. Raises EngineError."""
    status, output = await engines.inside.run(instance_id, ["python3", "-c", _FREE, path])
    if status != 0:
        raise EngineError(f"looking for free space at {path} inside {instance_id} failed: {output.decode(errors='replace')}")
    return int(output)
