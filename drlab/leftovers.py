"""The scan that proves that nothing is left: what the local cloud's own scan finds, and what only the command line sees."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass

from drlab.cloud import CloudState, lives
from drlab.engine_environment import python_environment
from drlab.errors import UserError
from drlab.inventory import listed, owned_ids, without_owner
from drlab.kinds import Thing
from drlab.lab import Lab
from drlab.output import count
from drlab.processes import processes_of_lab
from drlab.stages import stage_names
from drlab.stale import locks_in, orphaned_helpers

SCAN_TIMEOUT = 120.0
SHORTEST_ID = 8  # shorter ones would be found in anything


@dataclass(frozen=True)
class Leftover:
    """Something of this lab that nothing accounts for."""

    kind: str
    name: str
    detail: str = ""


def find_leftovers(lab: Lab, up: Collection[str] = (), kept: AbstractSet[str] = frozenset()) -> list[Leftover]:
    """Everything of this lab that belongs neither to a stack that is up nor to the running local cloud.

    `up`: stages whose names account for things as well, since these go with them: copies of their servers, for one.
    `kept`: ids of what a stack has just let go on purpose.
    """
    owned, things = owned_ids(lab.folders) | kept, listed_things(lab)
    strays = [thing for thing in without_owner(things, owned) if not thing.name.startswith(tuple(f"{stage}-" for stage in up))]
    known = owned | {thing.id for thing in things} - {thing.id for thing in strays}
    machine = [item for item in scan_cloud(lab) if not is_accounted_for(item, known)]
    unowned = [Leftover(thing.kind, thing.name, f"{thing.id} in the local cloud, in no stack") for thing in strays]
    return [*machine, *unowned, *dead_cloud(lab), *stray_processes(lab), *stray_locks(lab)]


def is_accounted_for(item: Leftover, owned: Collection[str]) -> bool:
    """Things on the machine carry the id of the resource that they serve."""
    return any(identifier in item.name or identifier in item.detail for identifier in owned if len(identifier) >= SHORTEST_ID)


def listed_things(lab: Lab) -> list[Thing]:
    """What the local cloud lists; some of it no stack holds, e.g. made by a run that was killed, or by hand."""
    record = lab.cloud.record()
    return [] if record is None or not lives(record) else listed(record)


def dead_cloud(lab: Lab) -> list[Leftover]:
    """One that was killed leaves its agent running."""
    if lab.cloud.state() != CloudState.DEAD:
        return []
    return [Leftover("cloud", str(lab.folders.cloud_record), "ended unexpectedly: ./lab down --all, or ./lab cloud start")]


def scan_cloud(lab: Lab) -> list[Leftover]:
    """Containers, networks, volumes, images, links, rules, loop devices, mounts, cgroups; works with the cloud down."""
    if not lab.folders.cloud_record.exists():
        return []  # no cloud has ever run for this state folder, so nothing can carry its id
    done = subprocess.run(
        [str(lab.folders.python), "-m", "localcloud", "scan", "--state", str(lab.folders.state), "--json"],
        cwd=lab.folders.root,
        env=python_environment(lab.folders),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=SCAN_TIMEOUT,
    )
    try:
        return parse_scan(done.stdout)
    except (ValueError, KeyError, TypeError) as error:
        lines = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise UserError("The scan for leftovers failed, so nothing is proved:\n" + "\n".join(lines)) from error


def parse_scan(text: str) -> list[Leftover]:
    return [Leftover(entry["kind"], entry["name"], entry.get("detail") or "") for entry in json.loads(text)]


def stray_processes(lab: Lab) -> list[Leftover]:
    """Plugins without an engine, engines without us, and local clouds that the record does not know."""
    record = lab.cloud.record()
    known = record.pid if record is not None and lives(record) else None
    clouds = [p for p in processes_of_lab(lab.folders.state) if "localcloud serve" in p.command and p.pid != known]
    return [Leftover("process", f"{p.name} ({p.pid})", p.command[:120]) for p in (*orphaned_helpers(lab.folders.state), *clouds)]


def stray_locks(lab: Lab) -> list[Leftover]:
    """Locks of runs of the engine that are over; a run that is under way has its lock by right."""
    locks = [lock for stage in stage_names() for lock in locks_in(lab.folders.stack_locks(stage))]
    living = {p.pid for p in processes_of_lab(lab.folders.state)}
    return [Leftover("lock", lock.path.name, f"of {lock.path.parent.name}") for lock in locks if lock.pid not in living]


def report(lab: Lab, found: Sequence[Leftover]) -> None:
    """The list, or that there is none, and what stays on purpose."""
    if lab.out.wants_json:
        lab.out.document([asdict(leftover) for leftover in found])
        return
    if found:
        lab.out.step("leftovers", f"{count(len(found), 'thing')} left that nothing accounts for", style="bold red")
        lab.out.table(("KIND", "NAME", "DETAIL"), [(f.kind, f.name, f.detail) for f in found])
        return
    lab.out.step("leftovers", "none", style="green")
    kept = f"images drlab/*, the cache {lab.folders.cache}, keys and logs in {lab.folders.state}"
    lab.out.line(f"{'':13}stays on purpose: {kept}", "dim")
