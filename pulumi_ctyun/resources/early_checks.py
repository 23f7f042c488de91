"""Checks of a resource's arguments while its program still runs, when nothing of it has been sent to the engine yet.

The provider goes by the same rules, but the engine asks it only when a resource's turn comes: after others were made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.runtime import settings
from pulumi.runtime.settings import get_root_resource

from pulumi_ctyun.resources import gate
from pulumi_ctyun.resources.declarations.model import NOUNS, Field, Kind, ListOf, MapOf, Resource, Shape, Type, Whole


class _Unknown:
    """Stands for a value that is known only later; false, as nothing that is asked of it holds."""

    def __bool__(self) -> bool:
        return False


_UNKNOWN = _Unknown()


def refuse_wrong(declared: Resource, name: str, given: Mapping[str, Any], opts: pulumi.ResourceOptions | None) -> None:
    """Refuse the whole program with all that is wrong here; `given` by the schema's names.

    In a preview the engine creates nothing, asks the provider about everything and shows each problem at its resource. Values
    that a transformation may still change, that are ignored, or that belong to a resource which is only read: left to it, too.
    """
    if settings.is_dry_run() or _may_change(opts):
        return
    ignored = (opts.ignore_changes if opts else None) or ()
    fields = [field for field in declared.inputs if not any(path.startswith(field.name) for path in ignored)]
    found = [f"{path}: {reason}" for path, reason in problems(fields, () if ignored else declared.rules, given)]
    if found:
        gate.refuse(pulumi.RunError(gate.sentence(f"{declared.token} {name}", found)))


def problems(
    fields: Sequence[Field], rules: Iterable[Whole], given: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[str, str]]:
    """Pairs (path of the argument, what is wrong with it, as the end of a sentence) of all values that are known."""
    settled = _settled(fields, given)
    for field in fields:
        if given.get(field.name) is not None:
            yield from _of_field(field, settled[field.name], f"{path}{field.name}")
    yield from ((f"{path}{name}", reason) for rule in rules for name, reason in rule(settled))


def _of_field(field: Field, value: Any, path: str) -> Iterator[tuple[str, str]]:
    found = list(_of_type(field.type, value, path))
    if not found and not _has_unknown(value):
        found = [(path, reason) for rule in field.rules if (reason := rule(value)) is not None]
    hidden = str(value) if field.secret and value else None
    yield from ((where, reason.replace(hidden, "[secret]") if hidden else reason) for where, reason in found)


def _of_type(type_: Type, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if value is _UNKNOWN:
        return
    if isinstance(type_, Kind):
        if not _is_kind(type_, value):
            yield path, f"is not {NOUNS[type_]}"
    elif isinstance(type_, ListOf):
        if isinstance(value, str) or not isinstance(value, Sequence):
            yield path, "is not a list"
            return
        for index, item in enumerate(value):
            yield from _of_type(type_.item, item, f"{path}[{index}]")
    elif not isinstance(value, Mapping):
        yield path, "is not an object"
    elif isinstance(type_, MapOf):
        for key, item in value.items():
            yield from _of_type(type_.item, item, f"{path}.{key}")
    else:
        yield from problems(type_.fields, type_.rules, value, f"{path}.")


def _is_kind(kind: Kind, value: Any) -> bool:
    if kind is Kind.TEXT:
        return isinstance(value, str)
    if kind is Kind.FLAG:
        return isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)


def _settled(fields: Iterable[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given with the defaults of what is not, as the provider fills them in."""
    values = {field.name: _known(field.type, given.get(field.name)) for field in fields}
    filled = {field.name: field.default if values[field.name] is None else values[field.name] for field in fields}
    return {name: value for name, value in filled.items() if value is not None}


def _known(type_: Type, value: Any) -> Any:
    """The value, with `_UNKNOWN` for everything in it that the program does not know yet."""
    if gate.is_later(value):
        return _UNKNOWN
    if isinstance(type_, Shape) and isinstance(value, Mapping):
        return _settled(type_.fields, value)
    if isinstance(type_, MapOf) and isinstance(value, Mapping):
        return {key: _known(type_.item, item) for key, item in value.items()}
    if isinstance(type_, ListOf) and isinstance(value, Sequence) and not isinstance(value, str):
        return [_known(type_.item, item) for item in value]
    return value


def _has_unknown(value: Any) -> bool:
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return value is _UNKNOWN or any(map(_has_unknown, parts))


def _may_change(opts: pulumi.ResourceOptions | None) -> bool:
    """Transformations of the resource itself, of what it belongs to, or of the whole stack."""
    if settings.SETTINGS.callbacks is not None:
        return True
    if opts is not None and (opts.id is not None or opts.urn is not None or opts.transformations or opts.transforms):
        return True
    parent = (opts.parent if opts else None) or get_root_resource()
    return bool(parent is not None and parent._transformations)
