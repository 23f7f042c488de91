"""How a resource is recognised as ours when the state does not know it (any more).

The mark is a hash of project, stack and URN. It stands at the end of descriptions ("... [drlab:0123456789abcdef]"), or in a
label of servers; EIPs and key pairs can carry neither and are known by their fixed name.
"""

from __future__ import annotations

import hashlib
import re

from pulumi_ctyun.provider.handler import Desired, Plain
from pulumi_ctyun.resources.declarations.ecs import MARK_LABEL

__all__ = ["MARK_LABEL", "described", "has_mark", "mark_of", "name_for", "name_seen", "undescribed"]

_MARK = re.compile(r" ?\[drlab:[0-9a-f]{16}\]$")


def mark_of(urn: str) -> str:
    """16 hex digits for "urn:pulumi:STACK::PROJECT::TYPE::NAME"; the same for the same resource at every run."""
    stack, project = urn.removeprefix("urn:pulumi:").split("::")[:2]
    return hashlib.sha256(f"{project}|{stack}|{urn}".encode()).hexdigest()[:16]


def described(text: str | None, mark: str) -> str:
    """described("web", mark) -> "web [drlab:...]"."""
    return f"{text or ''} [drlab:{mark}]".lstrip()


def undescribed(text: str) -> str | None:
    """What the user wrote; None when that is nothing."""
    return _MARK.sub("", text) or None


def has_mark(text: str, mark: str) -> bool:
    return text.endswith(f"[drlab:{mark}]")


def name_for(desired: Desired, token: str) -> str:
    """Its fixed name; beside the one that it replaces, which still has that, the name with an ending of the create's own.

    name_for(desired of "site", "...3f09ac") -> "site-3f09ac". At most 32 characters, as CTyun wants them.
    """
    name = str(desired.inputs["name"])
    return f"{name[:25]}-{token[-6:]}" if desired.held else name


def name_seen(shown: str, state: Plain) -> str:
    """The name as the program says it, if the cloud shows that one, with or without such an ending."""
    said = str(state.get("name") or "")
    return said if said and re.fullmatch(rf"{re.escape(said[:25])}-[0-9a-f]{{6}}", shown) else shown
