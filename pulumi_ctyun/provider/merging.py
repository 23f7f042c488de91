"""Inputs, outputs and what is there, put together to what the engine keeps as a resource's state; secrets stay secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

from pulumi_ctyun.kit.values import UNKNOWN, is_secret, to_plain, to_property
from pulumi_ctyun.provider.about import KEY, About
from pulumi_ctyun.provider.diffing import changes, same
from pulumi_ctyun.provider.handler import Observed
from pulumi_ctyun.resources.declarations.model import Resource

Values = dict[str, PropertyValue]


def secret_texts(values: Iterable[PropertyValue], inside: bool = False) -> Iterator[str]:
    """All texts that are marked secret, or stand inside something that is."""
    for value in values:
        secret = inside or value.is_secret
        inner: Any = value.value
        if isinstance(inner, str):
            if secret:
                yield inner
        elif isinstance(inner, Mapping):
            yield from secret_texts(inner.values(), secret)
        elif isinstance(inner, tuple):
            yield from secret_texts(inner, secret)


def output_names(resource: Resource) -> set[str]:
    return {field.name for field in resource.outputs} | {field.name for field in resource.inputs if field.computed}


def is_output(resource: Resource, name: str, news: Values) -> bool:
    return name == KEY or (name in output_names(resource) and name not in news)


def changing_outputs(resource: Resource, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs that an update in place will change."""
    changed = {change.path for change in changes(resource, old, new)}
    return {field.name: UNKNOWN for field in resource.outputs if changed.intersection(field.follows)}


def with_outputs(resource: Resource, inputs: Values, outputs: Mapping[str, Any]) -> Values:
    """Inputs come back as they came, secrets and all, with the outputs beside them.

    An output with an input's name replaces it when it differs (what was reached is less than what was wished).
    """
    secrets, merged = resource.secrets(), dict(inputs)
    for name, value in outputs.items():
        recorded = inputs.get(name)
        if value is None or (recorded is not None and to_plain(recorded) == value):
            continue
        merged[name] = to_property(value, secret=name in secrets or (recorded is not None and is_secret(recorded)))
    return merged


def with_about(about: About, state: Values) -> Values:
    """The state with what it says besides the properties."""
    secret = any(is_secret(state[name]) for name in about.spellings if name in state)
    return {**state, KEY: to_property(about.as_plain(), secret=secret)} if about.cloud else state


def with_drift(resource: Resource, old: Values, observed: Observed) -> Values:
    """Old values, except where what is there means something else."""
    plain, merged = resource.respelt(observed.outputs, to_plain(old)), dict(old)
    for name, value in observed.inputs.items():
        field = resource.input(name)
        if field is None or same(field, plain.get(name), value, observed.spellings.get(name, ())):
            continue
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = to_property(value, secret=field.secret or (name in old and is_secret(old[name])))
    return merged
