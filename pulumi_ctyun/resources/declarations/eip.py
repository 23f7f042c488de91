"""Public addresses."""

from __future__ import annotations

from pulumi_ctyun.resources.declarations import rules
from pulumi_ctyun.resources.declarations.model import Field, Kind, Resource, region_field

EIP = Resource(
    "ctyun:eip:Eip",
    "A public address, paid by use.",
    inputs=(
        region_field(),
        Field("name", Kind.TEXT, "Name in the cloud.", required=True, rules=(rules.network_name,)),
        Field("bandwidth", Kind.WHOLE, "Mbit/s.", default=5, replaces=True, rules=(rules.within(1, 300, " Mbit/s"),)),
    ),
    outputs=(Field("eipId", Kind.TEXT, "Id, like eip-...."), Field("address", Kind.TEXT, "The public address.")),
)

EIP_ASSOCIATION = Resource(
    "ctyun:eip:EipAssociation",
    "Binds a public address to a server.",
    inputs=(
        region_field(),
        Field("eipId", Kind.TEXT, "The address.", required=True, replaces=True),
        Field("instanceId", Kind.TEXT, "The server.", required=True, replaces=True),
    ),
    outputs=(Field("privateAddress", Kind.TEXT, "The server's address that the public one leads to."),),
)
