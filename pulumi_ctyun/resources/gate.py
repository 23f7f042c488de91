"""Keeps everything of a program from being sent when something in it is wrong.

A program's resources are sent once it has ended, and those in front of an exception are made all the same. So each of ours has
an input that is read only then, and that fails if anything was refused meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import isawaitable
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import get_root_resource, is_dry_run

_Refused = WeakKeyDictionary[pulumi.Resource, list[pulumi.RunError]]
_refused = _Refused()  # by stack: a process may run several


def is_later(value: object) -> bool:
    """Whether the program itself does not know the value: an output, or something to be awaited."""
    return isinstance(value, pulumi.Output) or isawaitable(value)


def sentence(what: str, problems: Sequence[object]) -> str:
    """What a refusal says: all problems, a line each."""
    count = f"{len(problems)} problems" if len(problems) > 1 else "1 problem"
    return "\n  ".join([f"{what}: {count}, nothing was created", *map(str, problems)])


def refuse(error: pulumi.RunError) -> None:
    """Let nothing of this program through; raises the error itself where no stack is being made. Pulumi shows no traceback."""
    if (stack := get_root_resource()) is None:
        raise error
    _refused.setdefault(stack, []).append(error)


def hold(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The same inputs, one of which can be read only after the program's end, and fails if anything was refused by then."""
    held, stack = dict(inputs), get_root_resource()
    if held and stack is not None and not is_dry_run():
        name = next((name for name, value in held.items() if isinstance(value, str)), next(iter(held)))
        held[name] = pulumi.Output.all(held[name], _passes(stack)).apply(itemgetter(0))
    return held


async def _passes(stack: pulumi.Resource) -> None:
    if refusals := _refused.get(stack):
        raise refusals[0] if len(refusals) == 1 else pulumi.RunError("\n".join(map(str, refusals)))
