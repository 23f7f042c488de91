"""Property values to plain Python and back: what the protocol bends is put right."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.provider.experimental.property_value import Computed, PropertyValue, ResourceReference

from pulumi_ctyun.kit.values import UNKNOWN, UNKNOWN_TEXT, has_unknown, is_secret, to_plain, to_properties, to_property

PLAIN: list[Any] = [None, True, False, 0, 3, -7, 2.5, "", "text", [], [1, "a", None], {}, {"a": {"b": [1, True]}}]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values_come_back_as_they_went(value: Any) -> None:
    back = to_plain(PropertyValue.unmarshal(to_property(value).marshal()))
    assert back == value and type(back) is type(value)


def test_an_integral_float_becomes_an_int_and_a_bool_stays_one() -> None:
    assert type(to_plain(PropertyValue(3.0))) is int
    assert to_plain(PropertyValue(True)) is True


def test_an_unknown_value_survives_the_wire() -> None:
    sent = to_property({"known": 1, "later": UNKNOWN}).marshal()
    assert sent.struct_value.fields["later"].string_value == UNKNOWN_TEXT
    assert to_plain(PropertyValue.unmarshal(sent)) == {"known": 1, "later": UNKNOWN}
    assert to_plain(PropertyValue(Computed())) is UNKNOWN


@pytest.mark.parametrize(
    ("value", "unknown"),
    [
        (UNKNOWN, True),
        ([1, {"a": UNKNOWN}], True),
        (PropertyValue([PropertyValue(UNKNOWN_TEXT)]), True),
        ({"a": PropertyValue(Computed())}, True),
        ([1, "text", None], False),
        ({"a": PropertyValue("text")}, False),
    ],
)
def test_has_unknown_looks_everywhere(value: Any, unknown: bool) -> None:
    assert has_unknown(value) is unknown


def test_secrets_are_marked_and_found_at_any_depth() -> None:
    hidden = to_property("password", secret=True)
    assert hidden.is_secret and to_plain(hidden) == "password"
    assert is_secret(to_property({"list": [hidden]})) and not is_secret(to_property({"list": ["open"]}))
    marked = to_properties({"open": 1, "hidden": 2}, secrets=["hidden"])
    assert {key: is_secret(value) for key, value in marked.items()} == {"open": False, "hidden": True}


def test_a_resource_reference_becomes_its_id() -> None:
    assert to_plain(PropertyValue(ResourceReference("urn:x", PropertyValue("vpc-1")))) == "vpc-1"


def test_what_cannot_travel_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes cannot be a property"):
        to_property({"key": b"raw"})
