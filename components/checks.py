"""Checks of arguments before anything is made: every problem is found, all are reported at once, each names its argument.

What a single value may look like stands with the resources (`pulumi_ctyun.resources.declarations.rules`); here is what
needs more than one value, and how problems are collected. Values that the program does not know yet are left to the provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any, NamedTuple, TypeVar, cast

import pulumi
from pulumi import Input

from pulumi_ctyun.resources import gate
from pulumi_ctyun.resources.declarations.model import Rule

from .inputs import is_known

T = TypeVar("T")


class Problem(NamedTuple):
    """One thing that is wrong: the name of the argument or setting, and the rest of the sentence."""

    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.key}: {self.text}"


class InvalidArguments(pulumi.RunError):
    """All problems of one component's arguments or one stack's settings; Pulumi shows it without a traceback."""

    def __init__(self, what: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(gate.sentence(what, problems))


def refuse(what: str, problems: Iterable[Problem]) -> None:
    """Raise InvalidArguments if there is any problem. What the program has declared before is not made either."""
    if found := list(problems):
        error = InvalidArguments(what, found)
        gate.refuse(error)
        raise error


def one(key: str, value: Any, rule: Rule) -> Iterator[Problem]:
    """A value against the rule for its kind, if there is one and the program knows it."""
    text = rule(value) if value is not None and is_known(value) else None
    if text is not None:
        yield Problem(key, text)


def each(key: str, values: Input[Sequence[Input[str]]], rule: Rule) -> Iterator[Problem]:
    """Every known value of a list against a rule."""
    for value in known_of(values):
        yield from one(key, value, rule)


def known_of(values: Input[Sequence[Input[T]]]) -> list[T]:
    """What the program knows of a list."""
    return [] if gate.is_later(values) else [value for value in cast("Sequence[Any]", values) if is_known(value)]


def inside(key: str, inner: Input[str], outer_key: str, outer: Input[str]) -> Iterator[Problem]:
    """A network that must lie in another one. Malformed networks are somebody else's problem (`rules.cidr`)."""
    small, large = network(inner), network(outer)
    if small and large and not small.subnet_of(large):
        yield Problem(key, f"{inner} lies outside {outer_key} {outer}")


def apart(networks: Mapping[str, Input[str]]) -> Iterator[Problem]:
    """Networks, by argument name, of which no two may overlap."""
    for (first_key, first), (second_key, second) in combinations(networks.items(), 2):
        one_net, other_net = network(first), network(second)
        if one_net and other_net and one_net.overlaps(other_net):
            yield Problem(second_key, f"{second} overlaps {first_key} {first}")


def network(text: Input[str]) -> IPv4Network | None:
    """The network, or None if the text is none, or is not known yet."""
    try:
        return IPv4Network(text, strict=False) if isinstance(text, str) else None
    except ValueError:
        return None


def not_less(least: int, why: str, unit: str = "") -> Rule:
    """For numbers: `why` says what `least` is."""
    return lambda value: f"is {value}{unit}; {why}" if value < least else None


def twice(key: str, names: Sequence[str]) -> Iterator[Problem]:
    """Names of which no two may be the same."""
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(key, f"{name} stands there twice")
