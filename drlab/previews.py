"""What a preview says, as data, as a table and as Markdown for a pull request; needs no credentials and no Docker."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from drlab.engine_run import all_problems, indented
from drlab.errors import Interrupted
from drlab.events import Event, Message, Step, Summary
from drlab.lab import Lab
from drlab.output import Output, count, took
from drlab.progress import MARKS, is_real
from drlab.settings import read_settings


@dataclass(frozen=True)
class Planned:
    """One thing that `up` would do."""

    op: str
    kind: str
    name: str
    changed: tuple[str, ...] = ()
    urn: str = ""
    type: str = ""


@dataclass
class Preview:
    """The preview of one stage."""

    stage: str
    planned: list[Planned] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unchanged: int = 0
    seconds: float = 0.0
    failed: bool = False

    def feed(self, event: Event) -> None:
        if isinstance(event, Step) and event.phase == "begun" and is_real(event):
            if event.op == "same":
                self.unchanged += 1
            elif event.op in MARKS and event.op != "replace":
                self.planned.append(Planned(event.op, event.kind, event.name, event.changed, event.urn, event.type))
        elif isinstance(event, Message) and event.severity == "error" and event.about() not in self.problems:
            self.problems.append(event.about())
        elif isinstance(event, Message) and event.severity == "warning":
            self.warnings.append(event.about())
        elif isinstance(event, Summary):
            self.failed = self.failed or event.result != "succeeded"

    def counts(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for planned in self.planned:
            found[planned.op] = found.get(planned.op, 0) + 1
        return found

    def sentence(self) -> str:
        """`14 to create, 1 to update, 3 unchanged`."""
        if self.failed:
            return count(len(self.problems), "problem")
        words = {"create": "create", "create-replacement": "make anew", "update": "update", "delete": "delete"}
        parts = [f"{self.counts()[op]} to {word}" for op, word in words.items() if self.counts().get(op)]
        parts += [f"{self.unchanged} unchanged"] if self.unchanged else []
        return ", ".join(parts) or "nothing to do"


def preview(lab: Lab, stage: str, arguments: Sequence[str] = ()) -> Preview:
    """Runs the engine's preview. A preview with problems is a result, not an exception."""
    result, begin = Preview(stage), time.monotonic()

    def nothing(*_: int) -> None:
        """A preview makes nothing that would have to be finished, and it is short."""

    with lab.out.busy(f"previewing {stage}"), trial_settings(lab.folders.settings_file(stage), arguments) as given:
        ended = lab.engine.work(["preview", "--stack", stage, *given], f"{stage}-preview", result.feed, nothing, nothing)
    if ended.interrupted:
        raise Interrupted(f"Interrupted: the preview of {stage} was ended. It changes nothing.")
    result.seconds = time.monotonic() - begin
    if ended.status != 0:
        result.failed = True
        result.problems = all_problems(result.problems, ended)
    return result


@contextmanager
def trial_settings(settings_file: Path, arguments: Sequence[str]) -> Iterator[list[str]]:
    """Arguments with which -c counts for this preview alone: the engine writes it into the settings file that it uses.

    The copy has no salt, which may be another state folder's: the engine takes the stack's own.
    """
    if not arguments:
        yield []
        return
    settings = read_settings(settings_file)
    with tempfile.NamedTemporaryFile("w", prefix="drlab-preview-", suffix=".yaml", encoding="utf-8") as trial:
        yaml.safe_dump({"config": settings}, trial, allow_unicode=True)
        trial.flush()
        yield ["--config-file", trial.name, *arguments]


def render(results: Sequence[Preview], out: Output) -> None:
    """The table on the screen; one stage is shown in full, several as one line each with their problems."""
    for result in results:
        out.step(result.stage, result.sentence(), result.seconds, "bold red" if result.failed else None)
        for problem in result.problems:
            out.line(indented(problem), "red")
        for warning in result.warnings:
            out.line(f"  ! {warning}", "yellow")
        if len(results) == 1 or out.verbose:
            for planned in result.planned:
                out.line(planned_line(planned))


def planned_line(planned: Planned) -> str:
    changed = f"  ({', '.join(planned.changed)})" if planned.changed else ""
    return f"  {MARKS[planned.op]} {planned.kind:<15} {planned.name}{changed}"


def markdown(results: Sequence[Preview]) -> str:
    """For a pull request's summary page: one table of all stages, then what each would do, folded."""
    lines = ["## Preview of every stage", "", "| stage | result | time |", "|---|---|---|"]
    lines += [f"| `{r.stage}` | {'❌' if r.failed else '✅'} {r.sentence()} | {took(r.seconds)} |" for r in results]
    for result in results:
        lines += ["", *_details(result)]
    return "\n".join(lines) + "\n"


def _details(result: Preview) -> list[str]:
    if result.failed:
        return [f"### {result.stage}", "", "```", *result.problems, "```"]
    if not result.planned:
        return []
    rows = [f"| {p.op} | {p.kind} | `{p.name}` | {', '.join(p.changed)} |" for p in result.planned]
    head = ["| operation | kind | name | changes |", "|---|---|---|---|"]
    return [f"<details><summary>{result.stage}: {result.sentence()}</summary>", "", *head, *rows, "", "</details>"]


def document(results: Sequence[Preview]) -> list[dict[str, Any]]:
    return [asdict(result) for result in results]
