"""`./lab status`: what is up, as data first, then as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ctyun.errors import CtyunError
from ctyun.local import Fault, LocalServer
from ctyun.local_databases import LocalDatabase
from drlab.cloud import CloudState
from drlab.lab import Lab
from drlab.names import short_name, stack_of
from drlab.node_views import NodeView, node_table, node_views, with_roles
from drlab.output import Output, count
from drlab.settings import read_settings, target_of
from drlab.stack_state import StackState
from drlab.stages import read_stacks, stage_names

SHOWN_KINDS: Mapping[str, tuple[str, ...]] = {
    "ctyun:ecs:Instance": ("server",),
    "ctyun:rds:MysqlInstance": ("database",),
    "ctyun:eip:Eip": ("EIP",),
    "ctyun:vpc:Vpc": ("VPC",),
    "ctyun:vpc:Subnet": ("subnet",),
    "ctyun:vpc:SecurityGroup": ("security group",),
}
SHOWN_OUTPUTS = ("siteUrl", "jumpHostAddress", "databaseHost")


@dataclass(frozen=True)
class CloudView:
    """The local cloud as it is seen."""

    state: str
    url: str | None
    tls_url: str | None
    pid: int | None
    id: str | None


@dataclass(frozen=True)
class ServerView:
    """A server with its power as it is, and as its owner wants it."""

    name: str
    short_name: str
    stack: str | None
    region: str
    zone: str
    power: str  # "running" | "stopped" | "gone"
    desired: str  # "on" | "off"
    privateAddress: str
    eip: str | None
    flavor: str
    image: str
    instanceId: str


@dataclass(frozen=True)
class StackView:
    """One stack."""

    name: str
    target: str
    up: bool
    resources: tuple[Mapping[str, str], ...]
    outputs: Mapping[str, Any]
    pending: tuple[str, ...]
    updated: str | None


@dataclass(frozen=True)
class Overview:
    """Everything that `./lab status` shows."""

    cloud: CloudView
    stacks: tuple[StackView, ...]
    servers: tuple[ServerView, ...]
    faults: tuple[Mapping[str, Any], ...]
    databaseNodes: tuple[NodeView, ...] = ()


def look(lab: Lab) -> Overview:
    """Reads the stacks' files and asks the local cloud; never starts anything."""
    stages = stage_names()
    state, record = lab.cloud.state(), lab.cloud.record()
    servers: list[LocalServer] = []
    databases: list[LocalDatabase] = []
    faults: list[Fault] = []
    if state == CloudState.RUNNING:
        try:
            servers, databases, faults = lab.cloud.api().servers(), lab.cloud.api().databases(), lab.cloud.api().faults()
        except CtyunError as error:  # it ended between two questions
            lab.out.warn(str(error))
            state = lab.cloud.state()
    running = record if state == CloudState.RUNNING else None
    return Overview(
        cloud=CloudView(
            state=state.value,
            url=running.url if running else None,
            tls_url=running.tls_url if running else None,
            pid=running.pid if running else None,
            id=record.id if record else None,
        ),
        stacks=tuple(stack_view(lab, stack, databases) for stack in read_stacks(lab.folders, stages)),
        servers=tuple(server_view(server, stages) for server in sorted(servers, key=lambda s: (s.region, s.zone, s.name))),
        faults=tuple(fault.raw for fault in faults),
        databaseNodes=tuple(view for database in databases for view in node_views(database, stages)),
    )


def stack_view(lab: Lab, stack: StackState, databases: Sequence[LocalDatabase]) -> StackView:
    target = stack.target or target_of(read_settings(lab.folders.settings_file(stack.name)), {}).name
    real = [r for r in stack.resources if r.custom and not r.type.startswith("pulumi:")]
    return StackView(
        name=stack.name,
        target=target,
        up=stack.is_up,
        resources=tuple({"type": r.type, "name": r.name, "id": r.id} for r in real),
        outputs=with_roles(stack.outputs or {}, databases),
        pending=tuple(f"{p.kind} {p.urn.rpartition('::')[2]}" for p in stack.pending),
        updated=stack.updated if stack.resources else None,
    )


def server_view(server: LocalServer, stages: Sequence[str]) -> ServerView:
    return ServerView(
        name=server.name,
        short_name=short_name(server.name, stages),
        stack=stack_of(server.name, stages),
        region=server.region,
        zone=server.zone,
        power=server.power,
        desired=server.desired,
        privateAddress=server.private_address,
        eip=server.eip,
        flavor=server.flavor,
        image=server.image,
        instanceId=server.id,
    )


def document(overview: Overview) -> dict[str, Any]:
    """The JSON document of `status --json`."""
    return asdict(overview)


def render(overview: Overview, out: Output) -> None:
    """The same for people."""
    render_cloud(overview.cloud, out)
    for stack in overview.stacks:
        render_stack(stack, out)
    if overview.servers:
        out.line()
        out.table(*server_table(overview.servers))
    if overview.databaseNodes:
        out.line()
        out.table(*node_table(overview.databaseNodes))
    if overview.faults:
        out.line()
        out.table(*fault_table(overview.faults))


def render_cloud(cloud: CloudView, out: Output) -> None:
    if cloud.url:
        out.step("cloud", f"{cloud.state} on {cloud.url} (process {cloud.pid}, id {cloud.id})")
        if cloud.tls_url:
            out.step("", f"TLS on {cloud.tls_url}; its CA: ./lab cloud ca")
    else:
        out.step("cloud", cloud.state if cloud.id else "has never run")


def render_stack(stack: StackView, out: Output) -> None:
    if not stack.up:
        unfinished = f"; unfinished: {', '.join(stack.pending)}" if stack.pending else ""
        out.step(stack.name, f"not up{unfinished}", style="dim")
        return
    out.step(stack.name, f"up on {stack.target}, {resources_sentence(stack.resources)}")
    for key in SHOWN_OUTPUTS:
        if key in stack.outputs:
            out.line(f"{'':13}{key:<16} {stack.outputs[key]}")
    if stack.pending:
        out.line(f"{'':13}unfinished: {', '.join(stack.pending)} (./lab up {stack.name} goes on)", "yellow")


def resources_sentence(resources: Sequence[Mapping[str, str]]) -> str:
    """`18 resources: 2 servers, 2 EIPs, 1 VPC, ...`; helpers such as keys and files are counted only."""
    kinds = Counter(resource["type"] for resource in resources)
    parts = [count(kinds[token], *words) for token, words in SHOWN_KINDS.items() if kinds[token]]
    return f"{count(len(resources), 'resource')}: {', '.join(parts)}" if parts else count(len(resources), "resource")


def server_table(servers: Sequence[ServerView]) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    several = len({server.stack for server in servers}) > 1
    rows = [
        (
            f"{server.stack or '-'}/{server.short_name}" if several else server.short_name,
            f"{server.region}/{server.zone}",
            power_words(server),
            server.privateAddress,
            server.eip or "-",
            server.flavor,
        )
        for server in servers
    ]
    return ("SERVER", "ZONE", "POWER", "PRIVATE", "EIP", "FLAVOUR"), rows


def power_words(server: ServerView) -> str:
    """What is seen, and why where it is not what is wanted."""
    if server.power == "running":
        return "on"
    if server.power == "gone":
        return "gone (its container was removed)"
    return "off" if server.desired == "off" else "off (by a fault or a crash)"


def fault_state(fault: Mapping[str, Any]) -> str:
    """A process that was killed is killed: nothing of that stays in force, and nothing undoes it."""
    if fault["kind"] == "kill":
        return "over"
    return "undone" if fault.get("undone") else "in force" if fault.get("landed") else "not landed"


def fault_table(faults: Sequence[Mapping[str, Any]]) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    rows = [
        (
            str(fault["id"]),
            str(fault["kind"]),
            str(fault.get("target", "")),
            str(fault.get("at", ""))[:19].replace("T", " "),
            fault_state(fault),
            ", ".join(fault.get("hit") or ()) or count(0, "server"),
        )
        for fault in faults
    ]
    return ("FAULT", "KIND", "TARGET", "SINCE", "STATE", "HITS"), rows
