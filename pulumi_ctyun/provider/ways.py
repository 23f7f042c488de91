"""Changes in place that the cloud cannot make (a disk that shrinks): told with the other problems, before anything happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_ctyun.kit.values import has_unknown
from pulumi_ctyun.provider.checking import Problem
from pulumi_ctyun.provider.diffing import changes
from pulumi_ctyun.resources.declarations.model import Resource


def impossible(resource: Resource, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Problem]:
    """Of a resource that is there, by its old and new inputs; none for one that is replaced anyway."""
    if not old or any(change.replaces for change in changes(resource, old, new)):
        return
    for field in resource.inputs:
        before, after = old.get(field.name), new.get(field.name)
        if before is None or after is None or has_unknown([before, after]):
            continue
        yield from (Problem(field.name, reason) for way in field.ways if (reason := way(before, after)) is not None)
