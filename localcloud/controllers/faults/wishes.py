"""What is asked for as a fault, checked and turned into its record; nothing is done here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import time

from localcloud.controllers.faults import targets
from localcloud.controllers.faults.power import Scope, power_faults
from localcloud.controllers.networks.nodes import Node
from localcloud.records.compute import Fault, Instance
from localcloud.records.errors import LocalError
from localcloud.records.identifiers import short_id
from localcloud.records.store import Store

KINDS = ("power-off", "cut", "kill", "disk-full")


@dataclass(frozen=True)
class Wish:
    """A fault as it is asked for over `/_local/`."""

    kind: str
    target: str
    to: str | None = None
    one_way: bool = False
    process: str | None = None
    path: str | None = None
    name_prefix: str | None = None


def check(wish: Wish) -> None:
    """What the kind needs, and only that; all problems at once."""
    problems = []
    if wish.kind not in KINDS:
        problems.append(f"kind is {wish.kind!r}; it must be one of {', '.join(KINDS)}")
    if wish.kind == "cut" and not wish.to:
        problems.append('to is required with kind cut: a target, or "*" for everything else')
    if wish.kind == "kill" and not wish.process:
        problems.append("process is required with kind kill")
    if wish.kind == "disk-full" and not (wish.path or "").startswith("/"):
        problems.append("path is required with kind disk-full and begins with /")
    if wish.kind != "cut" and (wish.to or wish.one_way):
        problems.append("to and oneWay belong to kind cut")
    if problems:
        raise LocalError(400, "; ".join(problems))


def planned(store: Store, wish: Wish) -> Fault:
    """The record of a fault that is about to land. Raises LocalError."""
    prefix = wish.name_prefix or ""
    scope = targets.parse(wish.target, store, prefix)
    to = targets.parse(wish.to, store, prefix) if wish.to and wish.to != "*" else None
    members = targets.members(store, scope, prefix)
    databases = targets.nodes(store, scope, prefix)
    hit: list[Instance | Node] = [*(_with_power(store, members) if wish.kind == "power-off" else members), *databases]
    if not hit and not (wish.kind == "power-off" and scope.region):
        raise LocalError(404, f"{wish.target} has no server to hit{f' named {prefix}…' if prefix else ''}")
    if to is not None and not targets.members(store, to) + targets.nodes(store, to):
        raise LocalError(404, f"{wish.to} has no server to be cut from")
    return Fault(
        id=short_id("f"), kind=wish.kind, target=_shown(store, scope), scope=scope.fields(), phase="landing",
        to=wish.to, to_scope=to.fields() if to else None, one_way=wish.one_way, process=wish.process, path=wish.path,
        name_prefix=wish.name_prefix, hit=tuple(server.id for server in hit), hit_names=tuple(server.name for server in hit),
        at=None, landed=False, proof="", undone=None, created=time(),
    )  # fmt: skip


def _with_power(store: Store, members: Sequence[Instance]) -> list[Instance]:
    """Servers that are on, or would be but for power faults in force: whichever is undone last boots them."""
    taken = {id_ for fault in power_faults(store) for id_ in fault.hit}
    return [server for server in members if server.status != "stopped" or server.id in taken]


def _shown(store: Store, scope: Scope) -> str:
    named: list[Instance | Node] = [*targets.members(store, scope), *targets.nodes(store, scope)]
    return f"server:{named[0].name}" if scope.instance and named else scope.shown()
