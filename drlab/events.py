"""What the engine says while it works: its JSON events, one a line, as small values.

Debug events are dropped at this border: they hold the program's values before the engine has hidden the secrets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drlab.stack_state import kind_of, name_of

# Our plugins lie on PATH on purpose; operations that were cut off are told by ourselves, see prepare_stack.
NOISE = ("using pulumi-", "Attempting to deploy or update resources with")
# Severities of messages.
PLAIN = "plain"  # a line that is no event: the engine's own, mostly the reason why it ends before there are events
PROGRAM_OUTPUT = "info#err"  # standard error of the program and the plugins
# Follows the real error of a failed run.
EMPTY_ERRORS = ("update failed", "preview failed", "destroy failed", "refresh failed", "update canceled", "destroy canceled")


@dataclass(frozen=True)
class Step:
    """The engine begins (`begun`), has finished (`done`) or failed (`failed`) one operation on one resource."""

    phase: str
    op: str  # "create", "update", "delete", "same", "create-replacement", ...
    urn: str
    type: str
    custom: bool
    changed: tuple[str, ...] = ()  # properties that differ
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return name_of(self.urn)

    @property
    def kind(self) -> str:
        return kind_of(self.type)


@dataclass(frozen=True)
class Message:
    """A line for the user; `severity` is "info", PROGRAM_OUTPUT, "warning", "error" or PLAIN."""

    severity: str
    text: str
    urn: str = ""

    def about(self) -> str:
        """`web-01: text` where the message belongs to a resource."""
        return f"{name_of(self.urn)}: {self.text}" if self.urn and "pulumi:pulumi:Stack" not in self.urn else self.text


@dataclass(frozen=True)
class Summary:
    """How the run ended; `changes` counts resources by operation."""

    result: str  # "succeeded" | "failed" | "canceled"
    changes: Mapping[str, int]


Event = Step | Message | Summary


def parse_event(line: str) -> Event | None:
    """None for what nobody needs to see, and for lines that are no events."""
    try:
        raw = json.loads(line)
    except ValueError:
        return Message(PLAIN, line.rstrip()) if line.strip() else None
    for key, phase in (("resourcePreEvent", "begun"), ("resOutputsEvent", "done"), ("resOpFailedEvent", "failed")):
        if key in raw:
            return _step(raw[key]["metadata"], phase)
    if "diagnosticEvent" in raw:
        return _message(raw["diagnosticEvent"])
    if "errorEvent" in raw:
        return Message("error", raw["errorEvent"]["error"].strip())
    if "summaryEvent" in raw:
        summary = raw["summaryEvent"]
        return Summary(summary.get("result", "failed"), summary.get("resourceChanges") or {})
    return None


def _step(data: Mapping[str, Any], phase: str) -> Step:
    state = data.get("new") or data.get("old") or {}
    changed = tuple(data.get("detailedDiff") or ()) or tuple(data.get("diffs") or ())
    return Step(phase, data["op"], data["urn"], data["type"], bool(state.get("custom")), changed, state.get("inputs") or {})


def _message(data: Mapping[str, Any]) -> Message | None:
    severity, text = data["severity"], data["message"].strip()
    if severity == "debug" or not text:
        return None
    if text in EMPTY_ERRORS if severity == "error" else text.startswith(NOISE) or data.get("ephemeral"):
        return None
    return Message(severity, text, data.get("urn", ""))


def is_debug(line: str) -> bool:
    """Whether a line must not be kept: see the module's text."""
    return '"severity":"debug"' in line
