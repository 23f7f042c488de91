"""Runs the engine on a stack and shows its progress; after a run that failed or was cut off it says how to go on."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drlab.errors import Interrupted, UserError
from drlab.events import Event
from drlab.lab import Lab
from drlab.output import Output, took
from drlab.progress import Progress
from drlab.pulumi_cli import Ended
from drlab.stack_state import PendingOperation, name_of, read_stack
from drlab.stale import await_helpers, free_stack

HEARTBEAT_SECONDS = 15.0  # in a log: a line when nothing else has come for so long
ERROR = "error: "  # how the engine begins an error that is no event
UNEXPLAINED = ("program ended with", "program was ended by", "exited with non-zero")  # of language hosts: why is in the output
MAY_EXIST_ALONE = tuple(  # types of things in the cloud, not inside a server or a database
    f"ctyun:{type_}" for type_ in ("vpc:", "eip:", "ecs:", "image:", "elb:", "ebs:", "csbs:", "rds:MysqlInstance")
)


@dataclass(frozen=True)
class Run:
    """One run of the engine that succeeded."""

    changes: dict[str, int]
    steps: int
    seconds: float


class Screen:
    """Prints lines as events come; on a terminal a last line says what takes time, in a log a heartbeat does."""

    def __init__(self, out: Output, progress: Progress) -> None:
        self._out, self._progress = out, progress
        self._status = out.console.status("the program runs …") if out.console.is_terminal else None
        self._last = time.monotonic()
        if self._status:
            self._status.start()

    def event(self, event: Event) -> None:
        for line in self._progress.feed(event, time.monotonic()):
            if not line.detail or self._out.verbose:
                self._out.line(line.text, line.style)
                self._last = time.monotonic()

    def tick(self) -> None:
        now = time.monotonic()
        working = self._progress.working_on(now)
        if self._status:
            self._status.update(working or "the program runs …")
        elif working and now - self._last > HEARTBEAT_SECONDS:
            self._out.line(f"  … {working}", "dim")
            self._last = now

    def interrupt(self, number: int) -> None:
        said = {
            1: "Ctrl-C: finishing what has begun, then ending. Once more to end at once.",
            2: "Ctrl-C again: ending at once.",
        }
        self._out.line(said.get(number, "Ctrl-C again: the engine is killed."), "yellow")

    def close(self) -> None:
        if self._status:
            self._status.stop()


def prepare_stack(lab: Lab, stage: str) -> None:
    """Clear away what a killed run has left: its lock, and helpers that still work on their own."""

    def say(text: str) -> None:
        lab.out.step(stage, text, style="yellow")

    free_stack(lab.folders.stack_locks(stage), say)
    await_helpers(lab.folders.state, say)
    if cut_off := read_stack(lab.folders.stack_file(stage), stage).pending:
        say(f"goes on after a run that was cut off at {', '.join(sorted({name_of(p.urn) for p in cut_off}))}")


def run_engine(lab: Lab, operation: str, stage: str, *arguments: str, variables: Mapping[str, str] | None = None) -> Run:
    """`operation` is a Pulumi command. Raises UserError with the engine's errors, Interrupted after Ctrl-C.

    `variables`: for the environment of the provider.
    """
    progress = Progress()
    screen = Screen(lab.out, progress)
    command = [operation, "--stack", stage, "--yes", "--skip-preview", *arguments]
    try:
        ended = lab.engine.work(command, f"{stage}-{operation}", screen.event, screen.tick, screen.interrupt, variables)
    finally:
        screen.close()
    if ended.interrupted:
        sentence = interrupted_sentence(stage, operation, progress.steps)
        raise Interrupted("\n".join([sentence, *(indented(error) for error in progress.errors)]))
    if ended.status != 0:
        raise UserError(failure_sentence(stage, operation, progress, ended), how_to_go_on(stage, operation))
    changes = dict(progress.summary.changes) if progress.summary else {}
    return Run(changes, progress.steps, ended.seconds)


def try_destroy(lab: Lab, stage: str) -> None:
    """Whether the engine would destroy it at all. Raises UserError with its reasons; nothing is changed."""
    progress = Progress()

    def feed(event: Event) -> None:
        progress.feed(event, time.monotonic())

    def nothing(*_: int) -> None:
        """It is short, and leaves nothing to be finished."""

    with lab.out.busy(f"asking whether {stage} can be destroyed"):
        command = ["destroy", "--preview-only", "--stack", stage]
        ended = lab.engine.work(command, f"{stage}-destroy-preview", feed, nothing, nothing)
    if ended.interrupted:
        raise Interrupted(f"Interrupted: nothing of {stage} was destroyed. Go on with ./lab down {stage}.")
    if ended.status != 0:
        raise UserError(failure_sentence(stage, "destroy --preview-only", progress, ended))


def interrupted_sentence(stage: str, operation: str, steps: int) -> str:
    done = f"{steps} step{'s' if steps != 1 else ''} done and recorded"
    return f"Interrupted: `pulumi {operation}` of {stage} was ended, {done}. Go on with ./lab up {stage} or ./lab down {stage}."


def how_to_go_on(stage: str, operation: str) -> str:
    if operation == "destroy":
        return f"./lab down {stage} goes on where this stopped"
    return f"./lab up {stage} goes on where this stopped, ./lab down {stage} removes what was made"


def failure_sentence(stage: str, operation: str, progress: Progress, ended: Ended) -> str:
    """All problems of a failed run, one a line."""
    if ended.status < 0:
        head = f"The engine was killed (signal {-ended.status}) after {took(ended.seconds)} of `pulumi {operation}` of {stage}."
        return "\n".join([head, *(indented(error) for error in progress.errors)])
    head = f"`pulumi {operation}` of {stage} failed after {took(ended.seconds)}:"
    return "\n".join([head, *(indented(problem) for problem in all_problems(progress.errors, ended))])


def all_problems(errors: Sequence[str], ended: Ended) -> list[str]:
    """Errors that came as events, and what else the engine has said of its end: never less than it said itself."""
    found = list(errors)
    if plain := plain_problem(ended.plain, bool(errors)):
        found.append(plain)
    if ended.output and (not found or any(end in error for error in errors for end in UNEXPLAINED)):
        found.append("\n".join(["the last that the program said:", *ended.output]))
    return found or [f"the engine ended with status {ended.status} and without a reason; all that it said is in {ended.log}"]


def plain_problem(lines: Sequence[str], has_errors: bool) -> str:
    """The error among lines that were no events, with what follows it; without any other error, all of them."""
    first = next((number for number, line in enumerate(lines) if line.startswith(ERROR)), len(lines) if has_errors else 0)
    return "\n".join(lines[first:]).removeprefix(ERROR)


def indented(text: str) -> str:
    first, *rest = text.splitlines() or [""]
    return "\n".join([f"  • {first}", *(f"    {line}" for line in rest)])


def unfinished_creations(pending: Sequence[PendingOperation]) -> list[str]:
    """URNs of things that may exist in the cloud although the state does not have them."""
    return [p.urn for p in pending if p.kind in ("creating", "importing") and p.type.startswith(MAY_EXIST_ALONE)]


def forget_pending(lab: Lab, stage: str) -> None:
    """Take operations that a killed run had begun off the stack's state: whatever they made has been adopted or removed."""
    if not read_stack(lab.folders.stack_file(stage), stage).pending:
        return
    document = json.loads(lab.engine.query("stack", "export", "--stack", stage))
    document["deployment"].pop("pending_operations", None)
    lab.engine.query("stack", "import", "--stack", stage, stdin=json.dumps(document))
