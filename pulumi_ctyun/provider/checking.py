"""Check: every problem of the inputs at once, and the inputs with defaults filled in.

Works on property values rather than plain ones, so that what is secret stays marked as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

from pulumi_ctyun.kit.values import has_unknown, is_secret, to_plain, to_property
from pulumi_ctyun.resources.declarations.model import NOUNS, Field, Kind, ListOf, MapOf, Shape, Type, Whole

Values = Mapping[str, PropertyValue]


@dataclass(frozen=True)
class Problem:
    """`path` is the property ("rules[0].cidr"); `secret` ones must not be shown with their value."""

    path: str
    reason: str
    secret: bool = False


def check(fields: Iterable[Field], rules: Iterable[Whole], values: Values) -> tuple[dict[str, PropertyValue], list[Problem]]:
    """The settled inputs, and all problems. Unknown values are taken as they are: they are checked again when known."""
    problems: list[Problem] = []
    settled = _settle_fields(tuple(fields), tuple(rules), values, "", problems)
    return settled, problems


def _settle_fields(
    fields: Sequence[Field], rules: Sequence[Whole], values: Values, path: str, problems: list[Problem]
) -> dict[str, PropertyValue]:
    names = [field.name for field in fields]
    problems += [_stranger(name, names, path) for name in values if name not in names and not name.startswith("__")]
    settled = {}
    for field in fields:
        value = _settle_field(field, values.get(field.name), f"{path}{field.name}", problems)
        if value is not None:
            settled[field.name] = value
    given = to_plain(settled)
    found = [(name, reason) for rule in rules for name, reason in rule(given)]
    problems += [Problem(f"{path}{name}", reason, name in settled and is_secret(settled[name])) for name, reason in found]
    return settled


def _stranger(name: str, names: Sequence[str], path: str) -> Problem:
    near = get_close_matches(name, names, n=1)
    return Problem(f"{path}{name}", f"is no property here{f'; did you mean {near[0]}?' if near else ''}")


def _settle_field(field: Field, value: PropertyValue | None, path: str, problems: list[Problem]) -> PropertyValue | None:
    if value is None or value.value is None:
        if field.required:
            problems.append(Problem(path, "is missing"))
        return None if field.default is None else to_property(field.default, secret=field.secret)
    hidden = field.secret or is_secret(value)
    found: list[Problem] = []
    settled = _settle(field.type, value, path, found)
    if not found and not has_unknown(settled):
        plain = to_plain(settled)
        found += [Problem(path, reason) for rule in field.rules if (reason := rule(plain)) is not None]
    problems += [Problem(problem.path, problem.reason, problem.secret or hidden) for problem in found]
    return settled.with_secret(True) if field.secret else settled


def _settle(type_: Type, value: PropertyValue, path: str, problems: list[Problem]) -> PropertyValue:
    """The value with the defaults of everything inside it; problems of shape are added to the list."""
    inner: Any = value.value
    if has_unknown(inner) and not isinstance(inner, Mapping | list | tuple):
        return value
    if isinstance(type_, Kind):
        if not _is_kind(type_, inner):
            problems.append(Problem(path, f"is not {NOUNS[type_]}"))
        return value
    if isinstance(type_, ListOf):
        if not isinstance(inner, Sequence) or isinstance(inner, str):
            problems.append(Problem(path, "is not a list"))
            return value
        return value.with_value([_settle(type_.item, item, f"{path}[{index}]", problems) for index, item in enumerate(inner)])
    if not isinstance(inner, Mapping):
        problems.append(Problem(path, "is not an object"))
        return value
    if isinstance(type_, MapOf):
        return value.with_value({key: _settle(type_.item, item, f"{path}.{key}", problems) for key, item in inner.items()})
    return value.with_value(_settle_shape(type_, inner, path, problems))


def _settle_shape(shape: Shape, inner: Values, path: str, problems: list[Problem]) -> dict[str, PropertyValue]:
    return _settle_fields(shape.fields, shape.rules, inner, f"{path}.", problems)


def _is_kind(kind: Kind, inner: Any) -> bool:
    if kind is Kind.TEXT:
        return isinstance(inner, str)
    if kind is Kind.FLAG:
        return isinstance(inner, bool)
    return isinstance(inner, float) and inner.is_integer()
