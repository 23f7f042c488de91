"""Values that the program knows, and such as are known only later: outputs of other resources.

Known ones stay plain wherever they go, so that they are checked while the program runs, and all problems come at once; the
provider checks all others when their resource's turn comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pulumi import Input, Output

from pulumi_ctyun.resources.gate import is_later

R = TypeVar("R")


def is_known(value: object) -> bool:
    """Whether the program knows it, with all that is in it."""
    if is_later(value):
        return False
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    return isinstance(value, str) or not isinstance(value, Sequence) or all(map(is_known, value))


def applied(make: Callable[..., R], *values: Any) -> Input[R]:
    """What `make` makes of the values: at once, or as soon as all are known."""
    if all(map(is_known, values)):
        return make(*values)
    return Output.all(*values).apply(lambda known: make(*known))


def joined(*parts: Input[str]) -> Input[str]:
    """Texts one after the other."""
    return applied(lambda *known: "".join(known), *parts)
