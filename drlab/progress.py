"""The engine's events as short lines with seconds; a pure function of events and clock readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from drlab.events import Event, Message, Step, Summary
from drlab.output import took

MARKS: Mapping[str, str] = {
    "create": "+",
    "create-replacement": "+",
    "import": "=",
    "update": "~",
    "replace": "±",
    "delete": "-",
    "delete-replaced": "-",
    "discard": "-",
    "discard-replaced": "-",
    "refresh": "?",
}
DOING: Mapping[str, str] = {"+": "making", "~": "changing", "-": "removing", "?": "looking at", "=": "importing"}
STYLES: Mapping[str, str] = {"+": "green", "~": "yellow", "-": "red"}
KIND_WIDTH, NAME_WIDTH = 15, 26


@dataclass(frozen=True)
class Line:
    """One line for the user; `detail` lines are shown with -v only."""

    text: str
    style: str = ""
    detail: bool = False


@dataclass
class Progress:
    """Takes events in order and says what to print. Times are those of the reader's clock: events carry whole seconds only."""

    begun: dict[tuple[str, str], tuple[Step, float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    summary: Summary | None = None
    steps: int = 0

    def feed(self, event: Event, now: float) -> list[Line]:
        if isinstance(event, Step):
            return self._step(event, now)
        if isinstance(event, Message):
            return self._message(event)
        self.summary = event
        return []

    def working_on(self, now: float) -> str:
        """What takes time at present: `making web-01 (3 s), jump-host (3 s)`; empty when nothing is under way."""
        by_mark: dict[str, list[str]] = {}
        for step, since in self.begun.values():
            by_mark.setdefault(MARKS[step.op], []).append(f"{step.name} ({now - since:.0f} s)")
        return "; ".join(f"{DOING.get(mark, 'working on')} {', '.join(names)}" for mark, names in by_mark.items())

    def _step(self, step: Step, now: float) -> list[Line]:
        if not is_real(step):
            return []
        if step.op == "same":
            return [Line(f"  = {step.kind:<{KIND_WIDTH}} {step.name}", detail=True)] if step.phase == "done" else []
        if step.op not in MARKS or step.op == "replace":  # "replace" only announces a delete and a create
            return []
        key = (step.urn, step.op)
        if step.phase == "begun":
            self.begun[key] = (step, now)
            return []
        _, since = self.begun.pop(key, (step, now))
        if step.phase == "failed":
            return self._failure(step, now - since)
        self.steps += 1
        return [Line(step_line(step, now - since), STYLES.get(MARKS[step.op], ""))]

    def _failure(self, step: Step, seconds: float) -> list[Line]:
        self.failed.add(step.name)
        return [Line(f"  ✗ {step.kind:<{KIND_WIDTH}} {step.name:<{NAME_WIDTH}} failed after {took(seconds)}", "bold red")]

    def _message(self, message: Message) -> list[Line]:
        text = message.about()
        if message.severity == "error":
            if text not in self.errors:
                self.errors.append(text)
            return []
        if message.severity == "warning":
            return [Line(f"  ! {text}", "yellow")]
        return [Line(f"    {text}", "dim", detail=True)]


def is_real(step: Step) -> bool:
    """Things that a provider makes; components and providers are only names for groups of them."""
    return step.custom and not step.type.startswith("pulumi:")


def step_line(step: Step, seconds: float) -> str:
    """`  + Instance        web-01                        3.2 s`."""
    changed = f"  ({', '.join(step.changed)})" if step.op == "update" and step.changed else ""
    return f"  {MARKS[step.op]} {step.kind:<{KIND_WIDTH}} {step.name:<{NAME_WIDTH}} {took(seconds):>6}{changed}"


def changes_sentence(changes: Mapping[str, int]) -> str:
    """`14 created, 1 updated, 3 unchanged`; the engine counts components too."""
    words = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced", "same": "unchanged"}
    parts = [f"{changes[op]} {word}" for op, word in words.items() if changes.get(op)]
    return ", ".join(parts) or "nothing to do"
