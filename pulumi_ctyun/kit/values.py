"""Property values of the plugin protocol to plain Python and back.

Shapes: the SDK hands a plugin `dict[str, PropertyValue]`; code that works on resources wants `dict[str, Any]`.
Three things are lost or bent on that way and are put right here, in one place:

- numbers cross the protocol as floats: `3.0` becomes `3`, and an int becomes a float on the way back;
- an unknown value (known only after the update) arrives as a string with a fixed UUID: it becomes `UNKNOWN`;
- secrets are wrapped: `to_plain` takes them out, so a caller who needs to know asks `is_secret` before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
from pulumi.provider.experimental.property_value import Computed, PropertyValue, ResourceReference
from pulumi.runtime import rpc

UNKNOWN_TEXT: Final[str] = rpc.UNKNOWN  # what an unknown value looks like in a protobuf struct


class Unknown:
    """The one value `UNKNOWN`: known only after the update. Equal to itself, false, and never sent to an API."""

    _only: Unknown | None = None

    def __new__(cls) -> Unknown:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        return False


UNKNOWN: Final[Unknown] = Unknown()


def to_plain(value: PropertyValue | Mapping[str, PropertyValue]) -> Any:
    """Plain Python of a property value, or of a whole map of them.

    Returns None, bool, int, float, str, list, dict, an asset or archive as it is, the id of a resource reference,
    or `UNKNOWN`. Integral floats come back as ints; secrets come back in clear.
    """
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    return _plain(value.value)


def _plain(inner: Any) -> Any:
    if inner is None or isinstance(inner, bool):
        return inner
    if isinstance(inner, float):
        return int(inner) if inner.is_integer() else inner
    if isinstance(inner, str):
        return UNKNOWN if inner == UNKNOWN_TEXT else inner
    if isinstance(inner, Mapping):
        return {key: to_plain(item) for key, item in inner.items()}
    if isinstance(inner, Sequence):
        return [to_plain(item) for item in inner]
    if isinstance(inner, Computed):
        return UNKNOWN
    if isinstance(inner, ResourceReference):
        return to_plain(inner.resource_id) if inner.resource_id is not None else inner.urn
    return inner


def to_property(value: Any, secret: bool = False) -> PropertyValue:
    """The property value of plain Python; `secret` marks the outermost value.

    A `PropertyValue` inside is kept (with its own mark), so that a dict may mix both.
    Raises TypeError for what the protocol cannot carry.
    """
    if isinstance(value, PropertyValue):
        return value.with_secret(True) if secret else value
    return PropertyValue(_wrapped(value), is_secret=secret)


def _wrapped(value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if value is None or isinstance(value, bool | str | pulumi.Asset | pulumi.Archive):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, Mapping):
        return {str(key): to_property(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [to_property(item) for item in value]
    raise TypeError(f"{type(value).__name__} cannot be a property of a resource")


def to_properties(values: Mapping[str, Any], secrets: Sequence[str] = ()) -> dict[str, PropertyValue]:
    """A map of plain values as the SDK wants it, with the keys named in `secrets` marked secret."""
    return {key: to_property(item, secret=key in secrets) for key, item in values.items()}


def has_unknown(value: Any) -> bool:
    """Is anything in it unknown? Takes property values, maps of them, and plain values alike."""
    if isinstance(value, PropertyValue):
        return has_unknown(value.value)
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, str):
        return value == UNKNOWN_TEXT
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN or isinstance(value, Computed)


def is_secret(value: PropertyValue | Mapping[str, PropertyValue]) -> bool:
    """Is this value, or anything inside it, marked secret?"""
    if isinstance(value, Mapping):
        return any(item.contains_secret() for item in value.values())
    return value.contains_secret()
