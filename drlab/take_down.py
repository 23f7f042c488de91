"""`./lab down`: destroy stacks, stop the cloud where asked, and prove that nothing is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from drlab.cloud import CloudState
from drlab.engine_run import Run, forget_pending, indented, prepare_stack, run_engine, try_destroy, unfinished_creations
from drlab.errors import UserError
from drlab.inventory import names_of
from drlab.kinds import Thing
from drlab.lab import Lab
from drlab.leftovers import find_leftovers, report
from drlab.output import count, took
from drlab.ssh import forget_files
from drlab.stack_state import StackState, name_of, read_stack
from drlab.stages import read_stacks, stage_names
from drlab.sweep import Stray, strays, sweep

VAULT = "ctyun:csbs:BackupVault"


def take_down(lab: Lab, stages: Sequence[str], stop_cloud: bool) -> bool:
    """True when nothing is left. Raises UserError when something could not be destroyed; whoever may refuse is asked first."""
    stacks = [settled_stack(lab, stage) for stage in stages]
    refuse_protected(stacks)
    kept = kept_ids(stacks)
    local = [stack for stack in stacks if not stack.is_empty and stack.target != "ctyun"]  # without a target nothing was made
    if local:
        start_cloud_again(lab)
    in_the_way = {stack.name: strays(lab, stack.name, kept) for stack in local}
    refuse_full_vaults(stacks, [stray.thing for found in in_the_way.values() for stray in found])
    for stack in stacks:
        destroy(lab, stack, in_the_way.get(stack.name, ()))
    if stop_cloud:
        end_cloud(lab, kept)
    others = [stack.name for stack in read_stacks(lab.folders, stage_names()) if not stack.is_empty]
    found = find_leftovers(lab, others, kept)
    report(lab, found)
    return not found


def settled_stack(lab: Lab, stage: str) -> StackState:
    """A stack as it is when no other run works on it."""
    stack = read_stack(lab.folders.stack_file(stage), stage)
    if not stack.is_empty:
        prepare_stack(lab, stage)
    return read_stack(lab.folders.stack_file(stage), stage)


def refuse_protected(stacks: Sequence[StackState]) -> None:
    """The engine would find out in the middle. Raises UserError that names all of them."""
    held = [stack for stack in stacks if any(resource.protected for resource in stack.resources)]
    if not held:
        return
    names = [f"{stack.name}: {r.name} ({r.kind})" for stack in held for r in stack.resources if r.protected]
    raise UserError(
        "\n".join(["Nothing was destroyed, since this is protected:", *map(indented, names)]),
        "; ".join(f".venv/bin/pulumi state unprotect --all --yes --stack {stack.name}" for stack in held)
        + ", and `protect` out of the program",
    )


def refuse_full_vaults(stacks: Sequence[StackState], strays: Sequence[Thing]) -> None:
    """A vault that is not to take its backups along stays while it holds any. Raises UserError that names all of them."""
    closed = {r.id: r.name for stack in stacks for r in stack.of_type(VAULT) if r.inputs.get("deleteBackups") is False}
    inside = Counter(thing.holder for thing in strays if thing.holder in closed)
    if inside:
        lines = [f"{closed[id]} holds {count(number, 'backup')}, and its deleteBackups is false" for id, number in inside.items()]
        hint = "delete the backups, or set deleteBackups to true in the program and ./lab up"
        raise UserError("\n".join(["Nothing was destroyed, since this is to be kept:", *map(indented, lines)]), hint)


def kept_ids(stacks: Sequence[StackState]) -> frozenset[str]:
    """What the engine will forget and not delete (`retain_on_delete`)."""
    return frozenset(id for stack in stacks for r in stack.resources if r.retained and r.id for id in names_of(r))


def destroy(lab: Lab, stack: StackState, in_the_way: Sequence[Stray]) -> None:
    """Works from any state: pending operations, a lock of a dead run, a local cloud that is down."""
    stage = stack.name
    if stack.is_empty:
        lab.out.step(stage, "nothing to destroy")
        return
    if stack.target == "ctyun":
        adopt_unfinished(lab, stack)
    elif in_the_way:
        try_destroy(lab, stage)  # the last that may refuse: the engine itself, which may not even start
        sweep(lab, in_the_way)
    run = run_engine(lab, "destroy", stage, "--continue-on-error")
    forget_pending(lab, stage)
    forget_files(lab.folders, stage)
    lab.out.step(stage, f"destroyed, {removed(run)} in {took(run.seconds)}")
    for resource in stack.resources:
        if resource.retained and resource.id:
            lab.out.step(stage, f"kept {resource.name} ({resource.kind} {resource.id}): retain_on_delete", style="yellow")


def removed(run: Run) -> str:
    return count(run.steps, "thing") + " removed"


def start_cloud_again(lab: Lab) -> None:
    """What is to be destroyed is destroyed through the cloud's API."""
    before = lab.cloud.state()
    with lab.out.busy("starting the local cloud"):
        record = lab.cloud.start()
    if before != CloudState.RUNNING:
        why = "had ended unexpectedly" if before == CloudState.DEAD else f"was {before}"
        lab.out.step("cloud", f"{why}; started again on {record.url}")


def adopt_unfinished(lab: Lab, stack: StackState) -> None:
    """On CTyun: a killed run may have made things that the state does not know.

    Creating them again finds and adopts them by their mark, so that destroy removes them. Nothing is deleted by its name.
    """
    urns = unfinished_creations(stack.pending)
    if not urns:
        return
    names = ", ".join(name_of(urn) for urn in urns)
    lab.out.step(stack.name, f"a run was cut off while it made {names}: looking for what it made, to remove that too")
    try:
        run_engine(lab, "up", stack.name, *(argument for urn in urns for argument in ("--target", urn)))
    except UserError as error:
        # Not fatal: destroy removes what the state knows, and the scan afterwards names what is left.
        lab.out.warn(f"that did not succeed, going on. {error.message}")


def end_cloud(lab: Lab, kept: AbstractSet[str]) -> None:
    """Stop the local cloud for good. One that was killed is started once more: it alone knows how to clear up after itself."""
    if lab.cloud.record() is None:
        return
    if lab.cloud.state() != CloudState.RUNNING:
        if not find_leftovers(lab):
            return
        start_cloud_again(lab)
    with lab.out.busy("stopping the local cloud"):
        sweep(lab, strays(lab, kept=kept))
        lab.cloud.stop(force=True)
    lab.out.step("cloud", "stopped")
