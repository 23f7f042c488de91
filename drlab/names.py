"""Names as people type them: `web-01`, `single-host/web-01`, `zone:AZ1`, `region:华东1`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from drlab.errors import UserError, WrongArguments

ZONE = re.compile(r"(?:[^/\s]+/)?AZ[1-9]\d?")  # AZ1, or 华东1/AZ1 where servers run in two regions


class Server(Protocol):
    """What a name is held against."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class Place:
    """A fault's target in the local cloud's grammar, and whether others may be in it too."""

    target: str
    shared: bool  # a zone or a region: every stack may have servers there


def stack_of(server_name: str, stages: Sequence[str]) -> str | None:
    """The stack that a physical name belongs to; the longest stage name wins."""
    fitting = [stage for stage in stages if server_name.startswith(f"{stage}-")]
    return max(fitting, key=len, default=None)


def short_name(server_name: str, stages: Sequence[str]) -> str:
    """`single-host-web-01` -> `web-01`."""
    stack = stack_of(server_name, stages)
    return server_name[len(stack) + 1 :] if stack else server_name


def place_of(text: str, servers: Sequence[Server], stages: Sequence[str], stack: str | None = None) -> Place:
    """Raises UserError when nothing or more than one thing is meant, WrongArguments when it is no target at all."""
    kind, colon, rest = text.partition(":")
    if colon and kind == "region" and rest:
        return Place(text, shared=True)
    if colon and kind == "zone":
        if not ZONE.fullmatch(rest):
            raise WrongArguments(f"{text!r} is no zone: zones are written zone:AZ1, or zone:REGION/AZ1 where two regions are up.")
        return Place(text, shared=True)
    if colon and kind != "server":
        raise WrongArguments(f"{text!r} is no target: write a server's name, zone:AZ1 or region:NAME.")
    if ZONE.fullmatch(text):
        return Place(f"zone:{text}", shared=True)
    found = server_of(rest if colon else text, servers, stages, stack)
    twice = sum(server.name == found.name for server in servers) > 1  # in two regions
    return Place(f"server:{found.id if twice else found.name}", shared=False)


def server_of(text: str, servers: Sequence[Server], stages: Sequence[str], stack: str | None = None) -> Server:
    """The one server that a name means: its id, its full name, `stack/name`, or the name within its stack."""
    if "/" in text:
        stack, _, text = text.partition("/")
    if stack is not None:
        servers = [server for server in servers if stack_of(server.name, stages) == stack]
    found = [server for server in servers if _fits(text, server, stages)]
    if len(found) == 1:
        return found[0]
    if found:
        choices = ", ".join(f"{stack_of(s.name, stages) or '?'}/{short_name(s.name, stages)} ({s.id})" for s in found)
        raise UserError(f"{text!r} may mean {choices}.", "say STACK/NAME, or add --stack STACK")
    inside = f" in stack {stack}" if stack else ""
    known = ", ".join(sorted(short_name(s.name, stages) for s in servers))
    raise UserError(f"There is no server or database node {text!r}{inside}. {f'There are: {known}' if known else 'None is up'}.")


def _fits(text: str, server: Server, stages: Sequence[str]) -> bool:
    return text in (server.id, server.name, short_name(server.name, stages))


def stacks_hit(hit: Sequence[str], stages: Sequence[str]) -> dict[str, list[str]]:
    """Servers that a fault hit, by stack; servers of no stack stand under "no stack"."""
    by_stack: dict[str, list[str]] = {}
    for name in hit:
        by_stack.setdefault(stack_of(name, stages) or "no stack", []).append(short_name(name, stages))
    return by_stack
