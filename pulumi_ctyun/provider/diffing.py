"""Diff: which properties changed, and whether that needs a new resource. Pure: declaration, old state and new inputs go in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_ctyun.kit.values import UNKNOWN, has_unknown
from pulumi_ctyun.provider.about import About
from pulumi_ctyun.resources.declarations.model import Field, ListOf, MapOf, Resource, Shape, Type


@dataclass(frozen=True)
class Change:
    """`path` is "cidr" or "host.hostKey"; `added` and `removed` say what kind of change it is."""

    path: str
    replaces: bool
    added: bool = False
    removed: bool = False


def changes(resource: Resource, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[Change]:
    """Plain values in. Unknown new values count as changed: it may be so."""
    state, inputs, about = resource.respelt(state, state), resource.respelt(state, inputs), About.of(state)
    return [change for field in resource.inputs for change in _field_changes(field, state, inputs, about, "")]


def _field_changes(
    field: Field, state: Mapping[str, Any], inputs: Mapping[str, Any], about: About, path: str
) -> Iterator[Change]:
    old, new = state.get(field.name), inputs.get(field.name)
    if same(field, state.get(field.chosen) if old is None else old, new, about.spellings.get(f"{path}{field.name}", ())):
        return
    name = f"{path}{field.name}"
    if isinstance(field.type, Shape) and isinstance(old, Mapping) and isinstance(new, Mapping) and not field.replaces:
        for inner in field.type.fields:
            yield from _field_changes(inner, old, new, about, f"{name}.")
        return
    # of an unknown object nobody can say which part will change
    inside = isinstance(field.type, Shape) and new is UNKNOWN and any(inner.replaces for inner in field.type.fields)
    held = field.holds and new is UNKNOWN and old is not None
    in_place = field.in_place is not None and not has_unknown(new) and field.in_place(old, new)
    replaces = (field.replaces or inside or held) and not in_place and not _came_by_import(field, old, about)
    yield Change(name, replaces, added=old is None, removed=new is None)


def _came_by_import(field: Field, old: Any, about: About) -> bool:
    """A value that no import finds: the first update writes it into the state and no more."""
    return field.unseen and old is None and (field.required or field.default is not None or about.imported)


def same(field: Field, old: Any, new: Any, names: Collection[str] = ()) -> bool:
    """Do both values mean the same? The one equality of diff, read, import and adoption.

    `names`: what the thing that is there is called, when only the cloud can say that (a flavour, an image).
    """
    if new is None and (field.computed or field.chosen):
        return True
    if has_unknown(new):
        return False
    if isinstance(old, str) and isinstance(new, str) and old in names and new in names:
        return True
    if field.name == "region" and isinstance(old, str) and isinstance(new, str):
        return old == new or region_key(old) == region_key(new)
    return repr(_sense(field, old)) == repr(_sense(field, new))


def region_key(region: str) -> str:
    """A region's id, whether it was written as name or id; unknown ones stand for themselves."""
    from ctyun.errors import UnknownName  # rarely asked for, and the client is slow to import
    from ctyun.regions import resolve_region

    try:
        return resolve_region(region).id
    except UnknownName:
        return region


def _sense(field: Field, value: Any) -> Any:
    """What is equal for equal values. Absent, None, an empty text and an empty list are the same."""
    if value in (None, "", [], {}):
        value = field.absent
    if field.sense is not None and value is not None:
        value = field.sense(value)
    found = _sense_of_type(field.type, value)
    return sorted(found, key=repr) if field.unordered and isinstance(found, list) else found


def _sense_of_type(type_: Type, value: Any) -> Any:
    if isinstance(type_, Shape) and isinstance(value, Mapping):
        return [(inner.name, _sense(inner, value.get(inner.name))) for inner in type_.fields]
    if isinstance(type_, MapOf) and isinstance(value, Mapping):
        return sorted((name, _sense_of_type(type_.item, item)) for name, item in value.items() if item is not None) or None
    if isinstance(type_, ListOf) and isinstance(value, list | tuple):
        return [_sense_of_type(type_.item, item) for item in value] or None
    return value
