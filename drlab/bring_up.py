"""`./lab up`: from whatever there is to a site that answers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drlab.cloud import CloudState
from drlab.engine_run import Run, forget_pending, prepare_stack, run_engine
from drlab.errors import UserError
from drlab.lab import Lab
from drlab.limits.counting import check_room, parts_to_come
from drlab.looking_ahead import ALLOWED, look_ahead, refuse_loss
from drlab.names import short_name, stack_of
from drlab.node_views import NODES_OUTPUT, with_roles
from drlab.output import took
from drlab.previews import Preview
from drlab.progress import changes_sentence
from drlab.settings import Target, account, config_arguments, parse_settings, read_settings, target_of
from drlab.site import await_site
from drlab.stack_state import read_stack
from drlab.stages import read_stacks, stage_names
from drlab.unchanged import remember


@dataclass(frozen=True)
class Raised:
    """A stage that is up."""

    stage: str
    run: Run
    outputs: Mapping[str, Any]  # without secrets; on the local cloud with the roles that nodes of databases have now
    without_power: tuple[str, ...]  # servers that a fault keeps off; `up` does not repair a drill
    seconds: float


def bring_up(lab: Lab, stage: str, given: Sequence[str], may_go: Sequence[str] = ()) -> Raised:
    """Raises UserError with everything that is wrong; what was made by then is in the stack's state.

    `may_go`: names of things that hold data and may be lost.
    """
    begin = time.monotonic()
    settings = parse_settings(given)
    target = target_of(read_settings(lab.folders.settings_file(stage)), settings)
    check_target(lab, stage, target)
    if not target.is_local:
        agree_to_billing(lab, stage, target)
    prepare_stack(lab, stage)
    planned = look_ahead(lab, stage, settings, target)
    refuse_loss(lab, stage, planned, given, may_go)
    if target.is_local:
        start_cloud_with_room(lab, stage, settings, planned)
    run = run_stack(lab, stage, settings, target, may_go)
    forget_pending(lab, stage)
    remember(lab.folders, stage)
    lab.out.step(stage, f"{changes_sentence(run.changes)} ({took(run.seconds)})")
    stack = read_stack(lab.folders.stack_file(stage), stage)
    outputs = stack.outputs or {}
    dead = powerless(lab, stage) if target.is_local else ()
    await_answer(lab, outputs, target, dead)
    if target.is_local and NODES_OUTPUT in outputs:
        outputs = with_roles(outputs, lab.cloud.api().databases())
    return Raised(stage, run, outputs, dead, time.monotonic() - begin)


def start_cloud_with_room(lab: Lab, stage: str, settings: Mapping[str, str], planned: Preview | None) -> None:
    """Count first what the machine must have room for: as if the local cloud had raised what it may, then what it has become."""
    state = lab.cloud.state()
    stack, *others = read_stacks(lab.folders, [stage, *(name for name in stage_names() if name != stage)])
    config = {**read_settings(lab.folders.settings_file(stage)), **settings}
    to_come = parts_to_come(stack, others, planned, config, state)
    check_room(lab, stage, to_come, before_start=True)
    start_cloud(lab)
    check_room(lab, stage, to_come, before_start=False)


def start_cloud(lab: Lab) -> None:
    begin, before = time.monotonic(), lab.cloud.state()
    with lab.out.busy("starting the local cloud"):
        record = lab.cloud.start()
    if before == CloudState.RUNNING:
        lab.out.step("cloud", f"runs on {record.url}")
    else:
        again = "had ended unexpectedly, started again" if before == CloudState.DEAD else "started"
        lab.out.step("cloud", f"{again} on {record.url}", time.monotonic() - begin)


def run_stack(lab: Lab, stage: str, settings: Mapping[str, str], target: Target, may_go: Sequence[str]) -> Run:
    """The engine's run; a failure also says when the local cloud ended meanwhile."""
    try:
        return run_engine(lab, "up", stage, *config_arguments(settings), variables={ALLOWED: "\n".join(may_go)})
    except UserError as error:
        if target.is_local and lab.cloud.state() == CloudState.DEAD and error.hint:
            error.hint = f"the local cloud ended meanwhile (./lab cloud logs); {error.hint}"
        raise


def check_target(lab: Lab, stage: str, target: Target) -> None:
    """A stack that is up in one cloud is not continued in another. Raises UserError."""
    stack = read_stack(lab.folders.stack_file(stage), stage)
    if stack.is_up and stack.target not in (None, target.name):
        raise UserError(
            f"Stage {stage} is up on {stack.target}, so it cannot be brought up on {target.name}.", f"./lab down {stage}"
        )


def agree_to_billing(lab: Lab, stage: str, target: Target) -> None:
    """Says whose account pays. Raises UserError unless that was agreed to."""
    lab.out.step("account", f"{account()} on CTyun")
    if not target.billing_confirmed:
        raise UserError(
            f"Stage {stage} is to run on CTyun (drlab:target=ctyun), which costs money, and drlab:confirmBilling is not true.",
            f"./lab up {stage} -c drlab:target=ctyun -c drlab:confirmBilling=true",
        )


def powerless(lab: Lab, stage: str) -> tuple[str, ...]:
    """Servers of the stack that are not running."""
    stages = stage_names()
    own = [server for server in lab.cloud.api().servers() if stack_of(server.name, stages) == stage]
    return tuple(short_name(server.name, stages) for server in own if server.power != "running")


def await_answer(lab: Lab, outputs: Mapping[str, Any], target: Target, dead: Sequence[str]) -> None:
    url = outputs.get("siteUrl")
    if not isinstance(url, str):
        return
    if dead:
        lab.out.warn(f"not waiting for the site, without power: {', '.join(dead)}. `up` repairs no drill; see ./lab status")
        return
    with lab.out.busy(f"waiting for {url} to answer"):
        lab.out.step("site", "answers", await_site(url, target.is_local))


def summary_lines(raised: Raised, prefix: str = "") -> list[str]:
    """What the user reads last: where the site is, how to get in, what to try.

    `prefix`: `STAGE/` where other stages are up as well, which have servers of the same names.
    """
    outputs, stage = raised.outputs, raised.stage
    but = f", without power: {', '.join(raised.without_power)}" if raised.without_power else ""
    lines = [f"{stage} is up{but} ({took(raised.seconds)})", ""]
    if "siteUrl" in outputs:
        lines.append(f"  Site       {outputs['siteUrl']}")
    if "jumpHostAddress" in outputs:
        lines.append(f"  Jump host  {outputs['jumpHostAddress']:<15}  ./lab ssh {prefix}jump-host")
    for server in outputs.get("webServers") or []:
        place = f"{server['privateAddress']:<15}  ./lab ssh {prefix}{server['name']}"
        lines.append(f"  Server     {place}   in {server['zone']}, through the jump host")
    if "databaseHost" in outputs:
        lines.append(
            f"  Database   {outputs['databaseHost']:<15}  {outputs.get('databaseName')}, user {outputs.get('databaseUser')}"
        )
    for node in outputs.get(NODES_OUTPUT) or []:
        lines.append(f"  Node       {short_name(node['name'], stage_names()):<15}  {node['role']} in {node['zone']}")
    return [*lines, "", *next_steps(raised, prefix)]


def next_steps(raised: Raised, prefix: str) -> list[str]:
    """Commands worth typing now."""
    outputs, stage = raised.outputs, raised.stage
    steps = []
    if raised.without_power:
        off = " ".join(f"{prefix}{name}" for name in raised.without_power)
        steps.append((f"./lab power on {off}", "what a fault keeps off comes back"))
    if "siteUrl" in outputs:
        steps.append((f"curl {str(outputs['siteUrl']).rstrip('/')}/api.php", "which server, zone and database answer"))
        steps.append((f"./lab watch {stage} --writes", "in a second terminal: who answers, and what each fault costs"))
    if (servers := outputs.get("webServers")) and not raised.without_power:
        name = prefix + servers[0]["name"]
        then = "the site goes silent" if len(servers) == 1 else "after a moment the others do its work"
        steps.append((f"./lab power off {name}", f"{then}; ./lab power on {name} brings it back"))
    if outputs.get(NODES_OUTPUT):
        steps.append((f"./lab db switchover {stage}", "the standby becomes the primary; ./lab db status says who is what"))
    steps.append(("./lab status", "servers with zone and power, open faults"))
    steps.append((f"./lab down {stage}", "remove everything, and prove it"))
    width = max(len(command) for command, _ in steps)
    return ["Try next", *(f"  {command:<{width}}   {meaning}" for command, meaning in steps)]
