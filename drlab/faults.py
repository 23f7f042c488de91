"""Faults as the user asks for them and as they are reported: who is hit, at which instant, and how that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ctyun.local import Fault
from drlab.errors import UserError, WrongArguments
from drlab.lab import Lab
from drlab.names import place_of, stacks_hit
from drlab.stages import check_stage, stage_names


def put_faults(lab: Lab, kind: str, targets: Sequence[str], stack: str | None, **wish: Any) -> list[Fault]:
    """One fault for each target; all names are looked up before the first one is put on."""
    api, stages = lab.cloud.api(), stage_names()
    prefix = name_prefix(stack)
    servers = api.named()
    places = [place_of(target, servers, stages, stack) for target in targets]
    if wish.get("to") not in (None, "*"):
        wish["to"] = place_of(wish["to"], servers, stages, stack).target
    made: list[Fault] = []
    for place in places:
        made.append(api.put_fault(kind, place.target, name_prefix=prefix if place.shared else None, **wish))
    return made


def name_prefix(stack: str | None) -> str | None:
    """Limits a zone's fault to one stack. Raises WrongArguments for an unknown one."""
    return f"{check_stage(stack, stage_names())}-" if stack is not None else None


def report_faults(lab: Lab, faults: Sequence[Fault]) -> None:
    """On --json an object for one fault, a list for several. Raises UserError when one has not landed."""
    if lab.out.wants_json:
        documents = [dict(fault.raw) for fault in faults]
        lab.out.document(documents[0] if len(documents) == 1 else documents)
    else:
        for fault in faults:
            for line in fault_lines(fault, stage_names()):
                lab.out.line(line)
    missed = [fault.id for fault in faults if not fault.landed]
    if missed:
        raise UserError(f"Not proved to have landed: {', '.join(missed)}.", "./lab fault list")


def fault_lines(fault: Fault, stages: Sequence[str]) -> list[str]:
    """`f-1 power-off of server:i-… since 10:00:00.123456 UTC`, the proof, whom it hits, how to undo it."""
    lines = [f"{fault.id}  {fault.kind} of {fault.target}, at {fault.at}"]
    lines.append(f"  {'proved' if fault.landed else 'NOT proved'}: {fault.proof}")
    lines.append(f"  hits   {hit_sentence(fault.hit, stages)}")
    if fault.kind != "kill":
        lines.append(f"  undo   ./lab fault undo {fault.id}")
    return lines


def hit_sentence(hit: Sequence[str], stages: Sequence[str]) -> str:
    """Servers by stack: zones are shared by all stacks, so a drill of one may hit another."""
    by_stack = stacks_hit(hit, stages)
    return "; ".join(f"{stack}: {', '.join(names)}" for stack, names in by_stack.items()) or "no server"


def undo(lab: Lab, fault_id: str | None, every: bool) -> list[Mapping[str, Any]]:
    """Take faults off, newest first. Raises WrongArguments when neither or both are said, UserError for an unknown one."""
    if every == (fault_id is not None):
        raise WrongArguments("Say either a fault's id or --all.", "./lab fault list")
    api = lab.cloud.api()
    if fault_id is not None:
        if fault_id not in {fault.id for fault in api.faults(include_undone=True)}:
            raise UserError(f"There is no fault {fault_id!r}; nothing was undone.", "./lab fault list")
        return [api.undo_fault(fault_id)]
    open_faults = [fault for fault in api.faults() if fault.kind != "kill"]  # a killed process is not to be undone
    return [api.undo_fault(fault.id) for fault in reversed(open_faults)]


def undone_line(answer: Mapping[str, Any]) -> str:
    """`f-1  power-off of zone:华东1/AZ1 undone`."""
    return f"{answer.get('id')}  {answer.get('kind')} of {answer.get('target')} undone"


def power_on(lab: Lab, targets: Sequence[str], stack: str | None) -> list[dict[str, Any]]:
    """Power for each target; all names are looked up first."""
    api, stages = lab.cloud.api(), stage_names()
    prefix, servers = name_prefix(stack), api.named()
    places = [place_of(target, servers, stages, stack) for target in targets]
    return [dict(api.power_on(place.target, prefix if place.shared else None)) for place in places]


def power_on_line(target: str, answer: Mapping[str, Any], stages: Sequence[str]) -> str:
    """`web-01: power is back (fault f-1 undone)`; says so when nothing was off."""
    undone, started = answer.get("undone") or [], answer.get("started") or []
    parts = [f"fault {', '.join(undone)} undone"] if undone else []
    parts += [f"started {hit_sentence(started, stages)}"] if started else []
    return f"{target}: power is back ({'; '.join(parts)})" if parts else f"{target}: nothing was off"
