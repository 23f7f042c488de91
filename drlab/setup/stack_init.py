"""`pulumi stack init` for every stage, so that plain `pulumi preview -s STAGE` works at once."""

from __future__ import annotations

from collections.abc import Sequence

from drlab.engine_environment import engine_environment
from drlab.errors import UserError
from drlab.folders import Folders
from drlab.setup.children import Children, CommandFailed
from drlab.setup.steps import Step, Tell


def stacks_step(folders: Folders, children: Children, stages: Sequence[str]) -> Step:
    def act(tell: Tell) -> str:
        absent = absent_stacks(folders, stages)
        for stage in absent:
            init_stack(folders, children, stage, tell)
        return f"stack{'s' if len(absent) > 1 else ''} {', '.join(absent)} ready"

    def missing() -> str | None:
        absent = absent_stacks(folders, stages)
        return f"making the stack{'s' if len(absent) > 1 else ''} {', '.join(absent)}" if absent else None

    return Step("stacks", missing, act)


def absent_stacks(folders: Folders, stages: Sequence[str]) -> list[str]:
    """By looking for Pulumi's own files: asking the engine takes half a second."""
    return [stage for stage in stages if not folders.stack_file(stage).exists()]


def init_stack(folders: Folders, children: Children, stage: str, tell: Tell) -> None:
    """Writes into the state folder and into Pulumi.<stage>.yaml, which git ignores."""
    command = [str(folders.pulumi), "stack", "init", stage, "--no-select", "--non-interactive"]
    try:
        children.run(command, tell=tell, cwd=folders.root, environment=engine_environment(folders))
    except CommandFailed as problem:
        raise UserError(f"The stack {stage} could not be made.\n{problem.shown()}") from problem
