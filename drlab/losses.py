"""What an update would destroy for good: things that hold data, and would be removed or made anew."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from drlab.previews import Planned
from drlab.stack_state import StackState

DESTROYING = ("delete", "delete-replaced")


@dataclass(frozen=True)
class Loss:
    """One thing that holds data. `what`: what would be lost, as the beginning of a sentence's end."""

    name: str
    kind: str
    why: str
    what: str

    def sentence(self) -> str:
        return f"{self.name} ({self.kind}) would be {self.why}: {self.what} would be lost for good"


def losses(planned: Sequence[Planned], stack: StackState) -> list[Loss]:
    """Without what goes together with something that is named already (`deleted_with`), or is let go and stays."""
    going = [step for step in planned if step.op in DESTROYING and not is_retained(step.urn, stack)]
    if not going:
        return []
    from pulumi_ctyun.resources.declarations import (
        RESOURCES,
    )  # with Pulumi's SDK, which is slow to import, and rarely needed here

    holding = {step.urn: data for step in going if (known := RESOURCES.get(step.type)) and (data := known.data)}
    taken_along = {r.urn for r in stack.resources if r.deleted_with in holding}
    return [
        Loss(step.name, step.kind, why(step, planned), holding[step.urn])
        for step in going
        if step.urn in holding and step.urn not in taken_along
    ]


def is_retained(urn: str, stack: StackState) -> bool:
    """The engine forgets it, and deletes nothing."""
    return any(resource.urn == urn and resource.retained for resource in stack.resources)


def why(step: Planned, planned: Sequence[Planned]) -> str:
    if step.op == "delete":
        return "removed, as the program has it no more"
    changed = next((other.changed for other in planned if other.urn == step.urn and other.changed), ())
    return f"made anew, for another {', '.join(changed)}" if changed else "made anew, with what it hangs on"


def unsaid(found: Sequence[Loss], allowed: Collection[str]) -> list[Loss]:
    """Those that nobody has agreed to lose."""
    return [loss for loss in found if loss.name not in allowed]
