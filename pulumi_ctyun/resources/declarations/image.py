"""Images made from servers."""

from __future__ import annotations

from pulumi_ctyun.resources.declarations import rules
from pulumi_ctyun.resources.declarations.model import Field, Kind, Resource, region_field

IMAGE = Resource(
    "ctyun:image:Image",
    "An image made from a server, running or stopped; it outlives the server. Whatever changes, it is made anew.",
    inputs=(
        region_field(),
        Field("name", Kind.TEXT, "Name in the cloud.", required=True, replaces=True, rules=(rules.network_name,)),
        Field("instanceId", Kind.TEXT, "The server.", required=True, replaces=True),
        Field("wholeMachine", Kind.FLAG, "Its data disks too; it must have at least one.", default=True, replaces=True),
        Field("description", Kind.TEXT, "Free text.", replaces=True, rules=(rules.description,)),
    ),
    outputs=(Field("imageId", Kind.TEXT, "Id, for Instance's `image`."),),
    data="this copy of its server",
)
