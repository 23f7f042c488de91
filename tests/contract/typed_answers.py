"""Are an official SDK's answer objects what the SDK itself declares them to be? It never checks."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator
from typing import Any


def mistyped(answer: Any, where: str = "") -> list[str]:
    """Every field whose value does not have its declared type, [] when all have; null is always allowed.

    ["returnObj.zoneList[0].name: 3 is not str"]
    """
    hints = typing.get_type_hints(type(answer))
    return [
        problem
        for field in dataclasses.fields(answer)
        for problem in _check(getattr(answer, field.name), hints[field.name], f"{where}{field.name}")
    ]


def _check(value: Any, hint: Any, where: str) -> Iterator[str]:
    if value is None or hint in (Any, object):
        return
    arguments = [argument for argument in typing.get_args(hint) if argument is not type(None)]
    kind = typing.get_origin(hint)
    if kind is typing.Union:
        yield from _check(value, arguments[0], where)
    elif kind is list:
        yield from _check_list(value, arguments[0] if arguments else Any, where)
    elif kind is dict:
        if not isinstance(value, dict):
            yield f"{where}: {value!r} is not a dict"
    elif dataclasses.is_dataclass(hint):
        yield from mistyped(value, f"{where}.") if isinstance(value, typing.cast(type, hint)) else [f"{where}: {value!r}"]
    elif not _is(value, hint):
        yield f"{where}: {value!r} is not {hint.__name__}"


def _check_list(value: Any, hint: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: {value!r} is not a list"
        return
    for index, item in enumerate(value):
        yield from _check(item, hint, f"{where}[{index}]")


def _is(value: Any, kind: Any) -> bool:
    """True is no number and 3 is a good float."""
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)
