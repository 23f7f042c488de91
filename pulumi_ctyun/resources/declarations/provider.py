"""Settings of the provider itself, and its function."""

from __future__ import annotations

from pulumi_ctyun.resources.declarations import rules
from pulumi_ctyun.resources.declarations.model import Field, Function, Kind, ListOf, Resource, Shape

TARGETS = ("local", "ctyun")

PROVIDER = Resource(
    "pulumi:providers:ctyun",
    "Which cloud. Keys are never a setting: they come from the running local cloud, or from CTYUN_AK and CTYUN_SK.",
    inputs=(
        Field("target", Kind.TEXT, "local or ctyun.", default="local", replaces=True, rules=(rules.one_of(*TARGETS),)),
        Field("stateFolder", Kind.TEXT, "State folder of the local cloud; $DRLAB_STATE or the user's own when absent."),
    ),
)

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
