"""What all components share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import get_annotations

import pulumi

from .checks import Problem, refuse


class Component(pulumi.ComponentResource):
    """A group of resources under one name, made as `Component(name, args, opts)`.

    Its outputs are what its class annotates as `Output[...]`; `register` hands them to the engine under the schema's spelling
    (`vpc_id` is `vpcId`), and comes last.
    """

    def __init__(
        self, kind: str, name: str, called: str, problems: Iterable[Problem], opts: pulumi.ResourceOptions | None
    ) -> None:
        """`kind`: of the type, which is in every stack's state. `called`: what errors call it. Raises InvalidArguments."""
        refuse(f"{called} {name}", problems)
        super().__init__(f"drlab:{kind}", name, None, opts)
        self.child = pulumi.ResourceOptions(parent=self)

    def register(self) -> None:
        self.register_outputs({camel(output): getattr(self, output) for output in outputs_of(type(self))})


def outputs_of(component: type[Component]) -> Iterator[str]:
    """The names of a component's outputs in Python."""
    for cls in component.__mro__[: component.__mro__.index(Component)]:
        yield from (name for name, kind in get_annotations(cls).items() if str(kind).startswith("Output["))


def camel(name: str) -> str:
    """camel("vpc_id") -> "vpcId"."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
