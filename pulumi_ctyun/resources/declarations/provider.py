"""Settings of the provider itself, and its function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_ctyun.resources.declarations import rules
from pulumi_ctyun.resources.declarations.model import Field, Function, Kind, ListOf, Resource, Shape

TARGETS = ("local", "ctyun")
KEYS = ("accessKey", "secretKey")


def _keys_fit(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = [name for name in KEYS if inputs.get(name) is not None]
    if given and inputs.get("target", "local") == "local":
        yield given[0], "is for target ctyun; those of the local cloud stand in its own record"
    elif len(given) == 1:
        (missing,) = set(KEYS) - set(given)
        yield missing, f"is missing, and {given[0]} is given; an account has both"


PROVIDER = Resource(
    "pulumi:providers:ctyun",
    "Which cloud, and whose account. It is never inferred from keys that happen to be there.",
    inputs=(
        Field("target", Kind.TEXT, "local or ctyun.", default="local", replaces=True, rules=(rules.one_of(*TARGETS),)),
        Field("stateFolder", Kind.TEXT, "State folder of the local cloud; $DRLAB_STATE or the user's own when absent."),
        Field(
            "accessKey", Kind.TEXT, "Target ctyun: of the account; $CTYUN_AK when both are absent.", secret=True,
            rules=(rules.account_key,),
        ),
        Field(
            "secretKey", Kind.TEXT, "Target ctyun: of the account; $CTYUN_SK when both are absent.", secret=True,
            rules=(rules.account_key,),
        ),
    ),
    rules=(_keys_fit,),
)  # fmt: skip

FLAVOR_WISH = Shape(
    "ctyun:index:FlavorWish",
    "A flavour where it is wanted: flavours differ from zone to zone.",
    fields=(
        Field("zone", Kind.TEXT, "Zone.", required=True, rules=(rules.zone,)),
        Field("flavor", Kind.TEXT, "Size or name.", required=True, rules=(rules.flavor,)),
    ),
)

VERIFY = Function(
    "ctyun:index:verify",
    "Looks all names up in the cloud and fails with all that it does not know, before anything is created.",
    inputs=(
        Field("region", Kind.TEXT, "Region, by name or id.", required=True),
        Field("zones", ListOf(Kind.TEXT), "Zones that will be used."),
        Field("flavors", ListOf(FLAVOR_WISH), "Flavours that will be used."),
        Field("images", ListOf(Kind.TEXT), "Images that will be used."),
        Field("mysqlPairs", ListOf(FLAVOR_WISH), "Sizes of MySQL 8.0 with a standby, in the primary's zone."),
    ),
    outputs=(Field("regionId", Kind.TEXT, "The region's id."),),
)
