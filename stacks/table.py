"""The table of stages: the name of a stack, and what it builds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pulumi

from stacks import dual_active, single_host

STAGES: Mapping[str, Callable[[], None]] = {
    "single-host": single_host.build,
    "dual-active": dual_active.build,
}


def stage(stack: str) -> Callable[[], None]:
    """What the stack builds. Raises pulumi.RunError for a stack that belongs to no stage."""
    if stack not in STAGES:
        raise pulumi.RunError(f"{stack!r} is no stage; there are: {', '.join(STAGES)} (pulumi stack select NAME)")
    return STAGES[stack]
