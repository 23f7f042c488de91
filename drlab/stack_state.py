"""Pulumi's own state of a stack, read from its file: the engine takes half a second for the same answer.

Secrets are not read here: they stand encrypted in the file, and only the engine decrypts them.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drlab.errors import UserError

SECRET_MARK = "4dabf18193072939515e22adb298388d"  # key by which Pulumi marks a special value in its state  # noqa: S105


@dataclass(frozen=True)
class Resource:
    """One resource of a stack."""

    urn: str
    type: str  # "ctyun:ecs:Instance"
    id: str  # empty for components
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    custom: bool
    protected: bool = False  # the engine refuses to delete it
    retained: bool = False  # the engine forgets it without deleting it
    deleted_with: str = ""  # URN of what takes it along

    @property
    def name(self) -> str:
        """Logical name, e.g. `web-01`."""
        return name_of(self.urn)

    @property
    def kind(self) -> str:
        """Last part of the type: `Instance`."""
        return kind_of(self.type)


@dataclass(frozen=True)
class PendingOperation:
    """Something the engine had begun when it was cut off."""

    kind: str  # "creating", "deleting", "updating", ...
    urn: str
    type: str


@dataclass(frozen=True)
class StackState:
    """What a stack has; empty when it was never brought up or has been destroyed."""

    name: str
    resources: tuple[Resource, ...] = ()
    pending: tuple[PendingOperation, ...] = ()
    outputs: Mapping[str, Any] | None = None  # without secrets
    updated: str | None = None  # ISO time of the last change

    @property
    def is_up(self) -> bool:
        return any(resource.custom and not resource.type.startswith("pulumi:") for resource in self.resources)

    @property
    def is_empty(self) -> bool:
        return not self.resources and not self.pending

    @property
    def target(self) -> str | None:
        """The cloud that its resources are in, as its provider has it; None before anything was made."""
        providers = self.of_type("pulumi:providers:ctyun")
        return next((str(provider.inputs.get("target", "local")) for provider in providers), None)

    def of_type(self, token: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.type == token]


def name_of(urn: str) -> str:
    return urn.rpartition("::")[2]


def type_of(urn: str) -> str:
    """`urn:pulumi:s::p::drlab:net:Network$ctyun:vpc:Vpc::vpc` -> `ctyun:vpc:Vpc`."""
    return urn.split("::")[2].rpartition("$")[2] if urn.count("::") >= 3 else ""


def kind_of(token: str) -> str:
    return token.rpartition(":")[2]


def is_secret(value: Any) -> bool:
    return isinstance(value, dict) and SECRET_MARK in value


def read_stack(path: Path, name: str) -> StackState:
    """Raises UserError when the file is damaged; a missing file is an empty stack."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return StackState(name)
    if path.suffix == ".zst":
        raise UserError(
            f"Pulumi's state of stack {name} in {path} was written compressed, with PULUMI_DIY_BACKEND_ZSTD.",
            f"without it: .venv/bin/pulumi stack export -s {name} | .venv/bin/pulumi stack import -s {name}",
        )
    try:
        return parse_stack(json.loads(gzip.decompress(content) if path.suffix == ".gz" else content), name)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, EOFError, zlib.error) as error:
        raise UserError(
            f"Pulumi's state of stack {name} in {path} cannot be read: {error!r}.",
            f"Pulumi keeps the version before it beside it: {path.name}.bak",
        ) from error


def parse_stack(document: Mapping[str, Any], name: str) -> StackState:
    """From the file backend's checkpoint (version 3)."""
    latest = document["checkpoint"].get("latest") or {}
    resources = tuple(_resource(raw) for raw in latest.get("resources") or ())
    root = next((r for r in resources if r.type == "pulumi:pulumi:Stack"), None)
    return StackState(
        name=name,
        resources=resources,
        pending=tuple(_pending(raw) for raw in latest.get("pending_operations") or ()),
        outputs={key: value for key, value in root.outputs.items() if not is_secret(value)} if root else None,
        updated=(latest.get("manifest") or {}).get("time"),
    )


def _resource(raw: Mapping[str, Any]) -> Resource:
    return Resource(
        urn=raw["urn"],
        type=raw["type"],
        id=raw.get("id", ""),
        inputs=raw.get("inputs") or {},
        outputs=raw.get("outputs") or {},
        custom=bool(raw.get("custom")),
        protected=bool(raw.get("protect")),
        retained=bool(raw.get("retainOnDelete")),
        deleted_with=raw.get("deletedWith") or "",
    )


def _pending(raw: Mapping[str, Any]) -> PendingOperation:
    resource = raw["resource"]
    return PendingOperation(kind=raw["type"], urn=resource["urn"], type=resource["type"])
