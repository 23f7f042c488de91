"""Why a create leaves alone what is there already, as the end of a sentence, and how a user takes it over."""

from __future__ import annotations

NOT_MADE_HERE = (
    "exists already, and no unfinished update of this stack has made it. If it belongs to another resource (one that has had "
    "this name, or one of a stack that was renamed), give this resource, or this stack, another name."
)
MADE_OTHERWISE = "exists already: an update that was cut off has begun it with other settings. Set them as they were."
CHANGED_SINCE = "was begun by an update that was cut off, and has been changed since."
TWICE = "and another one carry its mark, and nothing says which of them an update that was cut off has begun."
NOT_BY_OPTION = (
    " If --replace (or `pulumi state taint`) was asked for: this kind is made before the old one goes, and the engine says only "
    "after a refresh which one that is: say --refresh beside it."
)
ONE_OF_A_NAME = (
    "is what it replaces, and the cloud takes no second one of that name. The old one must go first: leave out "
    "delete_before_replace=False, or give the new one another name."
)


def how_to_take_over(urn: str, region: str, id: str) -> str:
    """The `pulumi import` line. The name of a parent does not stand in the URN, but its type does."""
    stack, _, types, name = urn.removeprefix("urn:pulumi:").split("::")[:4]
    parents, _, token = types.rpartition("$")
    parent = f" --parent p=URN-OF-ITS-{parents.rpartition('$')[2]}" if parents else ""
    return f"Delete it, or take it over: pulumi import {token} {name} {region}/{id}{parent} -s {stack}"
