"""Diff: which properties changed, and whether that needs a new resource. Pure: declaration, old state and new inputs go in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plugins.kit.values import UNKNOWN, has_unknown
from pulumi_ctyun.resources.declarations.model import Field, Resource, Shape


@dataclass(frozen=True)
class Change:
    """`path` is "cidr" or "host.hostKey"; `added` and `removed` say what kind of change it is."""

    path: str
    replaces: bool
    added: bool = False
    removed: bool = False


def changes(resource: Resource, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[Change]:
    """Plain values in. Unknown new values count as changed: it may be so."""
    inputs = resource.respelt(state, inputs)
    return [change for field in resource.inputs for change in _field_changes(field, state, inputs, "")]


def _field_changes(field: Field, state: Mapping[str, Any], inputs: Mapping[str, Any], path: str) -> Iterator[Change]:
    old, new = state.get(field.name), inputs.get(field.name)
    if same(field, old, new):
        return
    name = f"{path}{field.name}"
    if isinstance(field.type, Shape) and isinstance(old, Mapping) and isinstance(new, Mapping) and not field.replaces:
        for inner in field.type.fields:
            yield from _field_changes(inner, old, new, f"{name}.")
        return
    # of an unknown object nobody can say which part will change
    inside = isinstance(field.type, Shape) and new is UNKNOWN and any(inner.replaces for inner in field.type.fields)
    held = field.holds and new is UNKNOWN and old is not None
    joined = field.joins and old is None and new is not UNKNOWN
    replaces = (field.replaces or inside or held) and not joined and not _came_by_import(field, old)
    yield Change(name, replaces, added=old is None, removed=new is None)


def _came_by_import(field: Field, old: Any) -> bool:
    """A value that every program gives, and no import finds: the first update writes it into the state and no more."""
    return field.unseen and old is None and (field.required or field.default is not None)


def same(field: Field, old: Any, new: Any) -> bool:
    """Do both values mean the same?"""
    if new is None and field.computed:
        return True
    if has_unknown(new):
        return False
    if field.name == "region" and isinstance(old, str) and isinstance(new, str):
        return old == new or region_key(old) == region_key(new)
    if field.unordered and isinstance(old, list) and isinstance(new, list):
        return sorted(map(_key, old)) == sorted(map(_key, new))
    return _key(old) == _key(new)


def region_key(region: str) -> str:
    """A region's id, whether it was written as name or id; unknown ones stand for themselves."""
    from ctyun.errors import UnknownName  # rarely asked for, and the client is slow to import
    from ctyun.regions import resolve_region

    try:
        return resolve_region(region).id
    except UnknownName:
        return region


def _key(value: Any) -> str:
    """A text that is equal for equal values; absent and None are the same, so are empty lists and none."""
    return repr(_pruned(value))


def _pruned(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {name: _pruned(item) for name, item in value.items()}
        return sorted((name, item) for name, item in kept.items() if item is not None) or None
    if isinstance(value, list | tuple):
        return [_pruned(item) for item in value] or None
    return value
