"""The function ctyun:index:verify."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ctyun.verifying import FlavorWish, verify
from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.provider.cloud import Cloud


async def verify_names(cloud: Cloud, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Raises PluginError with all unknown names, one a line."""
    problems = await verify(
        cloud.client,
        region=arguments["region"],
        zones=arguments.get("zones") or (),
        flavors=_wishes(arguments, "flavors"),
        images=arguments.get("images") or (),
        mysql_pairs=_wishes(arguments, "mysqlPairs"),
    )
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise PluginError(f"Nothing was created, because the cloud does not know everything that is named:\n{listed}")
    return {"regionId": await cloud.region_id(arguments["region"])}


def _wishes(arguments: Mapping[str, Any], name: str) -> list[FlavorWish]:
    return [FlavorWish(desired["zone"], desired["flavor"]) for desired in arguments.get(name) or ()]
