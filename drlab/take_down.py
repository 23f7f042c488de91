"""`./lab down`: destroy stacks, stop the cloud where asked, and prove that nothing is left."""

from __future__ import annotations

from collections.abc import Sequence

from drlab.cloud import CloudState
from drlab.engine_run import Run, forget_pending, prepare_stack, run_engine, unfinished_creations
from drlab.errors import UserError
from drlab.lab import Lab
from drlab.leftovers import find_leftovers, report
from drlab.output import count, took
from drlab.ssh import forget_files
from drlab.stack_state import StackState, name_of, read_stack
from drlab.stages import read_stacks, stage_names
from drlab.sweep import sweep


def take_down(lab: Lab, stages: Sequence[str], stop_cloud: bool) -> bool:
    """True when nothing is left. Raises UserError when a stack could not be destroyed."""
    for stage in stages:
        destroy(lab, stage)
    if stop_cloud:
        end_cloud(lab)
    others = [stack.name for stack in read_stacks(lab.folders, stage_names()) if not stack.is_empty]
    found = find_leftovers(lab, others)
    report(lab, found)
    return not found


def destroy(lab: Lab, stage: str) -> None:
    """Works from any state: pending operations, a lock of a dead run, a local cloud that is down."""
    stack = read_stack(lab.folders.stack_file(stage), stage)
    if stack.is_empty:
        lab.out.step(stage, "nothing to destroy")
        return
    prepare_stack(lab, stage)
    if stack.target != "ctyun":  # without a target nothing has been made anywhere
        start_cloud_again(lab)
        sweep(lab, stage)
    else:
        adopt_unfinished(lab, stack)
    run = run_engine(lab, "destroy", stage, "--continue-on-error")
    forget_pending(lab, stage)
    forget_files(lab.folders, stage)
    lab.out.step(stage, f"destroyed, {removed(run)} in {took(run.seconds)}")


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


def end_cloud(lab: Lab) -> None:
    """Stop the local cloud for good. One that was killed is started once more: it alone knows how to clear up after itself."""
    if lab.cloud.record() is None:
        return
    if lab.cloud.state() != CloudState.RUNNING:
        if not find_leftovers(lab):
            return
        start_cloud_again(lab)
    with lab.out.busy("stopping the local cloud"):
        sweep(lab)
        lab.cloud.stop(force=True)
    lab.out.step("cloud", "stopped")
