"""Reading wire data: missing where it must not be missing is an error that names the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ctyun.errors import BadAnswer

Body = Mapping[str, Any]


def need(body: Body, key: str) -> str:
    """A text that must be there and not be empty."""
    value = body.get(key)
    if value is None or value == "":
        raise BadAnswer(f"The cloud's answer lacks {key}; it has {', '.join(sorted(body)) or 'nothing'}.")
    return str(value)


def text(body: Body, key: str) -> str:
    """A text, "" when absent or null."""
    value = body.get(key)
    return "" if value is None else str(value)


def number(body: Body, key: str) -> int:
    """A whole number, 0 when absent or null."""
    value = body.get(key)
    try:
        return int(value) if value is not None and value != "" else 0
    except (TypeError, ValueError):
        raise BadAnswer(f"{key} in the cloud's answer should be a number, but is {value!r}.") from None


def items(body: Body, key: str) -> list[Body]:
    """A list of objects, [] when absent or null."""
    value = body.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise BadAnswer(f"{key} in the cloud's answer should be a list of objects.")
    return value


def texts(body: Body, key: str) -> tuple[str, ...]:
    """A list of texts, () when absent or null."""
    value = body.get(key) or []
    if not isinstance(value, list):
        raise BadAnswer(f"{key} in the cloud's answer should be a list.")
    return tuple(str(item) for item in value)


def part(body: Body, key: str) -> Body:
    """A nested object, {} when absent or null."""
    value = body.get(key)
    return value if isinstance(value, Mapping) else {}


def present(**fields: Any) -> dict[str, Any]:
    """The given fields without those that are None: the API reads a null as a value."""
    return {key: value for key, value in fields.items() if value is not None}
