"""The stages' databases: which node is the primary, and how that is changed by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from ctyun import Client
from ctyun.local import LocalCloud
from ctyun.local_databases import ASYNC, PAIR, LocalDatabase, LocalNode
from drlab.errors import UserError
from drlab.lab import Lab
from drlab.names import short_name, stack_of
from drlab.output import Output
from drlab.stages import check_stage, stage_names

SWITCH_SECONDS = 120.0
PROMOTE_SECONDS = 120.0
LOOK_SECONDS = 0.25  # between two looks at a change of roles
NODE_COLUMNS = ("NODE", "ZONE", "ROLE", "POWER", "REACHABLE", "BEHIND")
SWITCHES_SHOWN = 3

Tell = Callable[[str], None]


def databases_of(lab: Lab, stage: str | None) -> list[LocalDatabase]:
    """Those of a stage, or all. Raises UserError for an unknown stage."""
    stages = stage_names()
    wanted = None if stage is None else check_stage(stage, stages)
    found = sorted(lab.cloud.api().databases(), key=lambda database: (database.region, database.name))
    return [database for database in found if wanted is None or stack_of(database.name, stages) == wanted]


def the_pair(lab: Lab, stage: str | None) -> LocalDatabase:
    """The one database with a standby. Raises UserError when there is none, or more than one."""
    found = databases_of(lab, stage)
    pairs = [database for database in found if database.kind == PAIR]
    if len(pairs) == 1:
        return pairs[0]
    where = f" in {stage}" if stage else ""
    if pairs:
        names = ", ".join(database.name for database in pairs)
        raise UserError(f"There are several databases with a standby: {names}.", "say which stage: ./lab db ... STAGE")
    alone = f" {found[0].name} is a {found[0].kind} one." if found else ""
    raise UserError(f"There is no database with a standby{where}.{alone}", "./lab up dual-active makes one")


def new_primary(database: LocalDatabase, wanted: str | None) -> LocalNode:
    """The node that is to become the primary: the named one, else the standby. Raises UserError."""
    stages = stage_names()
    others = [node for node in database.nodes if node is not database.leader]
    if wanted is None:
        if len(others) != 1:
            raise UserError(f"{database.name} has no single standby: {_listed(database.nodes)}.", "say which: --to NODE")
        return others[0]
    name = wanted.rpartition("/")[2]
    fitting = [node for node in database.nodes if name in (node.id, node.name, short_name(node.name, stages), node.zone)]
    if not fitting:
        raise UserError(f"{database.name} has no node {wanted!r}. There are {_listed(database.nodes)}.")
    if fitting[0] is database.leader:
        raise UserError(f"{fitting[0].name} is the primary of {database.name} already; nothing was changed.")
    return fitting[0]


def switch_over(lab: Lab, database: LocalDatabase, node: LocalNode, tell: Tell) -> LocalDatabase:
    """Planned change of roles, by the cloud's own API; `tell` hears of each step. Raises CtyunError with the reason."""
    record = lab.cloud.api().record

    async def run() -> LocalDatabase:
        async with Client.local(record) as client, LocalCloud(record) as local:
            call = client.mysql_roles.switch_over(database.region_id, database.id, node.res_id, timeout=SWITCH_SECONDS)
            switching = asyncio.ensure_future(call)
            await _follow(local, database, switching, tell)
            await switching
            return await _look(local, database)

    return asyncio.run(run())


def promote(lab: Lab, database: LocalDatabase, accept_loss: bool, tell: Tell) -> LocalDatabase:
    """Have the standby take over now; returns when it serves. Raises LocalCloudError when it is refused, UserError in the end."""
    record = lab.cloud.api().record

    async def run() -> LocalDatabase:
        async with LocalCloud(record) as local:
            promoting = asyncio.ensure_future(local.promote(database.id, accept_loss=accept_loss))
            await _follow(local, database, promoting, tell)
            await promoting
            return await _serving(local, database, tell)

    return asyncio.run(run())


async def _follow(local: LocalCloud, database: LocalDatabase, work: asyncio.Future[Any], tell: Tell) -> None:
    """Tell what the controller says, sentence by sentence, until the work is done."""
    told = database.verdict
    while not work.done():
        told = _told((await _look(local, database)).verdict, told, tell)
        await asyncio.wait({work}, timeout=LOOK_SECONDS)


async def _serving(local: LocalCloud, database: LocalDatabase, tell: Tell) -> LocalDatabase:
    """Wait until another node is the primary and can be reached."""
    deadline, told = time.monotonic() + PROMOTE_SECONDS, database.verdict
    before = database.leader.name if database.leader else ""
    while True:
        seen = await _look(local, database)
        if seen.leader and seen.leader.name != before and seen.leader.reachable and not seen.step:
            return seen
        told = _told(seen.verdict, told, tell)
        if time.monotonic() > deadline:
            waited = f"Waited {PROMOTE_SECONDS:.0f} s for the standby of {database.name} to serve."
            raise UserError(f"{waited} The controller says: {seen.verdict or 'nothing'}", "./lab db status")
        await asyncio.sleep(LOOK_SECONDS)


def _told(verdict: str, before: str, tell: Tell) -> str:
    if verdict and verdict != before:
        tell(verdict)
    return verdict


async def _look(local: LocalCloud, database: LocalDatabase) -> LocalDatabase:
    found = next((one for one in await local.databases() if one.id == database.id), None)
    if found is None:
        raise UserError(f"Database {database.name} ({database.id}) is gone.", "./lab db status")
    return found


# -- shown


def render(databases: Sequence[LocalDatabase], out: Output) -> None:
    """All of them, for people."""
    if not databases:
        out.line("no database")
    for number, database in enumerate(databases):
        if number:
            out.line()
        render_one(database, out)


def render_one(database: LocalDatabase, out: Output) -> None:
    stages = stage_names()
    public = f", {database.eip} from outside" if database.eip else ""
    out.line(f"{database.name}  {database.kind} at {database.address}:{database.port}{public}", "bold")
    for line in state_lines(database):
        out.line(f"  {line}")
    out.table(NODE_COLUMNS, [node_row(node) for node in database.nodes])
    for node in database.nodes:
        if node.problem:
            out.line(f"  {short_name(node.name, stages)}: {node.problem}", "yellow")
    for switch in database.switches[:SWITCHES_SHOWN]:
        change = " -> ".join(short_name(name, stages) for name in dict.fromkeys((switch.before, switch.after)))
        out.line(f"  {switch.begun[:19].replace('T', ' ')}  {switch.reason} {switch.state}, {change}: {switch.detail}", "dim")


def state_lines(database: LocalDatabase) -> list[str]:
    """Who leads by which rules, and what the controller sees."""
    lines = []
    if database.kind == PAIR:
        lines.append(f"{sync_words(database)}; {database.ha_mode}, {database.sync_mode}, failover {database.failover}")
    if database.step:
        lines.append(f"roles are changing: {database.step}")
    if database.verdict:
        lines.append(database.verdict)
    return lines


def sync_words(database: LocalDatabase) -> str:
    """Out of sync is what should not be; with asynchronous replication nothing else is promised."""
    if database.in_sync:
        return "the standby has every acknowledged write"
    return "the standby may lack the latest writes" if database.sync_mode == ASYNC else "the standby is OUT OF SYNC"


def node_row(node: LocalNode) -> tuple[str, ...]:
    behind = "-" if node.role == "primary" or node.behind is None else f"{node.behind:g} s"
    power = "on" if node.power == "running" else node.power
    return (
        short_name(node.name, stage_names()),
        node.zone,
        node.role,
        power,
        "yes" if node.reachable else "no",
        behind,
    )


def place(node: LocalNode | None) -> str:
    """`db-2 in AZ2`."""
    return f"{short_name(node.name, stage_names())} in {node.zone}" if node else "nobody"


def _listed(nodes: Sequence[LocalNode]) -> str:
    stages = stage_names()
    return ", ".join(f"{short_name(node.name, stages)} ({node.zone}, {node.role})" for node in nodes) or "none"
