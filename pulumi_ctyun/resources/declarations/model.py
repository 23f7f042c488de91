"""What a declaration consists of. Plain values only: nothing here knows the plugin protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Values without parts; the text is the name of the type in a Pulumi schema."""

    TEXT = "string"
    WHOLE = "integer"
    FLAG = "boolean"


NOUNS = {Kind.TEXT: "a text", Kind.WHOLE: "a whole number", Kind.FLAG: "true or false"}


@dataclass(frozen=True)
class ListOf:
    """A list whose items are all of one type."""

    item: Type


@dataclass(frozen=True)
class MapOf:
    """A map from free keys to values of one type."""

    item: Type


@dataclass(frozen=True)
class Shape:
    """An object with named fields; `token` is its type in the schema, e.g. "ctyun:vpc:Rule"."""

    token: str
    note: str
    fields: tuple[Field, ...]
    rules: tuple[Whole, ...] = ()


Type = Kind | ListOf | MapOf | Shape
Rule = Callable[[Any], str | None]
"""Looks at one known value: None = fine, else what is wrong with it, as the end of a sentence."""
Way = Callable[[Any, Any], str | None]
"""Looks at a known old and new value that changes in place: None = the cloud can do that, else what is wrong, as in `Rule`."""
Whole = Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]]
"""Looks at all given fields together (a value may still be unknown): yields (field, what is wrong)."""


@dataclass(frozen=True)
class Field:
    """One property.

    `replaces`: a change needs a new resource. `secret`: encrypted in the state whatever the program says. `unordered`: a list
    whose order means nothing. `computed`: absent in the program, the cloud chooses the value. `follows`: of an output, the
    inputs whose change in place changes it too. `unseen`: an input that the cloud does not show. `holds`: names a thing that
    the cloud does not delete while this resource uses it. A known new one is exchanged in place; one that is itself being
    replaced, so that its id is not known yet, replaces this resource too, which lets go of the old one first. `in_place`:
    which changes (known old and new value) of one that `replaces` the cloud makes in place all the same. `ways`: which changes in
    place the cloud can make.

    Two spellings of one thing are no change: `sense` is what they have in common, `absent` what leaving it out means, `chosen`
    the output that says what the cloud chose then.
    """

    name: str
    type: Type
    note: str
    required: bool = False
    secret: bool = False
    replaces: bool = False
    holds: bool = False
    in_place: Callable[[Any, Any], bool] | None = None
    unseen: bool = False
    unordered: bool = False
    computed: bool = False
    follows: tuple[str, ...] = ()
    default: Any = None
    absent: Any = None
    chosen: str = ""
    sense: Callable[[Any], Any] | None = None
    rules: tuple[Rule, ...] = ()
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True)
class Resource:
    """One resource type. Outputs hold only what is not an input of the same name; inputs always come back as outputs.

    `respelt`: inputs in the words of what is there (its state, inputs), where several fields together mean the same.
    `data`: what is lost for good when one is deleted or replaced, as a sentence's subject ("all its tables"); empty: nothing
    that its program would not make again.
    `create_first`: a replacement is made before the old one goes, so that what uses it changes over in place and is never
    without. All others delete first, as their names are fixed.
    """

    token: str
    note: str
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...] = ()
    rules: tuple[Whole, ...] = ()
    respelt: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]] = lambda _, new: new
    data: str = ""
    create_first: bool = False

    def input(self, name: str) -> Field | None:
        return next((field for field in self.inputs if field.name == name), None)

    def secrets(self) -> frozenset[str]:
        """Names of all properties that are always secret."""
        return frozenset(field.name for field in (*self.inputs, *self.outputs) if field.secret)


@dataclass(frozen=True)
class Function:
    """One function that a program can call."""

    token: str
    note: str
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...] = ()


def shapes(type_: Type) -> Iterator[Shape]:
    """All object types inside a type, the outermost first."""
    if isinstance(type_, Shape):
        yield type_
        for field in type_.fields:
            yield from shapes(field.type)
    elif isinstance(type_, ListOf | MapOf):
        yield from shapes(type_.item)


def region_field() -> Field:
    """The property that every resource of the cloud has."""
    return Field("region", Kind.TEXT, "Region, by name (华东1) or id.", required=True, replaces=True)
